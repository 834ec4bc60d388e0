"""aigc_lib.core.files: whole or not there at all, readable, and patient with those who look on."""

import os
import re
import sys
from pathlib import Path

import pytest

from aigc_lib.core import files
from aigc_lib.core.files import move, write_atomically

TOP = Path(__file__).parents[2]


def test_the_bytes_reach_the_disk_before_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen = tmp_path / "x", []
    fsync, replace = os.fsync, os.replace
    path.write_bytes(b"old")

    def synced(handle: int) -> None:
        fsync(handle)
        seen.append(("fsync", path.read_bytes(), os.fstat(handle).st_size))

    def replaced(source: str, target: str) -> None:
        seen.append(("replace", path.read_bytes(), Path(source).stat().st_size))
        assert Path(source).parent == Path(target).parent  # on one file system
        replace(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    write_atomically(path, b"new content")
    assert seen == [("fsync", b"old", 11), ("replace", b"old", 11)]
    assert path.read_bytes() == b"new content"


def test_an_interrupt_while_writing_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    write_atomically(path, b"old")

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("x", b"old")]


def test_what_a_killed_process_left_is_swept_after_a_day(tmp_path: Path) -> None:
    kept = [".x.12345678.tmp", ".x.bak", "..x.12345678.tmp", ".xy.12345678.tmp", ".x.tmp"]
    for name in (*kept, ".x.abcd_123.tmp"):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (0, 0))
    os.utime(tmp_path / kept[0])  # perhaps still being written by another process
    write_atomically(tmp_path / "x", b"whole")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*kept, "x"])


def hold(monkeypatch: pytest.MonkeyPatch, times: int) -> list[object]:
    """Make the system refuse to replace a file, so many times; returns the tries as they come."""
    tries: list[object] = []
    replace = os.replace

    def held(source: Path, target: Path) -> None:
        tries.append(target)
        if len(tries) <= times:
            raise PermissionError(13, "another process is using it")
        replace(source, target)

    monkeypatch.setattr(os, "replace", held)
    monkeypatch.setattr(files, "PAUSE", 0.001)
    return tries


def test_a_file_that_a_scanner_holds_is_written_when_it_lets_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").write_bytes(b"old")
    tries = hold(monkeypatch, times=2)
    write_atomically(tmp_path / "x", b"new")
    assert len(tries) == 3
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("x", b"new")]


def test_a_file_that_is_held_for_good_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").write_bytes(b"old")
    hold(monkeypatch, times=10_000)
    with pytest.raises(PermissionError, match="another process"):
        write_atomically(tmp_path / "x", b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("x", b"old")]


def test_a_folder_is_moved_too(tmp_path: Path) -> None:
    (tmp_path / "ready").mkdir()
    (tmp_path / "ready" / "x").write_bytes(b"x")
    move(tmp_path / "ready", tmp_path / "there")
    assert (tmp_path / "there" / "x").read_bytes() == b"x"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no umask")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o644), (0o002, 0o664)])
def test_everybody_may_read_and_the_umask_says_who_may_write(
    tmp_path: Path, umask: int, mode: int
) -> None:
    before = os.umask(umask)
    try:
        write_atomically(tmp_path / "x", b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "x").stat().st_mode & 0o777 == mode


def test_nothing_else_in_the_house_renames_files() -> None:
    renames = re.compile(
        r"os\.(replace|rename)|shutil\.move|\.rename\(|path\.replace\(|mkstemp|NamedTemporaryFile"
    )
    found = [
        path.relative_to(TOP).as_posix()
        for folder in ("aigc_lib", "tools")
        for path in sorted((TOP / folder).rglob("*.py"))
        if renames.search(path.read_text("utf8"))
    ]
    assert found == ["aigc_lib/core/files.py"]
