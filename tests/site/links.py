"""Links, anchors and resources of built pages, checked without a browser or a network."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

# What the browser loads by itself when it opens a page; everything else is followed by a click.
LOADED = {
    ("script", "src"), ("img", "src"), ("source", "src"), ("source", "srcset"), ("video", "src"),
    ("video", "poster"), ("audio", "src"), ("iframe", "src"), ("embed", "src"), ("object", "data"),
    ("track", "src"), ("image", "href"), ("use", "href"),
}  # fmt: skip
LOADED_RELATIONS = {"stylesheet", "icon", "preload", "modulepreload", "manifest", "prefetch"}
# Buttons that open an address of another site in a form the checker need not understand.
SCHEMES = {"mailto", "data", "javascript"}


class Reference(NamedTuple):
    """An address on a page, and whether the browser loads it without being asked."""

    address: str
    loaded: bool


class Page(HTMLParser):
    """What one page refers to and which anchors it offers."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.references: list[Reference] = []
        self.anchors: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value is not None}
        self.anchors.update(given[name] for name in ("id", "name") if name in given)
        if tag == "link" and "href" in given:
            relations = set(given.get("rel", "").lower().split())
            self._add(given["href"], loaded=bool(relations & LOADED_RELATIONS))
        for name in ("href", "src", "srcset", "data", "poster", "xlink:href"):
            if tag == "link" or name not in given:
                continue
            key = (tag, name.removeprefix("xlink:"))
            if key in LOADED:
                for part in given[name].split(",") if name == "srcset" else [given[name]]:
                    self._add(part.split()[0] if name == "srcset" else part, loaded=True)
            elif tag in ("a", "area"):
                self._add(given[name], loaded=False)

    def _add(self, address: str, loaded: bool) -> None:
        self.references.append(Reference(address.strip(), loaded))


def pages(root: Path) -> list[Path]:
    """All pages of a site, sorted; the theme's fragments below _static are none."""
    return sorted(p for p in root.rglob("*.html") if "_static" not in p.relative_to(root).parts)


def loaded_by_style(sheet: str) -> list[str]:
    """What a style sheet loads: the addresses of its imports, fonts and pictures."""
    plain = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    found = re.findall(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""", plain)
    return [first or second for first, second in found]


def problems(root: Path) -> list[str]:
    """Every broken or outside reference of the site at ``root``, one line each."""
    parsed = {page.resolve(): Page(page.read_text("utf8")) for page in pages(root)}
    found = []
    for path, page in parsed.items():
        where = path.relative_to(root.resolve()).as_posix()
        for reference in dict.fromkeys(page.references):
            if fault := _fault(reference, path, root.resolve(), parsed):
                found.append(f"{where}: {reference.address!r} {fault}")
    return found


def _fault(reference: Reference, path: Path, root: Path, parsed: dict[Path, Page]) -> str:
    """What is wrong with one reference of the page at ``path``, or an empty string."""
    url = urlsplit(reference.address)
    if url.scheme in SCHEMES:
        return ""
    if url.scheme or url.netloc:
        if reference.loaded:
            return "is loaded from outside the site"
        return "" if url.scheme == "https" else "leads outside and is not https"
    if url.path.startswith("/"):
        return "is absolute: it breaks where the site is served below a folder"
    target = (path.parent / unquote(url.path)).resolve() if url.path else path
    if target.is_dir():
        target = target / "index.html"
    if not target.is_relative_to(root) or not target.is_file():
        return "does not exist"
    if url.fragment and target in parsed and not reference.loaded:
        anchors = parsed[target].anchors
        if url.fragment not in anchors and unquote(url.fragment) not in anchors:
            return "has no such anchor"
    return ""
