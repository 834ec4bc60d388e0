"""What the first view of a page costs: bytes, and how much moves while it loads.

Bytes are counted as GitHub Pages sends them: texts compressed with gzip, pictures and fonts as they
are. ``python -m http.server`` compresses nothing, so for it there is a second, larger bound.
Only what the browser loads without scrolling counts.
"""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.site import links
from tests.site.browser import DESKTOP, PHONE, Visit

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


def weigh(browser: Browser, base: str, address: str, viewport: dict[str, int]) -> dict[str, Any]:
    """The bytes of the first view, compressed and plain, and the layout shift."""
    with Visit(browser, base, address, viewport=viewport) as visit:
        moved = visit.page.evaluate(MOVED)
        bodies = [(r.url.split("?")[0], r.body()) for r in visit.responses]
        assert visit.errors == []
    plain = sum(len(body) for _, body in bodies)
    compressed = sum(
        len(gzip.compress(body, 6) if name.endswith(TEXTS) else body) for name, body in bodies
    )
    return {"compressed": compressed, "plain": plain, "shift": moved, "files": len(bodies)}


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_first_view_is_light_and_steady(
    browser: Browser, base: str, address: str, viewport: dict[str, int], record_property: Any
):
    cost = weigh(browser, base, address, viewport)
    record_property("cost", cost)
    assert cost["files"] > 5  # the counting works
    assert cost["compressed"] < COMPRESSED
    assert cost["plain"] < PLAIN
    assert cost["shift"] < SHIFT


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
