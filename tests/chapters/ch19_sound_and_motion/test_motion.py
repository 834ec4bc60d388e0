"""The world of digits, the rules and networks that go on with it, and their scores."""

import pytest
import torch

from aigc_lib.chapters.ch19_sound_and_motion import bouncing, video_models, video_scores
from aigc_lib.chapters.ch19_sound_and_motion.bouncing import Clips


def world(speed, n=6, seed=0):
    """Clips with a blob for a digit."""
    rng = torch.Generator().manual_seed(seed)
    start = bouncing.ROOM * torch.rand(n, 1, 2, generator=rng)
    sign = 2 * torch.randint(2, (n, 1, 2), generator=rng) - 1
    t = torch.arange(bouncing.FRAMES)[:, None]
    places = bouncing.fold(start + t * speed * sign)
    line = torch.arange(14.0) - 6.5
    blob = torch.exp(-(line**2 + line[:, None] ** 2) / 8)
    drawn = bouncing.draw(blob.expand(n * len(t), 14, 14), places.flatten(0, 1))
    frames = (255 * drawn).round().to(torch.uint8).unflatten(0, (n, len(t)))
    return Clips(frames, places, torch.zeros(n).long(), torch.full((n, 2), speed))


def test_a_picture_is_drawn_at_its_place():
    picture = torch.zeros(1, 14, 14)
    picture[0, 3, 5] = 1
    drawn = bouncing.draw(picture, torch.tensor([[4.0, 10.0]]))[0]
    assert drawn.nonzero().tolist() == [[13, 9]]
    between = bouncing.draw(picture, torch.tensor([[4.25, 10.0]]))[0]
    assert between[13, 9:11].tolist() == pytest.approx([0.75, 0.25], abs=1e-5)
    assert bouncing.centres(between).tolist() == pytest.approx([9.25, 13.0], abs=1e-4)


def test_centres_follow_the_law():
    clips = world(1.7)
    found = bouncing.centres(clips.frames) - video_models.MIDDLE
    assert torch.allclose(found, clips.places, atol=0.05)


def test_the_law_and_the_shift_and_the_copy_are_what_they_say():
    clips = world(1.3)
    errors = {f.__name__: float(video_scores.next_errors(f, clips).mean()) for f in (
        video_models.copy, video_models.linear, video_models.shift, video_models.law)}  # fmt: skip
    assert errors["law"] < errors["shift"] < errors["copy"]
    assert errors["law"] < errors["copy"] / 20
    still = world(0.0)
    for rule in (video_models.copy, video_models.linear, video_models.shift, video_models.law):
        assert float(video_scores.next_errors(rule, still).max()) < 1e-4


def test_a_film_is_made_of_its_own_frames():
    clips = world(1.0)
    past = clips.frames[:, :4].float() / 255
    made = video_models.roll_out(video_models.copy, past, 5)
    assert made.shape == (6, 5, 32, 32)
    assert torch.equal(made, past[:, -1:].expand_as(made))
    assert float(video_scores.flicker(made).max()) < 1e-6


def test_who_turns_at_the_wall_is_seen():
    clips = world(1.6, n=30)
    true = clips.frames[:, 4:].float() / 255
    assert video_scores.turned(true, clips).all()
    straight = video_models.roll_out(video_models.copy, true[:, :4], 20)
    assert not video_scores.turned(straight, clips).any()


class Reader(torch.nn.Module):
    def forward(self, images):
        return torch.eye(10)[torch.zeros(len(images)).long()]


def test_a_film_is_held_against_the_truth():
    clips = world(1.0)
    true = iter(clips.frames[:, 4:].float().unbind(1))
    made = video_scores.follow(lambda past, seed: next(true) / 255, clips, Reader())
    assert float(made["place"].max()) < 1e-4
    assert float(made["speed"].max()) < 1e-4
    assert made["right"].all()
    still = video_scores.follow(video_models.copy, clips, Reader())
    assert float(still["speed"].mean()) > 0.8
    assert float(still["place"].mean()) > 1


@pytest.mark.parametrize("kind", ["regression", "flow"])
def test_a_network_learns_and_answers_in_range(kind):
    clips = world(1.0, n=20)
    model = video_models.fit(kind, clips, 320, widths=(8, 16), batch=16, tick=80)
    losses = [row["loss"] for row in model.history]
    assert losses[-1] < losses[0]
    following = video_models.predictor(model, steps=2)
    past = clips.frames[:, :4].float() / 255
    frame = following(past, 0)
    assert frame.shape == (20, 32, 32)
    assert 0 <= float(frame.min()) <= float(frame.max()) <= 1
    assert torch.equal(frame, following(past, 0))
    assert torch.equal(frame, following(past, 1)) == (kind == "regression")


@pytest.mark.slow
def test_films_of_digits_are_as_ordered():
    clips = bouncing.film(8, 3, (bouncing.FASTER,), "test", labels=torch.tensor([3, 7] * 4))
    assert clips.labels.tolist() == [3, 7] * 4
    assert (clips.speeds >= 2.3).all()
    assert (clips.speeds <= 2.8).all()
    steps = clips.places.diff(dim=1).abs()
    assert torch.allclose(steps.median(dim=1).values, clips.speeds, atol=1e-4)
