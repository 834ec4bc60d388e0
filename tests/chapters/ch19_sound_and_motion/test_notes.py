"""Made-up instruments, their notes as pictures and codes, the generator of notes, and the ears."""

import pytest
import torch

from aigc_lib.chapters.ch19_sound_and_motion import audio, notes


@pytest.fixture(scope="module")
def known():
    ordered = notes.orders(4)
    sounds = notes.notes(ordered, 0)
    return ordered, sounds, notes.spectrograms(sounds)


def test_every_instrument_plays_every_pitch(known):
    ordered, sounds, _ = known
    assert len(ordered) == 4 * 3 * 13
    assert len(ordered.unique(dim=0)) == 39
    assert sounds.shape == (156, 4096)
    assert torch.allclose(sounds.abs().amax(1), torch.ones(156))
    assert sounds[:, : notes.SILENT].abs().max() == 0
    assert torch.equal(sounds, notes.notes(ordered, 0))
    assert not torch.equal(sounds[0], sounds[1])  # the same order, and another note


def test_a_note_has_the_pitch_of_its_order_and_dies_away_as_its_instrument_does(known):
    ordered, sounds, _ = known
    assert (notes.pitch_heard(sounds) - ordered[:, 1]).abs().max() < 0.3
    early, late = (x.square().mean(1) for x in (sounds[:, 700:1300], sounds[:, 3200:3800]))
    left = [float((late / early)[ordered[:, 0] == k].median()) for k in range(3)]
    assert 0.8 < left[2] < 1.2  # the organ
    assert max(left[:2]) < 0.2


def test_the_ear_for_pitch_hears_a_tone_between_two_keys():
    hertz = [audio.frequency(0) * 2 ** (p / 12) for p in (0.5, 7.2)]
    tones = torch.stack([audio.tone(h, 4096 / audio.RATE) for h in hertz])
    assert notes.pitch_heard(tones).tolist() == pytest.approx([0.5, 7.2], abs=0.05)


def test_a_string_is_a_loop_of_one_period():
    # Of a whole period, each sample is a mean of three that were played a period before.
    hertz, one = torch.tensor([[audio.RATE / 20]]), torch.ones(1, 1)
    noise = torch.rand(1, notes.SAMPLES, generator=torch.Generator().manual_seed(3))
    sound = notes._plucked(hertz, 0 * one, 0 * one, noise)[0]
    n = torch.arange(100, 300)
    before = 0.3 * sound[n - 19] + 0.4 * sound[n - 20] + 0.3 * sound[n - 21]
    assert torch.allclose(sound[n], before * torch.exp(-1 / hertz[0, 0]), atol=1e-6)


def test_pictures_are_decibels_and_sound_again(known):
    ordered, sounds, pictures = known
    assert pictures.shape == (156, 64, 128)
    assert pictures.amax((1, 2)).tolist() == pytest.approx([1.0] * 156)
    assert pictures.min() == 0
    alone = notes.spectrograms(sounds[5:6])
    assert torch.allclose(alone[0], pictures[5], atol=2e-3)  # notes in a row do not mix
    quiet = sounds[5:6] * (torch.arange(4096) < 1000)
    assert notes.spectrograms(quiet)[0, 20:60].max() == 0
    few = torch.arange(0, 156, 13)
    again = notes.sounds_of(pictures[few], 40)
    assert again.shape == (12, 4096)
    assert ((notes.pitch_heard(again) - ordered[few, 1]).abs() < 0.7).float().mean() > 0.8
    off = (notes.spectrograms(again) - pictures[few]).abs().mean()
    assert off < 0.2 * (pictures[few] - pictures.mean(0)).abs().mean() + 0.05


def test_the_flow_learns_one_code_for_each_order():
    ordered = notes.orders(1)[::6].repeat(40, 1)
    centre = torch.randn(39, notes.SIZE, generator=torch.Generator().manual_seed(0))
    number = 13 * ordered[:, 0] + ordered[:, 1]
    model = notes.learn(centre[number], ordered, 40_000)
    assert model.history[-1]["loss"] < 0.1
    wanted = ordered[:7]
    found = notes.draw(model, wanted, 0)
    assert found.shape == (7, notes.SIZE)
    assert torch.equal(found, notes.draw(model, wanted, 0))
    own = (found - centre[number[:7]]).norm(dim=1)
    others = torch.cdist(found, centre[number[:7]]) + 1e9 * torch.eye(7)
    assert (own < others.amin(1) / 2).all()


def test_the_ear_for_instruments_tells_them_and_guesses_where_there_is_nothing_to_hear(known):
    ordered, sounds, _ = known
    read = notes.timbre(sounds)
    assert read.shape == (156, 35)
    assert torch.allclose(read, notes.timbre(3 * sounds), atol=1e-4)  # loudness says nothing
    centres = torch.stack([read[ordered[:, 0] == k].mean(0) for k in range(3)])
    new = notes.orders(2)
    right = torch.cdist(notes.timbre(notes.notes(new, 7)), centres).argmin(1) == new[:, 0]
    assert right.float().mean() > 0.9
    noise = torch.randn(78, 4096, generator=torch.Generator().manual_seed(0))
    guessed = torch.cdist(notes.timbre(noise), centres).argmin(1) == new[:, 0]
    assert 0.1 < guessed.float().mean() < 0.6
