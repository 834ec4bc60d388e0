"""The tool takes whatever somebody may type, and gives a tune or the reason why not."""

from collections import Counter

import pytest

from aigc_lib.chapters.ch19_sound_and_motion import app, tune_gpt
from aigc_lib.chapters.ch19_sound_and_motion.app import Refusal, Written
from aigc_lib.chapters.ch19_sound_and_motion.tune_scores import Runs
from aigc_lib.chapters.ch19_sound_and_motion.tunes import parse

GOOD = ["China", "2/4", "up0", "0:8", "2:8", "4:8", "7:8", "end"]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """A writer that is never trained: its second attempt is a tune."""
    known = Counter(
        {
            ("China", "2/4"): 500,
            ("Germany", "3/4"): 800,
            ("Lorraine", "2/4"): 99,
            ("China", "6/8"): 2,
        }
    )
    monkeypatch.setattr(app, "_known", lambda: known)
    monkeypatch.setattr(app, "_writer", lambda: None)

    def write(model, orders, *, seed):
        return [[*orders[0], "up0", "0:99", "end"], [*orders[0], "up0", *GOOD[3:]]][: len(orders)]

    monkeypatch.setattr(tune_gpt, "write", write)
    monkeypatch.setattr(app, "_runs", lambda: Runs([parse([*GOOD[:-1], "9:8", "11:8", "end"])]))


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


def test_a_tune_comes_with_its_longest_passage_and_with_a_warning():
    assert app.tune("China").notes.endswith("too: 0 moves")
    assert "hard to tell from others" in app.tune("Lorraine").notes


def test_the_demonstration_writes_files_and_speaks(tmp_path, capsys):
    app.demo([], tmp_path)
    said = capsys.readouterr().out
    assert "on G" in said
    assert "longest passage" in said
    assert (tmp_path / "tune.wav").read_bytes()[:4] == b"RIFF"
    for words in (["Nowhere"], ["digits", "37"], ["China", "2/4", "H", "more"]):
        app.demo(words, tmp_path)
        assert capsys.readouterr().out.startswith("no tune")
