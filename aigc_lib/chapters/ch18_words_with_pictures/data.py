"""Pictures with their names and keywords in two languages, split by families (chapter 18).

The pictures and names are the shared data set `emoji`; `emoji-words` adds Unicode's keywords and
subgroups, from the package emojibase-data. A picture may have near relatives: "man cook" and "woman
cook", or 24 clocks. With one of them in training, another in the test would be no stranger. So
relatives form a *family*, and a family is in one part only.
"""

import functools
import json
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from aigc_lib.data.cache import fetch
from aigc_lib.data.emoji import Library
from aigc_lib.data.packages import npm_pack
from aigc_lib.data.sources import File, packaged, pins

LANGUAGES = ("en", "zh")
TEST, VALID, LARGEST = 250, 150, 10  # families of each part, and the most members of such a family
ALIKE = 0.9  # correlation of the pixels from which two pictures are relatives
ALIKE_NAMED = 0.8  # the same if their names share a word
SMALL = {"with", "and", "of", "the", "in", "face"}  # words that make nobody a relative
PEOPLE = {"boy", "boys", "female", "girl", "girls", "male", "man", "men", "people", "person",
          "woman", "women"}  # fmt: skip


def from_emojibase(*, wanted: Mapping[str, File], into: Path) -> None:
    """Build the keywords and subgroups, by code points, from the npm package emojibase-data."""
    read: dict[str, Any] = {}
    with tarfile.open(npm_pack("emojibase-data@17.0.0", into)) as archive:
        for name in ("meta/groups", "en/data", "zh/data"):
            read[name] = json.load(archive.extractfile(f"package/{name}.json"))  # type: ignore[arg-type]
    groups, rows = read["meta/groups"]["subgroups"], dict[str, dict[str, Any]]()
    for language in LANGUAGES:
        for row in read[f"{language}/data"]:
            code = "-".join(p for p in row["hexcode"].lower().split("-") if p != "fe0f")
            told = rows.setdefault(code, {"kind": groups.get(str(row.get("subgroup")), "")})
            told[language] = row.get("tags", [])
    text = json.dumps(dict(sorted(rows.items())), ensure_ascii=False)
    for name in wanted:
        (into / name).write_bytes(text.encode())


DATASETS = (packaged("emoji-words", "the npm package emojibase-data", from_emojibase, pins("""
    60b095dde07ebf3184a75ec4698310755c0bba0c25d8a8f1e347a717ef78050c 286836 words.json
    """)),)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Pictures:
    """Named pictures.

    Attributes:
        cutouts: uint8 (N, 4, 64, 64), red, green, blue and alpha.
        texts: for each language and picture, its name, then its keywords.
        kinds: Unicode's subgroup of each, such as ``animal-mammal``.
        parts: the rows of ``train``, ``valid`` and ``test``; of the last two, one a family.
    """

    cutouts: Tensor
    texts: dict[str, list[list[str]]]
    kinds: list[str]
    parts: dict[str, Tensor]

    def names(self, language: str, rows: Tensor) -> list[str]:
        """The names of some rows."""
        return [self.texts[language][row][0] for row in rows.tolist()]


@functools.cache
def library() -> Library:
    """The pictures as they are fetched, read once in a process; DataError as in ``fetch``."""
    return Library(fetch("emoji"))


@functools.cache
def load() -> Pictures:
    """All pictures with what is said of them and their parts; DataError as in ``fetch``."""
    entries = library().entries
    words = json.loads((fetch("emoji-words") / "words.json").read_text("utf8"))
    cutouts = torch.stack([library().picture(entry.en) for entry in entries])
    told = [words[entry.code] for entry in entries]
    texts = {
        "en": [[e.en, *w["en"]] for e, w in zip(entries, told, strict=True)],
        "zh": [[e.zh, *w["zh"]] for e, w in zip(entries, told, strict=True)],
    }
    family = families(cutouts, [entry.en for entry in entries])
    return Pictures(cutouts, texts, [w["kind"] for w in told], split(family))


def families(cutouts: Tensor, names: list[str]) -> list[int]:
    """The family of each picture, by the row of one of its members.

    Two pictures are relatives if their pixels correlate by more than ``ALIKE``, or by more than
    ``ALIKE_NAMED`` while their names share a word, or if their names are equal but for words such
    as man and woman; relatives of relatives are one family.
    """
    alpha = cutouts[:, 3:].float() / 255
    small = F.avg_pool2d(cutouts[:, :3].float() * alpha + 255 * (1 - alpha), 4).flatten(1)
    small = F.normalize(small - small.mean(1, keepdim=True), dim=1)
    links = (small @ small.T > ALIKE).nonzero().tolist()
    said = [nouns(name) for name in names]
    near = (small @ small.T > ALIKE_NAMED).nonzero().tolist()
    links += [[one, other] for one, other in near if one < other and said[one] & said[other]]
    first: dict[str, int] = {}
    for row, name in enumerate(names):
        plain = " ".join(w for w in re.findall(r"[a-z0-9]+", name) if w not in PEOPLE) or name
        links.append([row, first.setdefault(plain, row)])
    parent = list(range(len(names)))

    def root(row: int) -> int:
        while parent[row] != row:
            row = parent[row]
        return row

    for one, other in links:
        parent[root(one)] = root(other)
    return [root(row) for row in range(len(names))]


def nouns(name: str) -> set[str]:
    """The words of a name that can make it a relative of another; all clocks share one."""
    words = set(re.findall(r"[a-z]+", name)) - PEOPLE - SMALL
    return words | ({"clock"} if re.search("o’clock|thirty", name) else set())


def split(family: list[int]) -> dict[str, Tensor]:
    """Rows for training, choosing and testing: whole families, drawn from a fixed seed.

    Families of more than ``LARGEST`` members train. Of a family that is held out, one member is
    asked for: its last row.
    """
    members: dict[int, list[int]] = {}
    for row, name in enumerate(family):
        members.setdefault(name, []).append(row)
    known = sorted(members)
    order = torch.randperm(len(known), generator=torch.Generator().manual_seed(0)).tolist()
    few = [known[k] for k in order if len(members[known[k]]) <= LARGEST]
    held = {"test": few[:TEST], "valid": few[TEST : TEST + VALID]}
    out = {name for names in held.values() for name in names}
    train = [row for row, name in enumerate(family) if name not in out]
    parts = {part: sorted(members[name][-1] for name in names) for part, names in held.items()}
    return {part: torch.tensor(rows) for part, rows in ({"train": train} | parts).items()}
