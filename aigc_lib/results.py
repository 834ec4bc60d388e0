"""Recorded measurements: what a page shows but is too slow to compute while one reads it.

A record is one JSON file in ``book/results``: its rows, the command that made it, and the machine,
versions and date. The page that shows it computes one row again and checks that it agrees.
"""

import json
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from aigc_lib.checkpoint import write_atomically
from aigc_lib.runtime import machine

FOLDER = Path("book") / "results"
ONLINE = "https://raw.githubusercontent.com/aigc-book/aigc-from-first-steps-to-practice/main/book/results"


def record(name: str, rows: Sequence[Mapping[str, Any]], command: str, root: Path = Path()) -> Path:
    """Write ``book/results/NAME.json`` below ``root``, atomically; returns its path."""
    content = {
        "command": command,
        "date": date.today().isoformat(),
        "machine": machine(),
        "rows": [dict(row) for row in rows],
    }
    path = root / FOLDER / f"{name}.json"
    write_atomically(path, (json.dumps(content, indent=2) + "\n").encode())
    return path


def find(name: str) -> Path | None:
    """The file of a record in this copy of the book, from the working folder upwards; else None."""
    paths = [folder / FOLDER / f"{name}.json" for folder in (Path.cwd(), *Path.cwd().parents)]
    return next((path for path in paths if path.is_file()), None)


def read(path: Path) -> dict[str, Any]:
    """The content of a record's file."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf8"))
    return found


def load(name: str) -> dict[str, Any]:
    """Read a record: from this copy of the book, else (on Colab, say) from its repository.

    Returns:
        ``rows``, ``command``, ``date`` and ``machine``.

    Raises:
        FileNotFoundError: it is in neither place.
    """
    path = find(name)
    if path:
        return read(path)
    url = f"{ONLINE}/{name}.json"
    try:
        with urllib.request.urlopen(url, timeout=20) as reply:
            found: dict[str, Any] = json.load(reply)
    except OSError as error:
        raise FileNotFoundError(
            f"the record {name!r} is not below {Path.cwd()} and could not be read from {url} "
            f"({error}). Run this page inside a copy of the book's repository."
        ) from error
    return found
