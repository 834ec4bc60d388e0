"""A house with one fault each: the rules of the library's shape must find every one of them.

And a chapter that nobody has entered in any list: it must be found by its files.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.tools.test_lint_house import LINT_IMPORTS
from tools import lint_house
from tools.notebook import ROOT

FIRST = "aigc_lib/chapters/ch06_first_gan"
OTHER = "aigc_lib/chapters/ch07_convolutional_gans"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of all that the rules look at."""
    root = tmp_path_factory.mktemp("house") / "book"
    skip = shutil.ignore_patterns("__pycache__", "*.safetensors", "*.bin")
    for name in ("aigc_lib", "tools", "notebooks", "book"):
        shutil.copytree(ROOT / name, root / name, ignore=skip)
    for folder in (ROOT / "tests" / "chapters").glob("ch*"):
        (root / "tests" / "chapters" / folder.name).mkdir(parents=True)
    for name in ("pyproject.toml", "_toc.yml"):
        shutil.copy(ROOT / name, root / name)
    return root


@pytest.fixture
def house(sound: Path):
    """The copy; what a test writes into it is taken back."""
    before = {path: path.read_bytes() for path in sound.rglob("*") if path.is_file()}
    yield sound
    for path in [path for path in sound.rglob("*") if path.is_file()]:
        if path not in before:
            path.unlink()
        elif path.read_bytes() != before[path]:
            path.write_bytes(before[path])
    for path, content in before.items():
        if not path.exists():
            path.write_bytes(content)


