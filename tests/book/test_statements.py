"""Every statement of the source article stands in the ledger of claims, or makes no claim.

``article_statements.json`` numbers the article's sentences, list items and diagrams section by
section, without its words: a hash, and the rows of the ledger or why there is none. Who has the
article can compare it: ``AIGC_ARTICLE=article.md pytest tests/book/test_statements.py``.
"""

import hashlib
import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from tools import claims

STATEMENTS = json.loads(Path(__file__).with_name("article_statements.json").read_text("utf8"))
LEDGER = {row["id"]: row for row in json.loads(claims.LEDGER.read_text("utf8"))}
NO_CLAIM = {
    "announces what comes",
    "background, no claim about generated content",
    "definition of a symbol",
    "describes the listing",
    "heading of a list",
    "instruction",
}


def test_statements_are_numbered_without_gaps():
    for section, n in Counter(each["section"] for each in STATEMENTS).items():
        numbers = [each["number"] for each in STATEMENTS if each["section"] == section]
        assert numbers == list(range(1, n + 1)), section
    order = [(each["section"], each["number"]) for each in STATEMENTS]
    assert order == sorted(order)


def test_each_statement_has_its_rows_or_makes_no_claim():
    for each in STATEMENTS:
        place = f"{each['section']}, statement {each['number']}"
        assert ("claims" in each) != ("no claim" in each), place
        assert each.get("no claim", "instruction") in NO_CLAIM, place
        assert set(each.get("claims", LEDGER)) <= set(LEDGER), place
        assert each.get("claims", "some"), place


def test_each_row_of_the_ledger_answers_a_statement_of_its_section():
    for name, row in LEDGER.items():
        sections = set(re.findall(r"\d\.\d", row["section"]))
        found = {each["section"] for each in STATEMENTS if name in each.get("claims", ())}
        assert found & sections, name
        assert sections <= found, name


def statements(article: str) -> list[tuple[str, str]]:
    """(section, statement): each sentence or list item outside formulas and code, each diagram."""
    found, section = [], ""
    for block in re.split(r"(^\s*```.*?^\s*```\s*$)", article, flags=re.DOTALL | re.MULTILINE):
        if block.strip().startswith("```"):
            if block.strip().startswith("```mermaid"):
                found.append((section, block.strip()[len("```mermaid") : -3]))
            continue
        for line in map(str.strip, block.splitlines()):
            if title := re.match(r"#+\s+(\d\.\d)?", line):
                section = title[1] or section
            elif section and not line.startswith(("$$", "\\min", "\\mathcal")):
                found += [(section, part) for part in re.split(r"(?<=[。！？])", line)]
    return [(section, part) for section, part in found if re.search(r"\w", part)]


@pytest.mark.skipif("AIGC_ARTICLE" not in os.environ, reason="the article is not in the repository")
def test_the_numbers_are_those_of_the_article():
    article = Path(os.environ["AIGC_ARTICLE"]).read_text("utf8")
    kept = [(each["section"], each["sha256"]) for each in STATEMENTS]
    assert kept == [
        (section, hashlib.sha256(re.sub(r"\s+", "", text).encode()).hexdigest()[:10])
        for section, text in statements(article)
    ]
