"""Figures with Chinese words: kept when a chapter draws them, and found by their pixels."""

import base64
import io
import json
import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from matplotlib.backend_bases import FigureCanvasBase
from PIL import Image

from tools import zh_figures
from tools.notebook import ROOT, chapters
from tools.zh_figures import fingerprint


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which every figure is kept that is drawn from now on."""
    monkeypatch.setattr(FigureCanvasBase, "print_figure", FigureCanvasBase.print_figure)
    zh_figures.keep(tmp_path / "kept")
    return tmp_path / "kept"


def drawn(label: str) -> bytes:
    figure, ax = plt.subplots(figsize=(3, 2), layout="constrained")
    ax.bar(["real", "x"], [1, 2])
    ax.set(xlabel="step", ylabel="$x^2$", title=label)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=60)
    plt.close(figure)
    return buffer.getvalue()


def test_a_figure_with_words_gets_a_twin_under_its_pixels_name(kept: Path, tmp_path: Path):
    zh_figures.find_font()
    english = drawn("nobody translates this")
    assert [path.stem for path in kept.iterdir()] == [fingerprint(english)]
    assert list(zh_figures.twins(tmp_path, kept)) == ["nobody translates this"]
    (twin,) = (tmp_path / zh_figures.TWINS).iterdir()
    assert twin.stem == fingerprint(english)
    assert fingerprint(twin.read_bytes()) != fingerprint(english)


def test_what_catches_the_eye_is_translated_and_formulas_stay(kept: Path):
    drawn("real")
    (path,) = kept.iterdir()
    figure, _ = zh_figures.pickle.loads(path.read_bytes())
    lacking: set[str] = set()
    assert zh_figures.translate(figure, lacking)
    (ax,) = figure.axes
    assert lacking == set()
    assert ax.get_xlabel() == "步"
    assert ax.get_ylabel() == "$x^2$"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["真实", "x"]


def test_an_entry_may_hold_the_lines_of_a_text_together():
    lacking: set[str] = set()
    assert zh_figures.in_chinese("nearest\nphotograph", lacking) == "最近的照片"
    assert zh_figures.in_chinese("real\nstep", lacking) == "真实\n步"
    assert zh_figures.in_chinese("real\nnobody says this", lacking) == "真实\nnobody says this"
    assert lacking == {"nobody says this"}


def test_a_picture_is_known_however_it_is_stored():
    english = drawn("real")
    with Image.open(io.BytesIO(english)) as image:
        again = io.BytesIO()
        image.convert("RGB").save(again, "PNG", optimize=True)
    assert again.getvalue() != english
    assert fingerprint(again.getvalue()) == fingerprint(english)


def test_every_twin_belongs_to_a_picture_of_a_chapter():
    there = set()
    for path in chapters():
        text = path.read_text("utf8")
        stored = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", text)
        for cell in json.loads(text)["cells"]:
            stored += [o.get("data", {}).get("image/png", "") for o in cell.get("outputs", [])]
        there |= {fingerprint(base64.b64decode("".join(each))) for each in stored if each}
    twins = {path.stem for path in (ROOT / zh_figures.TWINS).glob("*.png")}
    assert twins <= there
