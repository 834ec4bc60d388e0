"""Every page in a real browser: what its first view costs, and all that ``faults`` asks of it.

Bytes are counted as GitHub Pages sends them: texts compressed with gzip, pictures and fonts as they
are. ``python -m http.server`` compresses nothing, so for it there is a second, larger bound.
Only what the browser loads without scrolling counts.
"""

import gzip
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from tests.site import links
from tests.site.browser import PHONE, Visit, faults

COMPRESSED, PLAIN = 1_500_000, 4_000_000
SHIFT = 0.1  # what web.dev calls good
TEXTS = (".html", ".js", ".mjs", ".css", ".svg", ".json")
MOVED = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 300);
})"""


def light_and_steady(visit: Visit, record_property: Any) -> None:
    """Assert what the first view costs, and keep it in the test's record."""
    moved = visit.page.evaluate(MOVED)
    bodies = [(r.url.split("?")[0], r.body()) for r in visit.responses]
    plain = sum(len(body) for _, body in bodies)
    compressed = sum(
        len(gzip.compress(body, 6) if name.endswith(TEXTS) else body) for name, body in bodies
    )
    record_property("cost", {"compressed": compressed, "plain": plain, "shift": moved})
    assert len(bodies) > 5  # the counting works
    assert compressed < COMPRESSED
    assert plain < PLAIN
    assert moved < SHIFT


def test_a_page_is_light_steady_and_sound(
    browser: Browser, base: str, address: str, record_property: Any
):
    """One visit for all that is asked of a page on a desktop: opening it takes the longest."""
    with Visit(browser, base, address) as visit:
        light_and_steady(visit, record_property)
        assert faults(visit) == {}


def test_a_page_is_light_and_steady_on_a_phone(
    browser: Browser, base: str, address: str, record_property: Any
):
    with Visit(browser, base, address, viewport=PHONE) as visit:
        light_and_steady(visit, record_property)
        assert visit.errors == []


def test_pages_hold_no_embedded_pictures_and_no_widgets(site: Path):
    for page in links.pages(site):
        text = page.read_text("utf8")
        for heavy in (
            r"<img[^>]* src=.data:",
            "widget-state",
            r"embed-amd\.js",
            r"fontawesome\.js",
        ):
            assert not re.search(heavy, text), f"{page.name} holds {heavy}"


def test_pictures_have_their_size_so_that_nothing_moves(site: Path):
    for page in (site / "notebooks").glob("*.html"):
        tags = re.findall(r"<img\b[^>]*_images/[^>]*>", page.read_text("utf8"))
        assert [tag for tag in tags if not {"width=", "height=", "loading="} <= kinds(tag)] == []


def kinds(tag: str) -> set[str]:
    """The names of a tag's attributes, with their equals signs."""
    return set(re.findall(r"[\w-]+=", tag))
