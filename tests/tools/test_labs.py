"""Student copies and their proof: what is handed in, and how the exported marks are judged.

The proof itself, with nbgrader and every chapter, is ``make labs``; it takes too long for each run.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools import labs
from tools.notebook import ROOT

SOURCE = {"cells": [{"source": "### BEGIN SOLUTION\nanswer = 1\n### END SOLUTION"}]}

# A stand-in for nbgrader: it strips solutions if FAKE says so, and marks.
FAKE = """
import os, pathlib, sys
command, course = sys.argv[1], pathlib.Path.cwd()
assert (course / "nbgrader_config.py").is_file()
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
        rows += [f"{name},instructor,8.0,8.0", f"{name},blank,0.0,8.0"]
    pathlib.Path(sys.argv[2].removeprefix("--to=")).write_text("\\n".join(rows))
"""


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python that finds the stand-in; in a folder as people name them."""
    path = tmp_path / "my course 课程" / "nbgrader" / "__main__.py"
    path.parent.mkdir(parents=True)
    path.write_text(FAKE)
    monkeypatch.setenv("PYTHONPATH", str(path.parents[1]))
    return Path(sys.executable)


@pytest.fixture
def chapters(tmp_path: Path) -> list[Path]:
    """Two chapters with a solution each."""
    paths = [tmp_path / "03-a.ipynb", tmp_path / "06-b.ipynb"]
    for path in paths:
        path.write_text(json.dumps(SOURCE))
    return paths


def test_copies_are_written_marked_and_judged(python, chapters, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FAKE", "strip")
    out = tmp_path / "labs 实验"
    assert labs.make(python, chapters, out, proof=True) == []
    copies = sorted(out.glob("student/*.ipynb"))
    assert [copy.name for copy in copies] == ["03-a.ipynb", "06-b.ipynb"]
    assert all("BEGIN SOLUTION" not in copy.read_text() for copy in copies)
    assert "8.0 of 8.0" in capsys.readouterr().out


def test_a_translated_chapter_has_a_chinese_copy_too(python, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE", "strip")
    chapter = ROOT / "notebooks" / "00-are-you-ready.ipynb"
    assert labs.make(python, [chapter], tmp_path / "labs", proof=False) == []
    copy = (tmp_path / "labs" / "student" / "zh" / chapter.name).read_text("utf8")
    assert "BEGIN SOLUTION" not in copy
    assert "你将做什么" in copy
    assert 'os.environ[\\"AIGC_LANGUAGE\\"] = \\"zh\\"' in copy


def test_the_course_gives_a_cell_time_to_train_and_finds_what_nbgrader_calls(monkeypatch):
    monkeypatch.setenv("PATH", "elsewhere")
    monkeypatch.setenv("AIGC_DEVICE", "")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    settings = SimpleNamespace(ExecutePreprocessor=SimpleNamespace())
    exec(labs.CONFIG, {"get_config": lambda: settings})
    assert settings.ExecutePreprocessor.timeout == 900
    assert os.environ["PATH"] == f"{Path(sys.executable).parent}{os.pathsep}elsewhere"
    assert os.environ["AIGC_DEVICE"] == "cpu"  # a chapter is marked at the size it is published in


def test_the_teachers_commands_are_those_that_are_proved():
    page = (ROOT / "book" / "for-teachers.md").read_text(encoding="utf8")
    (script,) = re.findall(r"```bash\n(cd .*?)```", page, re.DOTALL)
    enter, *commands = script.splitlines()
    course = ROOT / enter.removeprefix("cd ")
    assert course == labs.LABS / "course"
    for command, task in zip(commands, ['autograde "06-first-gan"', "export"], strict=True):
        python, arguments = command.split(" ", 1)
        assert os.path.normpath(course / python) == str(ROOT / ".venv-labs/bin/python")
        assert arguments == f"-m nbgrader {task}"


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_make_gives_nbgrader_the_kernel_of_the_book():
    plain = {key: value for key, value in os.environ.items() if "MAKE" not in key}
    done = subprocess.run(
        ["make", "-n", "labs"], cwd=ROOT, env=plain, capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    (kernel,) = (n for n, line in enumerate(lines) if "ipykernel install" in line)
    assert lines[kernel].startswith(
        ".venv/bin/python -m ipykernel install --prefix .venv-labs --name python3 "
    )
    assert lines[kernel + 1] == ".venv/bin/python -m tools.labs .venv-labs/bin/python"


def test_a_solution_that_is_left_is_a_fault(python, chapters, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE", "")
    (fault,) = labs.make(python, chapters, tmp_path / "labs", proof=True)
    assert "a solution is left" in fault
    assert not list((tmp_path / "labs" / "student").iterdir())


def test_what_nbgrader_says_is_passed_on(python, chapters, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE", "strip fail")
    with pytest.raises(labs.NbGraderError, match=r"autograde 03-a .*failed:\nthe kernel died"):
        labs.make(python, chapters, tmp_path / "labs", proof=True)


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
