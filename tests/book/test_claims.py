"""The ledger of claims: its evidence resolves, its page is fresh, and its checker finds faults."""

import json

import pytest

from tools import claims
from tools.claims import Book, Place, faults, read_book, render

LEDGER = json.loads(claims.LEDGER.read_text(encoding="utf8"))


def test_all_evidence_is_there_and_the_page_is_fresh():
    book = read_book()
    assert faults(LEDGER, book) == []
    assert claims.PAGE.read_text(encoding="utf8") == render(LEDGER, book)
    assert claims.main(["--check"]) == 0


def test_the_ledger_goes_through_the_whole_article():
    sections = {claim["section"].split(",")[0] for claim in LEDGER}
    wanted = ["1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "3.1", "3.2", "3.3", "3.4"]
    wanted += ["4.2", "4.3", "5.1", "5.2", "5.3", "5.4", "6.1", "6.2", "6.3", "6.4"]
    assert set(wanted) <= sections
    assert len(LEDGER) >= 50
    numbers = [claim["section"].split(",")[0] for claim in LEDGER]
    assert numbers == sorted(numbers)  # in the article's order


BOOK = Book(
    cells={
        "01-a/run": Place("01-a", "A section", "there", executed=True),
        "01-a/not-run": Place("01-a", "A section", "", executed=False),
    },
    keys=frozenset({"somebody2020"}),
    errata={"errata-x": "A mistake"},
    root=claims.ROOT,
)


def claim(verdict="measured here", *evidence, **more):
    return {
        "id": "x", "section": "1.1", "claim": "A.", "verdict": verdict, "note": "B.",
        "evidence": list(evidence), **more,
    }  # fmt: skip


CELL = {"cell": "01-a/run"}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (claim("measured here", CELL), None),
        (claim("supported by a reference", {"cite": "somebody2020"}), None),
        (claim("wrong", {"errata": "errata-x"}), None),
        (claim("overstated", {"test": "tests/book/test_claims.py"}), None),
        (claim("true", CELL), "unknown verdict"),
        (claim("measured here", {"cell": "01-a/gone"}), "is not there"),
        (claim("measured here", {"cell": "01-a/not-run"}), "shows nothing"),
        (claim("measured here", {"cite": "somebody2020"}), "no cell shows it"),
        (claim("supported by a reference", CELL), "nothing is cited"),
        (claim("supported by a reference", {"cite": "nobody1999"}), "'nobody1999' is not there"),
        (claim("wrong", {"errata": "errata-y"}), "'errata-y' is not there"),
        (claim("wrong", {"test": "tests/gone.py"}), "is not there"),
        (claim("wrong", {"hearsay": "x"}), "is not there"),
        (claim("wrong"), "no evidence"),
    ],
)
def test_the_checker_finds_what_is_wrong(found, said):
    told = faults([found], BOOK)
    if said is None:
        assert told == []
    else:
        assert any(said in fault for fault in told)


def test_two_claims_must_not_share_an_id():
    assert "2 claims have this id" in faults([claim("measured here", CELL)] * 2, BOOK)[0]


def test_a_page_names_verdict_note_and_links():
    page = render([claim("measured here", CELL, CELL, {"cite": "somebody2020"})], BOOK)
    assert "**1.1.** A." in page
    assert (
        "**Measured here.** B. See chapter 1, [A section](#there); {cite:t}`somebody2020`." in page
    )
    assert "Measured here: 1\n" in page


def test_a_stale_page_and_missing_evidence_end_with_one(tmp_path, monkeypatch, capsys):
    ledger, page = tmp_path / "claims.json", tmp_path / "claims.md"
    ledger.write_text(json.dumps([claim("measured here", CELL)]))
    monkeypatch.setattr(claims, "LEDGER", ledger)
    monkeypatch.setattr(claims, "PAGE", page)
    monkeypatch.setattr(claims, "read_book", lambda: BOOK)
    assert claims.main(["--check"]) == 1
    assert "run python -m tools.claims" in capsys.readouterr().err
    assert claims.main([]) == 0
    assert claims.main(["--check"]) == 0
    page.write_text(page.read_text() + "by hand")
    assert claims.main(["--check"]) == 1
    ledger.write_text(json.dumps([claim("measured here")]))
    assert claims.main([]) == 1
    assert page.read_text().endswith("by hand")  # a faulty ledger writes nothing
