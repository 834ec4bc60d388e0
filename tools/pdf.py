"""Print the built site as one PDF: ``_build/aigc-book.pdf``.

    python -m tools.pdf [--language zh] [--html _build/html] [--out _build/aigc-book.pdf]

Chromium prints each page as a reader sees it, after ``paper.js`` has made it fit for paper.
``pdf_join`` joins them, with bookmarks, and turns links between pages into links within the PDF. It
knows the numbers at the foot, so that a reader's program and the paper agree. ``pdf_check`` looks
at the result; a PDF that has a fault is not put in place.
"""

import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import tyro
import yaml
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from aigc_lib.core.files import put_in_place
from aigc_lib.core.words import say
from tools import pdf_check
from tools.browser import NoBrowserError, launched, served, settle, undrawn
from tools.build_site import ZH
from tools.notebook import ROOT
from tools.pdf_check import BookError, Expected
from tools.pdf_front import front_page
from tools.pdf_join import TOP, Printed, join

PAPER = (Path(__file__).parent / "paper.js").read_text(encoding="utf8")
TOLD = re.compile(r'\btold\(\s*"([^"]+)"')  # the phrases of paper.js
WIDTH = round(174 / 25.4 * 96)  # CSS pixels of A4 between the margins that book.css sets
TOO_WIDE = """width => [...document.querySelectorAll("article.bd-article *")]
  .filter(e => e.getBoundingClientRect().right > width + 2 &&
               !e.closest("mjx-assistive-mml, [hidden], svg svg, svg *, .visually-hidden"))
  .slice(0, 5)
  .map(e => `${e.tagName.toLowerCase()}.${e.getAttribute("class") ?? ""} ends at ` +
            `${Math.round(e.getBoundingClientRect().right)} of ${width} px: ` +
            e.textContent.trim().slice(0, 60))"""


def addresses(root: Path) -> list[tuple[str, str]]:
    """Part (where one begins, else "") and address of each page, in the book's order."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf8"))
    found = [("", f"{toc['root']}.html")]
    for part in toc.get("parts") or [{"caption": "", "chapters": toc.get("chapters", [])}]:
        for n, each in enumerate(part["chapters"]):
            found.append((part["caption"] if n == 0 else "", f"{each['file']}.html"))
    return found


def site_url(root: Path) -> str:
    """Where the site is published: GitHub's address for the pages of the book's repository."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf8"))
    owner, name = urlsplit(config["repository"]["url"]).path.strip("/").split("/")
    return f"https://{owner}.github.io/{name}/"


# Of a training, say, the first picture often shows noise. And paper loads nothing later.
LAST_PICTURES = """() => {
  for (const image of document.images) image.loading = "eager";
  for (const input of document.querySelectorAll(".aigc-slider input[type=range]")) {
    input.value = input.max;
    input.dispatchEvent(new Event("input"));
  }
}"""


@contextmanager
def paper(browser: Browser, base: str, address: str) -> Iterator[Page]:
    """A page of the site in a tab as wide as the paper, settled, in the print's style."""
    own = ("/".join(base.split("/")[:3]), "data:", "blob:")
    context = browser.new_context(viewport={"width": WIDTH, "height": 1000}, color_scheme="light")
    page = context.new_page()
    page.set_default_timeout(90_000)
    page.route(
        "**/*",
        lambda r: r.continue_() if r.request.url.startswith(own) else r.abort(),
    )
    page.emulate_media(media="print")
    page.goto(base + address, wait_until="load")
    settle(page)
    page.evaluate(LAST_PICTURES)
    page.wait_for_function("() => [...document.images].every(image => image.complete)")
    settle(page)
    try:
        yield page
    finally:
        context.close()


def write(page: Page, path: Path, start: int, title: str, style: str = "decimal") -> int:
    """Print a page whose first number is ``start`` (from 0); returns how many sheets it takes."""
    title = title.replace("\\", "\\\\").replace('"', '\\"')
    look = (
        "color: #555; font: 8pt system-ui, 'Noto Sans CJK SC', sans-serif; "
        "font-variant-ligatures: none; padding-top: 5mm; vertical-align: top;"
    )
    rules = f"""@page {{
      @bottom-left {{ content: "{title}"; {look} width: 80%; }}
      @bottom-right {{ content: counter(page, {style}); {look} }}
    }} html {{ counter-reset: page {start}; }}"""
    page.add_style_tag(content=rules)
    page.pdf(path=path, prefer_css_page_size=True, print_background=True)
    return len(PdfReader(path).pages)


