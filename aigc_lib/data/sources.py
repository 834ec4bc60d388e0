"""Where bytes come from: what a source is, and those that are folders.

A source is called as `source(wanted=..., into=...)`: it puts the files named in `wanted`, unpacked,
in the folder `into`, and raises when it cannot. It is not trusted: `cache.py` checks the SHA-256 of
every file before anything reads it. Downloads and package archives are in `packages.py`; which data
set has which sources stands in `registry.py`.
"""

import errno
import gzip
import os
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from tqdm import tqdm

LOGIN = (
    "a web page came instead of data, as in a network that wants a log-in first: open any page in "
    "a browser, log in, and try again"
)
NO_SPACE = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
BAD_GZIP = (EOFError, zlib.error, gzip.BadGzipFile)


class DataError(RuntimeError):
    """A data set cannot be had, or its files are not what they should be."""


class Unavailable(Exception):
    """A source cannot give the files; the message says why."""


@dataclass(frozen=True)
class File:
    """What an unpacked file must be: its SHA-256 (hexadecimal) and its size in bytes."""

    sha256: str
    size: int


Source = Callable[..., None]  # (*, wanted: Mapping[str, File], into: Path)


@dataclass(frozen=True)
class Dataset:
    """A data set: where it lies below the cache, its files, its classes, its labelled sources."""

    name: str
    folder: str  # as torchvision has it, so that torchvision can read the same cache
    files: Mapping[str, File]
    classes: tuple[str, ...]
    sources: tuple[tuple[str, Source], ...]


def is_web_page(head: bytes) -> bool:
    """Whether what should have been data begins as a web page does."""
    start = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith(b"<") and (b"<html" in start or b"<!doctype html" in start)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def write(stream: _Readable, target: Path, size: int) -> None:
    """Copy a stream to a file, with a bar when it takes long; what is cut short is removed."""
    bar = tqdm(total=size, desc=target.name, unit="B", unit_scale=True, delay=1.0, leave=False)
    left = size + 1  # one byte too many is enough to fail the checksum, and fills no disk
    try:
        with bar, target.open("wb") as out:
            while left > 0 and (block := stream.read(min(left, 1 << 18))):
                out.write(block)
                left -= len(block)
                bar.update(len(block))
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def from_folder(*folders: Path, wanted: Mapping[str, File], into: Path) -> None:
    """Copy the files, plain or .gz, each from the first of the folders that has it."""
    faults, absent = [], []
    for name, file in wanted.items():
        found = [p for f in folders for p in (f / name, f / f"{name}.gz") if p.is_file()]
        if not found:
            absent.append(name)
            continue
        try:
            with gzip.open(found[0]) if found[0].suffix == ".gz" else found[0].open("rb") as stream:
                write(stream, into / name, file.size)
        except BAD_GZIP as error:
            with found[0].open("rb") as stream:
                why = LOGIN if is_web_page(stream.read(1024)) else f"does not unpack ({error})"
            faults.append(f"{found[0]}: {why}")
        except OSError as error:
            if error.errno in NO_SPACE:
                raise
            faults.append(f"{found[0]} cannot be read ({error})")
    if absent:
        faults.append(f"no {', '.join(absent)} in {' or '.join(map(str, folders))}")
    if faults:
        raise Unavailable("; ".join(faults))


def from_reader(*subfolders: str, wanted: Mapping[str, File], into: Path) -> None:
    """Copy the files from the folder that the reader names in AIGC_DATA, or a subfolder of it."""
    named = os.environ.get("AIGC_DATA", "")
    if not named:
        raise Unavailable("AIGC_DATA is not set")
    root = Path(named).expanduser()
    if not root.is_dir():
        raise Unavailable(f"AIGC_DATA={named} is not a folder")
    from_folder(*(root / sub for sub in subfolders), root, wanted=wanted, into=into)


def pins(table: str) -> dict[str, File]:
    """The files of a data set from lines of SHA-256, size in bytes and name."""
    rows = (line.split() for line in table.strip().splitlines())
    return {name: File(sha256, int(size)) for sha256, size, name in rows}


def packaged(name: str, label: str, source: Source, files: Mapping[str, File]) -> Dataset:
    """A data set without classes that one package holds; a reader's own copy goes before it.

    label: what the package is called in messages.
    """
    mine = ("the folder in AIGC_DATA", partial(from_reader, name))
    return Dataset(name, folder=name, files=files, classes=(), sources=(mine, (label, source)))
