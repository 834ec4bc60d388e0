"""A browser on pages served from this machine: for the tests of the site, and for the PDF.

What a page still lacks once it has settled is told by ``undrawn``.
"""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, TimeoutError, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Formulas, diagrams and widgets that the page's scripts left undone or marked as wrong.
UNDRAWN = """() => {
  const wrong = [];
  const lacks = (all, part) => document.querySelectorAll(all).forEach(e => {
    if (!e.querySelector(part)) wrong.push(`${all} without ${part}: ${e.textContent.slice(0, 80)}`);
  });
  lacks(".math", "mjx-container");
  lacks("pre.mermaid", "svg");
  for (const s of document.querySelectorAll('script[type$="widget-view+json"]')) {
    if (!s.parentElement.querySelector(".jupyter-widgets")) wrong.push("a widget is missing");
  }
  const marked = "mjx-merror, [data-mjx-error], svg[aria-roledescription=error], " +
                 ".jupyter-widgets-error-widget";
  for (const e of document.querySelectorAll(marked)) {
    wrong.push(`${e.tagName.toLowerCase()} shows an error: ${e.textContent.slice(0, 80)}`);
  }
  return wrong;
}"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of the loopback address; the value is its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


class NoBrowserError(RuntimeError):
    """There is no Chromium; the message says what to do."""


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser: CHROMIUM, else one on PATH, else Playwright's own. One at a time in a process.

    Raises:
        NoBrowserError: there is none.
    """
    named = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        if named is None and not Path(playwright.chromium.executable_path).is_file():
            raise NoBrowserError("no Chromium found: install one, or set CHROMIUM to its path")
        # Chromium's own sandbox needs rights that containers rarely give.
        found = playwright.chromium.launch(executable_path=named, args=["--no-sandbox"])
        try:
            yield found
        finally:
            found.close()


def settle(page: Page) -> None:
    """Wait until formulas are typeset, diagrams drawn, widgets in place and nothing is loading.

    What is not there in time is reported by ``undrawn``, not here.
    """
    with suppress(TimeoutError):
        page.wait_for_function(
            f"() => ({UNDRAWN})().every(fault => fault.includes(' shows an error: '))",
            timeout=60_000,
        )
    page.wait_for_load_state("networkidle")


def undrawn(page: Page) -> list[str]:
    """Formulas, diagrams and widgets that did not come out; empty when all did."""
    return page.evaluate(UNDRAWN)
