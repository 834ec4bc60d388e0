"""The glossary and the chapters agree: every term is linked where it is needed, and explained."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TERM = re.compile(r"\{term\}`([^`]+)`")
HAN = re.compile(r"[\u4e00-\u9fff]")


def linked(text: str) -> set[str]:
    """The entries that a text links to, in lower case, as the glossary looks them up."""
    found = set()
    for words in TERM.findall(text):
        words = re.sub(r"\s+", " ", words)
        target = re.search(r"<(.+)>$", words)
        found.add((target.group(1) if target else words).lower())
    return found


def entries(page: str) -> dict[str, tuple[str, str]]:
    """English -> (Chinese, meaning), in the page's order."""
    body = page.split(":sorted:\n", 1)[1].split("\n```", 1)[0]
    found = {}
    for entry in re.split(r"\n\n(?=\S)", body.strip("\n")):
        english, chinese, *meaning = entry.split("\n")
        assert english not in found, f"{english} stands there twice"
        found[english] = (chinese, " ".join(meaning).strip())
    return found


def chapters() -> dict[str, str]:
    """The text of each chapter, code left out."""
    found = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text("utf8"))["cells"]
        found[path.stem] = "\n".join(
            "".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"
        )
    return found


GLOSSARY = entries((ROOT / "book" / "glossary.md").read_text("utf8"))
CHAPTERS = chapters()


def test_every_entry_is_linked_from_a_chapter():
    used = set().union(*map(linked, CHAPTERS.values()))
    assert {term for term in GLOSSARY if term.lower() not in used} == set()


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_term_that_a_chapter_links_has_an_entry(chapter):
    known = {term.lower() for term in GLOSSARY}
    assert linked(CHAPTERS[chapter]) - known == set()
    assert len(linked(CHAPTERS[chapter])) >= 1


def test_every_entry_has_its_chinese_word_and_a_meaning():
    for english, (chinese, meaning) in GLOSSARY.items():
        assert HAN.search(chinese), english
        assert not chinese.startswith(" "), english
        assert len(meaning) > 20, english


def test_entries_link_only_to_entries():
    known = {term.lower() for term in GLOSSARY}
    for english, (_, meaning) in GLOSSARY.items():
        assert linked(meaning) <= known, english


def test_the_comparison_sees_what_is_missing():
    page = "```{glossary}\n:sorted:\n\nfoo\n富\n  A foo is a {term}`bar`.\n```\n"
    assert entries(page) == {"foo": ("富", "A foo is a {term}`bar`.")}
    assert linked("{term}`Foos\n<foo>` and {term}`Bar`") == {"foo", "bar"}
