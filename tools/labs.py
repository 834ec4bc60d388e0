"""Student copies of the chapters, and a proof with nbgrader that they can be marked: ``make labs``.

    python -m tools.labs PYTHON [--chapters 06 07] [--no-proof]

nbgrader lives in an environment of its own, whose Python is named; that environment's kernel
``python3`` must be the book's Python, which ``make labs`` sees to. Below ``_build/labs``:

    student/     the copies to hand out: no solutions, no outputs
    student/zh/  the same in Chinese, whose checks answer in Chinese
    course/      an nbgrader course folder: source, release, submissions, marks (gradebook.db)
    marks.csv    one line for each chapter and each of the two submissions of the proof

The proof hands in two copies of every chapter, the instructor's and an untouched student copy, and
lets nbgrader run and mark both, by the commands that a teacher uses: the first must get all points,
the second none.
"""

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import tyro

from tools import notebook
from tools.notebook import ROOT
from tools.overlay import overlaid
from tools.translation import entries

LABS = ROOT / "_build" / "labs"
FULL, EMPTY = "instructor", "blank"
CONFIG = """\
import os
import sys

c = get_config()
c.ExecutePreprocessor.timeout = 900  # seconds for a cell; in nbgrader's own 30 nothing is trained
os.environ["AIGC_DEVICE"] = "cpu"
os.environ.setdefault("OMP_NUM_THREADS", "1")  # two threads crawl as soon as anything else runs
# A new gradebook is made by the command alembic, from the environment of nbgrader.
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", "")
"""


class NbGraderError(RuntimeError):
    """A command of nbgrader failed; the message holds the end of what it said."""


def nbgrader(python: Path, labs: Path, *arguments: str) -> None:
    """Run one nbgrader command in the course's folder.

    Raises:
        NbGraderError: it failed.
    """
    done = subprocess.run(
        [str(python), "-m", "nbgrader", *arguments],
        cwd=labs / "course", capture_output=True, encoding="utf8", errors="replace",
    )  # fmt: skip
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-25:])
        raise NbGraderError(f"nbgrader {' '.join(arguments)} failed:\n{tail}")


def faults(rows: Iterable[Mapping[str, str]], wanted: Sequence[str]) -> list[str]:
    """What is wrong with the exported marks: chapters missing, points lost, points for nothing."""
    marks = {(row["assignment"], row["student_id"]): row for row in rows}
    found = []
    for chapter in wanted:
        for student in (FULL, EMPTY):
            row = marks.get((chapter, student))
            if row is None:
                found.append(f"{chapter}: no marks for the {student} copy")
                continue
            score, most = float(row["score"]), float(row["max_score"])
            if most <= 0:
                found.append(f"{chapter}: no points to win")
            elif student == FULL and score != most:
                found.append(f"{chapter}: the instructor's copy gets {score:g} of {most:g} points")
            elif student == EMPTY and score != 0:
                found.append(f"{chapter}: the blank copy gets {score:g} of {most:g} points")
    return found


def make(python: Path, paths: Sequence[Path], labs: Path, proof: bool) -> list[str]:
    """Write the student copies, and mark both submissions if ``proof``; returns the faults.

    Raises:
        NbGraderError: nbgrader could not do its work.
    """
    shutil.rmtree(labs, ignore_errors=True)
    course, student, chinese = labs / "course", labs / "student", labs / "student" / "zh"
    student.mkdir(parents=True)
    course.mkdir()
    (course / "nbgrader_config.py").write_text(CONFIG, encoding="utf8")
    for path in paths:
        source = course / "source" / path.stem
        source.mkdir(parents=True)
        shutil.copyfile(path, source / path.name)
        nbgrader(python, labs, "generate_assignment", path.stem, "--create", "--force")
        release = course / "release" / path.stem / path.name
        if "BEGIN SOLUTION" in release.read_text(encoding="utf8"):
            return [f"{path.stem}: a solution is left in the student copy"]
        shutil.copyfile(release, student / path.name)
        if done := entries(ROOT, f"notebooks/{path.stem}"):
            translated = overlaid(json.loads(release.read_text(encoding="utf8")), done)
            text = json.dumps(translated, ensure_ascii=False, indent=1) + "\n"
            chinese.mkdir(exist_ok=True)
            (chinese / path.name).write_text(text, encoding="utf8")
        print(f"{path.stem}: student copy written", flush=True)
        if proof:
            for name, copy in ((FULL, path), (EMPTY, release)):
                folder = course / "submitted" / name / path.stem
                folder.mkdir(parents=True)
                shutil.copyfile(copy, folder / path.name)
            nbgrader(python, labs, "autograde", path.stem)
            print(f"{path.stem}: both copies marked", flush=True)
    if not proof:
        return []
    nbgrader(python, labs, "export", f"--to={labs / 'marks.csv'}")
    with (labs / "marks.csv").open(encoding="utf8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in sorted(rows, key=lambda row: (row["assignment"], row["student_id"])):
        print(f"{row['assignment']:32} {row['student_id']:12} {row['score']} of {row['max_score']}")
    return faults(rows, [path.stem for path in paths])


def main(
    python: tyro.conf.Positional[Path], chapters: tuple[str, ...] = (), proof: bool = True
) -> int:
    """Write student copies of the chapters, and prove them: 1 if either failed.

    Args:
        python: the Python of nbgrader's environment.
        chapters: their numbers; all by default.
        proof: without it, only the copies are written.
    """
    paths = [p for p in notebook.chapters() if not chapters or p.stem.split("-")[0] in chapters]
    try:
        if not paths:
            raise NbGraderError(f"no chapter has a number among {', '.join(chapters)}")
        found = make(python.absolute(), paths, LABS, proof)
    except (NbGraderError, OSError) as error:
        found = [str(error)]
    for fault in found:
        print(fault, file=sys.stderr)
    if not found:
        print(f"student copies: {LABS / 'student'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(tyro.cli(main))
