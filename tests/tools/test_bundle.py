"""The classroom bundle: what goes in, what must not, its script, and its failures.

Here it is made of a tiny site, tiny data and one tiny package. That the whole of it installs and
runs without a network is tried by hand: see *Try a bundle* in CONTRIBUTING.md.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from aigc_lib.data.registry import datasets
from aigc_lib.data.sources import Dataset, File
from tools import bundle, bundle_parts, notebook
from tools.bundle import Plan, write
from tools.bundle_parts import OPEN, RESTRICTED, BundleError
from tools.notebook import ROOT

CONTENT = b"some numbers"


def dataset(name: str) -> Dataset:
    pin = File(hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    return Dataset(name, name, {"train.txt": pin}, (), ())


def tiny_wheel(folder: Path) -> None:
    """A package by the library's name, whose module says that it is there."""
    info = "aigc_lib-9.dist-info"
    about = ["Metadata-Version: 2.1", "Name: aigc-lib", "Version: 9", "Provides-Extra: chapters"]
    files = {
        "aigc_lib.py": "print('the tiny library')\n",
        f"{info}/METADATA": "\n".join([*about, ""]),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(folder / "aigc_lib-9-py3-none-any.whl", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A tiny site, student copies, data of two sets and a package."""
    names = ("mnist", "reuters")
    monkeypatch.setattr(bundle_parts, "datasets", lambda: {n: dataset(n) for n in names})
    monkeypatch.setattr(bundle, "chapters", lambda: notebook.chapters()[:1])
    monkeypatch.setattr(bundle, "ASKED", ("aigc-lib[chapters]",))
    folders = {name: tmp_path / name for name in ("site", "student", "wheels", "data")}
    for folder in (
        *folders.values(),
        folders["data"] / "derived",
        *map(folders["data"].joinpath, names),
    ):
        folder.mkdir()
    (folders["site"] / "index.html").write_text("<h1>The tiny book</h1>")
    (folders["student"] / "01-copy.ipynb").write_text("{}")
    for name in names:
        (folders["data"] / name / "train.txt").write_bytes(CONTENT)
    for name in ("smollm2-1.safetensors", "minilm-reuters-1.safetensors"):
        (folders["data"] / "derived" / name).write_bytes(CONTENT)
    tiny_wheel(folders["wheels"])
    return Plan(**folders)


def unpacked(archive: Path, target: Path) -> Path:
    """The folder of an archive that was unpacked as a reader would do it."""
    subprocess.run([sys.executable, "-m", "zipfile", "-e", archive, target], check=True)
    (folder,) = target.iterdir()
    return folder


def start(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What the script of a bundle does."""
    return subprocess.run(
        [sys.executable, folder / "start.py", *arguments], env=os.environ | environment,
        capture_output=True, encoding="utf8", timeout=120, check=False,
    )  # fmt: skip


def test_every_data_set_is_either_open_or_restricted():
    assert not set(OPEN) & set(RESTRICTED)
    assert {*OPEN, *RESTRICTED} == set(datasets())


def test_what_the_data_page_says_is_not_passed_on_is_restricted():
    page = (ROOT / "book" / "data-and-licences.md").read_text(encoding="utf8")
    rows = [
        row for row in page.split("\n* - ") if re.search(r"(not|no) pass(ed|ing) (it )?on", row)
    ]
    assert len(rows) == len(RESTRICTED)


def test_a_bundle_holds_all_parts_and_a_true_checksum(plan: Plan, tmp_path: Path):
    archive = write(ROOT, plan, tmp_path / "out")
    digest, name = (archive.parent / f"{archive.name}.sha256").read_text().split()
    assert name == archive.name
    assert digest == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert sorted(path.name for path in archive.parent.iterdir()) == [name, f"{name}.sha256"]
    folder = unpacked(archive, tmp_path / "room")
    assert folder.name == archive.stem
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert {p for p in there if not p.startswith("notebooks/")} == {
        "site/index.html", "student/01-copy.ipynb", "wheels/aigc_lib-9-py3-none-any.whl",
        "data/mnist/train.txt", "data/derived/smollm2-1.safetensors", "start.py", "start.sh",
        "READ-ME-FIRST.md", "READ-ME-FIRST.html", "requirements.txt", "constraints.txt",
        "bundle.json", "LICENSE", "LICENSE-TEXT.md",
    }  # fmt: skip
    assert "notebooks/00-are-you-ready.ipynb" in there
    for page in ("READ-ME-FIRST.md", "READ-ME-FIRST.html", "start.sh"):
        text = (folder / page).read_text(encoding="utf8")
        assert not re.search(r"@[A-Z]+@", text)
    assert (
        "aigc prepare movielens reuters finance-words" in (folder / "READ-ME-FIRST.md").read_text()
    )
    assert "<dt><code>student/</code></dt>" in (folder / "READ-ME-FIRST.html").read_text()


def test_restricted_data_come_only_when_asked_for_and_with_a_warning(plan: Plan, tmp_path: Path):
    own = Plan(plan.site, plan.student, plan.wheels, plan.data, restricted=True)
    folder = unpacked(write(ROOT, own, tmp_path / "out"), tmp_path / "room")
    assert (folder / "data" / "reuters" / "train.txt").read_bytes() == CONTENT
    assert (folder / "data" / "derived" / "minilm-reuters-1.safetensors").is_file()
    assert "for your own room only" in (folder / "READ-ME-FIRST.md").read_text()


def test_the_script_installs_without_a_network_and_a_second_time_does_nothing(
    plan: Plan, tmp_path: Path
):
    folder = unpacked(write(ROOT, plan, tmp_path / "out"), tmp_path / "a room 教室")
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_TARGET": str(tmp_path / "elsewhere")}
    done = start(folder, "install", **nowhere)
    assert done.returncode == 0, done.stdout + done.stderr
    python = min((folder / ".venv").glob("[bS]*/python*"))  # bin or Scripts
    said = subprocess.run(
        [python, "-c", "import aigc_lib"], cwd=folder, capture_output=True, text=True, check=True
    )
    assert said.stdout == "the tiny library\n"
    assert not (tmp_path / "elsewhere").exists()
    again = start(folder, "install", **nowhere)
    assert (again.returncode, again.stdout) == (0, "")
    # What was not finished is begun again.
    (folder / ".venv" / "installed").unlink()
    (folder / "wheels" / "aigc_lib-9-py3-none-any.whl").write_text("broken")
    broken = start(folder, "install", **nowhere)
    assert broken.returncode == 1
    assert "could not be installed" in broken.stderr


@pytest.mark.skipif(os.name == "nt", reason="a script of the shell")
def test_the_script_serves_the_site(plan: Plan, tmp_path: Path):
    folder = unpacked(write(ROOT, plan, tmp_path / "out"), tmp_path / "room")
    command = ["sh", folder / "start.sh", "site", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        address = re.search(r"http://localhost:\d+/", server.stdout.readline())[0]
        with urllib.request.urlopen(address.replace("localhost", "127.0.0.1")) as page:
            assert page.read() == b"<h1>The tiny book</h1>"
        server.terminate()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"python": "2.7"}, "for python 2.7"),
        ({"platform": "vax-vms"}, "for platform vax-vms"),
    ],
)
def test_the_script_refuses_another_python(plan: Plan, tmp_path: Path, change: dict, said: str):
    folder = unpacked(write(ROOT, plan, tmp_path / "out"), tmp_path / "room")
    made = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps(made | change))
    done = start(folder, "install")
    assert done.returncode == 1
    assert said in done.stderr
    assert not (folder / ".venv").exists()


