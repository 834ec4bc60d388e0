"""``aigc record``: every record can be made again by its command, and goes on where it stopped."""

import functools
import json
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import pytest
import torch

from aigc_lib.cli import main
from aigc_lib.core import results
from aigc_lib.core.results import Recording
from aigc_lib.core.rooms import load_part, modules_of, rooms
from aigc_lib.data.registry import datasets
from tests.support import small
from tests.support.command import aigc, on_the_cpu  # noqa: F401 - a fixture

RECORDS = results.paths()
WRITTEN = {name: results.read(path) for name, path in RECORDS.items()}
COMMANDS = {record["command"] for record in WRITTEN.values()}
EVERY = [
    (number, module.removeprefix("record_"))
    for number in rooms()
    for module in modules_of(number)
    if module.startswith("record_")
]

pytestmark = pytest.mark.usefixtures("on_the_cpu")


# ------------------------------------------------------------------------------- the records


def test_a_record_says_what_it_holds_and_how_it_came_about() -> None:
    assert len(RECORDS) > 20
    for record in WRITTEN.values():
        assert record["rows"]
        assert all(isinstance(row, dict) for row in record["rows"])
        assert date.fromisoformat(record["date"]) >= date(2020, 1, 1)
        assert {"cpu", "cores", "device", "threads", "python", "torch"} <= record["machine"].keys()


def test_names_of_records_are_unique_over_the_rooms() -> None:
    assert len(RECORDS) == len([*results.LIBRARY.glob("**/results/*.json")])


