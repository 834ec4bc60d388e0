"""Files, names and commands that the pages mention are there, under these names."""

import ast
import json
import re
from pathlib import Path

import pytest

from aigc_lib.cli.record import recorders
from aigc_lib.core.rooms import rooms, rooms_with
from tools.notebook import ROOT, source

LIBRARY = ROOT / "aigc_lib"
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "book").glob("*.md")),
    *sorted((ROOT / "notebooks").glob("*.ipynb")),
]
PATH = re.compile(r"`((?:aigc_lib|tests|tools|notebooks|book)/[^`\s]*)`")
DOTTED = re.compile(r"`([a-z]\w*(?:\.(?!py`)\w+)+)(?:\(\))?`")
HIDDEN = ("chapters", "cli")  # pages call none of their modules by the last part of its name
COMMAND = re.compile(r"\baigc (demo|record) ([\w]+)(?: (\w+))?")


def prose(page: Path) -> str:
    """The text of a page, or of a notebook's Markdown cells."""
    text = page.read_text(encoding="utf8")
    if page.suffix != ".ipynb":
        return text
    cells = json.loads(text)["cells"]
    return "\n".join(source(cell) for cell in cells if cell["cell_type"] == "markdown")


def definitions(module: Path) -> set[str]:
    """What a module defines at its top."""
    body = ast.parse(module.read_text(encoding="utf8")).body
    found = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            found |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return found


def is_there(name: str, folders: list[Path]) -> bool | None:
    """Whether a dotted name leads somewhere from a folder; None if no folder has its beginning."""
    first, *rest = name.split(".")
    known = None
    for folder in folders:
        if (folder / first / "__init__.py").is_file():
            module = folder / first / "__init__.py"
            known = known or (not rest or rest[0] in definitions(module))
            known = known or bool(rest and is_there(".".join(rest), [folder / first]))
        elif (folder / f"{first}.py").is_file():
            known = known or (not rest or rest[0] in definitions(folder / f"{first}.py"))
    return known


def stale(text: str, room: str = "") -> list[str]:
    """What a text mentions that is not there; ``room`` is the folder of its chapter."""
    found = [path for path in PATH.findall(text) if not re.search(r"NN|\*|\.\.\.", path)]
    problems = [path for path in found if not (ROOT / path).exists()]
    shared = [p.parent for p in LIBRARY.glob("*/__init__.py") if p.parent.name not in HIDDEN]
    folders = [ROOT, LIBRARY, *shared, *([LIBRARY / "chapters" / room] if room else [])]
    problems += [name for name in DOTTED.findall(text) if is_there(name, folders) is False]
    for command, chapter, name in COMMAND.findall(text):
        titles = {n: room.rpartition(".ch")[2].split("_") for n, room in rooms().items()}
        numbers = [n for n in titles if chapter in titles[n]]
        if command == "demo":
            right = set(numbers) & set(rooms_with("app"))
        else:
            right = numbers and recorders(numbers[0]) and name in ("", *recorders(numbers[0]))
        if not right and chapter != "NN":
            problems.append(f"aigc {command} {chapter} {name}".strip())
    return problems


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_only_what_there_is(page):
    assert stale(prose(page), f"ch{page.stem.replace('-', '_')}") == []


@pytest.mark.parametrize(
    "good",
    [
        "`aigc_lib/gan/losses.py`, `tests/chapters/chNN_title/`, `tests/core/`",
        "`aigc_lib.gan.losses.r1_penalty`, `gan.training.fit`, `exercises.check`",
        "`app.understand()`, `scenes.WORDS`",
        "`torch.tanh`, `train.classes`",
        '`aigc demo 14`, `aigc demo film "a cat"`, `aigc record 07`, aigc record 07 quality',
    ],
)
def test_what_is_there_passes(good):
    assert stale(good, "ch14_film_scenes") == []


@pytest.mark.parametrize(
    "bad",
    [
        "aigc_lib/losses.py",
        "tests/unit",
        "aigc_lib.gan.fit",
        "gan.fit",
        "losses.r2_penalty",
        "data.Batches",
        "scenes.MISSING",
        "aigc demo finance",
        "aigc demo 06",
        "aigc record 07 collapse",
        "aigc record 99",
    ],
)
def test_what_is_not_there_is_found(bad):
    assert stale(f"See `{bad}` for more.", "ch14_film_scenes") == [bad]
