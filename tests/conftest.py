"""What tests of several folders share."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """One Chromium for the whole session; see ``tests.site.browser.chromium``."""
    from tests.site.browser import chromium  # here: most tests need no Playwright

    with chromium() as found:
        yield found
