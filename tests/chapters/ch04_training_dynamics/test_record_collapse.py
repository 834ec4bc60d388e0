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
    assert record_collapse.CHOICE not in record_collapse.JUDGES
    small = record_collapse.scored(rows, record_collapse.SMALL)
    assert list(told.contestants["plain"].scores) == [small[seed]["modes"] for seed in (1, 2, 3)]
    # Were the usual steps as good where one chooses, they would be the ones that are judged.
    as_good = [row | {"modes": 8} if row["seed"] == 0 else row for row in rows]
    usual = record_collapse.scored(rows, "plain")
    judged = record_collapse.contest(as_good).contestants["plain"].scores
    assert list(judged) == [usual[seed]["modes"] for seed in (1, 2, 3)]
