"""Write the built site as an EPUB: ``_build/aigc-book.epub``.

    python -m tools.epub [--language zh] [--html _build/html] [--out _build/aigc-book.epub]

The pages are those of the PDF: as a browser draws them, made fit for paper by ``paper.js``.
``epub.js`` makes XHTML of them, with formulas as MathML; diagrams become pictures. ``epub_check``
looks at the result; one that has a fault is not put in place.
"""

import base64
import html
import mimetypes
import sys
import tempfile
import uuid
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

import tyro
import yaml
from playwright.sync_api import Browser, Page

from aigc_lib.core.files import put_in_place
from aigc_lib.core.words import say
from tools import epub_check, pdf, pdf_check
from tools.browser import NoBrowserError, launched, served, undrawn
from tools.build_site import ZH
from tools.notebook import ROOT
from tools.pdf_check import BookError

XHTML = (Path(__file__).parent / "epub.js").read_text(encoding="utf8")
STYLE = (Path(__file__).parent / "epub.css").read_text(encoding="utf8")
SHOTS = "pre.mermaid, figure.frames .frame"
CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="EPUB/book.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>
"""
OPF = """<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"
 xml:lang="{language}">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">{identifier}</dc:identifier>
<dc:title>{title}</dc:title><dc:creator>{author}</dc:creator><dc:language>{language}</dc:language>
<meta property="dcterms:modified">{modified}</meta></metadata>
<manifest>
{manifest}
</manifest>
<spine>
{spine}
</spine>
</package>
"""
NAV = """<?xml version="1.0" encoding="UTF-8"?>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"
 lang="{language}">
