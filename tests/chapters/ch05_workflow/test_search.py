"""The search for hyperparameters: what it is told, what it is not, and its record."""

import math
import random

import pytest
import torch
from torch import nn

from aigc_lib.chapters.ch05_workflow import record_search, search
from aigc_lib.core import results


@pytest.fixture(scope="module")
def desk() -> search.Office:
    """A small office: features of ten classes that two layers can tell."""
    rng, digits = torch.Generator().manual_seed(0), torch.arange(10).repeat(140)
    below = 2 * torch.eye(10)[digits] + torch.randn(1400, 10, generator=rng)
    top = nn.Sequential(nn.Linear(10, 8), nn.ReLU(), nn.Dropout(0), nn.Linear(8, 10))
    return search.Office(below, digits, torch.arange(1400) // 100, top.requires_grad_(False))


def test_parts_do_not_overlap_and_draws_are_five_of_each(desk):
    parts = [set(desk.part(name).tolist()) for name in search.FORMS]
    assert [len(part) for part in parts] == [400, 200, 300, 500]
    assert len(set.union(*parts)) == 1400
    chosen = desk.draw(3, "valid")
    assert set(chosen.tolist()) < parts[1]
    assert desk.digits[chosen].bincount().tolist() == [5] * 10
    assert not torch.equal(chosen, desk.draw(4, "valid"))


def test_the_search_is_told_the_validation_loss_alone(desk, monkeypatch):
    optuna = pytest.importorskip("optuna")
    told = []

    class Noted(optuna.samplers.RandomSampler):
        def after_trial(self, study, trial, state, values):
            told.append(values)

    found = search.hunt(desk, Noted(seed=1), 3, seed=0)
    assert told == [[each["valid"]] for each in found]
    assert len({each["study"] for each in found}) == 3
    again = search.hunt(desk, optuna.samplers.RandomSampler(seed=1), 3, seed=0)
    assert found == again


def test_scores_are_those_of_three_parts_without_common_pictures(desk):
    network = search.train(desk, search.PLAIN, seed=0)
    found = search.scores(desk, network, seed=0)
    chosen = set(desk.draw(0, "valid").tolist())
    others = torch.tensor([k for k in desk.part("valid").tolist() if k not in chosen])
    for name, rows in (("fresh", others), ("study", desk.part("study"))):
        logits = network(desk.below[rows]).log_softmax(1)
        loss = -logits[torch.arange(len(rows)), desk.digits[rows]].mean()
        assert found[name] == pytest.approx(loss.item(), rel=1e-5)
    assert not network.training
    assert desk.top[2].p == 0  # the pretrained layers are as they were


def test_a_training_that_fails_scores_as_a_guesser(desk):
    setting = search.PLAIN | {"lr": float("inf")}
    assert search.train(desk, setting, 0) is None
    found = search.scores(desk, None, 0)
    assert found == {
        "valid": math.log(10),
        "fresh": math.log(10),
        "study": math.log(10),
        "right": 10,
    }


def test_the_winner_is_best_where_one_chooses_and_nowhere_else():
    random.seed(0)
    found = [{"valid": random.random(), "study": random.random()} for _ in range(9)]
    assert search.winner(found)["valid"] == min(each["valid"] for each in found)
    assert search.winner(found, 2) in found[:2]


def test_the_record_holds_equal_budgets_and_its_contest_is_that_of_its_rows():
    record = results.load("search")
    rows = record["rows"]
    seeds = {
        name: [r["seed"] for r in rows if r["search"] == name] for name in ("random search", "TPE")
    }
    assert seeds["random search"] == seeds["TPE"]
    assert len(seeds["TPE"]) >= 5
    for row in rows:
        trials = 1 if row["search"] == "plain setting" else record_search.TRIALS
        assert all(len(row[score]) == trials for score in record_search.SCORES)
    contest = record_search.contest(rows)
    assert contest.verdict == record["contests"][0]["verdict"]
