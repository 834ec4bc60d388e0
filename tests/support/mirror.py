"""Servers on this machine that misbehave in the ways that mirrors do."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
Answer = Callable[[str], list[bytes]]  # from the path asked for to blocks, one every 20 ms


def reply(content: bytes) -> list[bytes]:
    """The blocks of a good answer."""
    return [OK % len(content) + content]


def drops(content: bytes) -> list[bytes]:
    """A trickle: the content byte by byte."""
    return [bytes([byte]) for byte in content]


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answer], str]]:
    """Starts a server with these answers, and returns its address.

    An answer without blocks is silence; a connection stays open until the other side has enough.
    """
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    listeners = []

    def start(answer: Answer) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def talk(connection: socket.socket) -> None:
            with connection:
                try:
                    path = connection.recv(100_000).split()[1].decode()
                    for block in answer(path):
                        connection.sendall(block)
                        time.sleep(0.02)
                    connection.recv(1)
                except OSError:  # the other side has left
                    return

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:  # closed: the test is over
                    return
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield start
    for listener in listeners:
        listener.close()