def print_page(
    page: Page, printed: Printed, path: Path, site: str, anchors: set[str], words: dict[str, str]
) -> int:
    """Print one page of the site, noting its sections and places; returns its number of sheets.

    ``words`` are those of ``paper.js`` in the language of the page.

    Raises:
        BookError: something of it is not drawn, or does not fit on the paper.
    """
    wrong = undrawn(page)
    told = {"site": site + printed.address, "anchors": sorted(anchors), "words": words}
    got = page.evaluate(PAPER, told)
    wrong += page.evaluate(TOO_WIDE, WIDTH)
    if wrong:
        raise BookError("\n".join([f"{printed.address} cannot be printed:", *wrong]))
    printed.sections = [tuple(each) for each in got]
    sheets = write(page, path, printed.start, printed.sections[0][1])
    reader = PdfReader(path)
    for name, place in reader.named_destinations.items():
        number = reader.get_destination_page_number(place)
        if number is not None and number >= 0:
            height = float(place.top) if isinstance(place.top, int | float) else TOP
            printed.places[unquote(name.lstrip("/"))] = (printed.start + number, height)
    return sheets


def front(browser: Browser, base: str, text: str, path: Path, title: str) -> int:
    """Print cover and contents; returns how many sheets they take."""
    page = browser.new_page()
    page.route(base + "front.html", lambda r: r.fulfill(body=text, content_type="text/html"))
    page.goto(base + "front.html")
    sheets = write(page, path, 0, title, "lower-roman")
    page.close()
    return sheets


def make(
    root: Path, site: Path, out: Path, browser: Browser, expected: Expected = pdf_check.BOOK,
    language: str = "en",
) -> int:  # fmt: skip
    """Print the book at ``root``, whose site stands in ``site``, to ``out``; returns its sheets.

    A book in another language stands in a folder of the site.

    Raises:
        BookError: something is missing or came out wrong; the old PDF is left as it was.
    """
    pdf_check.check_fonts(browser)
    below = "" if language == "en" else f"{language}/"
    pages, url = addresses(root), site_url(root) + below
    words = {text: say(text, language) for text in TOLD.findall(PAPER)}
    if missing := [address for _, address in pages if not (site / below / address).is_file()]:
        raise BookError(f"the site in {site} lacks {', '.join(missing)}: run `make book` first")
    anchors = pdf_check.wanted_anchors(site / below, [address for _, address in pages])
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf8"))
    out.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=out.parent, prefix=".pdf-") as scratch,
        served(site) as server,
    ):
        base = server + below
        work, book, start = Path(scratch), [], 0
        files = [work / f"{n:02}.pdf" for n in range(len(pages) + 1)]
        for file, (part, address) in zip(files[1:], pages, strict=True):
            book.append(Printed(address, part, start))
            with paper(browser, base, address) as page:
                start += print_page(page, book[-1], file, url, anchors[address], words)
            print(f"{address}: {start - book[-1].start} sheets", flush=True)
        title, cover = config["title"], front_page(book, config, url, language)
        shift = front(browser, base, cover, files[0], title)
        join(files, book, shift, base, url, title, language).write(work / out.name)
        told = [heading for each in book for _, heading, level in each.sections if level == 1]
        if found := pdf_check.faults(work / out.name, told, expected):
            raise BookError("\n".join(["the PDF is not what it should be:", *found]))
        put_in_place(work / out.name, out)
    return shift + start


def main(
    html: Path = ROOT / "_build" / "html",
    out: Path | None = None,
    language: Literal["en", "zh"] = "en",
) -> int:
    """Print the book as one PDF.

    Args:
        html: the built site.
        out: the file to write; ``_build/aigc-book.pdf`` or ``_build/aigc-book-zh.pdf`` by default.
        language: of the edition.
    """
    ending = "" if language == "en" else f"-{language}"
    out = out or ROOT / "_build" / f"aigc-book{ending}.pdf"
    root = ROOT if language == "en" else ROOT / ZH
    try:
        with launched() as browser:
            sheets = make(root, html, out, browser, pdf_check.BOOKS[language], language)
    except (BookError, NoBrowserError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{sheets} sheets, checked: {out}")
    return 0


if __name__ == "__main__":
    sys.exit(tyro.cli(main))
