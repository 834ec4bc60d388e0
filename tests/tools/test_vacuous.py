"""``tools.vacuous`` lists bounds that could not fail, and only those."""

import json
from pathlib import Path

import pytest

from tools import vacuous
from tools.notebook import chapters

# Chapters that still hold bounds which could not fail. This list only gets shorter.
OWED = {"14", "15", "16"}


def test_the_chapters_bounds_can_fail():
    assert {path.name[:2] for path in chapters() if list(vacuous.vacuous(path))} == OWED


def chapter(folder: Path, source: str, printed: str) -> Path:
    """A notebook of one executed cell."""
    output = {"output_type": "stream", "name": "stdout", "text": printed}
    cell = {"cell_type": "code", "id": "a", "source": source, "outputs": [output]}
    path = folder / "06-a.ipynb"
    path.write_text(json.dumps({"cells": [cell]}), "utf8")
    return path


LINE = "{}: ≈ 3{} (must lie between {} and {})\n"


@pytest.mark.parametrize(
    ("label", "unit", "low", "high", "found"),
    [
        ("GAN minus baseline", "", -1, 5, "no effect, 0"),
        ("GAN minus baseline", "", 1, 5, ""),
        ("all layers instead of two", " points", -3, 5, "no effect, 0"),
        ("last / first", "", 0.7, 4, "no effect, 1"),
        ("last / first", "", 0.1, 0.9, ""),
        ("judge's accuracy", "", 0.4, 0.8, "no effect, 0.5"),
        ("judge's accuracy", " %", 40, 80, "no effect, 50"),
        ("judge's accuracy", " %", 60, 80, ""),
        ("label agreement", " %", -0.1, 100.01, "every share"),
        ("Fréchet distance", "", 0, 100, ""),
        ("again", " %", 20, 100.01, ""),
        ("p-value: 10 to the minus", "", -1, 3, ""),
    ],
)
def test_bounds_that_hold_no_effect_are_listed(tmp_path, label, unit, low, high, found):
    path = chapter(tmp_path, "report(x)", LINE.format(label, unit, low, high))
    expected = [f"06-a.ipynb, a: {label}: {low} to {high}: {found}"] if found else []
    assert list(vacuous.vacuous(path)) == expected


@pytest.mark.parametrize(
    ("source", "listed"),
    [
        ('show.report("gain of A", g, -1, 2, against=5)', 1),
        ('show.report(f"gain of {n}", g, -1, 2, against=5)', 0),
        ('name = "gain of A"\nshow.report(name, g, -1, 2, against=5)', 1),
        ('show.report("gain of A", g, -1, 2)', 2),
    ],
)
def test_a_report_that_says_what_it_is_against_is_not_listed(tmp_path, source, listed):
    printed = LINE.format("gain of A", "", -1, 2) + LINE.format("gain of B", "", -1, 2)
    assert len(list(vacuous.vacuous(chapter(tmp_path, source, printed)))) == listed


def test_the_command_says_what_it_found(tmp_path, capsys):
    path = chapter(tmp_path, "report(x)", LINE.format("gain", "", -1, 2))
    assert vacuous.main([str(path)]) == 1
    assert capsys.readouterr().out == "06-a.ipynb, a: gain: -1 to 2: no effect, 0\n"
    path = chapter(tmp_path, "report(x)", LINE.format("gain", "", 1, 2))
    assert vacuous.main([str(path)]) == 0
    assert capsys.readouterr().out == "1 notebooks: no bounds that could not fail\n"
