"""aigc_lib.core.contest: what a verdict rests on is computed, and a record keeps it."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import ttest_rel

from aigc_lib.core import results
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.results import Recording
from aigc_lib.core.stats import bootstrap, student

CURVE = [[0, 0.1], [25, 0.5], [50, 0.6], [75, 0.68], [100, 0.7]]


def contest(**changed) -> Contest:
    """A small fair contest."""
    told = {
        "name": "small",
        "measure": "accuracy",
        "better": "higher",
        "chosen_on": "validation",
        "tested_on": "test",
        "contestants": {
            "new": Contestant(3, {"lr": 0.1}, [0.71, 0.74, 0.7], CURVE),
            "old": Contestant(3, {"k": 5}, [0.6, 0.66, 0.61], None, "it only counts"),
        },
        "verdict": {"best": "new", "against": "old"},
    }
    return Contest(**told | changed)


def test_the_difference_of_seeds_is_the_paired_t_interval():
    verdict = contest().verdict
    expected = ttest_rel([0.71, 0.74, 0.7], [0.6, 0.66, 0.61])
    low, high = expected.confidence_interval(0.95)
    assert verdict["difference"] == pytest.approx([0.28 / 3, low, high])
    assert (verdict["over"], verdict["interval"]) == ("seeds", "Student's t")


def test_student_holds_the_mean_of_three_values_where_the_bootstrap_does_not():
    draws = np.random.default_rng(0).normal(size=(400, 3))
    held = {student: 0, bootstrap: 0}
    for interval in held:
        for draw in draws:
            _, low, high = interval(draw.tolist() if interval is student else torch.tensor(draw))
            held[interval] += low < 0 < high
    assert 0.92 < held[student] / 400 < 0.98
    assert 0.68 < held[bootstrap] / 400 < 0.8


@pytest.mark.parametrize(("values", "confidence"), [([1.0], 0.95), ([1.0, 2.0], 1.0)])
def test_student_needs_two_values_and_a_confidence(values, confidence):
    with pytest.raises(ValueError, match="need two values"):
        student(values, confidence)


def test_a_difference_over_items_is_kept():
    verdict = {"best": "new", "against": "old", "over": "items", "difference": [0.1, 0.0, 0.2]}
    assert contest(verdict=verdict).verdict == {"interval": "bootstrap", **verdict}


@pytest.mark.parametrize(
    ("better", "scores", "share"),
    [
        ("higher", [0.1, 0.5, 0.6, 0.68, 0.7], 0.0333),  # ended
        ("lower", [4.0, 3.0, 2.0, 1.0, 0.0], 0.25),  # a straight line
        ("higher", [0.1, 0.5, 0.8, 0.8, 0.7], -0.1667),  # falls again
        ("higher", [0.1, 0.0, 0.0, 0.0, 0.1], None),  # learned nothing
        ("lower", [1.0, 2.0, 3.0, 4.0, 5.0], None),  # got worse
    ],
)
def test_the_last_quarter(better, scores, share):
    found = contest(better=better, contestants={
        "new": Contestant(3, 1, [1, 2], [[25 * i, score] for i, score in enumerate(scores)]),
        "old": Contestant(3, 1, [2, 3]),
    })  # fmt: skip
    assert found.contestants["new"].last_quarter == share
    assert found.contestants["old"].last_quarter is None


def test_the_last_quarter_is_read_between_the_points():
    curve = [[0, 0.0], [10, 5.0], [20, 6.0], [50, 8.0], [100, 10.0]]
    two = {"new": Contestant(1, 1, [1, 2], curve), "old": Contestant(1, 1, [2, 3])}
    assert contest(contestants=two).contestants["new"].last_quarter == 0.1


@pytest.mark.parametrize(
    "curve",
    [CURVE[:4], [row[:1] for row in CURVE], CURVE[::-1], [*CURVE[:4], [100, float("nan")]],
     [[x + 50, y] for x, y in CURVE]],
)  # fmt: skip
def test_a_curve_of_another_form_is_refused(curve):
    two = {"new": Contestant(1, 1, [1, 2], curve), "old": Contestant(1, 1, [2, 3])}
    with pytest.raises(ValueError, match="small: new's curve"):
        contest(contestants=two)


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"better": "more"}, "better is 'higher' or 'lower'"),
        ({"verdict": {"best": "new", "against": "new"}}, "are not two of"),
        ({"verdict": {"best": "new", "against": "nobody"}}, "are not two of"),
        (
            {"contestants": {"new": Contestant(1, 1, [1, 2]), "old": Contestant(1, 1, [1])}},
            "a score for each of the same seeds",
        ),
    ],
)
def test_what_is_no_contest_is_refused(changed, complaint):
    with pytest.raises(ValueError, match=complaint):
        contest(**changed)


def test_a_record_keeps_what_it_declares_until_it_has_another_row(tmp_path: Path):
    def recording() -> Recording:
        return Recording("small", str(tmp_path / "record_small.py"), "aigc", key=("seed",))

    first = recording()
    first.add({"seed": 0})
    first.declare(contest())
    written = results.read(first.path)
    assert written["contests"] == json.loads(json.dumps([asdict(contest())]))
    assert written["why_none"] == ""
    again = recording()  # nothing is missing: the same rows, date and commit
    assert list(again.missing([0])) == []
    again.declare(contest(name="other"))
    written["contests"][0]["name"] = "other"
    assert results.read(first.path) == written
    again.add({"seed": 1})
    assert "contests" not in results.read(first.path)
    again.declare(why_none="It only describes.")
    assert results.read(first.path)["why_none"] == "It only describes."
    again.declare(contest())
    told = results.read(first.path)
    assert (len(told["rows"]), len(told["contests"]), told["why_none"]) == (2, 1, "")
