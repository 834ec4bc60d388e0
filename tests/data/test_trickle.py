"""Servers that are silent or trickle: the next source is tried within about two minutes."""

import gzip
import io
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

from aigc_lib.data import packages, sources
from aigc_lib.data.sources import Unavailable
from tests.support import tiny
from tests.support.tiny import got

FILES = tiny.contents()
FIRST = "train-images-idx3-ubyte"
WANTED = {FIRST: tiny.dataset(FILES).files[FIRST]}


@pytest.fixture
def into(tmp_path):
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


@pytest.fixture
def server(monkeypatch):
    """Starts a mirror that sends these blocks, one every 20 ms, and then says no more."""
    monkeypatch.setattr(urllib.request, "_opener", None)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    listeners = []

    def start(*blocks):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def talk():
            try:
                connection, _ = listener.accept()
                with connection:
                    for block in blocks:
                        connection.sendall(block)
                        time.sleep(0.02)
                    connection.recv(100_000)  # the question
                    connection.recv(1)  # until the other side has had enough
            except OSError:
                return

        threading.Thread(target=talk, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield start
    for listener in listeners:
        listener.close()


def drops(text):
    return [bytes([byte]) for byte in text]


def seconds_of_download(monkeypatch, into, mirror):
    monkeypatch.setattr("torchvision.datasets.MNIST.mirrors", [mirror])
    begun = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        sources.from_torchvision("MNIST", wanted=WANTED, into=into)
    assert got(into) == {}
    return time.monotonic() - begun, str(caught.value)


def test_the_limits_add_up_to_two_minutes():
    # A mirror that answers and then stops is noticed in the second window after that at most, and
    # torchvision lists two; a client that stops after a good start, likewise.
    assert sources.SILENCE <= sources.WINDOW
    assert 2 * 2 * sources.WINDOW <= 120
    assert 2 * packages.WINDOW <= 120


def test_a_silent_server_is_left(monkeypatch, into, server):
    monkeypatch.setattr(sources, "SILENCE", 0.2)
    took, said = seconds_of_download(monkeypatch, into, server())
    assert "timed out" in said
    assert took < 5


def test_headers_that_trickle_are_left(monkeypatch, into, server):
    monkeypatch.setattr(sources, "WINDOW", 0.3)
    header = b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1_000
    took, said = seconds_of_download(monkeypatch, into, server(*drops(header)))
    assert "no answer within 0.3 s" in said
    assert took < 5  # where all of it would take 20 s


def test_data_that_trickle_are_left(monkeypatch, into, server):
    monkeypatch.setattr(sources, "WINDOW", 0.3)
    header = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"
    took, said = seconds_of_download(
        monkeypatch, into, server(header, *drops(gzip.compress(FILES[FIRST])[:1_000]))
    )
    assert "too slow" in said
    assert took < 5


class Slow(io.BytesIO):
    """A reply that gives 100 bytes each time it is asked."""

    def read1(self, size=-1):
        return self.read(min(size, 100))


def test_a_slow_but_steady_download_arrives(monkeypatch, into):
    clock = iter(range(0, 100_000, 10))  # 10 s for each 100 bytes, which is 10 bytes a second
    monkeypatch.setattr(sources.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(sources, "_open", lambda url: Slow(gzip.compress(FILES[FIRST])))
    monkeypatch.setattr(sources, "RATE", 5.0)
    sources.from_torchvision("MNIST", wanted=WANTED, into=into)
    assert got(into) == {FIRST: FILES[FIRST]}
    monkeypatch.setattr(sources, "RATE", 15.0)
    with pytest.raises(Unavailable, match=r"too slow, .* in 40 s"):
        sources.from_torchvision("MNIST", wanted=WANTED, into=into)


# Package clients: what they write into their folder shows whether anything comes.

GROWS = """
import pathlib, sys, tempfile, time
with open(pathlib.Path(tempfile.gettempdir(), "part"), "wb", buffering=0) as part:
    for _ in range(60):
        part.write(bytes(int(sys.argv[1])))
        time.sleep(0.02)
"""


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["import time; time.sleep(120)"], "slow pack: too slow, 0 bytes in"),
        ([GROWS, "1"], r"slow pack: too slow, \d{1,2} bytes in .* stopped"),
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
    monkeypatch.setattr(sources, "RATE", 1.0)
    packages.run([sys.executable, "-c", GROWS, "1000"], tmp_path, "good pack")
    assert (tmp_path / "part").stat().st_size == 60_000  # its temporary files are here too
