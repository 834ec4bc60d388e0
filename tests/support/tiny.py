"""A tiny labelled image set in MNIST's form, for tests that must not need the network."""

import gzip
import hashlib
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest

from aigc_lib.data import cache, registry
from aigc_lib.data.sources import Dataset, File, Source, Unavailable


def idx(array: np.ndarray) -> bytes:
    """The IDX file of a uint8 array, written from the format's description."""
    return (
        bytes([0, 0, 8, array.ndim])
        + struct.pack(f">{array.ndim}I", *array.shape)
        + array.tobytes()
    )


def contents(train: int = 20, test: int = 10, seed: int = 0) -> dict[str, bytes]:
    """The four files, by name."""
    rng = np.random.default_rng(seed)
    files = {}
    for prefix, count in (("train", train), ("t10k", test)):
        pixels = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        files[f"{prefix}-images-idx3-ubyte"] = idx(pixels)
        files[f"{prefix}-labels-idx1-ubyte"] = idx((np.arange(count) % 10).astype(np.uint8))
    return files


def dataset(
    files: dict[str, bytes], *sources: tuple[str, Source], name: str = "tiny-digits"
) -> Dataset:
    """The data set that pins exactly these files."""
    pins = {n: File(hashlib.sha256(b).hexdigest(), len(b)) for n, b in files.items()}
    return Dataset(name, "Tiny/raw", pins, tuple("0123456789"), sources)


class Giver:
    """A source that gives what it holds, and remembers what it was asked for."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files, self.asked = files, []

    def __call__(self, *, wanted: dict[str, File], into: Path) -> None:
        self.asked.append(sorted(wanted))
        for name in wanted:
            if name in self.files:
                (into / name).write_bytes(self.files[name])


class Failing:
    """A source that raises, and counts how often it was asked."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error, self.asked = error or Unavailable("closed on Sundays"), 0

    def __call__(self, *, wanted: dict[str, File], into: Path) -> None:
        self.asked += 1
        raise self.error


def put(folder: Path, files: dict[str, bytes], packed: bool = False) -> None:
    """Write the files into the folder, as they are or as .gz."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(data))
        else:
            (folder / name).write_bytes(data)


def got(folder: Path) -> dict[str, bytes]:
    """What lies in the folder, temporary subfolders aside."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


FILES = contents()


def use(monkeypatch: pytest.MonkeyPatch, *givers: Source, name: str = "tiny-digits") -> None:
    """Make the data set of FILES known under this name, with these sources in this order."""
    labelled = [(f"source {number}", giver) for number, giver in enumerate(givers, 1)]
    monkeypatch.setitem(registry.datasets(), name, dataset(FILES, *labelled, name=name))


def names(folder: Path) -> list[str]:
    """The names of all that lies in the folder."""
    return sorted(path.name for path in folder.iterdir())


def fetch_quietly() -> Path:
    """Fetch it, with every warning an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return cache.fetch("tiny-digits")
