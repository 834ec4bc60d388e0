"""Proofs, in numbers, of chapter 03: two samples, the best discriminator, the value."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.optimize import linprog, minimize, minimize_scalar
from scipy.spatial.distance import jensenshannon
from scipy.stats import norm
from torch import Tensor

from aigc_lib.chapters.ch03_adversarial_objective.closed_forms import (
    excess_loss,
    saturating_divergence,
)
from aigc_lib.gan import divergences

SEEDS = pytest.mark.parametrize("seed", range(3))
X = np.linspace(-15, 15, 6001)
DX = X[1] - X[0]


def points(seed: int, k: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Two distributions on k points."""
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(k)), rng.dirichlet(np.ones(k))


def tensors(*arrays: np.ndarray) -> tuple[Tensor, ...]:
    return tuple(torch.from_numpy(np.asarray(a, dtype=float)) for a in arrays)


def cross_entropy(logits: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
    """The discriminator's expected loss on points, in NumPy."""
    return float(p @ np.logaddexp(0, -logits) + q @ np.logaddexp(0, logits))


def kl(p: np.ndarray, q: np.ndarray) -> float:
    return float(np.sum(p * np.log(p / q)))


@pytest.mark.label("eq-pushforward")
def test_the_mean_over_samples_is_the_mean_over_noise() -> None:
    def f(x: float) -> float:
        return math.exp(-x) + x**3

    # x = exp(z) is log-normal: its density comes from a table, not from the map.
    over_noise, _ = quad(lambda z: f(math.exp(z)) * norm.pdf(z), -9, 9, limit=200)
    over_samples, _ = quad(
        lambda x: f(x) * math.exp(-(math.log(x) ** 2) / 2) / (x * math.sqrt(2 * math.pi)),
        1e-9, math.exp(9), points=[1, 10, 100, 1000], limit=2000,
    )  # fmt: skip
    assert over_noise == pytest.approx(over_samples, rel=1e-6)
    twice, _ = quad(lambda z: f(math.exp(math.exp(z))) * norm.pdf(z), -9, 1.5, limit=200)
    assert twice > 1.1 * over_noise  # G applied twice is another number


@pytest.mark.label("def-total-variation")
@SEEDS
def test_the_largest_difference_over_all_sets_is_half_the_sum(seed: int) -> None:
    p, q = points(seed)
    sets = np.array(np.meshgrid(*[[0, 1]] * 6)).reshape(6, -1)  # every subset of the points
    largest = float(np.abs((p - q) @ sets).max())
    assert float(divergences.total_variation(*tensors(p, q))) == pytest.approx(largest, rel=1e-12)
    gauss = norm.pdf(X), norm.pdf(X, 1.5)  # both sets meet at 0.75
    wanted = norm.cdf(0.75) - norm.cdf(0.75, 1.5)
    assert float(divergences.total_variation(*tensors(*gauss), DX)) == pytest.approx(
        wanted, abs=1e-5
    )


@pytest.mark.label("thm-two-sample")
@SEEDS
def test_no_classifier_beats_half_plus_half_the_variation(seed: int) -> None:
    p, q = points(seed)
    # Random answers allowed: the best is a linear programme over P(say "real" at each point).
    best = -linprog(-(p - q) / 2, bounds=(0, 1)).fun + 0.5
    stated = 0.5 + float(divergences.total_variation(*tensors(p, q))) / 2
    assert stated == pytest.approx(best, abs=1e-10)
    rng = np.random.default_rng(seed)
    real = rng.choice(6, 200_000, p=p)
    fake = rng.choice(6, 200_000, p=q)
    says_real = p > q
    hits = (says_real[real].mean() + 1 - says_real[fake].mean()) / 2
    assert hits == pytest.approx(stated, abs=4 * 0.5 / math.sqrt(400_000))


@pytest.mark.label("thm-optimal-discriminator")
@pytest.mark.parametrize(("p", "q"), [(0.3, 0.1), (1.0, 1.0), (0.02, 5.0), (2.0, 0.7)])
def test_a_search_at_one_point_ends_at_the_share_of_real(p: float, q: float) -> None:
    def cost(d: float) -> float:
        return -p * math.log(d) - q * math.log(1 - d)

    options = {"xatol": 1e-12}
    found = minimize_scalar(cost, bounds=(1e-9, 1 - 1e-9), method="bounded", options=options)
    stated = float(divergences.optimal_discriminator(*tensors(p, q)))
    assert stated == pytest.approx(found.x, abs=1e-6)
    for d in np.linspace(0.01, 0.99, 99):
        assert cost(d) >= cost(stated) - 1e-12
        bend = (cost(d + 1e-4) - 2 * cost(d) + cost(d - 1e-4)) / 1e-8
        assert bend == pytest.approx(p / d**2 + q / (1 - d) ** 2, rel=1e-3)
        assert bend > 0
    half = cost(0.5)
    assert (half > cost(stated) + 1e-6) == (p != q)


@pytest.mark.label("eq-excess-loss")
@SEEDS
def test_the_excess_loss_is_a_mean_divergence_of_answers(seed: int) -> None:
    p, q = points(seed)
    logits = np.random.default_rng(seed).normal(size=6)
    least = minimize(cross_entropy, np.zeros(6), args=(p, q), method="BFGS", tol=1e-10).fun
    wanted = cross_entropy(logits, p, q) - least
    assert float(excess_loss(*tensors(logits, p, q))) == pytest.approx(wanted, abs=1e-8)
    d, best = 1 / (1 + np.exp(-logits)), p / (p + q)
    by_answer = [kl(np.array([b, 1 - b]), np.array([a, 1 - a])) for a, b in zip(d, best)]  # noqa: B905
    assert float((p + q) @ by_answer) == pytest.approx(wanted, abs=1e-8)
    assert wanted > 1e-3


@pytest.mark.label("thm-game-value")
@pytest.mark.parametrize(("mean", "sd"), [(1.5, 0.7), (0.0, 1.0), (-3.0, 2.0)])
def test_the_value_of_the_game_is_twice_the_divergence_less_log_four(mean, sd) -> None:
    def payoff(x: float) -> float:
        p, q = norm.pdf(x), norm.pdf(x, mean, sd)
        return p * math.log(p / (p + q)) + q * math.log(q / (p + q))

    value, _ = quad(payoff, -12, 12, points=[-3, 0, 1.5], epsabs=1e-11, limit=500)
    p, q = tensors(norm.pdf(X), norm.pdf(X, mean, sd))
    assert float(saturating_divergence(p, q, DX)) - math.log(4) == pytest.approx(value, abs=1e-8)
    cells = p * DX, q * DX
    assert value == pytest.approx(2 * jensenshannon(*cells) ** 2 - math.log(4), abs=1e-6)


@pytest.mark.label("thm-jsd-bounds")
def test_the_divergence_is_zero_only_for_equals_and_log_two_only_for_strangers() -> None:
    for seed in range(50):
        p, q = points(seed)
        js = jensenshannon(p, q) ** 2
        assert float(divergences.jensen_shannon(*tensors(p, q))) == pytest.approx(js, rel=1e-10)
        assert 0 < js < math.log(2)
        assert js >= 0.5 * np.square((p - q) / 2).sum()  # so it is 0 only where p = q
        assert float(divergences.jensen_shannon(*tensors(p, p))) == 0
        apart = np.concatenate([p, 0 * q]), np.concatenate([0 * p, q])
        assert float(divergences.jensen_shannon(*tensors(*apart))) == pytest.approx(math.log(2))
        apart[1][0], apart[1][-1] = 1e-3, q[-1] - min(1e-3, q[-1])  # they share one point
        assert float(divergences.jensen_shannon(*tensors(*apart))) < math.log(2) - 1e-6


@pytest.mark.label("thm-global-optimum")
@SEEDS
def test_the_generators_best_reply_is_the_data(seed: int) -> None:
    p, _ = points(seed, 3)

    def worth(free: np.ndarray) -> float:
        """The value after the discriminator's own search, for the generator softmax(free, 0)."""
        q = np.exp([*free, 0.0]) / np.exp([*free, 0.0]).sum()
        return -minimize(cross_entropy, np.zeros(3), args=(p, q), method="BFGS", tol=1e-9).fun

    start = np.random.default_rng(seed).normal(size=2)
    found = minimize(worth, start, method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-9})
    q = np.exp([*found.x, 0.0]) / np.exp([*found.x, 0.0]).sum()
    np.testing.assert_allclose(q, p, atol=1e-3)
    assert found.fun == pytest.approx(-math.log(4), abs=1e-6)
    assert worth(start) > -math.log(4) + 0.01
