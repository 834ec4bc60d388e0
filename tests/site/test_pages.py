"""The site in a real browser: its first page, its themes, its moving pictures."""

from pathlib import Path

from playwright.sync_api import Browser

from tests.site.browser import Visit


def test_the_root_leads_to_the_home_page(browser: Browser, base: str):
    with Visit(browser, base) as visit:
        visit.page.wait_for_url(f"{base}book/index.html")


def test_the_book_has_formulas_diagrams_and_sliders(site: Path):
    """So that the tests of these test something."""
    text = "".join(page.read_text("utf8") for page in site.rglob("*.html"))
    assert text.count('class="math ') > 20
    assert 'class="mermaid"' in text
    assert text.count(' aigc-slider"') > 20


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
