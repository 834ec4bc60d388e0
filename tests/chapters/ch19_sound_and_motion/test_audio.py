"""Sound: tones, files, the player that a page carries."""

import io
import wave

import pytest
import torch

from aigc_lib.chapters.ch19_sound_and_motion import audio
from aigc_lib.chapters.ch19_sound_and_motion.tunes import parse

TUNE = parse(["China", "2/4", "up0", "0:8", "7:8", "r:8", "9:8", "end"])


def peak(sound):
    strength = torch.fft.rfft(sound).abs()
    return int(strength.argmax()) * audio.RATE / len(sound)


def test_a_tone_has_its_pitch_and_no_false_ones():
    assert peak(audio.tone(440.0, 1.0)) == pytest.approx(440, abs=2)
    high = torch.fft.rfft(audio.tone(1900.0, 1.0)).abs()
    assert (
        high[1900] > 100 * high[[900, 300, 2300]].max()
    )  # what 3 and more times 1,900 would fold to
    assert audio.tone(300.0, 0.5).abs()[[0, -1]].max() < 0.05


def test_a_tune_lasts_as_long_as_its_notes_and_moves_with_its_key():
    sound = audio.perform(TUNE, "C", beats=120)
    assert len(sound) == 4 * 0.5 * audio.RATE
    assert sound[8500:11500].abs().max() == 0  # the rest
    low, high = (peak(audio.perform(TUNE, key, beats=120)[:4000]) for key in ("C", "F"))
    assert high / low == pytest.approx(2 ** (5 / 12), rel=0.02)
    assert len(audio.perform(TUNE, "C", beats=120, most=1.2)) == 8000


def test_a_file_holds_the_sound():
    with wave.open(io.BytesIO(audio.wav(torch.tensor([0.0, 0.5, -0.25])))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 1, 8000)
        assert list(file.readframes(3)) == [128, 254, 64]
    assert audio.wav(torch.zeros(4))  # silence is not divided by


def test_the_player_starts_nothing_loads_nothing_and_says_the_notes():
    page = audio.html(torch.rand(100), "a <tune>", "C quarter & rest")
    assert "autoplay" not in page
    assert "http" not in page
    assert 'preload="none"' in page
    assert "controls" in page
    assert "a &lt;tune&gt;" in page
    assert "C quarter &amp; rest" in page


def test_a_sound_that_does_not_fit_the_hop_is_refused():
    with pytest.raises(ValueError, match="do not fit"):
        audio.stft(torch.zeros(30), torch.ones(16), 8)
