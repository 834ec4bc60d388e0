"""``aigc prepare``: what can be had is prepared, what cannot is said."""

from types import SimpleNamespace

import pytest

from aigc_lib.cli import EXTRA, prepare
from aigc_lib.data.sources import DataError


@pytest.fixture
def done(monkeypatch):
    """Rooms 1 to 4, of which two cannot be prepared; the data sets a and b."""
    done = []

    def missing():
        raise DataError("no source gave model.safetensors")

    def lacking():
        raise ModuleNotFoundError("No module named 'transformers'")

    steps = {
        "01": lambda: done.append("01"),
        "02": missing,
        "03": lacking,
        "04": lambda: done.append("04"),
    }
    monkeypatch.setattr(prepare, "rooms_with", lambda part: list(steps))
    monkeypatch.setattr(
        prepare, "load_part", lambda number, part: SimpleNamespace(**{part: steps[number]})
    )
    monkeypatch.setattr(prepare, "datasets", lambda: {"a": None, "b": None})
    monkeypatch.setattr(prepare, "fetch", lambda name: f"cache/{name}")
    return done


def test_one_thing_missing_does_not_keep_the_rest_from_being_prepared(done, capsys):
    assert prepare.prepare() == 2
    assert done == ["01", "04"]
    said = capsys.readouterr()
    assert said.out == "a: cache/a\nb: cache/b\nchapter 01: ready\nchapter 04: ready\n"
    assert said.err == (
        "error: chapter 02: no source gave model.safetensors\n"
        f"error: chapter 03: No module named 'transformers': {EXTRA}\n"
    )


def test_a_named_data_set_is_fetched_alone(done, capsys):
    assert prepare.prepare(["b"]) == 0
    assert not done
    assert capsys.readouterr().out == "b: cache/b\n"
