"""A small book with the settings of ours, for tests of what is made from a site."""

import shutil
from pathlib import Path

from tools import site_assets
from tools.notebook import ROOT


def book(root: Path, pages: dict[str, str]) -> Path:
    """A small book with the settings of ours and these pages: Markdown, or a notebook's JSON."""
    site_assets.ensure()
    for name in ("_config.yml", "book/_assets", "book/references.bib", ".cache/site"):
        source, target = ROOT / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, target)
    (root / "pages").mkdir()
    glossary = "# Home\n\n```{glossary}\nword\n  A word.\n```\n\n```{bibliography}\n```\n"
    (root / "pages" / "index.md").write_text(glossary, "utf8")
    for name, content in pages.items():
        if content.startswith('{"cells"'):
            (root / "pages" / f"{name}.ipynb").write_text(content, "utf8")
        else:
            (root / "pages" / f"{name}.md").write_text(f"# {name}\n\n{content}\n", "utf8")
    chapters = "".join(f"  - file: pages/{name}\n" for name in pages)
    (root / "_toc.yml").write_text(
        f"format: jb-book\nroot: pages/index\nchapters:\n{chapters}", "utf8"
    )
    return root
