"""The built wheel in an environment that holds the core dependencies and nothing else.

This is what ``pip install`` of the library alone gives a reader. The environment is a fresh one;
the packages that the wheel asks for, one through another, are linked into it from this one, so
that nothing is downloaded and no package that is merely at hand can be imported.
"""

import json
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools.notebook import ROOT, code_cells

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="links need rights there"),
]

IMPORT_ALL = """
import importlib, pkgutil, sys
import aigc_lib
from aigc_lib.core.rooms import rooms
shared = ["cli", "core", "data", "nets", "metrics", "gan", "diffusion", "lm", "pretrained",
          "recipes", "benchmark", "exercises"]
names = [m.name for p in shared for m in pkgutil.walk_packages(
    importlib.import_module(f"aigc_lib.{p}").__path__, f"aigc_lib.{p}.")]
names += [f"{room}.exercises" for room in rooms().values()]
for name in names:
    importlib.import_module(name)
print(aigc_lib.__file__, len(names), len(rooms()))
"""
CHECK = """
from aigc_lib.exercises import check, exercises
assert len(exercises()) > 60
check("06.1", None)
"""
# The cells of a downloaded notebook, one after the other, as a kernel runs them.
RUN_ALONE = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
count = 0
for cell in json.load(open(sys.argv[1], encoding="utf8"))["cells"]:
    if cell["cell_type"] == "code":
        shell.run_cell("".join(cell["source"])).raise_error()
        count += 1
print(count, "cells", sorted(sys.modules["aigc_lib"].__path__))
"""
DATA = """
from aigc_lib.core import results
from aigc_lib.pretrained import loaders
for name in results.paths():
    assert results.load(name)["rows"], name
print(len(results.paths()), "records")
for data in ("mnist", "fashion-mnist"):
    loaders.load_classifier(data, "cpu")
    loaders.reference_statistics(data)
"""


def closure(wanted: list[str]) -> Iterator[metadata.Distribution]:
    """The installed distributions that these requirements ask for, one through another."""
    waiting = [(Requirement(text), "") for text in wanted]
    seen = set()
    while waiting:
        asked, extra = waiting.pop()
        if asked.marker and not asked.marker.evaluate({"extra": extra}):
            continue
        found = metadata.distribution(asked.name)
        for extra in {"", *asked.extras} - {extra for name, extra in seen if name == found.name}:
            seen.add((found.name, extra))
            waiting += [(Requirement(text), extra) for text in found.requires or []]
            yield found


def link(distribution: metadata.Distribution, into: Path) -> None:
    """Make a distribution importable from a folder."""
    for file in distribution.files or []:
        top = Path(str(file)).parts[0]
        source = Path(str(distribution.locate_file(top)))
        if top not in ("..", "__pycache__") and not (into / top).exists():
            (into / top).symlink_to(source)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: building leaves files that the next build would take in."""
    folder = tmp_path_factory.mktemp("built")
    copy = folder / "source"
    shutil.copytree(
        ROOT / "aigc_lib", copy / "aigc_lib", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    command = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, copy]
    subprocess.run([sys.executable, "-m", "pip", *map(str, command)], check=True)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel and the core dependencies."""
    home = tmp_path_factory.mktemp("core only")
    venv.create(home, with_pip=False, symlinks=True)
    (site,) = home.glob("lib/python*/site-packages")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    for distribution in closure(project["dependencies"]):
        link(distribution, site)
    pip = [sys.executable, "-m", "pip", "--python", home / "bin" / "python", "install"]
    subprocess.run([*map(str, pip), "--no-deps", "--no-index", str(wheel)], check=True)
    return home / "bin" / "python"


def run(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the interpreter outside the checkout, and without this one's paths."""
    command = [str(python), "-I", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=python.parent, check=False)


def test_packages_that_are_merely_at_hand_are_not_there(python):
    for name in ("scipy", "sklearn", "gymnasium", "transformers", "tokenizers", "pytest", "tools"):
        assert f"No module named '{name}'" in run(python, "-c", f"import {name}").stderr


def test_the_library_and_all_exercises_are_imported(python):
    done = run(python, "-c", IMPORT_ALL)
    assert not done.returncode, done.stderr
    file, modules, rooms = re.fullmatch(r"(.*) (\d+) (\d+)\n", done.stdout).groups()
    assert Path(file).is_relative_to(python.parents[1])  # not the checkout
    assert int(modules) > 70
    assert int(rooms) == 22


def test_an_exercise_is_checked(python):
    done = run(python, "-c", CHECK)
    assert "06.1 — not answered yet" in done.stderr


def test_a_downloaded_notebook_runs_alone_in_an_empty_folder(python, tmp_path):
    name = "00-are-you-ready.ipynb"
    shutil.copy(ROOT / "notebooks" / name, tmp_path)
    command = [str(python), "-I", "-c", RUN_ALONE, name]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert not done.returncode, done.stderr
    cells, where = re.search(r"(\d+) cells \['(.+)'\]", done.stdout).groups()
    notebook = json.loads((tmp_path / name).read_text("utf8"))
    assert int(cells) == len(code_cells(notebook)) > 10
    assert Path(where).is_relative_to(python.parents[1])  # the wheel's, not the checkout's
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_records_and_weights_are_inside(python):
    done = run(python, "-c", DATA)
    assert not done.returncode, done.stderr
    recorded = list((ROOT / "aigc_lib").glob("**/results/*.json"))
    assert done.stdout == f"{len(recorded)} records\n"


def test_every_file_of_the_library_is_inside(python):
    ours = {
        path.relative_to(ROOT)
        for path in (ROOT / "aigc_lib").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    (site,) = python.parents[1].glob("lib/python*/site-packages")
    assert len(ours) > 200
    assert sorted(path for path in ours if not (site / path).is_file()) == []


def test_the_command_helps(python):
    done = run(python, str(python.with_name("aigc")), "--help")
    assert not done.returncode, done.stderr
    assert "doctor" in done.stdout


@pytest.mark.parametrize("words", [["demo", "15", "hi"], ["record", "12"]])
def test_what_needs_more_says_so_in_one_line(python, words):
    done = run(python, "-m", "aigc_lib", *words)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.endswith("pip install 'aigc-lib[chapters]'")


def test_the_doctor_names_the_chapters_that_do_not_run(python):
    done = run(python, "-m", "aigc_lib", "doctor")
    assert "-> 12-reinforcement-learning       does not run without gymnasium" in done.stdout
    assert "ok 06-first-gan " in done.stdout
    assert "All is ready" not in done.stdout
