"""Recorded measurements: what a page shows but is too slow to compute while one reads it.

A record is one JSON file in the folder ``results`` beside the experiment that it records, so that
it travels with the library. It holds rows, the command that made them, and the commit, machine,
versions and date. The page that shows it computes one row again and checks that it agrees.
"""

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from aigc_lib.core.contest import Contest
from aigc_lib.core.files import write_atomically
from aigc_lib.core.runtime import machine

LIBRARY = Path(__file__).resolve().parent.parent


class Recording:
    """The rows of one record, written after each of them: an interrupted recording goes on.

    >>> recording = Recording("collapse", __file__, "aigc record 04", key=("setting", "seed"))
    >>> for setting, seed in recording.missing(runs):
    ...     recording.add({"setting": setting, "seed": seed, **measure(setting, seed)})

    Args:
        name: of the record; its file is ``results/NAME.json`` beside the recorder, or lies in the
            folder that the environment variable ``AIGC_RECORDS`` names.
        recorder: the recorder's ``__file__``.
        command: makes the record again, from the shell.
        key: the columns that tell one run from another; a run may give several rows.
    """

    def __init__(self, name: str, recorder: str, command: str, key: Sequence[str]) -> None:
        beside = Path(recorder).resolve().parent / "results"
        self.path = Path(os.environ.get("AIGC_RECORDS") or beside) / f"{name}.json"
        self.command, self.key = command, tuple(key)
        self.rows: list[dict[str, Any]] = read(self.path)["rows"] if self.path.is_file() else []

    def missing(self, runs: Iterable[Any]) -> Iterator[Any]:
        """The runs that no row is of yet, with a progress bar; at the end, where the record is.

        A run is a tuple of the key's values, in its order, or the value itself if the key is one.
        A column that a row does not have counts as None.
        """
        done = {tuple(row.get(column) for column in self.key) for row in self.rows}
        left = [run for run in runs if (run if isinstance(run, tuple) else (run,)) not in done]
        yield from tqdm(left, unit="run", desc=self.path.stem)
        print(f"recorded in {self.path}; delete it to measure everything anew")

    def add(self, *rows: Mapping[str, Any]) -> None:
        """Add the rows of one run, and write the record; what it declared must be told again."""
        self.rows += [dict(row) for row in rows]
        write(self.path, self.rows, self.command)

    def declare(self, *contests: Contest, why_none: str = "") -> None:
        """Say what the verdicts drawn from all these rows rest on, or why none is drawn."""
        told = {"contests": [asdict(contest) for contest in contests], "why_none": why_none}
        _save(self.path, read(self.path) | told)


def write(path: Path, rows: Sequence[Mapping[str, Any]], command: str, why_none: str = "") -> None:
    """Write a record atomically, with the commit, machine, versions and date of this moment.

    ``why_none`` says why it decides no contest; else see ``Recording.declare``.
    """
    content = {
        "command": command,
        "commit": commit(),
        "date": date.today().isoformat(),
        "machine": machine(),
        "rows": [dict(row) for row in rows],
    }
    _save(path, content | ({"contests": [], "why_none": why_none} if why_none else {}))


def _save(path: Path, content: Mapping[str, Any]) -> None:
    write_atomically(path, (json.dumps(content, indent=2) + "\n").encode())


def commit() -> str:
    """The library's commit, with a plus if files changed since; its version outside a checkout."""

    def git(*words: str) -> str:
        call = ["git", "-C", str(LIBRARY), *words]
        run = subprocess.run(
            call, capture_output=True, encoding="utf8", errors="replace", check=True
        )
        return run.stdout.strip()

    try:
        return git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return f"aigc-lib {metadata.version('aigc-lib')}"


def paths() -> dict[str, Path]:
    """Every record of the library, by name."""
    return {path.stem: path for path in sorted(LIBRARY.glob("**/results/*.json"))}


def read(path: Path) -> dict[str, Any]:
    """The content of a record's file.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf8"))
        found["rows"]
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError(
            f"the record {path} is damaged ({error!r}). Get it again from the book's repository, "
            "or install aigc_lib again."
        ) from error
    return found


def load(name: str) -> dict[str, Any]:
    """Read a record by its name, such as ``"collapse"``.

    Returns:
        ``rows``, ``command``, ``date``, ``machine`` and, where it is known, ``commit``.

    Raises:
        FileNotFoundError: there is no record of that name.
        ValueError: its file is damaged.
    """
    known = paths()
    if name not in known:
        raise FileNotFoundError(f"there is no record {name!r}; there are: {', '.join(known)}")
    return read(known[name])
