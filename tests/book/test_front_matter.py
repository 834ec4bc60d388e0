"""The home page's pictures and the learning paths say what there is."""

import json
import re

import pytest
from PIL import Image

from aigc_lib.exercises import exercises
from tools import home_pictures
from tools.home_pictures import IMAGES, PAGE, ROOT, relabel
from tools.places import graph

ROWS = json.loads((ROOT / "book" / "images" / "home.json").read_text("utf8"))["rows"]
CHAPTERS = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}


def test_the_labels_on_the_home_page_are_the_recorded_ones():
    page = PAGE.read_text("utf8")
    assert relabel(page, ROWS) == page
    assert page.count("figclass: frames") == 2


def test_a_strip_has_a_frame_for_each_label():
    for name, height in (("learning-digits", 6 * 29 - 1), ("ring", 280)):
        labels = [row for row in ROWS if row["picture"] == name]
        with Image.open(IMAGES / f"{name}.png") as strip:
            assert strip.height == height * len(labels)


def test_the_ring_is_lost_and_found():
    """What the home page says of it."""
    modes = [(row["label"], row["modes"]) for row in ROWS if row["picture"] == "ring"]
    plain = [n for label, n in modes if label.startswith("plain")]
    assert plain[-1] == 3
    assert max(plain) < 8
    assert modes[-1][0].startswith("with R1")
    assert modes[-1][1] == 8
    assert len(modes) == 3 * len(plain)  # twice as long with the penalty as without
    close = [row["high_quality"] for row in ROWS if row["picture"] == "ring"]
    page = PAGE.read_text("utf8")
    assert f"{close[len(plain) - 1]:.0%} before".replace("%", " %") in page
    assert f"{close[-1]:.0%} at the end".replace("%", " %") in page


def test_at_equal_length_the_penalty_keeps_what_the_plain_game_loses():
    """What the home page says of five seeds."""
    room = ROOT / "aigc_lib" / "chapters" / "ch04_training_dynamics" / "results"
    rows = json.loads((room / "collapse.json").read_text("utf8"))["rows"]
    kept = {
        setting: sorted(
            row["modes"]
            for row in rows
            if (row["target"], row["setting"], row["averaged"]) == ("ring", setting, True)
        )
        for setting in ("plain", "R1")
    }
    assert {row["samples"] for row in rows if row["target"] == "ring"} == {1_500_000}
    assert len(kept["plain"]) == 5
    assert (kept["plain"][0], kept["plain"][-1]) == (3, 6)
    assert kept["R1"] == [8] * 5


def test_a_page_without_its_figure_is_an_error():
    with pytest.raises(ValueError, match="0 figures of ring"):
        relabel("no figure", [{"picture": "ring", "label": "x"}])


def test_points_make_a_picture_in_colour():
    torch = home_pictures.torch
    frame = home_pictures.scatter(torch.zeros(3, 2), torch.ones(2, 2), home_pictures.RED)
    assert frame.shape == (280, 280, 3)
    assert (frame.reshape(-1, 3) != 255).any()


@pytest.mark.parametrize("page", ["learning-paths", "for-teachers", "index"])
def test_pages_name_only_what_there_is(page):
    text = (ROOT / "book" / f"{page}.md").read_text("utf8")
    assert set(re.findall(r"\b(\d\d\.\d+)\b(?!\.)", text)) <= set(exercises())
    assert set(re.findall(r"notebooks/([\w-]+)(?:\.ipynb)?\)", text)) <= CHAPTERS


def test_the_semester_reaches_every_chapter_and_every_exercise_of_its_labs():
    text = (ROOT / "book" / "learning-paths.md").read_text("utf8")
    semester = text.split("## One semester")[1]
    named = set()
    for first, last in re.findall(r"(\d\d\.\d+)(?: to (\d\d\.\d+))?", semester):
        chapter, start = first.split(".")
        end = int(last.split(".")[1]) if last else int(start)
        named |= {f"{chapter}.{k}" for k in range(int(start), end + 1)}
    assert {name for name in exercises() if not name.startswith("00")} == named


def test_the_arrows_between_chapters_are_what_the_chapters_say_they_need():
    _, drawn = graph((ROOT / "book" / "learning-paths.md").read_text("utf8"))
    chapters = {int(path.stem[:2]): path for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert set(drawn) == set(chapters) - {0}
    for number, origins in drawn.items():
        cells = json.loads(chapters[number].read_text("utf8"))["cells"]
        text = " ".join("".join("".join(cell["source"]) for cell in cells).split())
        needs = text.split("## What you'll need")[1].split("**Code of this chapter")[0]
        named = {
            int(n) for n in re.findall(r"\[[Cc]hapter (\d+)\]|\((\d\d)-", needs) for n in n if n
        }
        alone = "no earlier chapter" in needs.lower()
        assert origins == ({"T"} if alone else {f"C{n}" for n in named}), number
