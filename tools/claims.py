"""Write ``book/claims.md``, the ledger of the source article's claims, from ``book/claims.json``.

    python -m tools.claims           # check the evidence, rewrite the page
    python -m tools.claims --check   # exit 1 if evidence is missing or the page is stale

A claim has an id, the article's section, the claim in our words, a verdict, a note, and evidence,
a list of ``{"cell": "CHAPTER/CELL-ID"}``, ``{"test": "FILE"}``, ``{"cite": "KEY"}`` and
``{"errata": "ANCHOR"}``.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from aigc_lib.core.files import write_atomically
from tools.notebook import ROOT

LEDGER = ROOT / "book" / "claims.json"
PAGE = ROOT / "book" / "claims.md"
MEASURED, SUPPORTED = "measured here", "supported by a reference"
VERDICTS = {
    MEASURED: "a cell of this book shows it, with the limits in the note",
    SUPPORTED: "others have shown it; we cite them",
    "overstated": "something is right, but less than is claimed",
    "wrong": "the opposite is shown or proved",
}
HEAD = """# The article's claims, one by one

The source article claims a good deal in passing. This page goes through it in order, and says of
each claim what became of it. Mistakes in mathematics and code have a page of their own, [where the
source article goes wrong](errata.md). The claims stand here in our words.
"""


class Place(NamedTuple):
    """Where a cell stands: its chapter's file name, the title of its section, the anchor there."""

    chapter: str
    section: str
    anchor: str
    executed: bool


def cells(folder: Path) -> dict[str, Place]:
    """Every code cell of the chapters, as ``CHAPTER/CELL-ID``."""
    found = {}
    for path in sorted(folder.glob("*.ipynb")):
        section = anchor = ""
        for cell in json.loads(path.read_text(encoding="utf8"))["cells"]:
            text = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                for match in re.finditer(r"^(?:\(([\w-]+)\)=\n)?#{1,3} (.+)$", text, re.MULTILINE):
                    anchor, section = match[1] or "", match[2]
            else:
                place = Place(path.stem, section, anchor, bool(cell["outputs"]))
                found[f"{path.stem}/{cell['id']}"] = place
    return found


class Book(NamedTuple):
    """What evidence may point at."""

    cells: Mapping[str, Place]
    keys: frozenset[str]
    errata: Mapping[str, str]
    root: Path


def read_book(root: Path = ROOT) -> Book:
    """The cells, references with a persistent address, errata and tests of the book."""
    entries = re.split(r"\n(?=@)", (root / "book" / "references.bib").read_text(encoding="utf8"))
    lasting = [e for e in entries if re.search(r"^\s*(doi|eprint|url)\s*=", e, re.MULTILINE)]
    keys = {key[1] for e in lasting if (key := re.match(r"@\w+\{([^,]+),", e.strip()))}
    errata = (root / "book" / "errata.md").read_text(encoding="utf8")
    titles = dict(re.findall(r"^\((errata-[\w-]+)\)=\n#+ (.+)$", errata, re.MULTILINE))
    return Book(cells(root / "notebooks"), frozenset(keys), titles, root)


def faults(claims: Sequence[Mapping[str, Any]], book: Book) -> list[str]:
    """What is wrong: unknown verdicts, evidence that is missing or leads nowhere."""
    ids = Counter(claim["id"] for claim in claims)
    found = [f"{name}: {n} claims have this id" for name, n in ids.items() if n > 1]
    for claim in claims:
        name, verdict = claim["id"], claim["verdict"]
        if verdict not in VERDICTS:
            found.append(f"{name}: unknown verdict {verdict!r}")
        kinds = set()
        for item in claim["evidence"]:
            ((kind, what),) = item.items()
            kinds.add(kind)
            place = book.cells.get(what)
            good = {
                "cell": place is not None and place.executed,
                "test": (book.root / what).is_file(),
                "cite": what in book.keys,
                "errata": what in book.errata,
            }.get(kind)
            if not good:
                found.append(f"{name}: the {kind} {what!r} is not there or shows nothing")
        if verdict == MEASURED and "cell" not in kinds:
            found.append(f"{name}: measured, but no cell shows it")
        if verdict == SUPPORTED and "cite" not in kinds:
            found.append(f"{name}: supported, but nothing is cited")
        if not kinds:
            found.append(f"{name}: no evidence")
    return found


def link(item: Mapping[str, str], book: Book) -> str:
    """One piece of evidence in MyST."""
    ((kind, what),) = item.items()
    if kind == "cell":
        place = book.cells[what]
        number = int(place.chapter.split("-")[0])
        target = f"#{place.anchor}" if place.anchor else f"../notebooks/{place.chapter}.ipynb"
        return f"chapter {number}, [{place.section}]({target})"
    if kind == "errata":
        return f"errata, [{book.errata[what]}](#{what})"
    return f"{{cite:t}}`{what}`" if kind == "cite" else f"`{what}`"


def render(claims: Sequence[Mapping[str, Any]], book: Book) -> str:
    """The whole page."""
    count = Counter(claim["verdict"] for claim in claims)
    lines = [HEAD, f"There are {len(claims)} claims.\n"]
    lines += [f"{name.capitalize()}: {count[name]}\n: {VERDICTS[name]}.\n" for name in VERDICTS]
    part = ""
    for claim in claims:
        first = claim["section"].split(",")[0].split(".")[0]
        if first != part:
            part = first
            lines.append(f"## Section {part}\n")
        lines.append(f"(claim-{claim['id']})=\n**{claim['section']}.** {claim['claim']}\n")
        links = "; ".join(dict.fromkeys(link(item, book) for item in claim["evidence"]))
        lines.append(f"> **{claim['verdict'].capitalize()}.** {claim['note']} See {links}.\n")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line entry: 1 if evidence is missing, or with --check if the page is stale."""
    check = "--check" in (sys.argv[1:] if arguments is None else arguments)
    claims, book = json.loads(LEDGER.read_text(encoding="utf8")), read_book()
    found = faults(claims, book)
    if not found:
        page = render(claims, book)
        if not check:
            write_atomically(PAGE, page.encode())
        elif not PAGE.is_file() or PAGE.read_text(encoding="utf8") != page:
            found = [f"{PAGE.name} is not what {LEDGER.name} says: run python -m tools.claims"]
    for fault in found:
        print(fault, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
