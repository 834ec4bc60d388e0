"""What chapter 04's record declares follows from its rows, and no seed both chooses and judges."""

from dataclasses import asdict

from aigc_lib.chapters.ch04_training_dynamics import record_collapse
from aigc_lib.core import results


def test_the_contest_is_that_of_the_rows() -> None:
    recorded = results.load("collapse")
    assert recorded["contests"] == [asdict(record_collapse.contest(recorded["rows"]))]


def test_seed_0_chooses_and_is_not_judged() -> None:
    rows = results.load("collapse")["rows"]
    told = record_collapse.contest(rows)
    for name, each in told.contestants.items():
        best = record_collapse.chosen(rows, name)
        assert best["seed"] == record_collapse.CHOICE
        found = {
            row["seed"]: row["modes"]
            for row in rows
            if (row["target"], row["setting"]) == ("ring", best["setting"]) and not row["averaged"]
        }
        judged = [found[seed] for seed in (1, 2, 3, 4)]
        assert list(each.scores) == judged
