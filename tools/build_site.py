"""Build the site into ``_build/html``, the Chinese one within it, and say how to open it.

    python -m tools.build_site

Warnings are errors: a broken link, an unknown label or a malformed notebook stops the build.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from tools import index_pages, live_models, site_assets, zh_site
from tools.finish_site import finish
from tools.notebook import ROOT

ZH = "_build/zh-src"  # the sources of the Chinese site, which are made from translations/zh


def command(root: Path) -> list[str]:
    """The command that builds the book at ``root`` with warnings as errors."""
    jupyter_book = "import sys; from jupyter_book.cli.main import main; sys.exit(main())"
    options = ["-W", "-n", "--keep-going"]
    return [sys.executable, "-c", jupyter_book, "build", str(root), *options]


def build(root: Path) -> int:
    """Build the book at ``root`` from nothing; return Jupyter Book's exit status."""
    # Kept pages would hide that their source is gone, and kept doctrees would hide the
    # warnings of an earlier run.
    for old in ("html", ".doctrees"):
        shutil.rmtree(root / "_build" / old, ignore_errors=True)
    status = subprocess.run(command(root), check=False).returncode
    html = root / "_build" / "html"
    if status == 0 and not (html / "index.html").is_file():
        print("error: the build wrote no index.html", file=sys.stderr)
        status = 1
    if status == 0:
        finish(root, html)
        status = zh_site.build(root, command(root / ZH), root / ZH)
        (html / ".nojekyll").touch()  # GitHub Pages drops folders named _static without it
    return status


def main() -> int:
    """Command line entry."""
    index_pages.write(ROOT)
    status = site_assets.main() or live_models.main() or build(ROOT)
    if status:
        print("The site was not built; the messages above say why.", file=sys.stderr)
        return status
    print(f"\nThe book is built: {ROOT / '_build' / 'html' / 'index.html'}")
    print("To read it with everything working, diagrams included, serve the folder:\n")
    print("    python -m http.server --directory _build/html 8000\n")
    print("and open http://localhost:8000/ (no network is needed).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
