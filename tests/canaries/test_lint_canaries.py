"""The lint of the notebooks must find one fault planted in a good chapter, whichever it is."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from tests.canaries.good_chapter import ALT, good_chapter
from tools.lint_notebooks import MAX_BYTES, lint, lint_content
from tools.spelling import american

ROOT = Path(__file__).resolve().parents[2]


def code(nb, number):
    return [cell for cell in nb.cells if cell.cell_type == "code"][number - 1]


def replace(old, new, count=1):
    """A fault: ``old`` in the sources becomes ``new``."""

    def plant(nb):
        for cell in nb.cells:
            if old in cell.source:
                cell.source = cell.source.replace(old, new, count)
                return
        raise AssertionError(f"{old!r} is not in the good chapter")

    return plant


def on(number, **changes):
    """A fault: these fields of code cell ``number`` are changed."""
    return lambda nb: code(nb, number).update(changes)


def printed(number, text, stream="stdout"):
    return lambda nb: code(nb, number).outputs.append(
        v4.new_output("stream", name=stream, text=text)
    )


def mark(number, **changes):
    """A fault: these fields of a cell's nbgrader metadata are changed."""
    return lambda nb: code(nb, number).metadata.nbgrader.update(changes)


def ignore(*numbers):
    return lambda nb: [code(nb, n).metadata.update(tags=["nbval-ignore-output"]) for n in numbers]


def drop_cell(text):
    def plant(nb):
        before = len(nb.cells)
        nb.cells = [cell for cell in nb.cells if text not in cell.source]
        assert len(nb.cells) < before
        for count, cell in enumerate([c for c in nb.cells if c.cell_type == "code"], 1):
            cell.execution_count = count

    return plant


ERROR = v4.new_output("error", ename="ValueError", evalue="no", traceback=[])
ERROR_HOME = v4.new_output(
    "error", ename="ValueError", evalue="no", traceback=["File \x1b[32m/home/me/book/x.py:3\x1b[0m"]
)
FIGURE = v4.new_output(
    "execute_result", {"image/png": "aGk=", "text/plain": "<F>"}, execution_count=2
)

