"""Proofs, in numbers, of chapter 17's statements."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import optimize
from sklearn.metrics import ndcg_score

from aigc_lib.chapters.ch17_recommendation import baselines, irgan, ranking_metrics

RNG = torch.Generator().manual_seed(17)


def rand(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=RNG, dtype=torch.float64)


@pytest.mark.label("eq-ndcg")
@pytest.mark.parametrize("k", [1, 3, 10])
def test_ndcg_is_scikit_learns_and_lies_between_nothing_and_the_best_list(k: int) -> None:
    scores = rand(40, 30)
    wanted = [torch.randperm(30, generator=RNG)[: 1 + i % 12] for i in range(40)]
    truth = np.zeros((40, 30))
    for row, good in zip(truth, wanted, strict=True):
        row[good.numpy()] = 1
    lists = ranking_metrics.top(scores, [torch.empty(0, dtype=torch.long)] * 40, k)
    found = ranking_metrics.ndcg(lists, wanted)
    for i in range(40):
        assert float(found[i]) == pytest.approx(
            ndcg_score(truth[i : i + 1], scores[i : i + 1].numpy(), k=k)
        )
    best = torch.from_numpy(truth).sort(dim=1, descending=True).indices[:, :k]
    worst = torch.from_numpy(truth).sort(dim=1).indices[:, :k]
    torch.testing.assert_close(ranking_metrics.ndcg(best, wanted), torch.ones(40).double())
    assert float(ranking_metrics.ndcg(worst, wanted).max()) == 0


@pytest.mark.label("thm-random-ndcg")
@pytest.mark.parametrize(("n", "m", "k"), [(6, 2, 3), (5, 4, 2), (6, 1, 6), (6, 3, 3)])
def test_the_floor_is_the_mean_over_all_orders(n: int, m: int, k: int) -> None:
    total = 0.0
    for order in itertools.permutations(range(n)):  # the films 0 to m - 1 are wanted
        gain = sum(1 / math.log2(r + 2) for r in range(k) if order[r] < m)
        total += gain / sum(1 / math.log2(r + 2) for r in range(min(k, m)))
    assert ranking_metrics.random_ndcg(n, m, k) == pytest.approx(total / math.factorial(n))


def drawn_gain(place: int, n: int, k: int, s: int) -> float:
    q = (place - 1) / n
    return sum(
        math.comb(s, j) * q**j * (1 - q) ** (s - j) / math.log2(j + 2) for j in range(min(k, s + 1))
    )


@pytest.mark.label("thm-sampled-gain")
def test_drawn_competitors_make_another_number_and_another_order() -> None:
    n, k, s = 50, 5, 10
    rng = np.random.default_rng(0)
    for place in (1, 3, 20):
        above = (rng.integers(n, size=(40_000, s)) < place - 1).sum(1)  # n others, place - 1 above
        seen = np.where(above < k, 1 / np.log2(above + 2), 0.0)
        expected = drawn_gain(place, n, k, s)
        assert seen.mean() == pytest.approx(expected, abs=5 * seen.std() / 200 + 1e-12)
    # A puts its two films on the places 10 and 1,000 of 1,001, B both on 12.
    full_a, full_b = (1 / math.log2(11) + 0) / 2, 0.0
    a = (drawn_gain(10, 1000, 10, 100) + drawn_gain(1000, 1000, 10, 100)) / 2
    assert full_a > full_b
    assert a < drawn_gain(12, 1000, 10, 100)


@pytest.mark.label("thm-text-rows")
def test_the_table_is_the_best_one_with_a_zero_diagonal() -> None:
    liked = (rand(12, 7) > 0.3).double()
    texts, ridge, weight = rand(7, 4), 2.0, 0.7
    found = baselines.linear(liked, ridge, texts, weight).double()
    assert float(found.diagonal().abs().max()) == 0
    # Column by column, by a least squares without the film itself, which knows no inverse of all.
    rows = np.vstack([liked.numpy(), math.sqrt(weight) * texts.T.numpy()])
    for j in range(7):
        others = [i for i in range(7) if i != j]
        stacked = np.vstack([rows[:, others], math.sqrt(ridge) * np.eye(6)])
        aim = np.concatenate([rows[:, j], np.zeros(6)])
        column = np.linalg.lstsq(stacked, aim, rcond=None)[0]
        np.testing.assert_allclose(found[others, j].numpy(), column, rtol=1e-5, atol=1e-6)


@pytest.mark.label("eq-bpr")
def test_the_loss_of_pairs_is_a_log_probability_with_the_stated_slope() -> None:
    for difference in (-3.0, 0.0, 0.4, 2.0):
        good = torch.tensor([1.0 + difference], dtype=torch.float64, requires_grad=True)
        bad = torch.ones(1, dtype=torch.float64)
        loss = irgan.pair_loss(good, bad)
        probability = 1 / (1 + math.exp(-difference))
        assert float(loss.detach()) == pytest.approx(-math.log(probability))
        (slope,) = torch.autograd.grad(loss, good)
        assert float(slope) == pytest.approx(-1 / (1 + math.exp(difference)))
    lost = irgan.pair_loss(torch.tensor([0.0]), torch.tensor([1e4]))
    assert float(lost) == pytest.approx(1e4)


P, Q = rand(6).softmax(0), rand(6).softmax(0)


def value(logits: torch.Tensor, q: torch.Tensor) -> float:
    """Of the game: mean log D over p plus mean log(1 - D) over q."""
    d = torch.sigmoid(logits)
    return float(P @ d.log() + q @ (1 - d).log())


@pytest.mark.label("thm-irgan")
def test_the_game_ends_at_the_truth_and_a_fixed_judge_asks_for_one_film() -> None:
    start = np.zeros(6)
    best = optimize.minimize(lambda f: -value(torch.from_numpy(f), Q), start, tol=1e-12)
    np.testing.assert_allclose(best.x, (P / Q).log().numpy(), atol=1e-4)

    def after(scores: np.ndarray) -> float:
        q = torch.from_numpy(scores).softmax(0)
        return value((P / q).log(), q)

    end = optimize.minimize(after, rand(6).numpy(), tol=1e-12)
    np.testing.assert_allclose(torch.from_numpy(end.x).softmax(0).numpy(), P.numpy(), atol=1e-4)
    assert end.fun == pytest.approx(-2 * math.log(2))
    logits = rand(6)
    reward = (1 + logits.exp()).log()
    one = torch.nn.functional.one_hot(logits.argmax(), 6).double()
    for _ in range(100):
        assert float(rand(6).softmax(0) @ reward) < float(one @ reward)


@pytest.mark.label("eq-irgan-gradient")
def test_the_generator_climbs_its_mean_reward() -> None:
    scores, logits = rand(4), rand(1, 4)
    reward = torch.log1p(logits.exp())[0]
    small, exact = 1e-6, []
    for i in range(4):
        step = small * torch.eye(4, dtype=torch.float64)[i]
        ends = [float((scores + s * step).softmax(0) @ reward) for s in (1, -1)]
        exact.append((ends[0] - ends[1]) / (2 * small))
    leaf = scores.clone().requires_grad_()
    (whole,) = torch.autograd.grad(irgan.policy_loss(leaf.log_softmax(0)[None], logits, None), leaf)
    torch.testing.assert_close(-whole, torch.tensor(exact).double(), rtol=1e-6, atol=1e-8)
    # Three draws judged against each other: the mean over everything that may be drawn.
    mean = torch.zeros(4, dtype=torch.float64)
    for drawn in itertools.product(range(4), repeat=3):
        chance = float(scores.softmax(0)[list(drawn)].prod())
        loss = irgan.policy_loss(leaf.log_softmax(0)[None], logits, torch.tensor([drawn]))
        mean -= chance * torch.autograd.grad(loss, leaf)[0]
    torch.testing.assert_close(mean, torch.tensor(exact).double(), rtol=1e-6, atol=1e-8)


@pytest.mark.label("eq-ials")
@pytest.mark.label("thm-ials")
def test_each_fit_is_at_a_minimum_and_no_sweep_raises_the_sum() -> None:
    liked = (rand(9, 7) > 0.4).double()
    weight, ridge = 0.3, 0.8

    def total(people: torch.Tensor, films: torch.Tensor) -> torch.Tensor:
        """The sum, term by term, as it is written on the page."""
        s = torch.zeros((), dtype=torch.float64)
        for u, p in enumerate(people):
            for i, v in enumerate(films):
                s = s + liked[u, i] * (1 - p @ v) ** 2 + weight * (p @ v) ** 2
        return s + ridge * (people.square().sum() + films.square().sum())

    people, films = rand(9, 3), rand(7, 3)
    before = float(total(people, films))
    for _ in range(5):
        for turn in ("people", "films"):
            if turn == "people":
                people = baselines.fold_in(liked, films, weight, ridge)
                mine = people.requires_grad_()
            else:
                films = baselines.fold_in(liked.T, people, weight, ridge)
                mine = films.requires_grad_()
            (slope,) = torch.autograd.grad(total(people, films), mine)
            assert float(slope.abs().max()) < 1e-9
            people, films = people.detach(), films.detach()
            now = float(total(people, films))
            assert now <= before + 1e-9
            moved = total(people + 0.01 * rand(9, 3) * (turn == "people"),
                          films + 0.01 * rand(7, 3) * (turn == "films"))  # fmt: skip
            assert float(moved) > now  # the minimum is the only one
            before = now
    swept = baselines.ials(liked, 3, weight, ridge, sweeps=60).double()
    person = baselines.fold_in(liked, swept, weight, ridge)
    again = baselines.fold_in(liked.T, person, weight, ridge)
    torch.testing.assert_close(again, swept, atol=0.02, rtol=0.02)  # a fixed point, nearly
