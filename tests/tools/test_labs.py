"""Student copies and their proof: what is handed in, and how the exported marks are judged.

The proof itself, with nbgrader and every chapter, is ``make labs``; it takes too long for each run.
"""

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from tools import labs

SOURCE = {"cells": [{"source": "### BEGIN SOLUTION\nanswer = 1\n### END SOLUTION"}]}

# A stand-in for nbgrader: it strips solutions, and gives the marks that MARKS names.
FAKE = """#!{python}
import os, pathlib, shutil, sys
command, course = sys.argv[1], pathlib.Path.cwd()
assert (pathlib.Path(os.environ["JUPYTER_PATH"]) / "kernels/python3/kernel.json").is_file()
if command == "generate_assignment":
    name = sys.argv[2]
    target = course / "release" / name
    target.mkdir(parents=True)
    text = (course / "source" / name / (name + ".ipynb")).read_text()
    if "strip" in os.environ["FAKE"]:
        text = text.replace("### BEGIN SOLUTION", "# YOUR CODE HERE")
    (target / (name + ".ipynb")).write_text(text)
elif command == "autograde":
    name = sys.argv[2]
    full = (course / "submitted/instructor" / name / (name + ".ipynb")).read_text()
    blank = (course / "submitted/blank" / name / (name + ".ipynb")).read_text()
    assert "BEGIN SOLUTION" in full and "BEGIN SOLUTION" not in blank
    if "fail" in os.environ["FAKE"]:
        sys.exit("the kernel died")
elif command == "export":
    rows = ["assignment,student_id,score,max_score"]
    for name in os.listdir(course / "release"):
        rows += [f"{{name}},instructor,8.0,8.0", f"{{name}},blank,0.0,8.0"]
    pathlib.Path(sys.argv[2].removeprefix("--to=")).write_text("\\n".join(rows))
"""


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """A stand-in for the command nbgrader."""
    path = tmp_path / "bin" / "nbgrader"
    path.parent.mkdir()
    path.write_text(FAKE.format(python=sys.executable))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def chapters(tmp_path: Path) -> list[Path]:
    """Two chapters with a solution each."""
    paths = [tmp_path / "03-a.ipynb", tmp_path / "06-b.ipynb"]
    for path in paths:
        path.write_text(json.dumps(SOURCE))
    return paths


posix = pytest.mark.skipif(os.name != "posix", reason="the stand-in is a script with a first line")


@posix
def test_copies_are_written_marked_and_judged(command, chapters, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FAKE", "strip")
    out = tmp_path / "labs"
    assert labs.make(command, chapters, out, proof=True) == []
    copies = sorted(out.glob("student/*.ipynb"))
    assert [copy.name for copy in copies] == ["03-a.ipynb", "06-b.ipynb"]
    assert all("BEGIN SOLUTION" not in copy.read_text() for copy in copies)
    assert "8.0 of 8.0" in capsys.readouterr().out
    kernel = json.loads((out / "jupyter/kernels/python3/kernel.json").read_text())
    assert kernel["argv"][0] == sys.executable


@posix
def test_a_solution_that_is_left_is_a_fault(command, chapters, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE", "")
    (fault,) = labs.make(command, chapters, tmp_path / "labs", proof=True)
    assert "a solution is left" in fault
    assert not list((tmp_path / "labs" / "student").iterdir())


@posix
def test_what_nbgrader_says_is_passed_on(command, chapters, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE", "strip fail")
    with pytest.raises(labs.NbGraderError, match=r"autograde 03-a .*failed:\nthe kernel died"):
        labs.make(command, chapters, tmp_path / "labs", proof=True)


def row(student: str, score: float, most: float = 8.0) -> dict[str, str]:
    return {
        "assignment": "03-a",
        "student_id": student,
        "score": str(score),
        "max_score": str(most),
    }


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([row("instructor", 8), row("blank", 0)], []),
        ([row("instructor", 7), row("blank", 0)], ["instructor's copy gets 7 of 8"]),
        ([row("instructor", 8), row("blank", 1)], ["blank copy gets 1 of 8"]),
        ([row("instructor", 8)], ["no marks for the blank copy"]),
        ([], ["no marks for the instructor copy", "no marks for the blank copy"]),
        ([row("instructor", 0, 0), row("blank", 0, 0)], ["no points to win"] * 2),
    ],
)
def test_marks_are_judged_from_both_sides(rows, wanted):
    found = labs.faults(rows, ["03-a"])
    assert len(found) == len(wanted)
    assert all(part in fault for part, fault in zip(wanted, found, strict=True))