@pytest.mark.parametrize("name", RECORDS)
def test_the_command_of_a_record_is_understood(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program, *arguments = shlex.split(WRITTEN[name]["command"])
    assert program == "aigc"
    place = RECORDS[name].parent.parent
    called: list[str] = []
    if arguments[0] == "bench":

        @functools.wraps(main.bench)
        def noted(**options: object) -> None:
            called.append(str(options["model"]))

        monkeypatch.setitem(main.COMMANDS, "bench", noted)
        aigc(monkeypatch, *arguments)
        assert called == [name.removeprefix("bench-")]
        assert place == Path(main.compare.__file__).parent
        return
    verb, chapter, recorder = arguments[:3]
    module = load_part(chapter, f"record_{recorder}")

    @functools.wraps(module.main)  # with its signature
    def instead(**options: object) -> None:
        called.append(recorder)

    monkeypatch.setattr(module, "main", instead)
    aigc(monkeypatch, *arguments)
    assert (verb, called) == ("record", [recorder])
    assert place == Path(module.__file__).parent
    with pytest.raises(SystemExit):
        aigc(monkeypatch, *arguments, "--sees", 3)


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(c for c in COMMANDS if "bench" not in c))
def test_the_command_of_a_record_has_nothing_left_to_measure(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows are those of the command's runs, all of them and no others."""
    for name in datasets():
        small.need(name)
    seen: dict[str, tuple[set[object], set[object]]] = {}

    def missing(self: Recording, runs: Iterable[object]) -> Iterator[object]:
        wanted = {run if isinstance(run, tuple) else (run,) for run in runs}
        held = {tuple(row.get(column) for column in self.key) for row in self.rows}
        before, _ = seen.get(self.path.stem, (set(), set()))  # a recorder may ask in parts
        seen[self.path.stem] = before | wanted, held
        assert self.path == RECORDS[self.path.stem]
        return iter(())

    monkeypatch.setattr(Recording, "missing", missing)
    monkeypatch.setattr(results, "write_atomically", lambda *_: None)  # other digits elsewhere
    threads = torch.get_num_threads()
    try:
        aigc(monkeypatch, *shlex.split(command)[1:])
    finally:
        torch.set_num_threads(threads)
    assert seen.keys() == {name for name in WRITTEN if WRITTEN[name]["command"] == command}
    assert all(wanted == held and wanted for wanted, held in seen.values())


# ------------------------------------------------------------------------- a recording goes on

ROOM = '''
"""A recorder of three runs, two rows each; the second is interrupted once."""
from pathlib import Path
from aigc_lib.core.results import Recording

def main(seeds: int = 3, word: str = "a") -> None:
    """Record.

    Args:
        seeds: how many, from 0 on.
        word: of the rows.
    """
    recording = Recording("tiny", __file__, f"aigc record 01 tiny --seeds {seeds}", key=("seed",))
    for seed in recording.missing(range(seeds)):
        with Path("log").open("a") as log:
            log.write(f"{seed} ")
        if seed == 1 and Path("stop").exists():
            Path("stop").unlink()
            raise KeyboardInterrupt
        recording.add(*({"seed": seed, "half": half, "word": word} for half in (0, 1)))
'''


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Chapter 1 has one more recorder, ``tiny``; the folder that it lies in."""
    folder = tmp_path / "room"
    folder.mkdir()
    (folder / "record_tiny.py").write_text(ROOM)
    chapter = sys.modules[load_part("01", "exercises").__package__]
    monkeypatch.setattr(chapter, "__path__", [*chapter.__path__, str(folder)])
    name = f"{chapter.__name__}.record_tiny"
    yield folder
    sys.modules.pop(name, None)
    vars(chapter).pop("record_tiny", None)


def test_an_interrupted_recording_goes_on(
    room: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("stop").touch()
    with pytest.raises(SystemExit, match="run the same command to go on"):
        aigc(monkeypatch, "record", "01", "tiny", "--word", "b")
    path = room / "results" / "tiny.json"
    part = json.loads(path.read_text())
    assert [(row["seed"], row["half"]) for row in part["rows"]] == [(0, 0), (0, 1)]
    assert "recorded in" not in capsys.readouterr().out

    aigc(monkeypatch, "record", "01")  # all recorders of the chapter, with their defaults
    whole = results.read(path)
    assert Path("log").read_text() == "0 1 1 2 "
    assert [row["seed"] for row in whole["rows"]] == [0, 0, 1, 1, 2, 2]
    assert [row["word"] for row in whole["rows"]] == ["b", "b", "a", "a", "a", "a"]
    assert whole["command"] == "aigc record 01 tiny --seeds 3"
    assert {"commit", "date", "machine"} <= whole.keys()
    assert f"recorded in {path}" in capsys.readouterr().out

    before = path.read_bytes()
    aigc(monkeypatch, "record", "01", "tiny")  # nothing is left
    assert path.read_bytes() == before
    aigc(monkeypatch, "record", "01", "tiny", "--seeds", 4)
    assert Path("log").read_text() == "0 1 1 2 3 "
    assert [*path.parent.iterdir()] == [path]


def test_a_damaged_record_is_not_overwritten(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = room / "results" / "tiny.json"
    path.parent.mkdir()
    path.write_text('{"rows": [')
    with pytest.raises(SystemExit, match=r"^aigc: the record .*tiny\.json is damaged"):
        aigc(monkeypatch, "record", "01", "tiny")
    assert path.read_text() == '{"rows": ['
    assert not Path("log").exists()


def test_the_bench_is_recorded_only_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = WRITTEN["bench-dcgan"]["rows"]
    monkeypatch.setattr(main.compare, "compare", lambda *given, **more: found)
    monkeypatch.setattr(main.compare, "__file__", str(tmp_path / "compare.py"))
    aigc(monkeypatch, "bench", "--model", "dcgan")
    assert not (tmp_path / "results").exists()
    aigc(monkeypatch, "bench", "--model", "dcgan", "--record")
    written = results.read(tmp_path / "results" / "bench-dcgan.json")
    assert written["rows"] == [found]
    assert written["command"] == WRITTEN["bench-dcgan"]["command"]


# ------------------------------------------------------------------------------- the command


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["99"], "there is no room for chapter '99'"),
        (["99", "quality"], "there is no room for chapter '99'"),
        (
            ["07", "nothing"],
            "no recorder 'nothing'; it has: contest, falling, large, quality, stacked",
        ),
        (["03"], "chapter 03 has no recorder; chapters with one: 04, 05, 06"),
        (["03", "minimax"], "chapter 03 has no recorder"),
    ],
)
def test_what_is_not_there_is_refused_in_one_sentence(
    arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit) as caught:
        aigc(monkeypatch, "record", *arguments)
    message = str(caught.value.code)
    assert message.startswith("aigc: ")
    assert told in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("words", [[], ["07"], *map(list, EVERY)])
def test_help(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit) as caught:
        aigc(monkeypatch, "record", *words, "--help")
    assert not caught.value.code
    out = " ".join(capsys.readouterr().out.replace("│", "").split())
    if len(words) == 2:
        assert f"usage: aigc record {' '.join(words)}" in out
        assert any(f"--{name}" in out for name in ("seeds", "draws", "rounds", "steps", "weeks"))
    else:
        assert "aigc record 07 quality --help" in out  # how to find the options of one


EXTRAS = (
    "tyro", "scipy", "sklearn", "gymnasium", "transformers", "tokenizers", "accelerate", "peft",
    "gguf", "rank_bm25", "jieba", "optuna", "tools",
)  # fmt: skip


def test_recorders_are_read_without_the_books_packages() -> None:
    """Nor do they need the command line's: a page may call a recorder's ``main``."""
    code = f"import sys; sys.modules.update(dict.fromkeys({EXTRAS!r}))\n"
    code += "from aigc_lib.core.rooms import load_part\n"
    code += "".join(f"load_part({n!r}, 'record_{name}').main\n" for n, name in EVERY)
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    assert len(EVERY) >= 17
