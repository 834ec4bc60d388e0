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
    line = torch.arange(14.0) - bouncing.MIDDLE
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
    found = bouncing.centres(clips.frames) - bouncing.MIDDLE
    assert torch.allclose(found, clips.places, atol=0.05)


RULES = (video_models.copy, video_models.middle, video_models.linear, video_models.shift,
         video_models.law)  # fmt: skip


def test_bright_pixels_say_where_a_digit_is_in_a_haze():
    clips = world(0.8)
    hazy = clips.frames.float() / 255 + 0.2
    found = bouncing.centres(hazy, 0.5) - bouncing.MIDDLE
    assert torch.allclose(found, clips.places, atol=0.4)
    assert not torch.allclose(bouncing.centres(hazy) - bouncing.MIDDLE, clips.places, atol=3)


def test_the_rules_are_what_they_say():
    clips = world(1.3)
    errors = {f.__name__: float(video_scores.next_errors(f, clips).mean()) for f in RULES}
    assert errors["law"] < errors["shift"] < errors["copy"] < errors["middle"]
    assert errors["law"] < errors["copy"] / 20
    still = world(0.0)
    for rule in (video_models.copy, video_models.linear, video_models.shift, video_models.law):
        assert float(video_scores.next_errors(rule, still).max()) < 1e-3
    past = clips.frames[:, :4].float() / 255
    assert video_models.middle(past, 9).shape == (6, 9, 32, 32)
    where = bouncing.centres(video_models.middle(past, 9))
    assert torch.allclose(where, torch.tensor(15.5), atol=0.05)


@pytest.mark.parametrize("speed", [0.7, 1.6, 2.5])
def test_the_law_keeps_place_and_speed_through_walls(speed):
    clips = world(speed, n=30)
    made = video_models.law(clips.frames[:, :4].float() / 255, 20)
    found = bouncing.centres(made) - bouncing.MIDDLE
    assert float((found - clips.places[:, 4:]).norm(dim=2).mean()) < 0.6
    straight = video_models.shift(clips.frames[:, :4].float() / 255, 20)
    away = bouncing.centres(straight) - bouncing.MIDDLE - clips.places[:, 4:]
    assert float(away.norm(dim=2).mean()) > 4


def test_a_film_is_made_of_its_own_frames():
    past = world(1.0).frames[:, :4].float() / 255
    made = video_models.roll_out(lambda seen, seed: seen[:, -1] / 2)(past, 5, 0)
    assert made.shape == (6, 5, 32, 32)
    assert torch.allclose(made[:, 4], past[:, -1] / 32)


def jumping(past, frames, seed=0):
    """It jumps about: a new place in every frame."""
    rng = torch.Generator().manual_seed(seed)
    places = bouncing.ROOM * torch.rand(len(past), frames, 2, generator=rng) + bouncing.MIDDLE
    by = places - bouncing.centres(past[:, -1])[:, None]
    return video_models._moved(past[:, -1], by)


@pytest.mark.parametrize("speed", [1.3, 2.5])
def test_only_who_knows_of_walls_turns_at_them_more_than_elsewhere(speed):
    clips = world(speed, n=60)
    past = clips.frames[:, :4].float() / 255
    assert video_scores.walls(clips.frames[:, 4:].float() / 255, clips) == (1, 0)
    at_walls, elsewhere = video_scores.walls(video_models.law(past, 20), clips)
    assert at_walls > 0.9
    assert elsewhere < 0.05
    for never in (video_models.copy, video_models.middle, video_models.shift):
        assert max(video_scores.walls(never(past, 20), clips)) < 0.05
    at_walls, elsewhere = video_scores.walls(jumping(past, 20), clips)
    assert min(at_walls, elsewhere) > 0.4  # it turns often
    assert abs(at_walls - elsewhere) < 0.15  # and at walls no more than elsewhere


class Reader(torch.nn.Module):
    def forward(self, images):
        return torch.eye(10)[torch.zeros(len(images)).long()]


def test_a_film_is_held_against_the_truth():
    clips = world(1.0)
    true = clips.frames[:, 4:].float() / 255
    made = video_scores.follow(lambda past, n, seed: true, clips, Reader())
    assert float(made["place"].max()) < 1e-4
    assert float(made["speed"].max()) < 1e-4
    assert float(made["flicker"].max()) < 0.02
    assert made["right"].all()
    still = video_scores.follow(video_models.copy, clips, Reader())
    assert float(still["speed"].mean()) > 0.8
    assert float(still["place"].mean()) > 1
    light = torch.tensor([1.0, 0.5] * 10)[:, None, None]
    wild = video_scores.follow(lambda past, n, seed: true * light, clips, Reader())
    assert float(wild["flicker"].mean()) == pytest.approx((0.5 * 10 + 1.0 * 9) / 19, abs=0.02)


