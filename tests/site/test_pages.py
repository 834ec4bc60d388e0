"""Every page in a real browser: self-contained, complete, readable, at two widths, in the dark."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.site.browser import Visit, faults


def test_a_page_is_sound(browser: Browser, base: str, address: str):
    with Visit(browser, base, address) as visit:
        assert faults(visit) == {}


def test_the_root_leads_to_the_home_page(browser: Browser, base: str):
    with Visit(browser, base) as visit:
        visit.page.wait_for_url(f"{base}book/index.html")


def test_the_book_has_formulas_diagrams_and_sliders(site: Path):
    """So that the tests of these test something."""
    text = "".join(page.read_text("utf8") for page in site.rglob("*.html"))
    assert text.count('class="math ') > 20
    assert 'class="mermaid"' in text
    assert 'widget-view+json">' in text
    assert '"aigc-slider"' in text


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("saturating", "book/glossary.html"),
        ("Jensen", "book/notation.html"),
        ("判别器", "book/glossary.html"),
        ("判别器的损失函数", "book/glossary.html"),  # no term: found only when cut into words
    ],
)
def test_search_finds_english_and_chinese(browser: Browser, base: str, words: str, page: str):
    with Visit(browser, base, "book/index.html") as visit:
        visit.page.locator(".search-button-field, .search-button__button").first.click()
        visit.page.keyboard.type(words)
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url("**/search.html?*")
        results = visit.page.locator("ul.search li a")
        results.first.wait_for()
        visit.page.wait_for_load_state("networkidle")
        found = [link.get_attribute("href") or "" for link in results.all()]
        assert any(page.removeprefix("book/") in address for address in found), found
        assert visit.outside == []
        assert visit.errors == []


def test_search_says_so_when_it_finds_nothing(browser: Browser, base: str):
    with Visit(browser, base, "search.html?q=qwertzuiop") as visit:
        visit.page.get_by_text("did not match any documents").wait_for()


def test_the_button_switches_between_light_and_dark(browser: Browser, base: str):
    seen = set()
    with Visit(browser, base, "book/notation.html", color_scheme="light") as visit:
        button = visit.page.locator(".article-header-buttons .theme-switch-button")
        for _ in range(3):  # light, dark, as the system
            button.click()
            visit.page.wait_for_timeout(400)
            seen.add(
                visit.page.evaluate(
                    "() => [document.documentElement.dataset.theme,"
                    "       getComputedStyle(document.body).backgroundColor].join(' ')"
                )
            )
    assert {state.split(" ", 1)[0] for state in seen} == {"light", "dark"}
    assert len({state.split(" ", 1)[1] for state in seen}) == 2


def test_a_reader_with_a_dark_system_gets_a_dark_page(browser: Browser, base: str):
    with Visit(browser, base, "book/notation.html", color_scheme="dark") as visit:
        assert visit.page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_home_page_plays_its_frames(browser: Browser, base: str):
    with Visit(browser, base, "book/index.html") as visit:
        figures = visit.page.locator("figure.frames")
        assert figures.count() == 2
        for figure in figures.all():
            slider, shown = figure.locator("input"), figure.locator("output")
            picture = figure.locator(".frame")
            last = shown.inner_text()
            assert slider.get_attribute("aria-valuetext") == last
            before = picture.screenshot()
            slider.focus()
            visit.page.keyboard.press("Home")
            first = shown.inner_text()
            assert first != last
            assert picture.screenshot() != before
            figure.get_by_role("button", name="Play").click()
            visit.page.wait_for_timeout(900)
            assert shown.inner_text() != first
            figure.get_by_role("button", name="Pause").click()
            still = shown.inner_text()
            visit.page.wait_for_timeout(900)
            assert shown.inner_text() == still
            slider.focus()
            visit.page.keyboard.press("End")
            assert shown.inner_text() == last
            assert picture.screenshot() == before
        assert visit.errors == []


def test_without_scripts_the_home_page_shows_its_frames_and_their_labels(
    browser: Browser, base: str
):
    with Visit(browser, base, "book/index.html", java_script_enabled=False) as visit:
        figure = visit.page.locator("figure.frames").first
        assert figure.locator(".legend li").count() > 10
        assert figure.locator("img").bounding_box()["height"] > 1000
