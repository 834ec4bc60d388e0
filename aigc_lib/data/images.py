"""Image sets in full as uint8 tensors: how they are loaded and parsed."""

import difflib
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from aigc_lib.data.cache import fetch
from aigc_lib.data.registry import datasets, find
from aigc_lib.data.sources import DataError

SPLITS = {"train": "train", "test": "t10k"}  # our name -> how the files' names begin


@dataclass(frozen=True, eq=False)
class ImageSet:
    """One split of a labelled image set.

    Attributes:
        images: uint8 (N, C, H, W), 0 to 255.
        labels: int64 (N,), indices into `classes`.
        classes: the name of each class.
    """

    name: str
    split: str
    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]

    def __len__(self) -> int:
        """The number of images."""
        return len(self.images)

    def to(self, device: torch.device | str) -> "ImageSet":
        """The same set on another device."""
        return replace(self, images=self.images.to(device), labels=self.labels.to(device))


def load(name: str, split: str = "train", *, root: str | Path | None = None) -> ImageSet:
    """Load one split in full, fetching the files first where the cache lacks them.

    Args:
        name: "mnist" or "fashion-mnist".
        split: "train" (60,000 images) or "test" (10,000).
        root: the cache folder; None for `cache_dir()`.

    Raises:
        ValueError: unknown name or split, or the name of another kind of data.
        DataError: the files cannot be had or are not what they should be; see `fetch`.
    """
    dataset = find(name)
    if not dataset.classes and "train.txt" not in dataset.files:
        known = [each.name for each in datasets().values() if each.classes]
        raise ValueError(f"{name!r} is no set of labelled images; those are {', '.join(known)}")
    if not dataset.classes:
        raise ValueError(f"{name!r} is text: use aigc_lib.data.texts.load_text({name!r})")
    if split not in SPLITS:
        near = difflib.get_close_matches(str(split).lower(), SPLITS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"unknown split {split!r}; known are {', '.join(SPLITS)}.{hint}")
    folder = fetch(name, root)
    images = read_idx(folder / f"{SPLITS[split]}-images-idx3-ubyte", 3).unsqueeze(1)
    labels = read_idx(folder / f"{SPLITS[split]}-labels-idx1-ubyte", 1).long()
    if len(images) != len(labels):
        raise DataError(f"{name} {split}: {len(images):,} images but {len(labels):,} labels")
    if len(labels) and int(labels.max()) >= len(dataset.classes):
        raise DataError(
            f"{name} {split}: a label is {int(labels.max())}, but the highest of "
            f"{len(dataset.classes)} classes is {len(dataset.classes) - 1}"
        )
    return ImageSet(name, split, images, labels, dataset.classes)


def read_idx(path: str | Path, dims: int) -> Tensor:
    """Read an unpacked IDX file of unsigned bytes with `dims` dimensions, as uint8.

    The format, as published with MNIST: two zero bytes, a byte for the type (8: unsigned byte), a
    byte for the number of dimensions, a big-endian uint32 for the size of each, then the data.

    Raises:
        DataError: the file is something else, or shorter or longer than its header says.
    """
    data = np.fromfile(path, dtype=np.uint8)
    start = 4 + 4 * dims
    if data[:3].tolist() != [0, 0, 8]:
        begin = data[:4].tobytes().hex(" ") or "nothing"
        packed = " It is still packed (gzip)." if begin.startswith("1f 8b") else ""
        raise DataError(f"{path} is no IDX file of bytes: it begins with {begin}.{packed}")
    if data.size < start or data[3] != dims:
        found = int(data[3]) if data.size > 3 else 0
        raise DataError(f"{path} has {found} dimensions in its header where {dims} belong")
    shape = data[4:start].view(">u4").tolist()
    if data.size != start + math.prod(shape):
        raise DataError(
            f"{path} has {data.size:,} bytes where its header {shape} asks for "
            f"{start + math.prod(shape):,}: truncated or damaged"
        )
    return torch.from_numpy(data[start:].reshape(shape))