@pytest.mark.parametrize("kind", video_models.KINDS)
def test_a_network_learns_and_answers_in_range(kind):
    clips = world(1.0, n=20)
    model = video_models.fit(kind, clips, 640, widths=(8, 16), batch=16, tick=160)
    losses = [row["loss"] for row in model.history]
    assert losses[-1] < losses[0]
    following = video_models.predictor(model, steps=2)
    past = clips.frames[:, :4].float() / 255
    film = following(past, 2, 0)
    assert film.shape == (20, 2, 32, 32)
    assert 0 <= float(film.min()) <= float(film.max()) <= 1
    assert torch.equal(film, following(past, 2, 0))
    assert torch.equal(film, following(past, 2, 1)) == (kind != "flow")


@pytest.mark.label("eq-gru")
def test_the_recurrent_network_is_a_gru_whose_state_reaches_back():
    torch.manual_seed(0)
    network = video_models.Recurrent(width=2)
    x, state = torch.randn(2, 1, 2, 8, 8)
    kept = network.keep(x, state)
    # At one place, from the weights: every product is a convolution with its 3 x 3 neighbours.
    both = torch.cat([x, state], 1)[0, :, 2:5, 4:7]
    z, r = (network.gates.weight * both).sum((1, 2, 3)).add(network.gates.bias).sigmoid().split(2)
    around = torch.nn.functional.conv2d(torch.cat([x, state], 1), network.gates.weight,
                                        network.gates.bias, padding=1)[:, 2:].sigmoid()  # fmt: skip
    reset = torch.cat([x, around * state], 1)[0, :, 2:5, 4:7]
    new = (network.candidate.weight * reset).sum((1, 2, 3)).add(network.candidate.bias).tanh()
    assert torch.allclose(r, around[0, :, 3, 5], atol=1e-6)
    assert torch.allclose(kept[0, :, 3, 5], z * state[0, :, 3, 5] + (1 - z) * new, atol=1e-5)
    film = (255 * torch.rand(3, 7, 32, 32)).to(torch.uint8)
    said = network.eval()(film, film, film)
    assert said.shape == (3, 4, 32, 32)
    other = film.clone()
    other[:, 0] = 255 - other[:, 0]  # it remembers the first frame
    assert not torch.allclose(network(other, other, other), said)
    other = film.clone()
    other[:, 4:] = 0  # and does not look at what follows the fourth
    assert torch.equal(network(other, other, other), said)


def test_all_networks_have_about_as_many_numbers():
    counts = [sum(p.numel() for p in kind().parameters()) for kind in video_models.KINDS.values()]
    assert counts[0] == counts[1] == 243_860
    assert counts[2] == counts[3] == 244_396


@pytest.mark.parametrize("own", [0, 3])
def test_training_shows_true_frames_but_for_the_last_own_ones(own):
    torch.manual_seed(1)
    network = video_models.Recurrent(own, width=4)
    film = (255 * torch.rand(3, 7, 32, 32)).to(torch.uint8)
    other = film.clone()
    other[:, 4:] = 255 - other[:, 4:]
    said, changed = (network.train()(x, x, x) for x in (film, other))
    assert said.shape == (3, 4, 32, 32)
    assert torch.equal(said[:, 0], changed[:, 0])
    assert torch.equal(said, changed) == (own == 3)
    assert torch.equal(said, network.eval()(film, film, film)) == (own == 3)


@pytest.mark.slow
def test_films_of_digits_are_as_ordered():
    clips = bouncing.film(300, 3, (bouncing.FASTER,), "test")
    assert (clips.speeds >= 2.3).all()
    assert (clips.speeds <= 2.8).all()
    steps = clips.places.diff(dim=1).abs()
    assert torch.allclose(steps.median(dim=1).values, clips.speeds, atol=1e-4)
    off = bouncing.centres(clips.frames) - clips.places
    assert torch.allclose(off.mean((0, 1)), torch.tensor(bouncing.MIDDLE), atol=0.1)