<head><title>{contents}</title><link rel="stylesheet" type="text/css" href="book.css"/></head>
<body><nav epub:type="toc"><h1>{contents}</h1><ol>
{items}
</ol></nav></body></html>
"""


def shoot(page: Page, unnamed: str) -> dict[str, bytes]:
    """Pictures of what XHTML cannot say, by number; each element learns its number and its text."""
    found = {}
    for number, element in enumerate(page.locator(SHOTS).all()):
        found[str(number)] = element.screenshot()
        element.evaluate(
            """(e, [n, unnamed]) => {
              e.dataset.shot = n;
              const told = e.querySelector("svg > desc, svg > title")?.textContent;
              e.dataset.alt = told ?? e.querySelector("img")?.alt ?? unnamed;
            }""",
            [str(number), unnamed],
        )
    return found


def bytes_of(page: Page, source: str, site: Path, base: str, shots: dict[str, bytes]) -> bytes:
    """The content of a picture of a page."""
    if source.startswith("shot:"):
        return shots[source.removeprefix("shot:")]
    if source.startswith(base):
        return (site / unquote(source.removeprefix(base).split("?")[0])).read_bytes()
    code = """async s => { const all = new Uint8Array(await (await fetch(s)).arrayBuffer());
      let t = ""; for (const b of all) t += String.fromCharCode(b); return btoa(t); }"""
    return base64.b64decode(page.evaluate(code, source))


def suffix(content: bytes) -> str:
    """The ending that fits a picture."""
    if content.startswith(b"\x89PNG"):
        return ".png"
    if content.startswith(b"\xff\xd8"):
        return ".jpg"
    return ".webp" if content[8:12] == b"WEBP" else ".svg"


def make(root: Path, site: Path, out: Path, browser: Browser, language: str = "en") -> int:
    """Write the book at ``root``, whose site stands in ``site``, to ``out``; returns its pages.

    A book in another language stands in a folder of the site.

    Raises:
        BookError: something is missing or came out wrong; the old file is left as it was.
    """
    below = "" if language == "en" else f"{language}/"
    pages, url = [address for _, address in pdf.addresses(root)], pdf.site_url(root) + below
    words = {text: say(text, language) for text in pdf.TOLD.findall(pdf.PAPER)}
    if missing := [address for address in pages if not (site / below / address).is_file()]:
        raise BookError(f"the site in {site} lacks {', '.join(missing)}: run `make book` first")
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf8"))
    names = {address: f"{Path(address).stem}.xhtml" for address in pages}
    anchors = pdf_check.wanted_anchors(site / below, pages)
    content: dict[str, bytes] = {"book.css": STYLE.encode()}
    items = []
    with served(site) as server:
        base = server + below
        for address in pages:
            with pdf.paper(browser, base, address) as page:
                if wrong := undrawn(page):
                    raise BookError("\n".join([f"{address} cannot be taken:", *wrong]))
                told = {"site": url + address, "anchors": sorted(anchors[address]), "words": words}
                sections = page.evaluate(pdf.PAPER, told)
                shots = shoot(page, say("A diagram", language))
                got = page.evaluate(XHTML, {"files": names, "base": base, "site": url})
                text = got["xhtml"]
                for name, source in got["pictures"].items():
                    picture = bytes_of(page, source, site, server, shots)
                    place = f"{Path(address).stem}-{name}{suffix(picture)}"
                    text = text.replace(f'src="{name}"', f'src="{place}"')
                    content[place] = picture
            content[names[address]] = b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode()
            items.append((names[address], sections))
            print(f"{address}: {len(got['pictures'])} pictures", flush=True)
    content["nav.xhtml"] = navigation(items, language).encode()
    content["book.opf"] = package(content, list(names.values()), config, language).encode()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".epub-") as scratch:
        made = Path(scratch) / out.name
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
            archive.writestr("META-INF/container.xml", CONTAINER)
            for name, each in content.items():
                archive.writestr(f"EPUB/{name}", each)
        if found := epub_check.faults(made):
            raise BookError("\n".join(["the EPUB is not what it should be:", *found[:30]]))
        put_in_place(made, out)
    return len(pages)


def navigation(
    items: Sequence[tuple[str, Sequence[tuple[str, str, int]]]], language: str = "en"
) -> str:
    """The list of contents that reading programs show."""
    lines = []
    for file, sections in items:
        top, *below = sections
        inner = "".join(
            f'<li><a href="{file}#{anchor}">{html.escape(heading)}</a></li>'
            for anchor, heading, _ in below
        )
        link = f'<a href="{file}">{html.escape(top[1])}</a>'
        lines.append(f"<li>{link}{f'<ol>{inner}</ol>' if inner else ''}</li>")
    return NAV.format(items="\n".join(lines), language=language, contents=say("Contents", language))


def package(
    content: dict[str, bytes], spine: Sequence[str], config: dict[str, str], language: str = "en"
) -> str:
    """The package's list of files, and their order."""
    ids = {name: f"f{n}" for n, name in enumerate(content)}
    manifest = []
    for name, each in content.items():
        kind = "application/xhtml+xml" if name.endswith(".xhtml") else mimetypes.guess_type(name)[0]
        marks = "nav" if name == "nav.xhtml" else "mathml" if b"<math" in each else ""
        told = f' properties="{marks}"' if marks else ""
        manifest.append(f'<item id="{ids[name]}" href="{name}" media-type="{kind}"{told}/>')
    digest = uuid.uuid5(uuid.NAMESPACE_URL, repr(sorted(content.items())))
    return OPF.format(
        language=language,
        identifier=f"urn:uuid:{digest}",
        title=html.escape(config["title"]),
        author=html.escape(config["author"]),
        modified="2026-01-01T00:00:00Z",
        manifest="\n".join(manifest),
        spine="\n".join(f'<itemref idref="{ids[name]}"/>' for name in spine),
    )


def main(
    html: Path = ROOT / "_build" / "html",
    out: Path | None = None,
    language: Literal["en", "zh"] = "en",
) -> int:
    """Write the book as an EPUB.

    Args:
        html: the built site.
        out: the file to write; ``_build/aigc-book.epub`` by default, with ``-zh`` in Chinese.
        language: of the edition.
    """
    root, ending = (ROOT, "") if language == "en" else (ROOT / ZH, f"-{language}")
    out = out or ROOT / "_build" / f"aigc-book{ending}.epub"
    try:
        with launched() as browser:
            number = make(root, html, out, browser, language)
    except (BookError, NoBrowserError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{number} pages, checked: {out}")
    return 0


if __name__ == "__main__":
    sys.exit(tyro.cli(main))
