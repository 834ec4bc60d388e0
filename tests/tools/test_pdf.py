"""The PDF of a book of three pages, and PDFs with one fault each, which its check must report."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib
import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

from tools import pdf, pdf_check
from tools.notebook import ROOT
from tools.pdf_check import BookError, Expected, faults, fonts, read
from tools.pdf_join import unradical

pytestmark = pytest.mark.slow

TITLES = ["Home", "first", "Second page: a notebook"]
WORDS = ("Over there", "生成对抗网络", "长期", "Worked solutions", "E = mc")


EXPECTED = Expected(WORDS, sheets=(1, 20))


@pytest.fixture(scope="module")
def printed(small: Path, browser: Browser) -> Path:
    """Its PDF."""
    out = small / "out" / "book.pdf"
    sheets = pdf.make(small, small / "_build" / "html", out, browser, EXPECTED)
    assert sheets == len(PdfReader(out).pages)
    assert [each.name for each in out.parent.iterdir()] == ["book.pdf"]
    return out


@pytest.fixture(scope="module")
def texts(printed: Path) -> list[str]:
    return [read(page) for page in PdfReader(printed).pages]


def sheet_of(texts: list[str], words: str) -> int:
    found = [n for n, text in enumerate(texts) if words in text]
    assert len(found) == 1, (words, found)
    return found[0]


def test_what_folds_or_moves_on_the_site_is_fit_for_paper(texts: list[str]):
    text = "\n".join(texts)
    assert "2 lines of code are folded here" in text
    assert "assert folded" not in text
    assert "The last picture of a slider (step 7)" in text
    assert text.index("the first tab") < text.index("the second tab")
    assert "start" in text
    assert "finish" in text
    assert text.index("A worked solution stands") < text.index("answer = 42")
    assert texts[1].index("Exercises") < texts[1].index("Worked solutions")
    assert texts[1].index("Worked solutions") < texts[1].index("References")
    assert len(re.findall("wide", text)) == 40  # a long line is folded, not cut


def test_the_contents_and_the_labels_tell_the_numbers_at_the_foot(printed: Path, texts: list[str]):
    labels = PdfReader(printed).page_labels
    assert labels[0] == "i"
    start = labels.index("1")
    for name in TITLES:
        number = int(re.search(rf"^{name}\s*(\d+)$", texts[1], re.MULTILINE)[1])
        sheet = start + number - 1
        assert labels[sheet] == str(number)
        assert name in texts[sheet]
        assert re.match(rf"\s*{number}\D", texts[sheet]) or texts[sheet].endswith(str(number))


def bookmarks(reader: PdfReader, outline: list | None = None) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in reader.outline if outline is None else outline:
        if isinstance(each, list):
            found |= bookmarks(reader, each)
        else:
            found[each.title] = reader.get_destination_page_number(each)
    return found


def test_links_and_bookmarks_lead_to_their_places(printed: Path, texts: list[str]):
    reader = PdfReader(printed)
    where = sheet_of(texts, "2 lines of code")
    page = reader.pages[sheet_of(texts, "Over there")]
    links = [each.get_object() for each in page["/Annots"]]
    inside = [link["/Dest"][0].get_object() for link in links if "/Dest" in link]
    assert {reader.get_page_number(page) for page in inside} == {where}  # one for each line of it
    found = bookmarks(reader)
    assert found["A place"] == where
    assert found["Worked solutions"] == sheet_of(texts, "answer = 42")


def test_a_sound_pdf_has_no_fault(printed: Path):
    assert faults(printed, TITLES, EXPECTED) == []


def empty_sheet(writer: PdfWriter) -> None:
    writer.add_blank_page()


def no_bookmarks(writer: PdfWriter) -> None:
    del writer.root_object["/Outlines"]


def wrong_bookmark(writer: PdfWriter) -> None:
    no_bookmarks(writer)
    for title in TITLES:
        writer.add_outline_item(title=title, page_number=0)


def a_link(writer: PdfWriter, link: dict) -> None:
    named = {NameObject(key): value for key, value in link.items()}
    writer.pages[0][NameObject("/Annots")] = ArrayObject([DictionaryObject(named)])


def local_link(writer: PdfWriter) -> None:
    action = DictionaryObject({NameObject("/URI"): TextStringObject("http://127.0.0.1/a.html")})
    a_link(writer, {"/A": action})


def lost_link(writer: PdfWriter) -> None:
    a_link(writer, {"/Dest": NameObject("/nowhere")})


def font_outside(writer: PdfWriter) -> None:
    for font in (font for page in writer.pages for font in fonts(page)):
        if font["/Subtype"] == "/Type0":
            description = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            for key in ("/FontFile", "/FontFile2", "/FontFile3"):
                description.pop(key, None)


def a_radical(writer: PdfWriter) -> None:
    for table in (font.get("/ToUnicode") for page in writer.pages for font in fonts(page)):
        if table is not None:
            stream = table.get_object()
            stream.set_data(stream.get_data().replace(b"<751F>", b"<2F63>"))


def many_sheets(writer: PdfWriter) -> None:
    for _ in range(200):
        writer.add_page(writer.pages[2])


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (empty_sheet, "is empty"),
        (no_bookmarks, "no bookmark for 'first'"),
        (wrong_bookmark, "which does not name it"),
        (local_link, "a link leads to http://127.0.0.1/a.html"),
        (lost_link, "a link leads nowhere"),
        (font_outside, "is not embedded"),
        (a_radical, "radicals in place of characters: ⽣"),
        (many_sheets, "sheets, expected are 3 to 60"),
    ],
)
def test_the_check_reports(
    change: Callable[[PdfWriter], None], complaint: str, printed: Path, tmp_path: Path
):
    writer = PdfWriter(clone_from=printed)
    change(writer)
    writer.write(tmp_path / "changed.pdf")
    found = faults(tmp_path / "changed.pdf", TITLES, EXPECTED)
    assert any(complaint in fault for fault in found), found


def test_the_check_reports_words_that_are_missing_or_unwanted(
    printed: Path, monkeypatch: pytest.MonkeyPatch
):
    assert faults(printed, TITLES, EXPECTED._replace(words=("判别器",))) == [
        "the text has no '判别器'"
    ]
    monkeypatch.setattr(pdf_check, "UNWANTED", ("the first tab",))
    assert faults(printed, TITLES, EXPECTED) == ["the text has 'the first tab'"]


@pytest.mark.parametrize(
    ("html", "complaint"),
    [
        ('<div style="width: 900px">a wide thing</div>', "a wide thing"),
        ("<mjx-merror>not typeset</mjx-merror>", "shows an error: not typeset"),
        ('<a href="second.html#nowhere">gone</a>', "nothing is at pages/second.html#nowhere"),
    ],
)
def test_a_page_that_does_not_come_out_stops_the_print(
    html: str, complaint: str, small: Path, browser: Browser, tmp_path: Path
):
    site = shutil.copytree(small / "_build" / "html", tmp_path / "html")
    page = site / "pages" / "first.html"
    page.write_text(page.read_text("utf8").replace("the first tab", html), "utf8")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "book.pdf").write_text("the old one")
    with pytest.raises(BookError, match=re.escape(complaint)):
        pdf.make(small, site, tmp_path / "out" / "book.pdf", browser, EXPECTED)
    assert [each.read_text() for each in (tmp_path / "out").iterdir()] == ["the old one"]


def command(site: Path, **environment: str) -> str:
    """What the command says about a site that it cannot print."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.pdf", "--html", str(site), "--out", str(site / "book.pdf")],
        cwd=ROOT, env=os.environ | environment, capture_output=True, encoding="utf8", check=False,
    )  # fmt: skip
    assert done.returncode == 1
    return done.stderr


