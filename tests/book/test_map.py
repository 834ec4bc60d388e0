"""The maps in the docstrings of ``aigc_lib``: its packages, their modules, the chapters' rooms.

A line of a map is a name, at least two spaces, and what the name holds.
"""

import ast
import json
import re
from pathlib import Path

import pytest

import aigc_lib
from tools.notebook import NOTEBOOKS, ROOT, code_cells, tree

LIBRARY = Path(aigc_lib.__file__).parent
PACKAGES = sorted(p.parent for p in LIBRARY.glob("*/__init__.py") if p.parent.name != "chapters")
ROOMS = sorted((LIBRARY / "chapters").glob("ch[0-9][0-9]_*"))


def named(folder: Path) -> list[str]:
    """The names on the map in a package's docstring, in their order."""
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf8"))) or ""
    return re.findall(r"^ *(\S+)  +\S", text, re.MULTILINE)


def contents(folder: Path) -> set[str]:
    """Every file of a folder, and every folder in it as ``name/``, but what Python puts there.

    And but for the Chinese of a room's checks, which every room has.
    """
    found = {p.name + "/" * p.is_dir() for p in folder.iterdir()}
    unlisted = {"py.typed"} | ({"zh.po"} if folder.name.startswith("ch") else set())
    return {name for name in found if not name.startswith((".", "__"))} - unlisted


def imported(code: ast.AST, library: Path) -> set[str]:
    """The shared modules that a program imports anywhere in it: ``{"core.show", "exercises"}``."""
    found = set()
    for node in ast.walk(code):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        start = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        for name in (start + alias.name for alias in node.names):
            path = name.split(".")
            while path[0] == library.name and len(path) > 1:
                place = library.joinpath(*path[1:])
                if place.with_suffix(".py").is_file() or (place / "__init__.py").is_file():
                    found.add(".".join(path[1:]))
                    break
                path.pop()  # the last part is something in the module
    return {name for name in found if name.split(".")[0] != "chapters"}


def used(room: Path, notebooks: Path, library: Path) -> set[str]:
    """The shared modules that a room's modules and its chapter's notebook import.

    But for ``exercises``, of which every chapter uses the same.
    """
    programs = [ast.parse(p.read_text(encoding="utf8")) for p in room.glob("*.py")]
    (notebook,) = notebooks.glob(f"{room.name[2:4]}-*.ipynb")
    cells = code_cells(json.loads(notebook.read_text(encoding="utf8")))
    programs += [tree(cell) for cell in cells]
    found = set().union(*(imported(program, library) for program in programs))
    return {name for name in found if name.split(".")[0] != "exercises"}


def faults(folder: Path, wanted: set[str]) -> list[str]:
    """What a map lacks, and what it names although it is not there; twice is once too often."""
    on_map = named(folder)
    return [
        *(f"{folder.name}: no line for {name}" for name in sorted(wanted - set(on_map))),
        *(f"{folder.name}: a line for {name} too many" for name in sorted(set(on_map) - wanted)),
        *(f"{folder.name}: {n} stands twice" for n in set(on_map) if on_map.count(n) > 1),
    ]


def test_the_library_names_its_packages():
    assert len(PACKAGES) > 10
    assert faults(LIBRARY, {name.removesuffix("/") for name in contents(LIBRARY)}) == []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_package_names_its_modules(package):
    assert faults(package, contents(package)) == []


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_names_its_files_and_the_shared_modules_of_its_chapter(room):
    assert faults(room, contents(room) | used(room, NOTEBOOKS, LIBRARY)) == []


def test_the_readme_leads_to_every_map():
    text = (ROOT / "README.md").read_text("utf8")
    links = re.findall(r"\]\((aigc_lib/\S+)/__init__\.py\)", text)
    assert sorted(links) == sorted(p.relative_to(ROOT).as_posix() for p in PACKAGES)
    assert "](aigc_lib/chapters)" in text  # the rooms: their folders name their chapters


MAP = '''"""The room of chapter 14, scenes.

Its own files:
    app.py    the tool
    results/  the record

What it uses:
    core.show       pictures
    gan.training    fit
"""
'''


@pytest.fixture
def house(tmp_path):
    """A library of one room, with its notebook and a map that is right."""
    for path, text in {
        "lib/__init__.py": "",
        "lib/core/show.py": "def report(): ...\n",
        "lib/core/stats.py": "",
        "lib/gan/training.py": "def fit(): ...\n",
        "lib/exercises/__init__.py": "def check(): ...\n",
        "lib/chapters/ch14_scenes/__init__.py": MAP,
        "lib/chapters/ch14_scenes/app.py": (
            "import torch\n"
            "from lib.chapters.ch14_scenes import app\n"
            "def demo():\n    from lib.gan.training import fit\n"
        ),
        "lib/chapters/ch14_scenes/results/scenes.json": "{}",
        "notebooks/14-scenes.ipynb": json.dumps({
            "cells": [
                {"cell_type": "code", "source": "%pip install lib\nimport lib\n"},
                {"cell_type": "code", "source": "from lib.core import show\n"},
                {"cell_type": "code", "source": ["from lib.exercises import check"]},
                {"cell_type": "markdown", "source": "from lib.core import stats"},
            ]
        }),
    }.items():  # fmt: skip
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf8")
    return tmp_path


def of_room(house):
    room = house / "lib" / "chapters" / "ch14_scenes"
    return faults(room, contents(room) | used(room, house / "notebooks", house / "lib"))


def test_a_right_map_passes(house):
    assert of_room(house) == []


@pytest.mark.parametrize("name", ["app.py", "results/", "core.show", "gan.training"])
def test_a_missing_line_is_found(house, name):
    path = house / "lib" / "chapters" / "ch14_scenes" / "__init__.py"
    kept = [line for line in MAP.splitlines(True) if line.split()[:1] != [name]]
    assert len(kept) == len(MAP.splitlines()) - 1
    path.write_text("".join(kept), encoding="utf8")
    assert of_room(house) == [f"ch14_scenes: no line for {name}"]


@pytest.mark.parametrize("name", ["data.py", "old/", "core.stats", "gan", "metrics.gone"])
def test_a_stale_line_is_found(house, name):
    path = house / "lib" / "chapters" / "ch14_scenes" / "__init__.py"
    path.write_text(MAP.replace("    gan.", f"    {name}  gone\n    gan."), "utf8")
    assert of_room(house) == [f"ch14_scenes: a line for {name} too many"]


def test_a_line_that_stands_twice_is_found(house):
    path = house / "lib" / "chapters" / "ch14_scenes" / "__init__.py"
    path.write_text(MAP.replace("    app.py ", "    app.py  once\n    app.py "), encoding="utf8")
    assert of_room(house) == ["ch14_scenes: app.py stands twice"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("show.py  pictures\n    stats.py  intervals", []),
        ("show.py  pictures", ["core: no line for stats.py"]),
        ("show.py  pictures\n    stats.py ", ["core: no line for stats.py"]),
        ("show.py  a\n    stats.py  b\n    old.py  c", ["core: a line for old.py too many"]),
    ],
)
def test_a_package_map_is_held_to_its_modules(house, lines, said):
    core = house / "lib" / "core"
    (core / "__init__.py").write_text(f'"""What all stands on.\n\n    {lines}\n"""\n', "utf8")
    (core / "__pycache__").mkdir()
    assert faults(core, contents(core)) == said