FAULTS = [
    # run, once, from the top
    (on(3, execution_count=None), "code cell 3 was not executed"),
    (on(3, execution_count=4), "run out of order"),
    (on(1, execution_count=2), "run out of order"),
    (on(5, source=" "), "is empty"),
    (on(3, outputs=[ERROR]), "shows an error (ValueError)"),
    (on(6, outputs=[]), "shows no error"),
    # paths
    *[
        (replace("noise()", f"open('{path}')"), "absolute path in its source")
        for path in ("/home/me/x", "/tmp/x", "/work/x", "/Users/me/x", "C:\\\\Users\\\\x", "/root")
    ],
    *[
        (printed(3, path), "absolute path in its output")
        for path in ("see /home/me/x", "/tmp", "file:///work/x", "at C:\\Users")
    ],
    (on(6, outputs=[ERROR_HOME]), "absolute path in its output"),
    (replace("It trains", "It is in /home/me"), "absolute path in its source"),
    # pictures
    (lambda nb: code(nb, 2).metadata.pop("mystnb"), "without an alt text"),
    (
        lambda nb: code(nb, 2).metadata.mystnb.image.update(alt="A plot of the loss"),
        "without an alt text",
    ),
    (
        lambda nb: code(nb, 4).update(
            source="plt.show()",
            outputs=code(nb, 2).outputs,
            metadata={"mystnb": {"image": {"alt": ALT}}},
        ),
        "share the alt",
    ),
    (replace("It trains", "![](figure.png)"), "image without alt text"),
    (replace("It trains", '<img src="figure.png">'), "image without alt text"),
    (replace("\nplt.show()", ""), "does not end with plt.show()"),
    (replace("\nplt.show()", "\nplt.show();x"), "does not end with plt.show()"),
    (on(2, outputs=[FIGURE], source="figure"), "does not end with plt.show()"),
    # what nbval may overlook
    (replace("report('n', 1, 0, 2)", "print(1)  # assert"), "asserts nothing"),
    (replace("report('n', 1, 0, 2)", "checked = 1"), "asserts nothing"),
    (ignore(2, 4, 5, 6, 7), "at most 4"),
    (lambda nb: code(nb, 3).metadata.update(tags=["nbval-skip"]), "is skipped"),
    (replace("slider()", "# NBVAL_IGNORE_OUTPUT\nslider()"), "use a tag"),
    (replace("slider()", "# NBVAL_SKIP\nslider()"), "use a tag"),
    (printed(3, "n: ≈ 1.5 of 3\n"), "without bounds"),
    (replace("slider()", "print('(must lie between 0 and 1)')"), "only report() may"),
    # cells and metadata
    (on(3, source="x = 1\n" * 26), "26 lines"),
    (on(3, source="print(1);"), "ends with"),
    (on(3, source="x = = 1"), "code cell 3 is not Python"),
    (lambda nb: nb.metadata.language_info.update(version="3.11.7"), "language_info"),
    (lambda nb: nb.metadata.kernelspec.update(name="venv"), "kernelspec"),
    (lambda nb: nb.metadata.pop("widgets"), "dead on the site"),
    (lambda nb: code(nb, 3).metadata.update(execution={"iopub.status.busy": "now"}), "time stamps"),
    (lambda nb: code(nb, 3).update(id=code(nb, 4).id), "have the id"),
    (
        lambda nb: nb.update(nbformat_minor=4) or [cell.pop("id") for cell in nb.cells],
        "brought cell ids",
    ),
    (lambda nb: nb.cells[0].pop("source"), "not a valid notebook"),
    # folded
    (lambda nb: code(nb, 1).metadata.pop("tags"), "the set-up, is not folded"),
    (lambda nb: code(nb, 5).metadata.pop("tags"), "only checks"),
    (on(3, source="for n in 1, 2:\n    assert n\n    show.report('n', n, 0, 3)"), "only checks"),
    (replace("plt.plot([1, 2])\n", "plt.plot([1, 2])\n" * 12), "draws a figure in 13 lines"),
    (lambda nb: code(nb, 8).metadata.pop("tags"), "shows the answer"),
    # the template
    (replace("# A chapter", "A chapter"), "must be the title"),
    (replace("## Summary", "# Summary"), "must be the title"),
    *[
        (replace(title, "## Other"), f"'{title}' is missing")
        for title in (
            "## What you'll do",
            "## What you'll learn",
            "## What you'll need",
            "## Summary",
            "## Where the source article goes wrong",
            "## Exercises",
            "## References",
        )
    ],
    (replace("## Summary", "```\n## Summary\n```"), "'## Summary' is missing"),
    (lambda nb: nb.cells.insert(2, nb.cells.pop()), "in this order"),
    (replace("<!-- timing -->", ""), "must begin with the timing lines"),
    (replace("71 s", "?? s"), "no run time"),
    (replace("<!-- timing -->\n", "<!-- timing -->"), "not rendered"),
    (replace("**Code of this chapter:**", "Code:"), "must end with the link to the room"),
    (replace("/blob/main/aigc_lib", "/aigc_lib"), "must end with the link to the room"),
    (replace("[`ch06_good`", "[`ch07_good`"), "must end with the link to the room"),
    (replace("__init__.py)", "__init__.py)\n\nMore."), "must end with the link to the room"),
    (replace("ModuleNotFoundError", "ImportError"), "first code cell must try"),
    (replace("google.colab", "google"), "first code cell must try"),
    (replace("        raise\n", "        pass\n"), "first code cell must try"),
    (replace("    %pip", "    # pip"), "first code cell must try"),
    (replace("[chapters]", ""), "first code cell must try"),
    (replace("git+https://github.com/", ""), "first code cell must try"),
    # exercises
    (replace("### BEGIN SOLUTION", "# solution"), "needs one '### BEGIN SOLUTION'"),
    (lambda nb: code(nb, 7).metadata.pop("nbgrader"), "students would get the solution"),
    (lambda nb: code(nb, 8).metadata.pop("nbgrader"), "not followed by its check cell"),
    (mark(7, solution=False), "does not follow a solution"),
    (mark(8, points=0), "be worth points"),
    (mark(8, schema_version=1), "schema_version 3"),
    (mark(9, grade_id="a1"), "share an nbgrader grade_id"),
    (replace('check("06.1", answer)', "assert answer == 2"), 'must call check("NN.n", ...)'),
    (replace('check("06.2"', 'check("06.7"'), "must be numbered"),
    (drop_cell("06.4"), "not followed by its check cell"),
    # words
    (replace("It trains", "The Color of its behavior is gray"), "'Colour' in British spelling"),
    (replace("It trains", "We normalize"), "'normalise' in British spelling"),
    (replace("It trains", "\n\nFILL_TEXT\n\nIt trains"), "is still to be written"),
    (replace("It trains", "TODO: it trains"), "is still to be written"),
    (replace("It trains", "<!-- here --> It trains"), "is still to be written"),
]


