"""A network's log-in page that comes instead of data is told as what it is."""

import sys
from pathlib import Path

import pytest

from aigc_lib.data import cache, packages, registry, sources
from aigc_lib.data.sources import LOGIN, DataError, Unavailable
from tests.support import tiny
from tests.support.mirror import mirror  # noqa: F401
from tests.support.tiny import FILES, got, put, use

PAGE = b"""\xef\xbb\xbf
<!DOCTYPE html>
<html><head><title>Guest network</title></head><body>Please log in.</body></html>
"""
FIRST = "train-images-idx3-ubyte"
WANTED = {FIRST: tiny.dataset(FILES).files[FIRST]}


@pytest.fixture
def into(tmp_path):
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


@pytest.fixture
def network(mirror):  # noqa: F811
    """The address of a server that answers every question with its log-in page, status 200."""
    kind = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(PAGE)
    return mirror(lambda path: [kind + PAGE])


def test_a_download(monkeypatch, into, network):
    monkeypatch.setattr("torchvision.datasets.MNIST.mirrors", [network])
    with pytest.raises(Unavailable) as caught:
        packages.from_torchvision("MNIST", wanted=WANTED, into=into)
    assert f"{FIRST}.gz: {LOGIN}" in str(caught.value)
    assert got(into) == {}


def test_pip(monkeypatch, into, network):
    monkeypatch.setenv("PIP_INDEX_URL", f"{network}simple/")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(Unavailable) as caught:
        packages.pip_download("tiny==1.0.0", into)
    said = f"pip download tiny==1.0.0: the index lists no version, or {LOGIN}"
    assert str(caught.value) == said


NPM = """npm error code FETCH_ERROR
npm error invalid json response body at http://registry/tiny reason: Unexpected token '<', \
"<!DOCTYPE "... is not valid JSON"""


def test_npm(tmp_path):
    command = [sys.executable, "-c", f"raise SystemExit({NPM!r})"]  # as npm 11 says it
    with pytest.raises(Unavailable) as caught:
        packages.run(command, tmp_path, "npm pack tiny")
    assert str(caught.value) == f"npm pack tiny: {LOGIN}"


@pytest.mark.filterwarnings("ignore:source 1")
@pytest.mark.parametrize("packed", [False, True])
def test_the_readers_folder(monkeypatch, tmp_path, packed):
    put(tmp_path / "mine", FILES)
    (tmp_path / "mine" / FIRST).unlink()
    (tmp_path / "mine" / (f"{FIRST}.gz" if packed else FIRST)).write_bytes(PAGE)
    monkeypatch.setenv("AIGC_DATA", str(tmp_path / "mine"))
    use(monkeypatch, registry.from_reader)
    with pytest.raises(DataError) as caught:
        cache.fetch("tiny-digits", tmp_path / "cache")
    assert f"{FIRST}{'.gz' * packed}: {LOGIN}" in str(caught.value)


def test_a_file_in_the_cache(monkeypatch, tmp_path):
    use(monkeypatch, tiny.Giver(FILES))
    folder = cache.fetch("tiny-digits", tmp_path)
    (folder / FIRST).write_bytes(PAGE)
    with pytest.warns(UserWarning, match=f"{FIRST}: {LOGIN}. Kept aside"):
        cache.fetch("tiny-digits", tmp_path)
    assert FILES.items() <= got(folder).items()


def test_data_are_not_taken_for_a_page():
    assert not any(
        sources.is_web_page(data)
        for data in (
            b"",
            b"<",
            b"\x1f\x8b\x08",
            b"0 < 1 <html>",
            b'{"a": "<html>"}',
            b"<svg></svg>",
        )
    )
    assert sources.is_web_page(b"<?xml version='1.0'?>\n<!-- x -->\n<HTML lang='en'>")


def test_only_the_data_package_asks_the_network():
    asks = ("urllib.request", "http.client", "import socket", "import requests", "import httpx")
    top = Path(__file__).parents[2]
    found = [
        path.relative_to(top).as_posix()
        for folder in ("aigc_lib", "tools")
        for path in sorted((top / folder).rglob("*.py"))
        if any(word in path.read_text("utf8") for word in asks)
    ]
    assert found == ["aigc_lib/data/packages.py"]
