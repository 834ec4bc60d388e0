"""The tool takes whatever somebody may type, and gives a tune, a clip, or the reason why not."""

from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image

from aigc_lib.chapters.ch19_sound_and_motion import app, tune_gpt
from aigc_lib.chapters.ch19_sound_and_motion.app import Refusal, Written
from aigc_lib.chapters.ch19_sound_and_motion.bouncing import Clips

GOOD = ["China", "2/4", "up0", "0:8", "2:8", "4:8", "7:8", "end"]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """A writer that is never trained: its second attempt is a tune."""
    known = Counter({("China", "2/4"): 500, ("Germany", "3/4"): 800, ("China", "6/8"): 2})
    monkeypatch.setattr(app, "_known", lambda: known)
    monkeypatch.setattr(app, "_writer", lambda: None)

    def write(model, orders, *, seed, temperature):
        return [[*orders[0], "up0", "0:99", "end"], [*orders[0], "up0", *GOOD[3:]]][: len(orders)]

    monkeypatch.setattr(tune_gpt, "write", write)

    def film(n, seed, bands, split, frames, labels):
        shown = torch.zeros(n, frames, 32, 32, dtype=torch.uint8)
        shown[torch.arange(n), :, labels] = 200
        return Clips(shown, torch.zeros(n, frames, 2), labels, torch.zeros(n, 2))

    monkeypatch.setattr(app.bouncing, "film", film)


@pytest.mark.parametrize(
    ("origin", "metre", "key"),
    [
        ("China", "2/4", "C"),
        ("  china ", "2/4", "g"),
        ("ＣＨＩＮＡ", "２/４", "Ｆ#"),
        ("CHINA", "2/4", "bB"),
    ],
)
def test_an_order_is_understood_as_people_write_it(origin, metre, key):
    found = app.tune(origin, metre, key)
    assert isinstance(found, Written)
    assert found.tune.origin == "China"
    assert len(found.sound) > app.audio.RATE
    assert "quarter" in found.words


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (("Atlantis",), "no origin 'Atlantis'"),
        (("",), "no origin ''"),
        (("Chna",), "did you mean China"),
        ((None,), "no origin 'None'"),
        (("中国",), "no origin"),
        (("<script>" * 90,), "no origin '<script><script><scr'"),
        (("China", "7/13"), "no metre '7/13'"),
        (("China", ""), "no metre"),
        (("China", "2/4", "H"), "no key 'H'"),
        (("China", "6/8"), "hardly ever in 6/8: take 2/4"),
        (("China", "2/4", "C", -1), "a seed is a whole number"),
        (("China", "2/4", "C", 1.5), "not '1.5'"),
        (("China", "2/4", "C", "7"), "a seed"),
        (("China", "2/4", "C", True), "not 'True'"),
        (("China", "2/4", "C", 2**40), "a seed"),
    ],
)
def test_an_impossible_order_is_refused_with_its_reason(order, why):
    found = app.tune(*order)
    assert isinstance(found, Refusal)
    assert why in found.reason


def test_a_writer_that_fails_is_not_hidden(monkeypatch):
    monkeypatch.setattr(tune_gpt, "write", lambda model, orders, **more: [["China", "end"]] * 20)
    assert "what is no tune" in app.tune("China").reason


@pytest.mark.parametrize("digits", ["37", " 37 ", "３７", 37])
def test_a_clip_shows_all_its_digits(digits):
    film = app.clip(digits, 1.5)
    assert film.shape == (24, 1, 32, 32)
    assert film[0, 0, 3].min() == film[0, 0, 7].min() == 200


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (("",), "one to four digits"),
        (("12345",), "one to four digits"),
        (("a7",), "one to four"),
        (("三",), "one to four"),
        (("-3",), "one to four"),
        (("3", -1), "a speed is"),
        (("3", float("nan")), "not 'nan'"),
        (("3", float("inf")), "not 'inf'"),
        (("3", "fast"), "not 'fast'"),
        (("3", 1.0, -1), "a seed"),
        (("3", 1.0, 0, 0), "1 to 500 frames"),
        (("3", 1.0, 0, 10**9), "1 to 500 frames"),
    ],
)
def test_an_impossible_clip_is_refused(order, why):
    found = app.clip(*order)
    assert isinstance(found, Refusal)
    assert why in found.reason


def test_the_demonstration_writes_files_and_speaks(tmp_path, capsys):
    app.demo([], tmp_path)
    assert "seconds" in capsys.readouterr().out
    assert (tmp_path / "tune.wav").read_bytes()[:4] == b"RIFF"
    app.demo(["digits", "37", "0.5"], tmp_path)
    with Image.open(tmp_path / "clip.gif") as film:
        assert film.size == (192, 192)
        assert np.asarray(film.convert("L")).max() > 150
    for words in (["digits", "x"], ["digits", "3", "fast"], ["Nowhere"]):
        app.demo(words, tmp_path)
        assert capsys.readouterr().out.startswith(("24 frames", "no "))
