"""One fault each in a fair contest: the rule of the records must refuse every one of them."""

import json
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.core.test_contest import contest
from tools import lint_records
from tools.lint_records import faults, records

RISING = [[0, 0.1], [25, 0.2], [50, 0.3], [75, 0.4], [100, 0.5]]


def fair() -> dict:
    """A declaration as a record holds it."""
    return json.loads(json.dumps(asdict(contest())))


def put(value, *keys):
    """A fault: this value stands there; ``...`` takes the fact out."""

    def plant(told):
        place = told
        for key in keys[:-1]:
            place = place[key]
        if value is ...:
            del place[keys[-1]]
        else:
            place[keys[-1]] = value

    return plant


def curve(who, last_quarter, points=RISING):
    def plant(told):
        told["contestants"][who] |= {"curve": points, "last_quarter": last_quarter}

    return plant


def both(*plants):
    return lambda told: [plant(told) for plant in plants]


OF_NEW, OF_OLD = ("contestants", "new"), ("contestants", "old")
FAULTS = [
    (put("test", "chosen_on"), "chosen on the test's data"),
    (put("validation and Test", "chosen_on"), "chosen on the test's data"),
    *[(put(..., fact), fact) for fact in
      ("name", "measure", "better", "chosen_on", "tested_on", "contestants", "verdict")],
    *[(put("", fact), "not all told") for fact in ("measure", "chosen_on", "tested_on")],
    *[(put(..., *OF_NEW, fact), fact) for fact in ("settings", "chosen", "scores")],
    *[(put(..., "verdict", fact), fact) for fact in ("best", "against", "difference")],
    (put("higher, or lower", "better"), "'higher' or 'lower'"),
    (put("nobody", "verdict", "against"), "are not two of"),
    (put([[0, 0.1], [100, 0.5]], *OF_NEW, "curve"), "5 points"),
    (put([0.7, 0.74], *OF_NEW, "scores"), "same seeds"),
    # invented
    (put([0.2, 0.1, 0.3], "verdict", "difference"), "not that of its scores"),
    (put(0.01, *OF_NEW, "last_quarter"), "not that of its scores"),
    (put(..., *OF_NEW, "last_quarter"), "not that of its scores"),
    (put({"best": "new", "against": "old", "over": "items", "difference": [0.1, 0.2, 0.3]},
         "verdict"), "not that of its scores"),
    # who won, over how many, beside what
    (put({"best": "old", "against": "new", "over": "items", "difference": [0, 0, 0]}, "verdict"),
     "'new' has a better mean"),
    (both(put([0.7, 0.8], *OF_NEW, "scores"), put([0.5, 0.6], *OF_OLD, "scores"),
          put([0.2, 0.2, 0.2], "verdict", "difference")), "2 seeds are too few"),
    (put([0.6, 0.6, float("nan")], *OF_OLD, "scores"), "a score for each"),
    (put("nobody", "floor"), "not 'nobody'"),
    (put("nobody", "baseline"), "not 'nobody'"),
    # tuning
    (put(4, *OF_NEW, "settings"), "no sentence `unequal`"),
    (both(put(1, *OF_NEW, "settings"), put(1, *OF_OLD, "settings")), "no sentence `unequal`"),
    (put("", *OF_OLD, "why"), "neither a curve nor a sentence"),
    (curve("new", 0.25), "the best, 'new' was still learning: the last quarter made 0.25"),
    (curve("new", None, [[x, 0.5] for x, _ in RISING]), "the best, 'new' was still learning"),
    (both(curve("old", 0.25), put("", *OF_OLD, "why")), "no sentence `why` tells"),
]  # fmt: skip


@pytest.mark.parametrize(("plant", "said"), FAULTS, ids=[said for _, said in FAULTS])
def test_an_unfair_contest_is_refused(plant, said):
    told = fair()
    plant(told)
    assert any(said in fault for fault in faults(told)), list(faults(told))


@pytest.mark.parametrize(
    "plant",
    [
        lambda told: None,
        both(put(4, *OF_NEW, "settings"), put("The old has one knob less.", "unequal")),
        both(curve("old", 0.25), put("At this price it is behind.", *OF_OLD, "why")),
        both(put("old", "floor"), put(0.3, "baseline")),
    ],
)
def test_a_fair_contest_passes(plant):
    told = fair()
    plant(told)
    assert list(faults(told)) == []


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Writes a record into a library of its own, where ``listed`` stands on the list."""
    monkeypatch.setattr(lint_records, "UNDECLARED", {"listed"})

    def write(name: str, **told) -> None:
        path = tmp_path / "aigc_lib" / "room" / "results" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"rows": [{}], **told}), "utf8")

    write("listed")
    return write


@pytest.mark.parametrize(
    ("name", "told", "said"),
    [
        ("new", {}, "new does not declare its contests"),
        ("new", {"contests": []}, "new needs contests, or else a sentence"),
        ("new", {"contests": [fair()], "why_none": "None."}, "new needs contests, or else"),
        ("new", {"contests": [fair(), fair()]}, "new has several contests of the name 'small'"),
        ("new", {"contests": [fair() | {"chosen_on": "test"}]}, "new, contest 'small': settings"),
        ("new", {"contests": [{}]}, "new, contest 'None': a fact is missing"),
        ("listed", {"contests": [fair()]}, "listed declares its contests: take it off"),
        ("listed", {"contests": [], "why_none": "It times."}, "listed declares its contests"),
    ],
)
def test_a_record_that_hides_its_contests_is_found(record, tmp_path, name, told, said):
    record(name, **told)
    assert any(said in problem for problem in records(tmp_path)), list(records(tmp_path))


def test_a_list_that_names_no_record_is_found(record, tmp_path, monkeypatch):
    monkeypatch.setattr(lint_records, "UNDECLARED", {"listed", "gone"})
    assert list(records(tmp_path)) == [
        "there is no record gone: take it off the list of undeclared ones"
    ]


def test_records_that_tell_all_pass(record, tmp_path):
    record("one", contests=[fair(), deepcopy(fair()) | {"name": "other"}], why_none="")
    record("none", contests=[], why_none="It only describes.")
    assert list(records(tmp_path)) == []
