"""Colour pictures with captions, built from two package archives, as in `corpora.py` (chapter 14).

The pictures are Google's Noto Emoji as the npm package emoji-datasource-google carries them, 64 x
64 pixels with transparency; the captions, English and Chinese, come from the package emojibase-
data. Flags, keycaps, skin tones and pictures without a caption are left out. `pictures.bin` holds
the PNG files as they are, one after the other, and `index.json` says which is where.
"""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from aigc_lib.data.cache import fetch
from aigc_lib.data.emoji_archives import PICTURES
from aigc_lib.data.sources import DataError


@dataclass(frozen=True)
class Emoji:
    """One picture: its code points, its captions, and where its PNG lies in ``pictures.bin``."""

    code: str
    en: str
    zh: str
    start: int
    size: int


class Library:
    """All captioned pictures; those asked for are unpacked on the way.

    Attributes:
        entries: one ``Emoji`` a picture, in the order of its code points.
    """

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


def load_emoji(root: str | Path | None = None) -> Library:
    """The captioned pictures, fetched first where the cache lacks them.

    Raises:
        DataError: the files cannot be had or are not what they should be; see `fetch`.
    """
    return Library(fetch("emoji", root))
