"""What a reader does with a page: finds the way, copies, prints, downloads, keeps track."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.site import links
from tests.site.browser import Visit, barriers, use_theme
from tools.notebook import ROOT, chapters, code_cells, source
from tools.places import places

CHAPTER = "notebooks/03-adversarial-objective.html"
LIST = "book/exercises.html"
SECTION = "section#exercise-03-1"


def test_each_page_says_where_it_stands_and_what_comes_next(site: Path):
    for name, place in places(ROOT).items():
        text = (site / f"{name}.html").read_text("utf8")
        line = text.split('<nav class="place"')[1].split("</nav>")[0]
        assert f"{place.number} of {place.of}" in line, name
        assert ("next: <a" in line) == (place.next is not None), name
        led = [address.address for address in links.Page(line).references]
        for other in (*place.needs, place.next, *place.opens):
            assert other is None or any(a.endswith(f"{Path(other).name}.html") for a in led), name


def test_the_copy_button_copies_a_cell_as_it_is(browser: Browser, base: str):
    cells = code_cells(json.loads((ROOT / "notebooks" / "00-are-you-ready.ipynb").read_text()))
    permissions = ["clipboard-read", "clipboard-write"]
    with Visit(browser, base, "notebooks/00-are-you-ready.html", permissions=permissions) as visit:
        shown = visit.page.locator(".cell_input")
        assert shown.count() == len(cells)
        visit.page.locator("details.hide summary").first.click()  # the set-up is folded
        for n in (0, 1):
            shown.nth(n).hover()
            shown.nth(n).locator("button.copybtn").click()
            copied = visit.page.evaluate("navigator.clipboard.readText()")
            assert copied.strip() == source(cells[n]).strip()


@pytest.mark.parametrize(
    "chapter", [CHAPTER, "notebooks/10-pretraining-language-models.html", "book/how-to-use.html"]
)
def test_no_code_is_cut_off_on_paper(browser: Browser, base: str, chapter: str):
    with Visit(browser, base, chapter) as visit:
        page = visit.page
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 658, "height": 932})  # A4 between margins of 18 mm
        cut = page.evaluate(
            """() => [...document.querySelectorAll("article pre")]
              .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1)
              .map(e => `${e.scrollWidth} of ${e.clientWidth} px: ${e.textContent.slice(0, 60)}`)"""
        )
        assert page.locator("article pre").count() > 1
        assert cut == []
        assert page.pdf(format="A4").startswith(b"%PDF")


def test_the_downloaded_notebook_is_the_chapter(browser: Browser, base: str, site: Path):
    """That it runs alone, with the wheel and in an empty folder, tests/release shows."""
    for chapter in chapters():
        assert (site / "_sources" / "notebooks" / chapter.name).read_bytes() == chapter.read_bytes()
    with Visit(browser, base, CHAPTER) as visit:
        visit.page.get_by_label("Download this page").click()
        link = visit.page.locator("a.btn-download-source-button")
        got = visit.page.request.get(link.evaluate("a => a.href"))
        assert got.ok
        assert got.body() == (ROOT / CHAPTER).with_suffix(".ipynb").read_bytes()


def stored(page: Page) -> str | None:
    """What the browser keeps of the reader's progress."""
    return page.evaluate("localStorage.getItem('aigc-opened')")


def test_nothing_is_remembered_unless_the_reader_says_so(browser: Browser, base: str):
    with Visit(browser, base, f"{CHAPTER}#exercise-03-1") as visit:
        visit.page.locator(f"{SECTION} summary").first.click()
        assert not visit.page.get_by_role("checkbox", name="Remember").is_checked()
        assert stored(visit.page) is None
        assert visit.page.evaluate("document.cookie") == ""
        assert visit.page.locator(".opened").count() == 0


def test_opened_exercises_are_remembered_marked_and_forgotten(browser: Browser, base: str):
    with Visit(browser, base, CHAPTER) as visit:
        page = visit.page
        remember = page.get_by_role("checkbox", name="Remember on this device")
        remember.focus()
        page.keyboard.press("Space")  # all of it works from the keyboard
        page.locator(f"{SECTION} summary").first.focus()
        page.keyboard.press("Enter")
        page.get_by_text("Remembered: 1.").wait_for()
        assert page.locator(f"{SECTION} h3 .opened").inner_text().strip() == "✓ opened"
        page.goto(f"{base}{LIST}")
        assert page.locator("article li .opened").count() == 1
        page.get_by_text("1 of 7 opened").wait_for()
        for theme in ("light", "dark"):
            use_theme(page, theme)
            assert barriers(page) == []
        page.locator("article a", has_text="03.2").click()  # a link opens one too
        page.get_by_text("Remembered: 2.").wait_for()
        page.get_by_role("button", name="Forget all").click()
        page.get_by_text("Remembered: 0.").wait_for()
        assert page.locator("section h3 .opened").count() == 0
        page.get_by_role("checkbox", name="Remember").uncheck()
        assert stored(page) is None
        assert visit.errors == []


def test_a_browser_that_stores_nothing_shows_the_page_without_the_control(
    browser: Browser, base: str
):
    with Visit(browser, base, CHAPTER) as visit:
        visit.page.add_init_script(  # for our key only: the theme does not look for the error
            """const store = Storage.prototype.setItem;
            Storage.prototype.setItem = function (key, value) {
              if (key.startsWith("aigc-")) throw new DOMException("no", "SecurityError");
              store.call(this, key, value);
            };"""
        )
        visit.page.reload()
        visit.page.locator(f"{SECTION} summary").first.click()
        assert visit.page.locator(".progress-control").count() == 0
        assert visit.errors == []


def test_progress_works_from_a_file(browser: Browser, site: Path):
    with Visit(browser, f"{site.resolve().as_uri()}/", LIST) as visit:
        visit.page.get_by_role("checkbox", name="Remember").check()
        visit.page.locator("article a", has_text="03.1").click()
        visit.page.get_by_text("Remembered: 1.").wait_for()
