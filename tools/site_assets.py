"""Bring the scripts that the built site needs, so that its readers need no network.

MathJax, RequireJS, the notebook widgets' manager and Mermaid come from the npm registry at pinned
versions, each archive checked against its SHA-512, and only the files that a page loads are
unpacked into ``.cache/site/vendor``. ``_config.yml`` names that folder in ``html_static_path``.

    python -m tools.site_assets
"""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aigc_lib.core.files import move
from aigc_lib.data.packages import npm_pack
from aigc_lib.data.sources import Unavailable

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / ".cache" / "site" / "vendor"


class AssetError(RuntimeError):
    """The site's scripts could not be brought; the message says why and what to do."""


@dataclass(frozen=True)
class Package:
    """One npm package: what to fetch, its SHA-512 in npm's own notation, what to keep."""

    name: str
    version: str
    sha512: str
    folder: str
    strip: str  # the path inside the archive that becomes the folder's root
    keep: str  # a regular expression on the path below `strip`

    @property
    def spec(self) -> str:
        """The name that npm understands, such as ``mathjax@3.2.2``."""
        return f"{self.name}@{self.version}"


PACKAGES = (
    Package(
        "mathjax",
        "3.2.2",
        "Bt+SSVU8eBG27zChVewOicYs7Xsdt40qm4+UpHyX7k0/O9NliPc+x77k1/FEsPsjKPZGJvtRZM1vO+geW0OhGw==",
        folder="mathjax",
        strip="package/es5",
        keep=r"tex-mml-chtml\.js|output/chtml/fonts/woff-v2/.*\.woff|input/tex/extensions/.*\.js"
        r"|a11y/.*\.js|sre/mathmaps/(base|en)\.json",
    ),
    Package(
        "requirejs",
        "2.3.8",
        "7/cTSLOdYkNBNJcDMWf+luFvMriVm7eYxp4BcFCsAX0wF421Vyce5SXP17c+Jd5otXKGNehIonFlyQXSowL6Mw==",
        folder="requirejs",
        strip="package",
        keep=r"require\.js",
    ),
    Package(
        "@jupyter-widgets/html-manager",
        "1.0.15",
        "5thBIV6ymNgmPVOHvzx+gGy8ZSKmSazhtGw4/c4xJDVzRhG9PTeQsRjF3FUTopvFi//SABeNz1yp47bCrJ3CQA==",
        folder="@jupyter-widgets/html-manager/dist",  # the name under which its parts ask for it
        strip="package/dist",
        keep=r"embed-amd\.js|.*\.woff2|.*\.LICENSE\.txt",
    ),
    Package(
        "mermaid",
        "11.17.2",
        "V6K3C8EBdEsPFZXSKMJe6ppQOENxuHARr9GvHX4hh47lAbhMRD9qf4oEK7LoaRQxULMa80/qt5gHO73aCleBBg==",
        folder="mermaid",
        strip="package/dist",
        keep=r"mermaid\.min\.js",
    ),
)


def sha512(content: bytes) -> str:
    """SHA-512 of the bytes, in base64 as npm writes it."""
    return base64.b64encode(hashlib.sha512(content).digest()).decode()


def fetch(package: Package, folder: Path) -> bytes:
    """Download one archive through npm and return its checked bytes."""
    # npm itself verifies an archive against the registry's checksum; ours is against the pin.
    try:
        content = npm_pack(package.spec, folder).read_bytes()
    except (Unavailable, OSError) as error:
        raise AssetError(
            f"{package.spec} could not be fetched from the npm registry. The book's pages need it "
            f"once; connect to the network and run the command again.\n{error}"
        ) from error
    if sha512(content) != package.sha512:
        raise AssetError(
            f"{package.spec} is not the archive that this book was checked with: its SHA-512 is "
            f"{sha512(content)}, expected {package.sha512}. Nothing was installed."
        )
    return content


def unpack(package: Package, archive: Path, folder: Path) -> None:
    """Write the wanted files of one archive, and its licence, below ``folder``."""
    keep = re.compile(package.keep)
    strip = PurePosixPath(package.strip)
    written = 0
    with tarfile.open(archive) as tar:
        for member in tar:
            path = PurePosixPath(member.name)
            if not member.isfile() or ".." in path.parts:
                continue
            if path.parent == PurePosixPath("package") and path.name.startswith("LICENSE"):
                path = strip / path.name
            elif not path.is_relative_to(strip) or not keep.fullmatch(
                path.relative_to(strip).as_posix()
            ):
                continue
            else:
                written += 1
            source = tar.extractfile(member)
            assert source is not None
            target = folder / package.folder / path.relative_to(strip)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read())
    if written == 0:
        raise AssetError(f"{package.spec} holds none of the files that the site needs.")


def ensure(
    target: Path = TARGET,
    packages: Sequence[Package] = PACKAGES,
) -> bool:
    """Make ``target`` hold exactly the pinned files; return whether anything was fetched.

    The folder is filled beside its final place and moved there whole, so an interrupted run
    leaves either the old files or none. Raises AssetError with what to do.
    """
    pins = repr(tuple(packages))
    stamp = target / "pins.txt"
    if stamp.is_file() and stamp.read_text("utf8") == pins:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetching-") as scratch:
        work = Path(scratch)
        ready = work / "vendor"
        for package in packages:
            print(f"fetching {package.spec}", flush=True)
            archive = work / "archive"
            archive.write_bytes(fetch(package, Path(tempfile.mkdtemp(dir=work))))
            unpack(package, archive, ready)
        (ready / "pins.txt").write_text(pins, "utf8")
        if target.exists():
            shutil.rmtree(target)
        move(ready, target)
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
