"""The scripts of the site: checked, whole or not there, and clear words where npm cannot help."""

import io
import tarfile
from pathlib import Path

import pytest

from aigc_lib.data.sources import Unavailable
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


@pytest.fixture
def npm(monkeypatch, tmp_path):
    """Sets what npm packs from now on: these bytes, or a reason why it cannot."""

    def packs(content: bytes | Unavailable) -> None:
        def pack(spec: str, folder: Path) -> Path:
            if isinstance(content, Unavailable):
                raise content
            (folder / "x.tgz").write_bytes(content)
            return folder / "x.tgz"

        monkeypatch.setattr(site_assets, "npm_pack", pack)

    return packs


def package(content: bytes, keep: str = r"a\.js") -> Package:
    return Package("thing", "1.0.0", sha512(content), "thing", "package/dist", keep)


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "pins.txt"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_only_the_wanted_files_and_the_licence_arrive(tmp_path, npm):
    good = archive(FILES)
    npm(good)
    assert ensure(tmp_path / "site" / "vendor", [package(good)])
    assert contents(tmp_path / "site") == {
        "vendor/thing/a.js": b"a()",
        "vendor/thing/LICENSE": b"free",
    }


def test_a_second_time_nothing_is_fetched_and_a_new_pin_replaces_everything(tmp_path, npm):
    good, newer = archive(FILES), archive({"package/dist/a.js": b"b()"})
    target = tmp_path / "vendor"
    npm(good)
    ensure(target, [package(good)])
    npm(Unavailable("asked again"))
    assert not ensure(target, [package(good)])
    npm(newer)
    assert ensure(target, [package(newer)])
    assert contents(target) == {"thing/a.js": b"b()"}


def test_another_archive_is_refused_and_the_old_files_stay(tmp_path, npm):
    good = archive(FILES)
    npm(good)
    ensure(tmp_path / "site" / "vendor", [package(good)])
    before = contents(tmp_path / "site")
    wanted = package(archive({"package/dist/a.js": b"b()"}))
    with pytest.raises(AssetError, match=r"its SHA-512 is .* Nothing was installed"):
        ensure(tmp_path / "site" / "vendor", [wanted])
    assert contents(tmp_path / "site") == before


def test_without_a_network_the_error_says_what_to_do(tmp_path, npm):
    npm(Unavailable("npm pack thing@1.0.0: ended with 1: npm error code ENOTFOUND"))
    with pytest.raises(AssetError, match=r"(?s)thing@1.0.0 .* connect to the network .*ENOTFOUND"):
        ensure(tmp_path / "vendor", [package(b"")])
    assert not (tmp_path / "vendor").exists()


def test_an_archive_without_the_wanted_files_is_an_error(tmp_path, npm):
    good = archive(FILES)
    npm(good)
    with pytest.raises(AssetError, match="none of the files"):
        ensure(tmp_path / "vendor", [package(good, keep="b")])


def test_the_real_pins_are_exact():
    for pinned in site_assets.PACKAGES:
        assert pinned.version.count(".") == 2
        assert len(pinned.sha512) == 88
