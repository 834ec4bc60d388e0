"""The published translations agree with their English, and the catalogue with what is said."""

import pytest

from tools import translation
from tools.notebook import ROOT
from tools.translate import check
from tools.translation import entries

PUBLISHED = translation.translated(ROOT)


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
    made = translation.overlaid(english, entries(ROOT, page))
    if isinstance(english, str):
        assert isinstance(made, str)
        return
    for here, there in zip(english["cells"], made["cells"], strict=True):
        assert here["id"] == there["id"]
        if here["cell_type"] == "code":
            assert here["source"] == there["source"]
            assert len(here["outputs"]) == len(there["outputs"])
        else:
            assert "".join(here["source"]) != "".join(there["source"])
