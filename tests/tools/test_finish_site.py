"""What is done to built pages: icons, sizes of pictures, the search's scripts, the place line."""

from pathlib import Path

import pytest
from PIL import Image

from tools.finish_site import FORMULA, finish, icon, measured, sized

SCRIPT = (
    'a={rocket:[512,500,[],"f135","M1 2"],"sun-x":[1,2,[9,"x"],"f1","M3 4"]},'
    'b={rocket:[3,4,[],"f135","M5 6"]}'
)
PAGE = """<script src="../_static/scripts/fontawesome.js?digest=1"></script>
<script src="../_static/searchtools.js"></script><script src="../searchindex.js"></script>
<i class="fas fa-rocket"></i><article class="bd-article"><h1>Two</h1>
<img alt="x" src="../_images/x.png" /><p>text</p></article>"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A book of two pages, and their HTML below ``html``."""
    (tmp_path / "_toc.yml").write_text(
        "root: book/index\nparts:\n"
        "- caption: A part\n  chapters: [{file: book/one}, {file: book/two}]\n"
    )
    for name in ("index", "one", "two"):
        (tmp_path / "book").mkdir(exist_ok=True)
        (tmp_path / "book" / f"{name}.md").write_text(f"# The {name} & more\n")
    html = tmp_path / "html"
    for folder in ("book", "_images", "_static/scripts"):
        (html / folder).mkdir(parents=True)
    (html / "_static" / "scripts" / "fontawesome.js").write_text(SCRIPT)
    Image.new("RGB", (40, 20)).save(html / "_images" / "x.png")
    (html / "search.html").write_text('<script src="_static/searchtools.js"></script>')
    for name in ("one", "two"):
        (html / "book" / f"{name}.html").write_text(PAGE)
    return tmp_path


def test_a_page_is_finished(book: Path):
    finish(book, book / "html")
    one, two = ((book / "html" / "book" / f"{name}.html").read_text() for name in ("one", "two"))
    assert "<script" not in one
    assert '<path fill="currentColor" d="M5 6">' in one  # the last of that name: the solid form
    assert '<img alt="x" src="../_images/x.png" loading="lazy" width="40" height="20">' in one
    where, line = one.split("</h1>")[1].split("</nav>")[0], "A part, page 1 of 2"
    assert f"<span>{line}</span>" in where
    assert 'next: <a href="two.html">The two &amp; more</a>' in where
    assert "page 2 of 2" in two
    assert "next:" not in two
    assert "searchtools.js" in (book / "html" / "search.html").read_text()


def test_an_icon_that_the_script_lacks_stops_the_build():
    with pytest.raises(KeyError, match="teapot"):
        icon("fas fa-teapot", SCRIPT)


def test_the_classes_of_an_icon_stay():
    drawn = icon("theme-switch fa-solid fa-sun-x fa-lg", SCRIPT)
    assert 'class="svg-inline--fa theme-switch fa-solid fa-sun-x fa-lg"' in drawn
    assert 'viewBox="0 0 1 2" aria-hidden="true"' in drawn


def test_a_formula_says_how_many_characters_it_will_show():
    html = r'<p><span class="math notranslate">\(G_\theta(z) &lt; 1\)</span></p>'
    counted = (
        r'<p><span class="math notranslate" style="--glyphs: 7">\(G_\theta(z) &lt; 1\)</span></p>'
    )
    assert FORMULA.sub(measured, html) == counted


@pytest.mark.parametrize(
    ("tag", "wanted"),
    [
        ('<img src="x.png" width="80">', '<img src="x.png" width="80" loading="lazy" height="40">'),
        ('<img src="x.png" width="8" height="4">', None),
        ('<img src="x.svg"/>', '<img src="x.svg" loading="lazy">'),
        ('<img src="https://example.org/x.png">', '<img src="https://example.org/x.png">'),
        ("<img alt='x'>", "<img alt='x'>"),
        ('<img src="gone.png">', '<img src="gone.png">'),
    ],
)
def test_pictures_get_their_size(tag: str, wanted: str | None, tmp_path: Path):
    Image.new("RGB", (40, 20)).save(tmp_path / "x.png")
    (tmp_path / "x.svg").touch()
    assert sized(tag, tmp_path) == (wanted or tag.replace(">", ' loading="lazy">'))
