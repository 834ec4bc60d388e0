"""A page and its translation: the units they consist of, and the file that holds the Chinese.

A unit is a Markdown cell of a notebook, the alt text of a figure, or a block of a Markdown page:
what stands between blank lines and holds prose. The translation of a page, such as
``translations/zh/notebooks/00-are-you-ready.md``, holds its units in the same order, each below a
line with the id of its cell (blocks have none) and the hash of its English::

    <!-- how 1a2b3c4d -->
    ## 检查是怎样进行的

Code, outputs and blocks without prose are taken from the English whenever a page is made, so there
is no copy of them. The hash leaves out the timing line, which ``tools.execute`` writes: the
translation has ``<!-- timing -->`` in its place. A translation whose first line is
``<!-- draft -->`` is held to nothing and not published.
"""

import hashlib
import json
import re
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

from aigc_lib.core.words import say
from tools.notebook import TIMING, Cell, Notebook, source
from tools.places import parts

LANGUAGE = "zh"
FOLDER = Path("translations") / LANGUAGE
DRAFT = "<!-- draft -->\n"
HEADER = re.compile(r"^<!-- (?:([\w.-]+) )?([0-9a-f]{8})( todo)? -->\n", re.MULTILINE)
# Directives whose argument is a title; of the others it is a path or a number.
TITLED = r"(?:grid-item-card|tab-item|admonition|dropdown|card|exercise|solution|prf:\w+)"
MARKUP = re.compile(
    rf"^\s*(?::{{3,}}|`{{3,}})(?:\s*$|\{{(?!{TITLED}\}})[^}}]*\}}.*$)|^\s*:(?!alt:)[\w-]+:.*$"
    r"|^\([\w:-]+\)=$|^\|[-:| ]+\|$",
    re.MULTILINE,
)
GENERATED = {  # by tools/index_pages.py, with their titles
    "book/exercises": "All exercises",
    "book/statements": "All statements and their tests",
    "book/names": "Names of the library",
}
TIMED = "<!-- timing -->"


class Unit(NamedTuple):
    """What is translated as one: the id of its cell ("" for a block), and its text."""

    key: str
    text: str

    @property
    def sha(self) -> str:
        """The hash on which the translation hangs."""
        return hashlib.sha256(self.text.strip().encode()).hexdigest()[:8]


class Entry(NamedTuple):
    """A unit in a file of translations: its id, the hash of its English, its Chinese, if done."""

    key: str
    sha: str
    text: str
    todo: bool


def blocks(text: str) -> list[str]:
    """The blocks of a Markdown page; fences are whole, but the entries of a glossary are apart."""
    found: list[list[str]] = [[]]
    fence = ""
    for line in text.splitlines():
        mark = re.match(r"\s*(`{3,})(.*)", line)
        if fence:
            found[-1].append(line)
            fence = "" if line.strip() == fence else fence
        elif not line.strip():
            found.append([])
        elif mark and not mark[2].strip():  # the end of a glossary is no part of its last entry
            found += [[line], []]
        else:
            found[-1].append(line)
            fence = mark[1] if mark and "{glossary}" not in mark[2] else ""
    return ["\n".join(lines) for lines in found if lines]


def is_generated(block: str) -> bool:
    """Whether a block is a table that a command writes again and again: run times and the like."""
    return block.startswith("<!-- generated:") or block.endswith("<!-- end generated -->")


def is_prose(block: str) -> bool:
    """Whether a block holds something to translate: words outside code and markup."""
    if is_generated(block):
        return False
    if re.match(r"\s*`{3,}(?!\{|mermaid)|\s*`{3,}\{(?:code-block|math)\}", block):
        return False
    block = re.sub(r"\$\$.+?\$\$(?:\s*\([\w:-]+\))?", "", block, flags=re.DOTALL)
    return bool(re.search(r"[A-Za-z]{2,}", MARKUP.sub("", block)))


def alt(cell: Cell) -> str:
    """The alt text of a code cell's figure, or none."""
    found: str = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
    return found


def read_page(root: Path, page: str) -> str | Notebook:
    """A page's English: the text of a Markdown page, or a notebook."""
    path = root / f"{page}.md"
    if path.is_file():
        return path.read_text("utf8")
    found: Notebook = json.loads((root / f"{page}.ipynb").read_text("utf8"))
    return found


