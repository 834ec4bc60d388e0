"""Where bytes come from: folders and public downloads, one function a source.

A source is called as `source(wanted=..., into=...)`: it puts the files named in `wanted`, unpacked,
in the folder `into`, and raises when it cannot. It is not trusted: `cache.py` checks the SHA-256 of
every file before anything reads it. Package archives are in `packages.py`; which data set has
which sources stands in `datasets.py`.
"""

import errno
import gzip
import io
import os
import threading
import time
import urllib.request
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, Protocol, cast

from tqdm import tqdm

SILENCE = 10.0  # seconds that a server may say nothing
WINDOW = 30.0  # seconds: an answer must begin within one, and in each of them come at
RATE = 10_000.0  # bytes a second, or the next source is tried
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


class Watch:
    """Raises TimeoutError where a transfer has become a trickle."""

    def __init__(self, window: float) -> None:
        self.window, self.looked, self.had = window, time.monotonic(), 0

    def look(self, count: Callable[[], int]) -> None:
        """To be called often; ``count`` tells how many bytes have come so far."""
        seconds = time.monotonic() - self.looked
        if seconds > self.window:
            had, self.had, self.looked = self.had, count(), self.looked + seconds
            if self.had - had < RATE * self.window:
                raise TimeoutError(f"too slow, {self.had - had:,} bytes in {seconds:.3g} s")


class _Timed(io.RawIOBase):
    """An HTTP reply under a watch."""

    def __init__(self, reply: HTTPResponse) -> None:
        self.reply, self.watch, self.count = reply, Watch(WINDOW), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.watch.look(lambda: self.count)
        block = self.reply.read1(len(buffer))
        buffer[: len(block)] = block
        self.count += len(block)
        return len(block)


def _open(url: str) -> HTTPResponse:
    """The reply to a request, or TimeoutError where it does not begin within a window.

    urlopen's timeout begins anew with every byte, so headers could trickle for hours: it runs in a
    thread, which is left behind if need be.
    """
    answer: list[Any] = []

    def ask() -> None:
        try:
            answer.append(urllib.request.urlopen(url, timeout=SILENCE))
        except Exception as error:
            answer.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(WINDOW)
    if not answer:
        raise TimeoutError(f"no answer within {WINDOW:g} s")
    if isinstance(answer[0], Exception):
        raise answer[0]
    return cast(HTTPResponse, answer[0])


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


def packaged(name: str, label: str, source: Source, files: Mapping[str, File]) -> Dataset:
    """A data set without classes that one package holds; a reader's own copy goes before it.

    label: what the package is called in messages.
    """
    mine = ("the folder in AIGC_DATA", partial(from_reader, name))
    return Dataset(name, folder=name, files=files, classes=(), sources=(mine, (label, source)))


def from_torchvision(name: str, *, wanted: Mapping[str, File], into: Path) -> None:
    """Download from the mirrors that torchvision lists for its class `name`, unpacking on the way.

    Only the list is torchvision's: its own download has no time limit, and could hang for ever.
    """
    import torchvision.datasets

    mirrors: list[str] = getattr(torchvision.datasets, name).mirrors
    for file_name, file in wanted.items():
        faults = []
        for mirror in mirrors:
            url = f"{mirror}{file_name}.gz"
            try:
                with _open(url) as reply, io.BufferedReader(_Timed(reply)) as timed:
                    if is_web_page(timed.peek()):
                        raise Unavailable(LOGIN)
                    with gzip.GzipFile(fileobj=timed) as stream:
                        write(stream, into / file_name, file.size)
                break
            except BAD_GZIP as error:
                faults.append(f"{url}: does not unpack ({error})")
            except (OSError, HTTPException, Unavailable) as error:
                if getattr(error, "errno", None) in NO_SPACE:
                    raise
                faults.append(f"{url}: {error}")
        else:
            raise Unavailable("; ".join(faults))
