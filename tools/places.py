"""Where each page stands in the book: its part, what it builds on, what comes next.

The order is that of ``_toc.yml``; what a chapter builds on, and its short name, are those of the
diagram in ``book/learning-paths.md``, which a test compares with what the chapters say they need.
"""

import json
import os
import re
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from aigc_lib.core.words import say
from tools.notebook import markdown_cells, source

PATHS = "book/learning-paths"


class Place(NamedTuple):
    """A page's part and its number there; the pages before, after, and easier after it."""

    part: str
    number: int
    of: int
    next: str | None
    needs: tuple[str, ...]
    opens: tuple[str, ...]


def graph(text: str) -> tuple[dict[int, str], dict[int, set[str]]]:
    """The diagram in the text of the learning paths.

    Returns:
        The short name of each chapter, by number; and the origins of the arrows that end there:
        ``"C4"`` for chapter 4, ``"T"`` for the self-test.
    """
    _, _, rest = text.partition("```mermaid")
    drawn = rest.partition("```")[0]
    names = {int(n): name for n, name in re.findall(r'\bC(\d+)\["\d+ ([^"]+)"\]', drawn)}
    needs: dict[int, set[str]] = {}
    for origin, target in re.findall(r"\b(\w+)(?:\[[^]]*\])? --> C(\d+)", drawn):
        needs.setdefault(int(target), set()).add(origin)
    return names, needs


def parts(root: Path) -> list[tuple[str, list[str]]]:
    """The book's parts with their pages, from the table of contents."""
    toc: dict[str, Any] = yaml.safe_load((root / "_toc.yml").read_text("utf8"))
    groups = toc.get("parts") or [toc]
    return [
        (group.get("caption", ""), [page["file"] for page in group.get("chapters", [])])
        for group in groups
    ]


def places(root: Path) -> dict[str, Place]:
    """The place of each page of the book at ``root``, by its file name without suffix."""
    groups = parts(root)
    order = [page for _, pages in groups for page in pages]
    after = dict(pairwise(order))
    chapters = {int(m[1]): page for page in order if (m := re.match(r"notebooks/(\d\d)-", page))}
    paths = root / f"{PATHS}.md"
    _, arrows = graph(paths.read_text("utf8")) if paths.is_file() else ({}, {})
    drawn = {
        target: sorted(0 if origin == "T" else int(origin[1:]) for origin in origins)
        for target, origins in arrows.items()
    }
    found = {}
    for part, pages in groups:
        for number, page in enumerate(pages, 1):
            here = next((n for n, name in chapters.items() if name == page), None)
            needs = tuple(chapters[n] for n in drawn.get(here, []) if n in chapters)
            opens = tuple(chapters[n] for n in sorted(drawn) if here in drawn[n] and n in chapters)
            found[page] = Place(part, number, len(pages), after.get(page), needs, opens)
    return found


def titles(root: Path) -> dict[str, str]:
    """What to call each page in a few words: a chapter's number and short name, else its title."""
    paths = root / f"{PATHS}.md"
    names, _ = graph(paths.read_text("utf8")) if paths.is_file() else ({}, {})
    found = {}
    for _, pages in parts(root):
        for page in pages:
            number = re.match(r"notebooks/(\d\d)-", page)
            if number and int(number[1]) in names:
                found[page] = f"{int(number[1])}, {names[int(number[1])]}"
                continue
            if (root / f"{page}.md").is_file():
                text = (root / f"{page}.md").read_text("utf8")
            else:
                notebook = json.loads((root / f"{page}.ipynb").read_text("utf8"))
                text = source(markdown_cells(notebook)[0][1])
            title = re.search(r"^# (.+)$", text, re.MULTILINE)
            found[page] = title[1] if title else page
    return found


def line(
    page: str, place: Place, names: dict[str, str], language: str = "en", book: str = ""
) -> str:
    """The line below a page's title, as HTML; links begin with ``book``, else with the way up."""

    def link(other: str) -> str:
        address = os.path.relpath(f"{other}.html", Path(page).parent).replace(os.sep, "/")
        return f'<a href="{f"{book}{other}.html" if book else address}">{escape(names[other])}</a>'

    kind = "chapter" if page.startswith("notebooks/") and "00-" not in page else "page"
    facts = [f"{escape(say(place.part, language))}, {kind} {place.number} of {place.of}"]
    if place.needs:
        facts.append("easier after " + "; ".join(map(link, place.needs)))
    if place.next:
        facts.append(f"next: {link(place.next)}")
    if place.opens:
        facts.append("leads to " + "; ".join(map(link, place.opens)))
    inside = "".join(f"<span>{say(fact, language)}</span> " for fact in facts)
    label = say("Place in the book", language)
    return f'<nav class="place" aria-label="{label}"><p>{inside}</p></nav>'