def test_without_a_site_the_command_says_what_to_do(browser: Browser, tmp_path: Path):
    assert "book/index.html" in (said := command(tmp_path))
    assert "run `make book` first" in said


@pytest.mark.skipif(sys.platform != "linux", reason="where fontconfig finds the fonts")
def test_without_chinese_glyphs_the_command_says_what_to_install(browser: Browser, tmp_path: Path):
    only = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    (tmp_path / "fonts.conf").write_text(f"<fontconfig><dir>{only}</dir></fontconfig>")
    said = command(tmp_path, FONTCONFIG_FILE=str(tmp_path / "fonts.conf"))
    assert "no font with Chinese glyphs" in said
    assert "fonts-noto-cjk" in said


@pytest.mark.parametrize(
    ("table", "mended"),
    [
        ("<09> <2F63>", "<09> <751F>"),  # ⽣ 生
        ("<09> <2F3E>", "<09> <6237>"),  # ⼾ 户, where Unicode has the traditional 戶
        (
            "<01> <2ED3>\n<02> <0041>",
            "<01> <957F>\n<02> <0041>",
        ),  # ⻓ 长, which has no decomposition
        ("<01> <02> <2F00>", "<01> <02> [<4E00> <4E28>]"),
        ("<01> <03> <4E00>", "<01> <03> <4E00>"),
    ],
)
def test_radicals_become_characters(table: str, mended: str):
    assert unradical(table) == mended
