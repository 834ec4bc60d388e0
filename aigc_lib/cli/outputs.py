"""Where a command writes: found out before its long work begins."""

import tempfile
from pathlib import Path


def insist_writable(path: Path, ending: str) -> None:
    """Refuse a file that could not be written, by trying; nothing is left behind.

    Args:
        path: the file; it and folders above it need not exist yet.
        ending: what its name must end in, such as ``.png``: the format that it will have.

    Raises:
        ValueError: the name ends otherwise, or is that of a folder.
        OSError: nothing can be written there.
    """
    if path.suffix.lower() != ending:
        raise ValueError(f"{path} would hold {ending[1:]}: give a name that ends in {ending}")
    if path.is_dir():
        raise ValueError(f"{path} is a folder: give the name of a file in it")
    above = next(folder for folder in path.absolute().parents if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=above):
            pass
    except OSError as error:
        raise OSError(
            f"{path} cannot be written: {error.strerror} ({above}). Choose another place"
        ) from error
