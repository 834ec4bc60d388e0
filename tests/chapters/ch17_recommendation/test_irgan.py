"""The neural ranker and its three trainings, on a world small enough to know."""

from dataclasses import replace
from functools import partial

import pytest
import torch

from aigc_lib.chapters.ch17_recommendation import irgan
from aigc_lib.chapters.ch17_recommendation.irgan import Config, Ranker
from aigc_lib.core.training import TrainingError

N = 12
POINTS = torch.eye(N)[:, :6] + torch.eye(N)[:, 6:]  # film i reads like film i + 6
QUICK = Config(steps=60, batch=16, lr=0.05, weight_decay=0.0, draws=8, critic_lr=0.02)


def world() -> torch.Tensor:
    """Two kinds of people: one likes the first six films, one the rest."""
    rng = torch.Generator().manual_seed(0)
    own = torch.rand(60, 6, generator=rng) < 0.7
    own[:, 0] = True
    none = torch.zeros(30, 6, dtype=torch.bool)
    return torch.cat([torch.cat([own[:30], none], 1), torch.cat([none, own[30:]], 1)]).float()


def fresh(seed: int = 0, **kind: bool) -> Ranker:
    torch.manual_seed(seed)
    return Ranker(POINTS, **({"text": False, "free": True} | kind), width=8)


def right(model: Ranker) -> float:
    """Share of the probability that goes to films of the person's own kind."""
    shown = torch.zeros(2, N)
    shown[0, 1] = shown[1, 7] = 1
    with torch.no_grad():
        p = irgan.log_choice(model(shown), shown).exp()
    assert float(p[0, 1]) == 0, "what was shown is not chosen again"
    torch.testing.assert_close(p.sum(1), torch.ones(2))
    return float((p[0, :6].sum() + p[1, 6:].sum()) / 2)


def test_likelihood_and_pairs_learn_the_two_kinds():
    assert right(fresh()) == pytest.approx(0.5, abs=0.1)
    assert right(irgan.fit_likelihood(fresh(), world(), QUICK)) > 0.9
    assert right(irgan.fit_pairs(fresh(), world(), QUICK)) > 0.8


@pytest.mark.parametrize("exact", [False, True])
def test_the_game_learns_them_too(exact):
    config = Config(steps=150, batch=16, lr=0.03, weight_decay=0.0, draws=16, critic_lr=0.03)
    assert right(irgan.fit_game(fresh(), fresh(1), world(), config, exact=exact)) > 0.75


def test_a_seed_decides_everything():
    a, b, c = (irgan.fit_game(fresh(), fresh(1), world(), QUICK, seed) for seed in (0, 0, 1))
    for x, y in zip(a.parameters(), b.parameters(), strict=True):
        assert torch.equal(x, y)
    assert not torch.equal(a.source, c.source)


def test_a_loss_that_is_no_number_stops_with_a_reason():
    wild = replace(QUICK, lr=float("inf"))
    for train in (irgan.fit_likelihood, irgan.fit_pairs, partial(irgan.fit_game, fresh(1))):
        with pytest.raises(TrainingError, match="learning rate"):
            train(fresh(), world(), wild)


def test_text_alone_cannot_tell_films_apart_that_read_alike():
    scores = fresh(text=True, free=False)(torch.eye(N)[:1])
    torch.testing.assert_close(scores[0, :6], scores[0, 6:])
    assert not torch.allclose(*fresh(text=True)(torch.eye(N)[:1])[0].chunk(2))
    with pytest.raises(ValueError, match="free, or both"):
        Ranker(POINTS, text=False, free=False)


def test_parts_are_disjoint_and_make_up_the_likes():
    rng = torch.Generator().manual_seed(5)
    liked = world()
    shown, hidden = irgan.part(liked, 500, rng)
    both = shown + hidden
    assert float(both.max()) == 1
    assert hidden.any(1).all()
    rows = {tuple(row) for row in liked.tolist()}
    assert all(tuple(row) in rows for row in both.tolist())
    share = shown.sum() / both.sum()
    assert 0.33 < float(share) < 0.45  # below a half: people of whom all was shown are left out


def test_the_judge_wins_by_telling_true_from_drawn():
    logits = torch.tensor([[4.0, -4.0, 0.0]])
    true, drawn = torch.tensor([[0]]), torch.tensor([[1]])
    assert float(irgan.critic_loss(logits, true, drawn)) < 0.05
    assert float(irgan.critic_loss(logits, drawn, true)) > 8
