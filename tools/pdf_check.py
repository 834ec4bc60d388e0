"""What is wrong with a printed book: bookmarks, text, fonts, links, empty pages."""

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urldefrag, urljoin

from playwright.sync_api import Browser
from pypdf import PageObject, PdfReader
from pypdf.generic import DictionaryObject


class Expected(NamedTuple):
    """What the PDF of a book must hold.

    Attributes:
        words: what its text layer must give back.
        sheets: the fewest and the most for each page of the site, on average.
    """

    words: tuple[str, ...]
    sheets: tuple[float, float]


# The last word is a formula of chapter 6.
WORDS = ("discriminator", "Worked solutions", "生成对抗网络", "softplus(−ℓ)")
BOOK = Expected(WORDS, sheets=(10, 40))
BOOKS = {
    "en": BOOK,
    "zh": Expected(("判别器", "参考解答", "生成对抗网络", "softplus(−ℓ)"), (8, 40)),
}
# What a page of the site says and paper must not: bounds of checks, buttons, broken formulas.
UNWANTED = ("(must lie between", "Show code cell source", "Copy to clipboard", "Math input error")

# Whatever no font has is drawn as one and the same box, so that two characters look alike.
SAME_GLYPH = """() => {
  const draw = text => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 60, height: 60 });
    const ink = canvas.getContext("2d");
    ink.font = "40px " + getComputedStyle(document.body).fontFamily;
    ink.fillText(text, 5, 45);
    return canvas.toDataURL();
  };
  return draw("判") === draw("别");
}"""


class BookError(RuntimeError):
    """The book could not be made; the message says why and what to do."""


def check_fonts(browser: Browser) -> None:
    """Raise BookError if this machine has no font with Chinese glyphs."""
    page = browser.new_page()
    missing = page.evaluate(SAME_GLYPH)
    page.close()
    if missing:
        raise BookError(
            "this machine has no font with Chinese glyphs, so that they would be printed as boxes. "
            "Install one, for instance Debian's fonts-noto-cjk, and run the command again."
        )


def hrefs(page: str) -> list[str]:
    """The addresses to which the links of an HTML page lead."""
    return [html.unescape(each) for each in re.findall(r"""<a\s[^>]*?href="([^"]*)\"""", page)]


def wanted_anchors(site: Path, pages: Sequence[str]) -> dict[str, set[str]]:
    """The ids of each page that the others lead to."""
    found: dict[str, set[str]] = {address: set() for address in pages}
    for address in pages:
        for href in hrefs((site / address).read_text(encoding="utf8")):
            target, anchor = urldefrag(urljoin(address, href))
            if anchor and target in found and target != address:
                found[target].add(unquote(anchor))
    return found


def faults(path: Path, chapters: Sequence[str], expected: Expected = BOOK) -> list[str]:
    """All that is wrong with the PDF of a book with these chapters; empty when nothing is."""
    reader = PdfReader(path)
    texts = [read(page) for page in reader.pages]
    text = "\n".join(texts)
    plain = re.sub(r"\s+", "", text)  # a word may be broken over lines
    found = [
        f"the text has no {word!r}" for word in expected.words if word.replace(" ", "") not in plain
    ]
    found += [f"the text has {word!r}" for word in UNWANTED if word.replace(" ", "") in plain]
    if radicals := sorted(set(re.findall(r"[\u2E80-\u2FDF]", text))):
        found.append(f"the text has radicals in place of characters: {' '.join(radicals)}")
    few, many = (round(n * len(chapters)) for n in expected.sheets)
    if not few <= len(texts) <= many:
        found.append(f"{len(texts)} sheets, expected are {few} to {many}")
    found += bookmarks(reader, texts, chapters)
    for number, page in enumerate(reader.pages, 1):
        found += [f"sheet {number}: {fault}" for fault in sheet(page, texts[number - 1])]
    return found


def read(page: PageObject) -> str:
    """The text of a sheet."""
    for font in fonts(page):
        if font["/Subtype"] == "/Type3":  # pypdf would read the names of its glyphs as letters
            font.pop("/Encoding", None)
    return page.extract_text()


def fonts(page: PageObject) -> list[DictionaryObject]:
    """The fonts of a sheet."""
    found = page["/Resources"].get("/Font", DictionaryObject())
    return [font.get_object() for font in found.values()]


def bookmarks(reader: PdfReader, texts: Sequence[str], chapters: Sequence[str]) -> Iterator[str]:
    """Chapters that are missing among the bookmarks, and bookmarks that lead elsewhere."""
    parts_and_chapters = []
    for item in reader.outline:  # sections lie deeper
        inner = item if isinstance(item, list) else [item]
        parts_and_chapters += [each for each in inner if not isinstance(each, list)]
    titles = {e.title: reader.get_destination_page_number(e) for e in parts_and_chapters}
    for chapter in chapters:
        number = titles.get(chapter)
        if number is None:
            yield f"no bookmark for {chapter!r}"
        elif squeezed(chapter) not in squeezed(texts[number]):
            yield f"the bookmark {chapter!r} leads to sheet {number + 1}, which does not name it"


def squeezed(text: str) -> str:
    """Letters and digits only, so that line breaks and hyphens do not matter."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text))


def sheet(page: PageObject, text: str) -> Iterator[str]:
    """What is wrong with one sheet."""
    if len(text.strip().splitlines()) < 2 and "/XObject" not in page["/Resources"]:
        yield "is empty"
    for font in fonts(page):
        if not embedded(font):
            yield f"the font {font.get('/BaseFont')} is not embedded"
    for annotation in page.get("/Annots", []):
        link = annotation.get_object()
        address = str(link.get("/A", DictionaryObject()).get_object().get("/URI", ""))
        if address and not address.startswith(("https://", "mailto:")):
            yield f"a link leads to {address}"
        elif not address and not isinstance(link.get("/Dest"), list):
            yield "a link leads nowhere"


def embedded(font: DictionaryObject) -> bool:
    """Whether the file carries the shapes of a font."""
    if font["/Subtype"] == "/Type3":  # its shapes are drawings
        return True
    if font["/Subtype"] == "/Type0":
        font = font["/DescendantFonts"][0].get_object()
    description = font.get("/FontDescriptor", DictionaryObject()).get_object()
    return any(f"/FontFile{n}" in description for n in ("", "2", "3"))
