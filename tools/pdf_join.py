"""Join printed pages of the site to one PDF: bookmarks, links, the letters of its text."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urldefrag

from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    Fit,
    FloatObject,
    NameObject,
    NullObject,
    StreamObject,
    TextStringObject,
)

from tools.pdf_check import BookError

TOP = 842.0  # the height of A4 in points
# Radicals that Unicode does not decompose, or into a traditional character (⼾), and the characters
# that are drawn the same.
RADICALS = dict(
    zip(
        "⺟⺠⼾⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻨⻩⻬⻮⻰",
        "母民户西见角贝车长门青韦页风飞食马骨鬼鱼鸟麦黄齐齿龙",
        strict=True,
    )
)


@dataclass
class Printed:
    """One page of the site on paper.

    Attributes:
        address: its address below the site's root.
        part: the part of the book that it opens, or "".
        start: its first page in the book, from 0.
        sections: id, heading and level (1 for the page's own) of what the bookmarks name.
        places: page of the book and height on it for each id that something leads to.
    """

    address: str
    part: str
    start: int
    sections: list[tuple[str, str, int]] = field(default_factory=list)
    places: dict[str, tuple[int, float]] = field(default_factory=dict)

    def place(self, anchor: str) -> tuple[int, float]:
        """The page of an id and the height on it; the beginning for "" and for unknown ids."""
        return self.places.get(anchor, (self.start, TOP))


def character(code: int) -> str:
    """The character with this code, in hexadecimal; for a radical the character it looks like.

    Chinese fonts draw both with one glyph, and Chromium notes the radical, so that a search for
    the character would not find it.
    """
    letter = chr(code)
    if 0x2E80 <= code < 0x2FE0:
        letter = RADICALS.get(letter) or unicodedata.normalize("NFKC", letter)
    return f"<{ord(letter):04X}>"


def unradical(table: str) -> str:
    """A font's table from glyphs to characters, without radicals."""

    def spread(found: re.Match[str]) -> str:
        first, last, code = (int(each, 16) for each in found.groups())
        letters = [character(code + n) for n in range(last - first + 1)]
        return f"<{found[1]}> <{found[2]}> [{' '.join(letters)}]"

    radical = r"<(2[EF][0-9A-Fa-f]{2})>"
    table = re.sub(rf"(?m)^<(\w+)> <(\w+)> {radical}$", spread, table)
    one = rf"(?m)^(<\w+>) {radical}$"
    return re.sub(one, lambda found: f"{found[1]} {character(int(found[2], 16))}", table)


def mend_letters(writer: PdfWriter) -> None:
    """Rid the text layer of radicals."""
    done = set()
    for page in writer.pages:
        for font in page["/Resources"].get("/Font", DictionaryObject()).values():
            table = font.get_object().get("/ToUnicode")
            if table is None or table.idnum in done:
                continue
            done.add(table.idnum)
            stream = table.get_object()
            assert isinstance(stream, StreamObject)
            old = stream.get_data().decode("latin1")
            if (new := unradical(old)) != old:
                stream.set_data(new.encode("latin1"))


def lead(writer: PdfWriter, book: Sequence[Printed], shift: int, base: str, site: str) -> list[str]:
    """Turn links to pages of the site into links within the PDF; returns those that fail.

    What is not in the book, such as a page of the edition in another language, is left to the site.
    """
    server = base[: base.index("/", len("http://")) + 1]
    outside = site.removesuffix(base.removeprefix(server))
    known = {each.address: each for each in book}
    lost = []
    for number, page in enumerate(writer.pages):
        own = next((e for e in reversed(book) if e.start + shift <= number), None)
        for annotation in page.get("/Annots", ArrayObject()):
            link = annotation.get_object()
            action = link.get("/A", DictionaryObject()).get_object()
            address = str(action.get("/URI", ""))
            if "/Dest" in link and own:
                target, anchor = own, unquote(str(link["/Dest"]).lstrip("/"))
            elif address.startswith(base):
                path, anchor = urldefrag(address.removeprefix(base))
                if path not in known:  # a file of the site that is no page of the book
                    link[NameObject("/A")][NameObject("/URI")] = TextStringObject(site + path)
                    continue
                target, anchor = known[path], unquote(anchor)
            elif address.startswith(server):
                there = TextStringObject(outside + address.removeprefix(server))
                link[NameObject("/A")][NameObject("/URI")] = there
                continue
            else:
                continue
            if anchor and anchor not in target.places:
                lost.append(f"page {number + 1}: nothing is at {target.address}#{anchor}")
                continue
            sheet, top = target.place(anchor)
            link.pop("/A", None)
            link[NameObject("/Dest")] = ArrayObject([
                writer.pages[sheet + shift].indirect_reference, NameObject("/XYZ"), NullObject(),
                FloatObject(top), NullObject(),
            ])  # fmt: skip
    return lost


def join(
    files: Sequence[Path], book: Sequence[Printed], shift: int, base: str, site: str, title: str,
    language: str = "en",
) -> PdfWriter:  # fmt: skip
    """All sheets in one PDF, with bookmarks and links.

    Raises:
        BookError: a link between pages leads nowhere.
    """
    writer = PdfWriter()
    for file in files:
        writer.append(file, import_outline=False)
    if lost := lead(writer, book, shift, base, site):
        raise BookError("\n".join(["links of the PDF lead nowhere:", *lost[:20]]))
    for old in ("/Names", "/Dests", "/StructTreeRoot"):
        writer.root_object.pop(old, None)
    mend_letters(writer)
    part = chapter = None
    for each in book:
        if each.part:
            part = writer.add_outline_item(title=each.part, page_number=each.start + shift)
        for anchor, heading, level in each.sections:
            sheet, top = each.place(anchor if level > 1 else "")
            item = writer.add_outline_item(
                title=heading,
                page_number=sheet + shift,
                parent=chapter if level > 1 else part,
                fit=Fit.xyz(top=top),
                is_open=False,
            )
            chapter = item if level == 1 else chapter
    writer.add_metadata({"/Title": title})
    writer.set_page_label(0, shift - 1, style="/r")
    writer.set_page_label(shift, len(writer.pages) - 1, style="/D")
    writer.root_object[NameObject("/Lang")] = TextStringObject(language)
    writer.root_object[NameObject("/PageMode")] = NameObject("/UseOutlines")
    writer.compress_identical_objects()
    return writer
