"""The cache: verified files in one folder, whatever they came from and whoever fetches them.

Every file is written under a temporary folder beside its place, checked, synced, and only then
moved into place in one step. So a file in place is whole, a kill at any moment leaves at most a
temporary folder (swept after a day), and processes that fetch at once only replace equal by equal;
no lock can be left behind. A corrupt file is copied aside, not moved, for the same reason: another
process may have mended it in the meantime.
"""

import contextlib
import errno
import hashlib
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping
from pathlib import Path

from aigc_lib.core.files import put_in_place
from aigc_lib.data.registry import datasets, find
from aigc_lib.data.sources import (
    LOGIN,
    NO_SPACE,
    DataError,
    Dataset,
    File,
    Source,
    Unavailable,
    is_web_page,
)

DAY = 86_400.0  # seconds
UNREADABLE = "cannot be read"


def cache_dir() -> Path:
    """The folder that holds all data: AIGC_CACHE, else `aigc` in the platform's user cache."""
    named = os.environ.get("AIGC_CACHE", "")
    if named:
        return Path(named).expanduser().absolute()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "aigc"


def make_folder(top: Path, below: str) -> Path:
    """The folder ``below`` the cache's ``top``, made where it is not there yet.

    Every user may read what is made, whatever the umask: the data are public, and one user may fill
    the cache of a class. To keep it closed, close the folder that it stands in.
    """
    folder = top
    for part in ("", *Path(below).parts):
        folder = folder / part
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(folder.stat().st_mode | 0o555)
    return folder


def fetch(name: str, root: str | Path | None = None) -> Path:
    """Folder with all files of a data set, each checked against its SHA-256 in this call.

    Args:
        name: of a data set, for example "mnist".
        root: the cache folder; None for `cache_dir()`. torchvision reads it as its `root` too.

    Raises:
        ValueError: the name is unknown.
        DataError: every source failed (the message lists them with their reasons and says what to
            do), there is no space, or the cache cannot be read or written.
    """
    dataset = find(name)
    top = Path(root).expanduser().absolute() if root else cache_dir()
    folder = top / dataset.folder
    faults = {file: fault(folder / file, dataset.files[file]) for file in dataset.files}
    faults = {file: why for file, why in faults.items() if why}
    if not faults:
        return folder
    tried = [f"the cache {folder}: {_list(faults)}"]
    try:
        _fill(dataset, make_folder(top, dataset.folder), faults, tried)
    except OSError as error:
        unread = {file: why for file, why in faults.items() if why.startswith(UNREADABLE)}
        if unread:
            raise DataError(
                f"{name}: in the cache {folder}: {_list(unread)}. If another user filled it, that "
                f"user opens it to you with `chmod -R a+rX {top}`; or set AIGC_CACHE to a folder "
                "of your own."
            ) from error
        if error.errno not in NO_SPACE:
            raise DataError(
                f"{name}: cannot write to the cache {folder} ({error}), where this is to be put "
                f"right: {_list(faults)}. Make it writable, or set AIGC_CACHE to a folder that is."
            ) from error
        needed = 2 * sum(dataset.files[file].size for file in faults)  # with the archive, at most
        free = shutil.disk_usage(folder if folder.exists() else Path.home()).free
        raise DataError(
            f"{name}: no space left in {folder}: about {needed:,} bytes are needed, {free:,} are "
            "free. Nothing half-written was kept. Free some space, or set AIGC_CACHE to a folder "
            "on another disk."
        ) from error
    return folder


def fault(path: Path, file: File) -> str:
    """Why the file at `path` is not the one wanted, or "" if it is."""
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size = stream.tell()
            stream.seek(0)
            head = stream.read(1024)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return "not there"
    except OSError as error:
        return f"{UNREADABLE} ({error})"
    if digest == file.sha256:
        return ""
    for dataset in datasets().values():
        for name, known in dataset.files.items():
            if digest == known.sha256:
                return f"this is the {name} of {dataset.name} under a wrong name"
    if is_web_page(head):
        return LOGIN
    if size != file.size:
        return f"{size:,} bytes where {file.size:,} belong, truncated or another file"
    return f"corrupt, its SHA-256 is {digest} where {file.sha256} belongs"


def _fill(dataset: Dataset, folder: Path, faults: dict[str, str], tried: list[str]) -> None:
    """Try the sources in turn until no file is missing; what arrives good is put in place."""
    for left in folder.glob(".fetch-*"):
        with contextlib.suppress(FileNotFoundError):  # another process sweeps too
            if left.stat().st_mtime < time.time() - DAY:
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(
        prefix=".fetch-", dir=folder, ignore_cleanup_errors=True
    ) as temporary:
        for file in faults:
            if (folder / file).is_file():
                _keep_aside(folder / file, dataset.files[file], Path(temporary))
        missing = {file: dataset.files[file] for file in faults}
        if shutil.disk_usage(folder).free < sum(file.size for file in missing.values()):
            raise OSError(errno.ENOSPC, "not tried")
        for label, source in dataset.sources:
            into = Path(tempfile.mkdtemp(dir=temporary))
            tried.append(f"{label}: {_attempt(label, source, missing, into)}")
            for file in list(missing):
                if not fault(into / file, missing[file]):
                    _put(into / file, folder / file, missing.pop(file))
            if not missing:
                return
    numbered = "\n".join(f"  {number}. {line}" for number, line in enumerate(tried, 1))
    raise DataError(
        f"{dataset.name}: no source gave {', '.join(missing)}. Tried in this order:\n{numbered}\n"
        f"What to do: check the network and run `aigc prepare {dataset.name}`; or get "
        "the files elsewhere, unpacked or as .gz, and set AIGC_DATA to their folder."
    )


def _attempt(label: str, source: Source, missing: Mapping[str, File], into: Path) -> str:
    """Run one source; say how it failed, and warn of every file it gave that is not the right one.

    A source that fails in any way must not keep the next from being tried; a full disk would.
    """
    why = ""
    try:
        source(wanted=missing, into=into)
    except Unavailable as error:
        why = str(error)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in NO_SPACE:
            raise
        why = f"{type(error).__name__}: {error}"
    found = {file: fault(into / file, known) for file, known in missing.items()}
    wrong = {f: text for f, text in found.items() if text and (into / f).exists()}
    if wrong:
        text = f"{_list(wrong)} (left as it is, not used)"
        warnings.warn(f"{label}: {text}", stacklevel=5)
        why = f"{text}; {why}" if why else text
    return why or ("gave some of the files" if any(found.values()) else "gave them")


def _keep_aside(path: Path, file: File, temporary: Path) -> None:
    copy = temporary / path.name
    shutil.copyfile(path, copy)
    why = fault(copy, file)
    if not why:
        return  # another process has mended it since we looked
    with copy.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    aside = path.with_name(f"{path.name}.corrupt-{digest[:8]}")
    _put(copy, aside, File(digest, copy.stat().st_size))
    warnings.warn(f"{path}: {why}. Kept aside as {aside.name}; fetched again.", stacklevel=5)


def _put(source: Path, target: Path, file: File) -> None:
    """Move a file into place, unless another process has put an equal one there meanwhile."""
    if fault(target, file):
        put_in_place(source, target)


def _list(faults: Mapping[str, str]) -> str:
    """The files and what is wrong with them, each reason once."""
    reasons: dict[str, list[str]] = {}
    for file, why in faults.items():
        reasons.setdefault(why, []).append(file)
    return "; ".join(f"{', '.join(files)}: {why}" for why, files in reasons.items())
