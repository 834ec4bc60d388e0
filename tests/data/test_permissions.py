"""A cache that one user fills and others read: open whatever the umask, and clear where not."""

import os
import stat
import sys

import pytest
import torch

from aigc_lib.cli import doctor
from aigc_lib.core import files
from aigc_lib.data import cache
from aigc_lib.data.sources import DataError
from aigc_lib.pretrained.derived import derived
from tests.support import tiny
from tests.support.ordinary_user import ordinary_user, shared_folder  # noqa: F401
from tests.support.tiny import FILES, fetch_quietly, got, use

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rights as Unix has them")
FIRST = "train-images-idx3-ubyte"


@pytest.fixture
def top(shared_folder, monkeypatch):  # noqa: F811
    """The cache, which does not exist yet; the disk refuses a move at once instead of seconds."""
    monkeypatch.setenv("AIGC_CACHE", str(shared_folder / "cache"))
    monkeypatch.delenv("AIGC_DATA", raising=False)
    monkeypatch.setattr(files, "PAUSE", 0.001)
    return shared_folder / "cache"


def answer():
    return {"a": torch.arange(6.0)}


def test_a_cache_filled_under_a_strict_umask_is_read_by_another_user(top, monkeypatch):
    giver = tiny.Giver(FILES)
    use(monkeypatch, giver)
    before = os.umask(0o077)
    try:
        folder = fetch_quietly()
        derived("x", "k", answer)
    finally:
        os.umask(before)
    for path in [top, *top.rglob("*")]:
        wanted = 0o555 if path.is_dir() else 0o444
        assert path.stat().st_mode & wanted == wanted, path
        assert not path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH), path
    with ordinary_user():
        assert fetch_quietly() == folder
        assert got(folder) == FILES
        assert torch.equal(
            derived("x", "k", lambda: pytest.fail("built again"))["a"], answer()["a"]
        )
    assert len(giver.asked) == 1


@pytest.mark.parametrize("closed", ["cache", "Tiny", "raw", FIRST])
def test_a_cache_that_this_user_may_not_read(top, monkeypatch, closed):
    giver = tiny.Giver(FILES)
    use(monkeypatch, giver)
    fetch_quietly()
    (path,) = [p for p in (top, *top.rglob("*")) if p.name == closed]
    path.chmod(0)
    with ordinary_user(), pytest.raises(DataError, match=r"Permission denied") as caught:
        cache.fetch("tiny-digits")
    said = str(caught.value)
    assert f"chmod -R a+rX {top}" in said
    assert "set AIGC_CACHE to a folder of your own" in said
    assert len(said.splitlines()) == 1
    assert len(giver.asked) == 1
    with ordinary_user():
        assert {f.what: f.found for f in doctor.data()}["data tiny-digits"] == "to be fetched"
        monkeypatch.setenv("AIGC_CACHE", str(path / "below"))
        doctor.hardware()  # finds the disk without a look into what is closed


def test_a_corrupt_file_in_a_cache_that_this_user_may_not_write(top, monkeypatch):
    use(monkeypatch, tiny.Giver(FILES))
    folder = fetch_quietly()
    (folder / FIRST).write_bytes(FILES[FIRST][:-1])
    folder.chmod(0o555)
    with ordinary_user(), pytest.raises(DataError, match="cannot write to the cache") as caught:
        cache.fetch("tiny-digits")
    assert f"{FIRST}: " in str(caught.value)
    assert "truncated" in str(caught.value)


@pytest.mark.parametrize("place", [-1, 60, 4])
def test_a_flipped_byte_in_a_result_that_this_user_may_not_write(top, place):
    derived("x", "k", answer)
    (path,) = top.glob("derived/*")
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    path.parent.chmod(0o555)
    with ordinary_user(), pytest.warns(UserWarning, match="again") as warned:
        assert torch.equal(derived("x", "k", answer)["a"], answer()["a"])
    first, second = [str(warning.message) for warning in warned]
    assert "Kept aside" not in first
    assert "could not be written" in second
    assert path.read_bytes() == bytes(data)


def test_a_result_that_this_user_may_not_read(top):
    derived("x", "k", answer)
    (top / "derived").chmod(0)
    with ordinary_user(), pytest.warns(UserWarning, match="could not be written .*AIGC_CACHE"):
        assert torch.equal(derived("x", "k", answer)["a"], answer()["a"])