def test_the_good_chapter_passes(tmp_path):
    path = tmp_path / "06-good.ipynb"
    nbformat.write(good_chapter(), path)
    assert lint(path) == []


@pytest.mark.parametrize("number", range(len(FAULTS)), ids=[said for _, said in FAULTS])
def test_a_planted_fault_is_found(number):
    plant, said = FAULTS[number]
    nb = good_chapter()
    plant(nb)
    assert any(said in problem for problem in lint_content(nb)), lint_content(nb)


def test_three_exercises_are_too_few():
    nb = good_chapter()
    del nb.cells[-4:-1]
    assert lint_content(nb) == ["3 exercises with a check; at least 4"]


def test_an_exercise_of_another_chapter_is_found(tmp_path):
    path = tmp_path / "07-good.ipynb"
    nbformat.write(good_chapter(), path)
    assert lint(path)[0] == "exercise 06.1 is in 07-good.ipynb"


def test_a_link_to_the_room_of_another_chapter_is_found(tmp_path):
    path = tmp_path / "06-better.ipynb"
    nbformat.write(good_chapter(), path)
    assert lint(path) == ["the link to the room must lead to ch06_better, not to ch06_good"]


def test_a_large_file_is_found(tmp_path):
    path = tmp_path / "06-good.ipynb"
    path.write_text(json.dumps(good_chapter()) + " " * MAX_BYTES, encoding="utf8")
    assert [p for p in lint(path) if "bytes; at most" in p]


@pytest.mark.parametrize("broken", [False, True])
def test_the_command_exits_with_what_it_found(tmp_path, broken):
    nb = good_chapter()
    if broken:
        code(nb, 3).execution_count = None
    path = tmp_path / "06-good.ipynb"
    nbformat.write(nb, path)
    done = subprocess.run(
        [sys.executable, "-m", "tools.lint_notebooks", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf8",
        check=False,
    )
    assert done.returncode == int(broken), done.stdout + done.stderr
    assert ("06-good.ipynb: code cell 3 was not executed" in done.stdout) == broken


@pytest.mark.parametrize(
    "fine",
    [
        "`color`",
        "$color$",
        "$$\nnormalize\n$$",
        "```python\ncolor\n```",
        "[a](http://x.org/color)",
        "https://x.org/color",
        "{color}`x`",
        ":color: red",
        "<b style='color: red'>a</b>",
        "size, resized, prizes, seizing, colour, greyscale, horizon, Lipschitz",
        "## References\n\nNormalizing flows",
    ],
)
def test_code_maths_links_and_titles_keep_their_spelling(fine):
    assert american(fine) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("````{note} Gray\ncolor\n```python\ncolor\n```\n````", ["Gray", "color"]),
        (":::{note}\nColors\n:::", ["Colors"]),
        ("optimizers, tokenization", ["optimizers", "tokenization"]),
    ],
)
def test_prose_in_directives_counts(text, found):
    assert [word for word, _ in american(text)] == found