def test_without_packages_the_script_says_that_only_the_site_opens(plan: Plan, tmp_path: Path):
    bare = Plan(plan.site, None, None, plan.data)
    folder = unpacked(write(ROOT, bare, tmp_path / "out"), tmp_path / "room")
    assert "only the site opens" in (folder / "READ-ME-FIRST.md").read_text()
    done = start(folder, "run", "06")
    assert done.returncode == 1
    assert "it serves the site only" in done.stderr


def test_what_is_missing_or_damaged_is_told_and_the_old_archive_stays(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    archive = write(ROOT, plan, tmp_path / "out")
    before = archive.read_bytes()

    def refused(words: str) -> None:
        with pytest.raises(BundleError, match=words):
            write(ROOT, plan, tmp_path / "out")
        assert archive.read_bytes() == before
        assert len(list(archive.parent.iterdir())) == 2

    (plan.data / "mnist" / "train.txt").write_bytes(CONTENT[::-1])
    refused("corrupt.*run `aigc prepare mnist` first")
    (plan.data / "mnist" / "train.txt").unlink()
    refused("not there: run `aigc prepare mnist` first")
    monkeypatch.setattr(bundle_parts, "datasets", lambda: {"new": dataset("new")})
    refused("say in tools/bundle_parts.py whether the data set new")
    monkeypatch.setattr(bundle_parts, "datasets", dict)
    free = SimpleNamespace(free=10)
    monkeypatch.setattr(bundle.shutil, "disk_usage", lambda _: free)
    refused("are needed in .* are free")
    (plan.site / "index.html").unlink()
    refused("run `make book` first")


def test_packages_that_are_there_are_not_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[str] = []

    def pip(python: str, *arguments: str, find_links: bool = True) -> None:
        asked.append(arguments[0])
        if arguments[0] == "download":
            (tmp_path / "wheels" / "old-1-py3-none-any.whl").touch()
            (tmp_path / "wheels" / "new-2-py3-none-any.whl").touch()
            if asked.count("download") == 1:
                raise BundleError("the network went away")

    monkeypatch.setattr(bundle_parts, "pip", pip)
    needed = {"new-2-py3-none-any.whl"}
    monkeypatch.setattr(bundle_parts, "resolved", lambda *_: needed)
    with pytest.raises(BundleError, match="went away"):
        bundle_parts.collect_wheels(ROOT, tmp_path / "wheels")
    assert (tmp_path / "wheels" / "new-2-py3-none-any.whl").is_file()  # kept for the next try
    for _ in range(2):
        bundle_parts.collect_wheels(ROOT, tmp_path / "wheels")
    assert asked == ["download", "download", "wheel", "wheel"]
    assert {path.name for path in (tmp_path / "wheels").glob("*.whl")} == needed


def test_a_missing_package_is_found_before_the_class_finds_it(tmp_path: Path, capfd):
    with pytest.raises(BundleError, match="pip install failed"):
        bundle_parts.resolved(ROOT, tmp_path, sys.executable)
    assert "ERROR: Cannot install" in capfd.readouterr().err
