"""Packages and data of the classroom bundle: what goes in, and what must not."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from aigc_lib.data.cache import fault
from aigc_lib.data.registry import datasets

# What a class needs beyond the library and its chapters' packages.
TOOLS = ("jupyterlab", "ipykernel")
ASKED = ("aigc-lib[chapters]", *TOOLS)  # what the bundle's script asks pip for
# Whose licences let everybody pass them on (book/data-and-licences.md has them), and whose do not.
OPEN = (
    "mnist", "fashion-mnist", "shakespeare", "directions", "kinds", "tang", "emoji", "emoji-words",
    "construction-faq", "home-intents", "minilm", "smollm2",
    "bikes",
)  # fmt: skip
RESTRICTED = {
    "movielens": "GroupLens's terms forbid passing the ratings on without permission (chapter 17)",
    "reuters": "the reports are for research only, copyright of Reuters Ltd. (chapter 16)",
    "finance-words": "the word lists are free for academic use, not to be passed on (chapter 16)",
    "essen": "songs for non-commercial use, permitted to music21 alone (chapters 19 and 1)",
}
# What the chapters compute from open data; the rest of ``derived`` may come from the restricted.
DERIVED = ("minilm-faq", "minilm-intents", "minilm-shop", "smollm2")


class BundleError(RuntimeError):
    """The bundle could not be made; the message says why and what to do."""


def wanted(root: Path) -> list[str]:
    """What pip is asked for: what the library and the chapters need, and JupyterLab."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf8"))["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["chapters"], *TOOLS]


def collect_wheels(root: Path, folder: Path, python: str = sys.executable) -> None:
    """Fill ``folder`` with the packages for this platform, and the library's own.

    Raises:
        BundleError: pip could not; what it brought is kept for the next try.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pins = (root / "constraints.txt").read_text(encoding="utf8")
    stamp = "\n".join([platform(python), *wanted(root), pins])
    done = folder / "complete.txt"
    if not (done.is_file() and done.read_text(encoding="utf8") == stamp):
        done.unlink(missing_ok=True)
        pip(python, "download", "--quiet", "--only-binary=:all:", "--dest", str(folder),
            "--constraint", str(root / "constraints.txt"), *wanted(root))  # fmt: skip
        done.write_text(stamp, encoding="utf8")
    for old in folder.glob("aigc_lib-*.whl"):
        old.unlink()
    with tempfile.TemporaryDirectory() as scratch:  # building leaves files behind: build a copy
        copy = Path(scratch) / "library"
        copy.mkdir()
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copyfile(root / name, copy / name)
        shutil.copytree(root / "aigc_lib", copy / "aigc_lib")
        pip(python, "wheel", "--quiet", "--no-deps", "--no-build-isolation",
            "--wheel-dir", str(folder), str(copy))  # fmt: skip
    needed = resolved(root, folder, python)
    for old in folder.glob("*.whl"):
        if old.name not in needed:
            old.unlink()


def resolved(root: Path, folder: Path, python: str) -> set[str]:
    """The files of ``folder`` that an installation takes: a rehearsal, without the network.

    Raises:
        BundleError: something is missing.
    """
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        rehearsal = ["--quiet", "--dry-run", "--ignore-installed", "--report", str(report)]
        places = ["--no-index", "--find-links", str(folder)]
        pins = ["--constraint", str(root / "constraints.txt")]
        pip(python, "install", *rehearsal, *places, *pins, *ASKED, find_links=False)
        told = json.loads(report.read_text(encoding="utf8"))["install"]
    return {unquote(each["download_info"]["url"].rsplit("/", 1)[1]) for each in told}


def pip(python: str, *arguments: str, find_links: bool = True) -> None:
    """Run pip, without the reader's own places of packages if not ``find_links``."""
    environment = dict(os.environ)
    if not find_links:
        environment.pop("PIP_FIND_LINKS", None)
        environment["PIP_CONFIG_FILE"] = os.devnull
    if subprocess.run([python, "-m", "pip", *arguments], env=environment, check=False).returncode:
        raise BundleError(
            f"pip {arguments[0]} failed; its lines above say why. The packages need the network "
            "once, and those that are there are kept: run the command again."
        )


def platform(python: str) -> str:
    """Version and platform of a Python, as ``start.py`` compares them."""
    code = "import sys, sysconfig as s; print('{}.{}'.format(*sys.version_info), s.get_platform())"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def data_files(data: Path, restricted: bool) -> Iterator[tuple[Path, str]]:
    """The files of the data sets that may be passed on, checked, with their places in the bundle.

    Raises:
        BundleError: one is missing or damaged, or nothing says whether it may be passed on.
    """
    for name, each in datasets().items():
        if name not in OPEN and name not in RESTRICTED:
            raise BundleError(
                f"say in tools/bundle_parts.py whether the data set {name} may be passed on"
            )
        if name in RESTRICTED and not restricted:
            continue
        for file, pin in each.files.items():
            path = data / each.folder / file
            if wrong := fault(path, pin):
                raise BundleError(f"{path} {wrong}: run `aigc prepare {name}` first")
            yield path, f"data/{each.folder}/{file}"
    for path in sorted((data / "derived").glob("*")):
        if restricted or path.name.startswith(DERIVED):
            yield path, f"data/derived/{path.name}"
