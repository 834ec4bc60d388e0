"""The published translations agree with their English, and the catalogue with what is said."""

import re
from html import unescape
from typing import Any

import pytest

from tools import translation
from tools.messages import problems
from tools.notebook import ROOT, source
from tools.overlay import SPEAKS, overlaid
from tools.translate import check
from tools.translation import entries

PUBLISHED = translation.translated(ROOT)


def numbers(output: dict[str, Any]) -> list[str]:
    """The numbers that an output shows, whatever is said about them."""
    text = "".join(output.get("text", output.get("data", {}).get("text/html", "")))
    return sorted(re.findall(r"\d+(?:\.\d+)?", unescape(text)))


def test_something_is_published():
    assert "book/index" in PUBLISHED


@pytest.mark.parametrize("page", PUBLISHED)
def test_a_translation_agrees_with_its_english(page: str):
    assert check(ROOT, [page]) == []


@pytest.mark.parametrize("page", translation.all_pages(ROOT))
def test_every_page_can_be_taken_apart_and_brought_up_to_date(page: str):
    english = translation.read_page(ROOT, page)
    wanted = translation.units(english)
    assert wanted
    made = translation.renewed(wanted, [])
    assert translation.read(translation.write(made)) == made
    had = entries(ROOT, page)
    if page in PUBLISHED:
        assert translation.renewed(wanted, had) == had


@pytest.mark.parametrize("page", PUBLISHED)
def test_code_and_outputs_are_those_of_the_english(page: str):
    english = translation.read_page(ROOT, page)
    made = overlaid(english, entries(ROOT, page))
    if isinstance(english, str):
        assert isinstance(made, str)
        return
    for here, there in zip(english["cells"], made["cells"], strict=True):
        assert here["id"] == there["id"]
        if here["cell_type"] == "code":
            language = SPEAKS if here["id"] == "setup" else ""
            assert language + source(here) == source(there)
            for shown, said in zip(here["outputs"], there["outputs"], strict=True):
                assert numbers(shown) == numbers(said)
        else:
            assert "".join(here["source"]) != "".join(there["source"])


def test_the_catalogues_hold_what_checks_say():
    assert list(problems(ROOT)) == []
