"""Files that are whole or not there at all."""

import contextlib
import glob
import os
import secrets
import time
from pathlib import Path

TRIES, PAUSE = 30, 0.1  # how often and after how many seconds a refused move is tried again


def write_atomically(path: Path, content: bytes) -> None:
    """Write ``content`` so that ``path`` never holds half of it.

    Raises:
        OSError: the disk is full or not writable; the old file is left as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
        put_in_place(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def put_in_place(source: Path, target: Path) -> None:
    """Force a file to the disk and move it to ``target``, on the same disk, in one step.

    The umask decides who may change it; everybody may read it, because a result is meant to be read
    and a class shares one cache.
    """
    with source.open("rb+") as file:
        os.fsync(file.fileno())
    os.chmod(source, source.stat().st_mode | 0o444)
    move(source, target)


def move(source: Path, target: Path) -> None:
    """Rename a file or folder, over the file ``target`` if there is one.

    Windows refuses while a virus scanner, a viewer or another process holds one of the two, so that
    a refusal is final only after three seconds.
    """
    for _ in range(TRIES - 1):
        with contextlib.suppress(PermissionError):
            os.replace(source, target)
            return
        time.sleep(PAUSE)
    os.replace(source, target)


def _sweep(path: Path) -> None:
    """Remove what a process that was killed while writing ``path`` left, once it is a day old."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.????????.tmp"):
        with contextlib.suppress(OSError):  # another process sweeps too
            if left.stat().st_mtime < time.time() - 86_400:
                left.unlink()
