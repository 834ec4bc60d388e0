"""The sources that are folders, with their failures, and what is pinned."""

import errno
import gzip
from types import SimpleNamespace

import pytest

from aigc_lib.data import registry, sources
from aigc_lib.data.sources import Unavailable
from tests.support import tiny
from tests.support.tiny import got, put

FILES = tiny.contents()
WANTED = tiny.dataset(FILES).files
FIRST = "train-images-idx3-ubyte"


@pytest.fixture
def into(tmp_path):
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


# Folders


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("sub", ["", "Tiny/raw", "tiny"])
def test_the_readers_folder_in_each_form(tmp_path, into, monkeypatch, packed, sub):
    put(tmp_path / "mine" / sub, FILES, packed)
    monkeypatch.setenv("AIGC_DATA", str(tmp_path / "mine"))
    sources.from_reader("Tiny/raw", "tiny", wanted=WANTED, into=into)
    assert got(into) == FILES


@pytest.mark.parametrize(("value", "said"), [("", "not set"), ("nowhere", "not a folder")])
def test_no_readers_folder(tmp_path, into, monkeypatch, value, said):
    monkeypatch.setenv("AIGC_DATA", value and str(tmp_path / value))
    with pytest.raises(Unavailable, match=said):
        sources.from_reader("Tiny/raw", wanted=WANTED, into=into)


def test_a_folder_gives_what_it_has_and_names_the_rest(tmp_path, into):
    put(tmp_path / "some", {FIRST: FILES[FIRST]})
    broken = tmp_path / "some" / "t10k-images-idx3-ubyte.gz"
    broken.write_bytes(gzip.compress(FILES["t10k-images-idx3-ubyte"])[:-30])
    with pytest.raises(Unavailable, match="no train-labels-idx1-ubyte") as caught:
        sources.from_folder(tmp_path / "some", wanted=WANTED, into=into)
    assert "t10k-images-idx3-ubyte.gz: does not unpack" in str(caught.value)
    assert got(into) == {FIRST: FILES[FIRST]}


def test_an_archive_bomb_is_cut_one_byte_beyond_the_size(tmp_path, into):
    put(tmp_path / "bomb", {FIRST: bytes(50_000_000)}, packed=True)
    sources.from_folder(tmp_path / "bomb", wanted={FIRST: WANTED[FIRST]}, into=into)
    assert (into / FIRST).stat().st_size == WANTED[FIRST].size + 1


def test_what_is_cut_short_by_an_error_is_removed(into):
    def read(size):
        if (into / FIRST).exists() and read.blocks == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        read.blocks -= 1
        return b"x" * min(size, 100)

    read.blocks = 3
    with pytest.raises(OSError, match="No space"):
        sources.write(SimpleNamespace(read=read), into / FIRST, 10_000)
    assert got(into) == {}


# What is pinned


def test_every_file_is_pinned_and_no_two_are_alike():
    pins = [f.sha256 for d in registry.datasets().values() for f in d.files.values()]
    assert all(len(pin) == 64 and int(pin, 16) >= 0 for pin in pins)
    assert len(set(pins)) == len(pins) == 44


@pytest.mark.parametrize(
    ("wrong", "meant"), [("mnits", "mnist"), ("Fashion_MNIST", "fashion-mnist"), ("zzz", None)]
)
def test_an_unknown_name_lists_the_known_and_the_nearest(wrong, meant):
    with pytest.raises(ValueError, match="unknown data set") as caught:
        registry.find(wrong)
    assert "mnist, fashion-mnist" in str(caught.value)
    assert (f"Did you mean '{meant}'?" in str(caught.value)) == (meant is not None)
    assert ("Did you mean" in str(caught.value)) == (meant is not None)
