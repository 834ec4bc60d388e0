"""Pages with one fault each: the checks of the built site must report every one of them.

The pages are built with the book's own settings; a sound page beside them must be reported by none.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.site import links
from tests.site.browser import Visit, faults
from tests.support.book import book
from tools.browser import served
from tools.build_site import build, command

SOUND = """
The energy is $E = mc^2$, and

$$\\int_0^1 x \\, dx = \\tfrac12$$ (eq-sound)

by {eq}`eq-sound`. [Home](index.md), {term}`word`, {cite:p}`goodfellow2014gan`,
[elsewhere](https://example.org).

```{image} ../book/_assets/logo.svg
:alt: A digit
:width: 60px
```

```mermaid
flowchart LR
    a --> b
```
"""
STEP = '<div class="step shown"><img src="../_static/logo.svg" alt="A digit"><div>1</div></div>'
PAGES = {
    "sound": SOUND,
    "broken-link": '<a href="nowhere.html">gone</a>',
    "missing-anchor": '<a href="index.html#nowhere">gone</a>',
    "missing-file": '<img src="nowhere.png" alt="gone">',
    "not-https": '<a href="http://example.org/">old</a>',
    "outside": '<script src="https://example.org/library.js"></script>',
    "outside-later": '<script>fetch("https://example.org/data.json").catch(() => 0)</script>',
    "no-alt": '<img src="../_static/logo.svg" width="60">',
    "low-contrast": '<p style="color: #777; background: #888">hardly to be read</p>',
    "dim-word": '<div class="highlight"><pre><span class="n">one</span> <span class="n">two</span> '
    '<span class="n" style="color: #777; background: #888">three</span></pre></div>',
    "page-error": '<script>throw new Error("canary")</script>',
    "console-error": '<script>console.error("canary")</script>',
    "stuck-slider": '<div class="aigc-slider"><input type="range" max="1" aria-label="n">'
    f"{STEP}{STEP.replace(' shown', '')}</div>",  # both steps show the same
    "no-slider": f'<div class="aigc-slider">{STEP}</div>',
    "too-wide": '<div style="width: 900px">wide</div>',
    "bad-formula": "$$\\notacommand{x}$$",
    "bad-diagram": "```mermaid\nflowchart LR\n    a -->\n```",
}
WARNINGS = {
    "unknown-label": "{ref}`nowhere`",
    "unknown-page": "[gone](nowhere.md)",
    "unknown-heading": "[gone](#nowhere)",
    "unknown-term": "{term}`nowhere`",
    "unknown-equation": "{eq}`nowhere`",
    "unknown-theorem": "{prf:ref}`nowhere`",
    "unknown-work": "{cite:p}`nowhere`",
    "missing-picture": "![gone](nowhere.png)",
    "unknown-directive": "```{nowhere}\n```",
}


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = book(tmp_path_factory.mktemp("canaries"), PAGES)
    assert build(root) == 0
    return root / "_build" / "html"


@pytest.fixture(scope="module")
def base(html: Path) -> Iterator[str]:
    with served(html) as url:
        yield url


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the build of a sound page and a page for each warning says; it must fail."""
    root = book(tmp_path_factory.mktemp("warnings"), {"sound": SOUND, **WARNINGS})
    run = subprocess.run(
        command(root), capture_output=True, text=True, encoding="utf8", check=False
    )
    assert run.returncode != 0, run.stdout[-2000:]
    printed = re.sub(r"\x1b\[[\d;]*m", "", run.stdout + run.stderr)
    return [line for line in printed.splitlines() if "WARNING" in line or "ERROR" in line]


@pytest.mark.parametrize("fault", WARNINGS)
def test_the_build_stops_at(fault: str, complaints: list[str]):
    """All other gates of the text stand on this one."""
    assert any(f"{fault}.md" in line for line in complaints), complaints


def test_the_build_stops_at_nothing_else(complaints: list[str]):
    named = [line for line in complaints if any(f"{fault}." in line for fault in WARNINGS)]
    assert named == complaints


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        ("broken-link", "does not exist"),
        ("missing-anchor", "no such anchor"),
        ("missing-file", "does not exist"),
        ("not-https", "not https"),
        ("outside", "loaded from outside"),
    ],
)
def test_the_link_checker_reports(page: str, complaint: str, html: Path):
    found = [line for line in links.problems(html) if line.startswith(f"pages/{page}.html")]
    assert len(found) == 1
    assert complaint in found[0]


def test_the_link_checker_reports_nothing_else(html: Path):
    assert len(links.problems(html)) == 5


@pytest.mark.parametrize(
    ("page", "kind", "complaint"),
    [
        ("outside", "asked for outside the site", "library.js"),
        ("outside-later", "asked for outside the site", "data.json"),
        ("missing-file", "errors", "404"),
        ("page-error", "errors", "page error: canary"),
        ("console-error", "errors", "console: canary"),
        ("no-alt", "barriers, light", "image-alt"),
        ("low-contrast", "barriers, dark", "color-contrast"),
        ("dim-word", "barriers, dark", "color-contrast"),
        ("stuck-slider", "stuck sliders", "does not change"),
        ("no-slider", "stuck sliders", "no handle"),
        ("too-wide", "too wide, phone", "of 390 px"),
        ("bad-formula", "undrawn", "shows an error"),
        ("bad-diagram", "undrawn", "shows an error"),
    ],
)
def test_the_browser_reports(page: str, kind: str, complaint: str, base: str, browser: Browser):
    with Visit(browser, base, f"pages/{page}.html") as visit:
        found = faults(visit)
    assert any(complaint in line for line in found[kind]), found


def test_the_browser_reports_nothing_of_a_sound_page(base: str, browser: Browser):
    with Visit(browser, base, "pages/sound.html") as visit:
        assert faults(visit) == {}
