"""The emoji pictures and captions of `emoji.py`, cut out of two npm archives.

Same form as in `corpora.py`: what the archives hold is read as data, and the files that come out
are the same bytes each time.
"""

import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aigc_lib.data.packages import npm_pack
from aigc_lib.data.sources import File

PICTURES = "pictures.bin"
FOLDER = "package/img/google/64/"
LEFT_OUT = {"flag", "country-flag", "subdivision-flag", "keycap", "skin-tone", "hair-style"}


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    stream = archive.extractfile(name)
    if stream is None:
        raise KeyError(name)
    return stream.read()


def captions(archive: Path) -> dict[str, dict[str, str]]:
    """Code points -> English and Chinese caption, from emojibase-data."""
    found: dict[str, dict[str, str]] = {}
    with tarfile.open(archive) as tar:
        for language in ("en", "zh"):
            rows = json.loads(_read(tar, f"package/{language}/compact.json"))
            for row in rows:
                found.setdefault(_plain(row["hexcode"]), {})[language] = row["label"]
    return found


def _plain(code: str) -> str:
    """Code points in small letters, without the selector that asks for a coloured picture."""
    return "-".join(part for part in code.lower().split("-") if part != "fe0f")


def from_emoji(*, wanted: Mapping[str, File], into: Path) -> None:
    """Build the pictures and their index from emoji-datasource-google and emojibase-data."""
    (into / "captions").mkdir()
    labels = captions(npm_pack("emojibase-data@17.0.0", into / "captions"))
    index: list[dict[str, Any]] = []
    pictures = bytearray()
    with tarfile.open(npm_pack("emoji-datasource-google@16.0.0", into)) as tar:
        rows = json.loads(_read(tar, "package/emoji.json"))
        kept = {
            row["image"]: _plain(row["unified"])
            for row in rows
            if row["has_img_google"] and row["subcategory"] not in LEFT_OUT
        }
        files = {}
        for member in tar:  # in the archive's order: to jump about would unpack it again each time
            name = member.name.removeprefix(FOLDER)
            stream = tar.extractfile(member) if name in kept else None
            if stream:
                files[name] = stream.read()
    for name, code in sorted(kept.items(), key=lambda item: item[1]):
        label = labels.get(code, {})
        if name in files and {"en", "zh"} <= label.keys():
            place = {"start": len(pictures), "size": len(files[name])}
            index.append({"code": code, "en": label["en"].lower(), "zh": label["zh"], **place})
            pictures += files[name]
    built = {
        PICTURES: bytes(pictures),
        "index.json": json.dumps(index, ensure_ascii=False).encode(),
    }
    for name in wanted:
        (into / name).write_bytes(built[name])
