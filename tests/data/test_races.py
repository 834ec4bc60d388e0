"""The cache shared: several at once, a kill in the middle, a file that Windows holds open."""

import os
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest

from aigc_lib.data import cache, registry
from tests.support import tiny
from tests.support.tiny import FILES, fetch_quietly, got, names, use

FIRST = "train-images-idx3-ubyte"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The cache folder of the tiny data set, which does not exist yet."""
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("AIGC_DATA", raising=False)
    return tmp_path / "cache" / "Tiny" / "raw"


def test_a_file_mended_by_another_process_meanwhile_is_left_alone(folder, monkeypatch, tmp_path):
    use(monkeypatch, tiny.Giver(FILES))
    fetch_quietly()
    known = registry.datasets()["tiny-digits"].files[FIRST]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cache._keep_aside(folder / FIRST, known, tmp_path)
    assert got(folder) == FILES


def test_a_good_file_that_came_meanwhile_is_not_replaced(monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr(cache, "put_in_place", lambda source, target: calls.append(target))
    known = tiny.dataset(FILES).files[FIRST]
    (tmp_path / "new").write_bytes(FILES[FIRST])
    (tmp_path / FIRST).write_bytes(FILES[FIRST])
    cache._put(tmp_path / "new", tmp_path / FIRST, known)  # Windows may hold it open for long
    assert calls == []
    (tmp_path / FIRST).write_bytes(b"half")
    cache._put(tmp_path / "new", tmp_path / FIRST, known)
    assert calls == [tmp_path / FIRST]


def test_only_old_temporary_folders_are_swept(folder, monkeypatch):
    for name, age in ((".fetch-old", 2 * cache.DAY), (".fetch-new", 60.0)):
        (folder / name).mkdir(parents=True)
        (folder / name / "part").write_bytes(b"part")
        then = time.time() - age
        os.utime(folder / name, (then, then))
    use(monkeypatch, tiny.Giver(FILES))
    fetch_quietly()
    assert names(folder) == [".fetch-new", *sorted(FILES)]


def test_many_at_once_all_get_the_files(folder, monkeypatch):
    gate = threading.Barrier(4)

    def together(*, wanted, into):
        gate.wait(30)  # nobody goes on until all four found the cache empty
        tiny.Giver(FILES)(wanted=wanted, into=into)

    use(monkeypatch, together)
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(got(cache.fetch("tiny-digits"))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 4
    assert all(FILES.items() <= result.items() for result in results)
    assert names(folder) == sorted(FILES)


CHILD = """
import sys, time
from pathlib import Path
from aigc_lib.data import cache, registry
from tests.support import tiny
from tests.support.tiny import FILES, fetch_quietly, got, names, use

def slow(*, wanted, into):
    tiny.Giver(tiny.contents())(wanted=wanted, into=into)
    (into / "t10k-labels-idx1-ubyte").write_bytes(b"half")
    Path(sys.argv[1]).touch()
    time.sleep(120)

registry.datasets()["tiny-digits"] = tiny.dataset(tiny.contents(), ("slow", slow))
cache.fetch("tiny-digits")
"""


def test_killed_in_the_middle_then_fetched(folder, monkeypatch, tmp_path):
    marker = tmp_path / "in-the-middle"
    top = Path(__file__).parents[2]
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(marker)], cwd=top)
    deadline = time.monotonic() + 120
    while not marker.exists() and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    child.kill()
    child.wait()
    assert marker.exists()
    assert [name[:7] for name in names(folder)] == [".fetch-"]  # beside its place, nothing in place
    use(monkeypatch, tiny.Giver(FILES))
    fetch_quietly()
    assert got(folder) == FILES