def add(path: Path, text: str) -> None:
    """Write a line at the end of a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    old = path.read_text("utf8") if path.exists() else '"""New."""\n'
    path.write_text(f"{old}\n{text}\n", "utf8")


LONG = "def wordy():\n" + "    x = 1\n" * 60
FAULTS = {
    "needs": [
        (f"{FIRST}/exercises.py", "import scipy", "scipy is no core dependency"),
        ("aigc_lib/gan/new.py", "from sklearn import svm", "sklearn is no core dependency"),
    ],
    "homes": [
        ("aigc_lib/gan/new.py", "from aigc_lib.gan.training import Gan", "Gan is not defined in"),
        ("aigc_lib/gan/new.py", "from aigc_lib.core.files import _sweep", "_sweep is private"),
        (
            "aigc_lib/gan/new.py",
            "from aigc_lib.core import files\n\nfiles._sweep()",
            "files._sweep is private",
        ),
    ],
    "uses": [("aigc_lib/core/files.py", "def nobody_calls_me(): ...", "nobody_calls_me")],
    "sizes": [
        ("aigc_lib/gan/new.py", "# filler\n" * 221, "file aigc_lib/gan/new.py"),
        ("aigc_lib/gan/new.py", LONG, "function wordy"),
        (f"{FIRST}/new.py", "# filler\n" * 1_600, "room ch06_first_gan"),
        ("aigc_lib/gan/new.py", "# filler\n" * 6_000, "shared packages"),
        ("tools/new.py", "# filler\n" * 21_080, "library and tools"),
    ],
    "chapters": [
        (
            "aigc_lib/chapters/ch98_alone/__init__.py",
            "",
            "notebooks has nothing for the chapter 98",
        ),
        ("tests/chapters/ch98_alone/__init__.py", "", "_toc.yml has nothing for the chapter 98"),
    ],
}
CASES = [(rule, *fault) for rule, faults in FAULTS.items() for fault in faults]


@pytest.mark.parametrize(("rule", "file", "text", "complaint"), CASES)
def test_a_fault_is_found(rule: str, file: str, text: str, complaint: str, house: Path):
    add(house / file, text)
    assert any(complaint in problem for problem in getattr(lint_house, rule)(house))
    if rule == "chapters":
        shutil.rmtree((house / file).parent)


def test_a_notebook_that_borrows_from_another_room_is_found(house: Path):
    path = house / "notebooks" / "06-first-gan.ipynb"
    notebook = json.loads(path.read_text("utf8"))
    cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    cell["source"] = "from aigc_lib.chapters.ch07_convolutional_gans import loss_comparison"
    path.write_text(json.dumps(notebook), "utf8")
    assert list(lint_house.notebooks(house)) == [
        "06-first-gan.ipynb: imports the room of chapter 07: promote what it needs"
    ]


@pytest.mark.parametrize(
    ("file", "text", "broken"),
    [
        ("aigc_lib/core/new.py", "from aigc_lib.data import cache", "downwards"),
        ("aigc_lib/gan/new.py", "from aigc_lib.cli import doctor", "downwards"),
        ("aigc_lib/nets/new.py", f"from {FIRST.replace('/', '.')} import exercises", "downwards"),
        ("aigc_lib/diffusion/new.py", "from aigc_lib.gan import losses", "downwards"),
        (f"{FIRST}/new.py", f"from {OTHER.replace('/', '.')} import exercises", "another"),
    ],
)
def test_an_import_that_goes_the_wrong_way_is_found(file, text, broken, house: Path):
    add(house / file, text)
    env = {**os.environ, "PYTHONPATH": str(house)}
    done = subprocess.run(
        [*LINT_IMPORTS, "--no-cache", "--no-logo"], cwd=house, env=env, capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    kept = {line.rpartition(" ")[0]: line.rpartition(" ")[2] for line in done.stdout.splitlines()}
    contracts = {"downwards": "Imports go downwards only", "another": "No chapter imports another"}
    assert {key: kept[name] for key, name in contracts.items()} == {
        key: "BROKEN" if key == broken else "KEPT" for key in contracts
    }


ROOM = {
    "__init__.py": '"""The room of chapter 99, made up."""',
    "exercises.py": '''
        """Checks of chapter 99."""
        def check_1(answer):
            """Four."""
            assert answer == 4
            return "it is four."
        ''',
    "data.py": f'''
        """Data of chapter 99."""
        from aigc_lib.data.sources import File, packaged
        def build(*, wanted, into):
            """Write it."""
            (into / "tiny.txt").write_bytes(b"tiny")
        SUM = "{hashlib.sha256(b"tiny").hexdigest()}"
        DATASETS = (packaged("tiny99", "chapter 99", build, {{"tiny.txt": File(SUM, 4)}}),)
        ''',
    "prepare.py": '"""Prepares."""\ndef prepare():\n    """Do."""\n    print("prepared 99")',
    "app.py": '"""Tool."""\ndef demo(words):\n    """Answer."""\n    print("demo 99", *words)',
    "record_made.py": '''
        """Records."""
        from aigc_lib.core.results import Recording
        def main(runs: int = 2) -> None:
            """Record."""
            recording = Recording("made", __file__, "aigc record 99 made", key=("run",))
            for run in recording.missing(range(runs)):
                recording.add({"run": run})
        ''',
}


def test_a_new_chapter_is_found_by_its_files(house: Path, tmp_path: Path):
    room = house / "aigc_lib" / "chapters" / "ch99_made_up"
    for name, text in ROOM.items():
        room.mkdir(exist_ok=True)
        (room / name).write_text(textwrap.dedent(text).strip() + "\n", "utf8")
    (house / "tests" / "chapters" / "ch99_made_up").mkdir()
    shutil.copy(house / "notebooks" / "00-are-you-ready.ipynb",
                house / "notebooks" / "99-made-up.ipynb")  # fmt: skip
    add(house / "_toc.yml", "      - file: notebooks/99-made-up")
    assert not list(lint_house.chapters(house))
    assert not list(lint_house.notebooks(house))
    env = {**os.environ, "PYTHONPATH": str(house), "AIGC_CACHE": str(tmp_path),
           "AIGC_DEVICE": "cpu"}  # fmt: skip

    def python(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words], cwd=tmp_path, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    checked = "from aigc_lib.exercises import check, exercises; check('99.1', 4)"
    assert python("-c", f"{checked}; assert exercises()[-1] == '99.1'") == (
        "✓ 99.1 — correct: it is four.\n"
    )
    assert python("-m", "aigc_lib", "demo", "99", "hello") == "demo 99 hello\n"
    assert python("-m", "aigc_lib", "prepare", "tiny99") == f"tiny99: {tmp_path / 'tiny99'}\n"
    preparing = "from aigc_lib.cli import prepare as p; p.datasets = dict; p.prepare()"
    assert "prepared 99\nchapter 99: ready\n" in python(
        "-c",
        f"{preparing.replace('p.prepare()', '')}p.rooms_with = lambda part: ['99']; p.prepare()",
    )
    python("-m", "aigc_lib", "record", "99")
    loaded = "from aigc_lib.core import results; print(results.load('made')['rows'])"
    assert python("-c", loaded) == "[{'run': 0}, {'run': 1}]\n"
    for path in (room, house / "tests" / "chapters" / "ch99_made_up"):
        shutil.rmtree(path)
