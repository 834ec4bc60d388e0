"""One archive for a classroom without a network: ``make bundle``.

    python -m tools.bundle [--no-wheels] [--with-restricted]

It holds the site, the chapters, the student copies, the data, the packages for the platform that it
is made on, a script that installs and opens all of it, and a page of instructions. What takes long
is kept in ``_build/bundle`` and not done again: packages that are there are not downloaded again.
The archive is written beside its place and moved there whole, with a file of its checksum.
"""

import hashlib
import json
import shutil
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tyro
import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.deflist import deflist_plugin

from aigc_lib.core.files import put_in_place, write_atomically
from aigc_lib.data.cache import cache_dir
from tools import labs
from tools.bundle_parts import (
    ASKED,
    RESTRICTED,
    BundleError,
    collect_wheels,
    data_files,
    platform,
)
from tools.notebook import ROOT, chapters

BUILD = ROOT / "_build"
SCRIPTS = Path(__file__).parent / "classroom"
STORED = {".whl", ".png", ".jpg", ".gz", ".woff2", ".woff", ".safetensors", ".gguf", ".pdf"}
GIB = 2**30


@dataclass(frozen=True)
class Plan:
    """What goes into a bundle: the folders that others made, and what to leave out."""

    site: Path
    student: Path | None
    wheels: Path | None
    data: Path
    restricted: bool = False


def student_copies(python: Path, folder: Path) -> Path:
    """Student copies of the chapters as they are now, made with nbgrader's Python if they are old.

    Raises:
        BundleError: nbgrader could not make them.
    """
    paths = chapters()
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
    stamp = folder / "made-from.txt"
    if not (stamp.is_file() and stamp.read_text() == digest):
        try:
            found = labs.make(python.absolute(), paths, folder, proof=False)
        except (labs.NbGraderError, OSError) as error:
            found = [str(error)]
        if found:
            raise BundleError("\n".join(found))
        stamp.write_text(digest)
    return folder / "student"


def members(root: Path, plan: Plan) -> Iterator[tuple[Path, str]]:
    """Every file of the bundle that lies somewhere, with its place in it."""
    if not (plan.site / "index.html").is_file():
        raise BundleError(f"there is no built site in {plan.site}: run `make book` first")
    folders = {"site": plan.site, "student": plan.student, "wheels": plan.wheels}
    for name, folder in folders.items():
        for path in sorted(folder.rglob("*")) if folder else []:
            if path.is_file() and path.name != "complete.txt":
                yield path, f"{name}/{path.relative_to(folder).as_posix()}"
    for path in chapters():
        yield path, f"notebooks/{path.name}"
    yield from data_files(plan.data, plan.restricted)
    yield SCRIPTS / "start.py", "start.py"
    for name in ("LICENSE", "LICENSE-TEXT.md", "constraints.txt"):
        yield root / name, name


