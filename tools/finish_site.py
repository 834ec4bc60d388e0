"""Finish the built pages: lighter, steady while they load, and with their place in the book.

    python -m tools.finish_site FOLDER   # the HTML of a book that Jupyter Book has just built

Widgets become plain HTML (``tools/plain_widgets.py``), icons the few drawings that are used,
pictures get their size and are loaded when they come near; the search's index is left to the
search page. Each page says where it stands (``tools/places.py``), and leads to the same place in
the other language (``tools/language_switch.py``).
"""

import re
import sys
from functools import cache
from pathlib import Path

from PIL import Image

from tools import plain_widgets
from tools.language_switch import BOOK, switch
from tools.notebook import ROOT
from tools.places import line, places, titles
from tools.translation import published, title

ICON = re.compile(r'<i class="([^"]*\bfa-[^"]*)"></i>')
ICON_SCRIPT = re.compile(r'<script[^>]* src="[^"]*/fontawesome\.js[^"]*"></script>\s*')
SEARCH_SCRIPT = re.compile(
    r'<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>\s*'
)
PICTURE = re.compile(r"<img\b[^>]*>")
FORMULA = re.compile(r'<span class="math ([^"]*)">(\\\(.*?\\\))</span>', re.DOTALL)
SIZES = {"fa-lg", "fa-solid", "fa-brands", "fa-regular"}


@cache
def drawings(script: str) -> dict[str, list[tuple[str, str, str]]]:
    """Every icon of Font Awesome's script: its name, and each style's width, height and path."""
    entry = r'[{,]"?([\w-]+)"?:\[(\d+),(\d+),\[[^\]]*\],"[0-9a-f]+","([^"]+)"\]'
    found: dict[str, list[tuple[str, str, str]]] = {}
    for name, width, height, path in re.findall(entry, script):
        found.setdefault(name, []).append((width, height, path))
    return found


def icon(classes: str, script: str) -> str:
    """An icon as a drawing in the page, which the script would have put there."""
    names = [c for c in classes.split() if c.startswith("fa-") and c not in SIZES]
    # Where an icon has an outlined and a solid form, the script has the solid one last.
    width, height, path = drawings(script)[names[0].removeprefix("fa-")][-1]
    kept = " ".join(["svg-inline--fa", *classes.split()])
    box = f'viewBox="0 0 {width} {height}" aria-hidden="true" focusable="false"'
    return f'<svg class="{kept}" {box}><path fill="currentColor" d="{path}"></path></svg>'


def sized(tag: str, folder: Path) -> str:
    """An ``<img>`` with its size, so that nothing moves when it comes, and loaded when near."""
    address = re.search(r'\bsrc="([^"]+)"', tag)
    if not address or ":" in address[1] or " loading=" in tag:
        return tag
    more = ' loading="lazy"'
    file = folder / address[1].split("?")[0]
    if not file.is_file():
        return tag  # the check of the links reports it
    if file.suffix.lower() in (".png", ".jpg", ".jpeg", ".gif") and " height=" not in tag:
        with Image.open(file) as picture:
            width, height = picture.size
        if given := re.search(r'\bwidth="(\d+)"', tag):
            more += f' height="{round(height * int(given[1]) / width)}"'
        else:
            more += f' width="{width}" height="{height}"'
    return re.sub(r"\s*/?>$", f"{more}>", tag)


def measured(formula: re.Match[str]) -> str:
    """A formula in a line of text, with about the number of characters that it will show."""
    classes, tex = formula.groups()
    shown = re.sub(r"&\w+;|\\(?:[a-zA-Z]+|.)", "x", tex[2:-2])  # a command draws one, more or less
    glyphs = len(re.sub(r"[{}_^\s]", "", shown))
    return f'<span class="math {classes}" style="--glyphs: {glyphs}">{tex}</span>'


def finish(root: Path, html: Path, language: str = "en") -> None:
    """Finish the pages in ``html``, built from the book at ``root`` in a language.

    Raises:
        ValueError: a widget that has no plain form.
        KeyError: an icon that the theme's script does not hold.
    """
    known, names, done = places(root), titles(root), published(root)
    if language != "en":
        names |= {page: title(root, page) for page in done}
    script = (html / "_static" / "scripts" / "fontawesome.js").read_text("utf8")
    pictures = html / "_images"

    def save(name: str, content: bytes) -> str:
        pictures.mkdir(exist_ok=True)
        (pictures / name).write_bytes(content)
        return f"{up}_images/{name}"

    for path in sorted(html.rglob("*.html")):
        address = path.relative_to(html)
        if address.parts[0] == "_static":
            continue
        up = "../" * (len(address.parts) - 1)
        page = plain_widgets.replace(path.read_text("utf8"), save)
        page = ICON_SCRIPT.sub("", ICON.sub(lambda found: icon(found[1], script), page))
        if address.name != "search.html":
            page = SEARCH_SCRIPT.sub("", page)
        page = PICTURE.sub(lambda found, folder=path.parent: sized(found[0], folder), page)
        page = FORMULA.sub(measured, page)
        name = address.with_suffix("").as_posix()
        if name in known:
            head, article, rest = page.partition('<article class="bd-article">')
            before, end, after = rest.partition("</h1>")
            where = line(name, known[name], names, language, BOOK if language != "en" else "")
            page = head + article + before + end + where + after
        if done:
            page = switch(page, name, language, same=name in [*done, "search", "genindex"])
        path.write_text(page, "utf8")


if __name__ == "__main__":
    finish(ROOT, Path(sys.argv[1]))
