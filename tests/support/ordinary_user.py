"""The file rights of an ordinary user, for tests that root runs too."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

NOBODY = 65_534


@contextlib.contextmanager
def ordinary_user() -> Iterator[None]:
    """Inside, nobody's file rights where root runs the tests, and else those of who does."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """An empty folder that every user may enter; the folders of tmp_path are closed to others."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)  # a closed folder could not be removed
    shutil.rmtree(folder)