def units(page: str | Notebook) -> list[Unit]:
    """What is to be translated of a page, in order."""
    if isinstance(page, str):
        return [Unit("", block) for block in blocks(page) if is_prose(block)]
    found = []
    for cell in page["cells"]:
        if cell["cell_type"] == "markdown":
            found.append(Unit(cell["id"], TIMING.sub(TIMED, source(cell)).rstrip()))
        elif text := alt(cell):
            found.append(Unit(f"{cell['id']}.alt", text))
    return found


def read(text: str) -> list[Entry]:
    """The entries of a file of translations.

    Raises:
        ValueError: something stands before the first entry.
    """
    before, *found = HEADER.split(text)
    if before.strip() and before != DRAFT:
        raise ValueError(f"stands before the first entry: {before.strip()[:60]}")
    grouped = zip(*[iter(found)] * 4, strict=True)
    return [Entry(key or "", sha, said.strip("\n"), bool(todo)) for key, sha, todo, said in grouped]


def write(entries: list[Entry]) -> str:
    """The file that holds the entries."""
    heads = [f"{e.key} {e.sha}{' todo' * e.todo}".strip() for e in entries]
    return "\n".join(f"<!-- {h} -->\n{e.text}\n" for h, e in zip(heads, entries, strict=True))


def former(wanted: list[Unit], entries: list[Entry]) -> dict[int, Entry]:
    """The entry that each unit had or has: of the same id, else the same hash or place."""
    keys = {entry.key: entry for entry in entries if entry.key}
    found = {i: keys[unit.key] for i, unit in enumerate(wanted) if unit.key in keys}
    match = SequenceMatcher(None, [e.sha for e in entries], [u.sha for u in wanted], False)
    for kind, first, last, start, end in match.get_opcodes():
        for old, new in zip(range(first, last), range(start, end), strict=False):
            if kind in ("equal", "replace") and not wanted[new].key:
                found[new] = entries[old]
    return found


def renewed(wanted: list[Unit], entries: list[Entry]) -> list[Entry]:
    """The entries brought up to date: what is new or changed is English, marked as to be done."""
    had, by_hash = former(wanted, entries), {(entry.key, entry.sha): entry for entry in entries}
    found = []
    for i, unit in enumerate(wanted):
        old = by_hash.get((unit.key, unit.sha)) or had.get(i)
        if old and old.sha == unit.sha:
            found.append(old)
            continue
        was = f"\n\n<!-- was -->\n{old.text}" if old and not old.todo else ""
        found.append(Entry(unit.key, unit.sha, unit.text + was, True))
    return found


def path_of(root: Path, page: str) -> Path:
    """Where the translation of a page is."""
    return root / FOLDER / f"{page}.md"


def entries(root: Path, page: str) -> list[Entry]:
    """The translation of a page; none if there is no file."""
    path = path_of(root, page)
    return read(path.read_text("utf8")) if path.is_file() else []


def all_pages(root: Path) -> list[str]:
    """All pages of the book that a person wrote, the home page first."""
    found = ["book/index", *(page for _part, pages in parts(root) for page in pages)]
    written = [page for page in found if page not in GENERATED]
    return [p for p in written if any((root / f"{p}.{end}").is_file() for end in ("md", "ipynb"))]


def translated(root: Path) -> list[str]:
    """The pages whose translation is published, in the book's order."""
    files = [(page, path_of(root, page)) for page in all_pages(root)]
    there = [(page, path) for page, path in files if path.is_file()]
    return [page for page, path in there if not path.read_text("utf8").startswith(DRAFT)]


def published(root: Path) -> list[str]:
    """All pages of the Chinese edition: what is translated, and then the lists."""
    done = translated(root)
    chapters = {page for page in all_pages(root) if page.startswith("notebooks/")}
    return [*done, *GENERATED] if chapters and chapters <= set(done) else done


def title(root: Path, page: str) -> str:
    """The title of a page of the Chinese edition."""
    if page in GENERATED:
        return say(GENERATED[page], LANGUAGE)
    return entries(root, page)[0].text.rpartition("# ")[2]
