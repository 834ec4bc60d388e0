"""Downloads: mirrors that work, fail, are silent or trickle; the next is tried in two minutes."""

import errno
import gzip
import subprocess
import sys
import time

import pytest

from aigc_lib.data import packages
from aigc_lib.data.sources import Unavailable
from tests.support import tiny
from tests.support.mirror import OK, drops, mirror, reply  # noqa: F401
from tests.support.tiny import FILES, got

FIRST = "train-images-idx3-ubyte"
WANTED = {FIRST: tiny.dataset(FILES).files[FIRST]}
PACKED = gzip.compress(FILES[FIRST])


@pytest.fixture
def into(tmp_path):
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def download(monkeypatch, into, *mirrors):
    monkeypatch.setattr("torchvision.datasets.MNIST.mirrors", list(mirrors))
    packages.from_torchvision("MNIST", wanted=WANTED, into=into)


def test_download_goes_on_to_the_next_mirror(monkeypatch, into, mirror):  # noqa: F811
    bad = mirror(lambda path: [b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"])
    good = mirror(lambda path: reply(PACKED if path == f"/{FIRST}.gz" else b"another"))
    download(monkeypatch, into, bad, good)
    assert got(into) == {FIRST: FILES[FIRST]}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"], "403"),
        ([], "timed out"),
        (reply(PACKED[:-50]), "does not unpack"),
        ([OK % 9_000, *drops(PACKED[:1_000])], "download: stopped, "),
        (drops(OK % 9_000 + b"X-Long: " * 1_000), "download: stopped, 0 bytes in"),
    ],
)
def test_a_failing_download_names_every_mirror_in_time_and_keeps_nothing(
    monkeypatch,
    into,
    mirror,  # noqa: F811
    answer,
    said,
):
    monkeypatch.setattr(packages, "SILENCE", 0.5)
    monkeypatch.setattr(packages, "WINDOW", 2.0)
    first, second = mirror(lambda path: answer), mirror(lambda path: answer)
    begun = time.monotonic()
    with pytest.raises(Unavailable, match=said) as caught:
        download(monkeypatch, into, first, second)
    assert time.monotonic() - begun < 10  # all of a trickle would take 20 s and more, twice
    assert f"{first}{FIRST}.gz: " in str(caught.value)
    assert f"{second}{FIRST}.gz: " in str(caught.value)
    assert got(into) == {}


def test_an_endless_download_is_cut(monkeypatch, into, mirror):  # noqa: F811
    endless = mirror(lambda path: reply(bytes(5_000_000)))
    with pytest.raises(Unavailable, match="does not unpack"):
        download(monkeypatch, into, endless)
    (part,) = into.glob("*/*.gz")
    assert part.stat().st_size < 200_000


def test_a_full_disk_is_not_taken_for_a_bad_mirror(monkeypatch, into):
    def full(command, folder, what):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(packages, "run", full)
    with pytest.raises(OSError, match="No space") as caught:
        download(monkeypatch, into, "http://a.test/", "http://b.test/")
    assert caught.value.errno == errno.ENOSPC


# Clients: what they write into their folder shows whether anything comes.

GROWS = """
import pathlib, sys, tempfile, time
with open(pathlib.Path(tempfile.gettempdir(), "part"), "wb", buffering=0) as part:
    for _ in range(60):
        part.write(bytes(int(sys.argv[1])))
        time.sleep(0.02)
"""


def test_the_limits_add_up_to_two_minutes():
    # What stops after a good start is noticed in the second window at most; torchvision lists two
    # mirrors, of which neither may begin well.
    assert 2 * packages.WINDOW <= 120
    assert packages.SILENCE <= packages.WINDOW


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["import time; time.sleep(120)"], "slow pack: stopped, 0 bytes in"),
        ([GROWS, "1"], r"slow pack: stopped, \d{1,2} bytes in"),
    ],
)
def test_a_client_that_gets_nothing_is_stopped(monkeypatch, tmp_path, command, said):
    started = []
    popen = subprocess.Popen

    def start(*arguments, **options):
        started.append(popen(*arguments, **options))
        return started[0]

    monkeypatch.setattr(packages, "WINDOW", 0.5)
    monkeypatch.setattr(packages.subprocess, "Popen", start)
    with pytest.raises(Unavailable, match=said):
        packages.run([sys.executable, "-c", *command], tmp_path, "slow pack")
    assert started[0].returncode not in (None, 0)


def test_a_client_that_goes_on_getting_data_is_not(monkeypatch, tmp_path):
    monkeypatch.setattr(packages, "WINDOW", 0.5)
    monkeypatch.setattr(packages, "RATE", 1.0)
    packages.run([sys.executable, "-c", GROWS, "1000"], tmp_path, "good pack")
    assert (tmp_path / "part").stat().st_size == 60_000  # its temporary files are here too
