"""Every chapter obeys the static rules (``tools/lint_notebooks.py``) and has its cost recorded."""

import json

import pytest

from tools.execute import timing_line
from tools.lint_notebooks import lint
from tools.notebook import NOTEBOOKS, ROOT, TIMING, chapters

CHAPTERS = chapters()


def test_there_are_chapters_and_nothing_else():
    assert CHAPTERS, "notebooks/ holds no chapter"
    assert sorted(NOTEBOOKS.glob("**/[!.]*.ipynb")) == CHAPTERS


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.name)
def test_a_chapter_passes_the_lint(path):
    problems = lint(path)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.name)
def test_the_table_of_timings_says_what_the_chapter_says(path):
    table = json.loads((ROOT / "aigc_lib" / "cli" / "timings.json").read_text(encoding="utf8"))
    cost = table["chapters"][path.stem]
    line = timing_line(cost["seconds"], cost["peak_mib"], table["machine"]["cores"])
    assert TIMING.search(line)[1] in path.read_text(encoding="utf8")
