"""The built site under test: AIGC_SITE, else ``_build/html``."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.site import links
from tools.browser import served

SITE = Path(os.environ.get("AIGC_SITE") or Path(__file__).parents[2] / "_build" / "html")
MISSING = "(no site)"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each page; the ones at the roots only lead on to the home pages."""
    if "address" in metafunc.fixturenames:
        found = [page.relative_to(SITE).as_posix() for page in links.pages(SITE)]
        pages = [address for address in found if address not in ("index.html", "zh/index.html")]
        metafunc.parametrize("address", pages or [MISSING])


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built site."""
    if not (SITE / "index.html").is_file():
        pytest.fail(f"there is no built site in {SITE}: run `make book` first, or set AIGC_SITE")
    return SITE


@pytest.fixture(scope="session")
def base(site: Path) -> Iterator[str]:
    """The URL at which the site is served."""
    with served(site) as url:
        yield url
