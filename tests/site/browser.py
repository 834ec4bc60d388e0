"""A real browser on pages served from this machine, with every way out blocked and recorded.

``faults`` is all that is asked of a page in one visit; the canaries are held to the same function.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Response, Route

from tools.browser import NoBrowserError, launched, settle, undrawn

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
SERIOUS = ("serious", "critical")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of ``tools.browser``.

    Without one the test is skipped with the reason, or fails where AIGC_REQUIRE_ALL is set to 1.
    """
    with ExitStack() as stack:
        try:
            found = stack.enter_context(launched())
        except NoBrowserError as error:
            if os.environ.get("AIGC_REQUIRE_ALL") == "1":
                pytest.fail(str(error))
            pytest.skip(str(error))
        yield found


class Visit:
    """One page in a tab of its own, with all that went wrong while it was open.

    Attributes:
        page: Playwright's page.
        outside: addresses that the page asked for outside ``base``; none was answered.
        errors: script errors, error messages on the console, files that are missing.
        responses: what was answered.
    """

    def __init__(self, browser: Browser, base: str, address: str = "", **options: Any) -> None:
        self.outside: list[str] = []
        self.errors: list[str] = []
        self.responses: list[Response] = []
        self._context = browser.new_context(**{"viewport": DESKTOP} | options)
        self.page: Page = self._context.new_page()
        self.page.set_default_timeout(60_000)
        self.page.route("**/*", lambda route: self._route(route, base))
        self.page.on("pageerror", lambda error: self.errors.append(f"page error: {error}"))
        self.page.on("console", self._console)
        self.page.on("response", self._response)
        self.page.goto(base + address, wait_until="load")
        settle(self.page)

    def _route(self, route: Route, base: str) -> None:
        if route.request.url.startswith((base, "data:", "blob:")):
            route.continue_()
        else:
            self.outside.append(route.request.url)
            route.abort()

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _response(self, response: Response) -> None:
        self.responses.append(response)
        if response.status >= 400:
            self.errors.append(f"{response.status}: {response.url}")

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *_: object) -> None:
        self._context.close()


def use_theme(page: Page, theme: str) -> None:
    """Switch to "light" or "dark" as the theme's own button does."""
    page.evaluate(
        """async theme => {
          Object.assign(document.documentElement.dataset, { mode: theme, theme });
          const ends = a => a.effect.getComputedTiming().endTime < Infinity;
          // Colours fade.
          await Promise.allSettled(document.getAnimations().filter(ends).map(a => a.finished));
        }""",
        theme,
    )
    settle(page)


def too_wide(page: Page) -> list[str]:
    """What makes the page scroll sideways at the present width; empty when nothing does."""
    return page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= width) return [];
          return [...document.body.querySelectorAll("*")]
            .filter(e => e.getBoundingClientRect().right > width + 1)
            .slice(0, 5)
            .map(e => `${e.tagName.toLowerCase()}.${e.getAttribute("class") ?? ""} ends at ` +
                      `${Math.round(e.getBoundingClientRect().right)} of ${width} px`);
        }"""
    )


def barriers(page: Page, within: str | None = None) -> list[str]:
    """Serious and critical findings of axe in the page or a part, one line for each element.

    Of the words of code that look the same it sees the first: a chapter has thousands, and they
    took most of the time.
    """
    page.evaluate(
        """() => {
          const seen = new Set();
          for (const word of document.querySelectorAll(".highlight span")) {
            const { color, backgroundColor, fontSize } = getComputedStyle(word);
            const behind = getComputedStyle(word.closest("pre") ?? word).backgroundColor;
            const look = [word.className, color, backgroundColor, fontSize, behind].join();
            if (seen.has(look)) word.dataset.again = "";
            seen.add(look);
          }
        }"""
    )
    hidden = page.add_style_tag(content="[data-again] { visibility: hidden !important; }")
    # Without preload: axe would fetch style sheets again, from addresses it gets wrong. And without
    # selectors and lists of the thousands of sound elements, which take half of axe's time.
    options = {"preload": False, "selectors": False, "resultTypes": ["violations"]}
    found = Axe().run(page, within, options).response["violations"]
    hidden.evaluate(
        """style => {
          style.remove();
          document.querySelectorAll("[data-again]").forEach(word => delete word.dataset.again);
        }"""
    )
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:150]} | {node['failureSummary'][:300]}"
        for rule in found
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]


def stuck_sliders(page: Page) -> list[str]:
    """Sliders of ``show.slider`` that lack their handle, or whose picture does not follow it."""
    found = []
    for area in page.locator(".aigc-slider").all():
        handle, picture = area.locator("input[type=range]"), area.locator(".step.shown")
        if not handle.count() or area.locator(".step").count() < 2:
            found.append("a slider has no handle or no steps")
            continue
        picture.scroll_into_view_if_needed()
        handle.focus()
        settle(page)
        before = picture.screenshot()
        page.keyboard.press("ArrowRight")
        if not _comes(picture, before, same=False):
            found.append("a step to the right does not change the picture of a slider")
        page.keyboard.press("ArrowLeft")
        if not _comes(picture, before, same=True):
            found.append("a step back does not bring back the picture of a slider")
    return found


def _comes(picture: Locator, image: bytes, same: bool) -> bool:
    """Whether the picture looks the same as the image, or not, now or within some two seconds."""
    for _ in range(20):
        if (picture.screenshot() == image) == same:
            return True
        picture.page.wait_for_timeout(100)
    return False


def faults(visit: Visit) -> dict[str, list[str]]:
    """All that is wrong with a page, by kind; only kinds with something wrong are there."""
    page = visit.page
    found = {"undrawn": undrawn(page)}
    for theme in ("light", "dark"):
        use_theme(page, theme)
        found[f"barriers, {theme}"] = barriers(page)
    found["stuck sliders"] = stuck_sliders(page)
    found["too wide, desktop"] = too_wide(page)
    page.set_viewport_size(PHONE)
    page.wait_for_timeout(200)
    found["too wide, phone"] = too_wide(page)
    found["asked for outside the site"] = visit.outside
    found["errors"] = visit.errors
    return {kind: lines for kind, lines in found.items() if lines}
