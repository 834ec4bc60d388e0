"""The Chinese translation: what is done, what is to do, and whether both languages agree.

    python -m tools.translate status         # how much of each page is translated
    python -m tools.translate new PAGE       # write the file to be translated, or renew it
    python -m tools.translate check [PAGE]   # the gate: 1 if a translation is stale or differs

PAGE is a part of the name, such as ``03`` or ``how-to-use``. ``new`` leaves what is valid as it
is. What is new or changed gets the English, below a line that ends in ``todo``, and the former
Chinese below ``<!-- was -->``: write the Chinese in their place, delete ``todo`` and what was, and
in a new file, when it is whole, the first line, ``<!-- draft -->``. From then on the page is held
to its English and published. How to write: ``translations/zh/STYLE.md``.

Strings of the library and the site stand in one catalogue, ``aigc_lib/core/zh.po``, which
``aigc_lib.core.words`` reads; ``AIGC_LANGUAGE=zh`` chooses it when a program runs. What a notebook
printed or drew is shown as it was: it is what came out. Labels of figures and
the lines of ``check`` in Chinese need a run of the chapter with that setting.
"""

import sys
from pathlib import Path
from typing import Literal

import tyro

from tools import chinese, parity
from tools.notebook import ROOT
from tools.translation import (
    DRAFT,
    FOLDER,
    all_pages,
    entries,
    path_of,
    read_page,
    renewed,
    translated,
    units,
    write,
)  # fmt: skip


def status(root: Path) -> list[str]:
    """A line for each page: how many of its units are translated, and whether it is published."""
    published, lines = translated(root), []
    for page in all_pages(root):
        wanted = units(read_page(root, page))
        done = {(e.key, e.sha) for e in entries(root, page) if not e.todo}
        count = sum((unit.key, unit.sha) in done for unit in wanted)
        state = "published" if page in published else "draft" if count else ""
        lines.append(f"{page:44} {count:4} of {len(wanted):4}  {state}".rstrip())
    return lines


def new(root: Path, page: str) -> str:
    """Write a page's file, or bring it up to date; returns a sentence about it."""
    path = path_of(root, page)
    first = DRAFT if not path.is_file() or path.read_text("utf8").startswith(DRAFT) else ""
    found = renewed(units(read_page(root, page)), entries(root, page))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(first + write(found), "utf8")
    todo = sum(entry.todo for entry in found)
    return f"{path.relative_to(root)}: {todo} of {len(found)} are to be translated"


def check(root: Path, pages: list[str]) -> list[str]:
    """What is wrong with the translations of these pages."""
    words = parity.glossary((root / "book" / "glossary.md").read_text("utf8"))
    found = []
    for page in pages:
        try:
            done = entries(root, page)
        except ValueError as error:
            found.append(f"{page}: {error}")
            continue
        wrong = list(parity.faults(units(read_page(root, page)), done, words))
        for entry in (entry for entry in done if not entry.todo):
            name = entry.key or repr(entry.text[:20])
            wrong += [f"{name}: {slip}" for slip in chinese.problems(entry.text)]
        found += [f"{page}: {each}" for each in wrong]
    known = set(all_pages(root))
    for path in sorted((root / FOLDER).glob("*/*.md")):
        if (page := path.relative_to(root / FOLDER).with_suffix("").as_posix()) not in known:
            found.append(f"{page}: there is no such page in the book")
    return found


def main(
    command: tyro.conf.Positional[Literal["status", "new", "check"]],
    page: tyro.conf.Positional[str] = "",
) -> int:
    """Tell how far the translation is, write what is to be translated, or check it.

    Args:
        command: what to do.
        page: a part of the page's name.
    """
    pages = [each for each in all_pages(ROOT) if page in each]
    if not pages:
        print(f"no page of the book is called {page!r}", file=sys.stderr)
        return 1
    if command == "status":
        print("\n".join(status(ROOT)))
        return 0
    if command == "new":
        if not page or len(pages) > 1:
            print(f"which page? {', '.join(pages)}", file=sys.stderr)
            return 1
        print(new(ROOT, pages[0]))
        return 0
    found = check(ROOT, pages if page else translated(ROOT))
    print("\n".join(found) or f"{len(pages if page else translated(ROOT))} pages: no problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(tyro.cli(main))