def instructions(root: Path, plan: Plan, python: str, size: int) -> dict[str, str]:
    """The texts that are written for this bundle, by name."""
    version, machine = platform(python).split()
    left = "\n".join(f"- `{name}`: {why}." for name, why in RESTRICTED.items())
    if plan.restricted:
        told = (
            "**Nothing is left out, so this bundle is for your own room only.** Do not pass it on, "
            f"and do not put it where others can fetch it:\n\n{left}"
        )
    else:
        told = (
            f"Their licences forbid passing them on, so each school fetches them:\n\n{left}\n\n"
            "With a network, once, on one machine (all other chapters run without them):\n\n```\n"
            f"AIGC_CACHE=data .venv/bin/aigc prepare {' '.join(RESTRICTED)}\n```"
        )
    gone = "Not here: this bundle was made without them"
    fill = {
        "TITLE": yaml.safe_load((root / "_config.yml").read_text(encoding="utf8"))["title"],
        "PYTHON": version,
        "PLATFORM": machine,
        "DISK": f"{max(1, round(3 * size / GIB))}",
        "STUDENT": "The chapters to hand out: no solutions, no outputs."
        if plan.student
        else f"{gone}.",
        "WHEELS": "All packages, PyTorch among them."
        if plan.wheels
        else f"{gone}; only the site opens.",
        "DATA": told,
    }
    texts = {}
    for name in ("start.sh", "READ-ME-FIRST.md"):
        text = (SCRIPTS / name).read_text(encoding="utf8")
        for key, value in fill.items():
            text = text.replace(f"@{key}@", value)
        texts[name] = text
    page = MarkdownIt().use(deflist_plugin).render(texts["READ-ME-FIRST.md"])
    style = "body { font: 1rem/1.6 system-ui, sans-serif; margin: 2rem auto; max-width: 46rem; }"
    head = f'<meta charset="utf-8"><title>{fill["TITLE"]}</title><style>{style}</style>'
    texts["READ-ME-FIRST.html"] = (
        f'<!doctype html><html lang="en">{head}<body>{page}</body></html>\n'
    )
    texts["requirements.txt"] = "\n".join([*ASKED, ""])
    texts["bundle.json"] = json.dumps({"python": version, "platform": machine}) + "\n"
    return texts


def write(root: Path, plan: Plan, out: Path, python: str = sys.executable) -> Path:
    """Write the archive into the folder ``out``, and its checksum beside it; returns its path.

    Raises:
        BundleError: something that goes into it is missing; an older archive is left as it was.
        OSError: the disk is full or not writable; the same.
    """
    version = tomllib.loads((root / "pyproject.toml").read_text("utf8"))["project"]["version"]
    name = f"aigc-book-{version}-{'-py'.join(reversed(platform(python).split()))}"
    inside = list(members(root, plan))
    size = sum(path.stat().st_size for path, _ in inside)
    out.mkdir(parents=True, exist_ok=True)
    if (free := shutil.disk_usage(out).free) < size:
        raise BundleError(f"{size / GIB:.1f} GB are needed in {out}, and {free / GIB:.1f} are free")
    with tempfile.TemporaryDirectory(dir=out, prefix=".bundle-") as scratch:
        made = Path(scratch) / f"{name}.zip"
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for path, place in inside:
                stored = path.suffix in STORED
                archive.write(path, f"{name}/{place}", zipfile.ZIP_STORED if stored else None)
            for place, text in instructions(root, plan, python, size).items():
                entry = zipfile.ZipInfo(f"{name}/{place}", (2026, 1, 1, 0, 0, 0))
                entry.external_attr = (0o755 if place == "start.sh" else 0o644) << 16
                archive.writestr(entry, text)
        with made.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        (out / f"{name}.zip.sha256").unlink(
            missing_ok=True
        )  # an old one beside a new archive would lie
        put_in_place(made, out / made.name)
    write_atomically(out / f"{name}.zip.sha256", f"{digest}  {name}.zip\n".encode())
    return out / f"{name}.zip"


def main(
    nbgrader: Path = ROOT / ".venv-labs" / "bin" / "python",
    wheels: bool = True,
    with_restricted: bool = False,
) -> int:
    """Write the classroom bundle.

    Args:
        nbgrader: the Python of nbgrader's environment, which makes the student copies.
        wheels: the packages too; without them the bundle only shows the site.
        with_restricted: also the data that must not be passed on: for a room of your own.
    """
    try:
        if wheels:
            collect_wheels(ROOT, BUILD / "bundle" / "wheels")
        student = student_copies(nbgrader, BUILD / "bundle" / "labs")
        packages = BUILD / "bundle" / "wheels" if wheels else None
        plan = Plan(BUILD / "html", student, packages, cache_dir(), with_restricted)
        archive = write(ROOT, plan, BUILD)
    except (BundleError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{archive} ({archive.stat().st_size / GIB:.1f} GB)")
    return 0


if __name__ == "__main__":
    sys.exit(tyro.cli(main))
