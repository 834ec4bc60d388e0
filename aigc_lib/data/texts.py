"""Texts in full as strings, split by whole plays and whole poets."""

import difflib
from pathlib import Path

from aigc_lib.data.cache import fetch
from aigc_lib.data.registry import datasets, find

PARTS = ("train", "valid")


def load_text(name: str, part: str = "train", *, root: str | Path | None = None) -> str:
    """One part of a text, fetched first where the cache lacks it.

    "shakespeare": plays, 4,122,009 characters to learn from, and 355,582 of four plays that are
    held out whole. "tang": quatrains, one a line: 12,320 to learn from, and 1,667 of poets that
    are held out whole. "directions": the stage directions of the plays, one a line, an empty line
    between plays; those of the same four are held out. `corpora.py` and the room
    of chapter 11 say how they are made.

    Args:
        name: "shakespeare", "tang" or "directions".
        part: "train" or "valid".
        root: the cache folder; None for `cache_dir()`.

    Raises:
        ValueError: unknown name or part, or the name of another kind of data.
        DataError: the files cannot be had or are not what they should be; see `fetch`.
    """
    dataset = find(name)
    if dataset.classes:
        raise ValueError(f"{name!r} is a set of images: use aigc_lib.data.images.load({name!r})")
    if part not in PARTS:
        near = difflib.get_close_matches(str(part).lower(), PARTS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"unknown part {part!r}; known are {', '.join(PARTS)}.{hint}")
    if f"{part}.txt" not in dataset.files:
        known = [each.name for each in datasets().values() if "train.txt" in each.files]
        raise ValueError(f"{name!r} is no text in two parts; those are {', '.join(known)}")
    return (fetch(name, root) / f"{part}.txt").read_bytes().decode("utf8")
