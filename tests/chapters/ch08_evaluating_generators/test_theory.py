"""Proofs, in numbers, of the labelled statements of chapter 08: most by counting all cases."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import entropy

from aigc_lib.chapters.ch08_evaluating_generators.blind_test import hits_needed, luck
from aigc_lib.chapters.ch08_evaluating_generators.inception_score import inception_score
from aigc_lib.gan import divergences
from aigc_lib.metrics import frechet
from aigc_lib.metrics.frechet import Statistics, frechet_distance
from aigc_lib.metrics.kernel import kernel_distance

Array = NDArray[np.float64]
SEEDS = pytest.mark.parametrize("seed", range(3))


# ------------------------------------------------------------------------------- the blind test


@pytest.mark.label("thm-blind-test")
def test_whatever_a_blind_reader_answers_the_hits_are_binomial() -> None:
    n = 6
    truths = list(itertools.product([0, 1], repeat=n))  # equally likely: the coins are fair
    for answers in ([1] * n, [0] * n, [1, 0] * (n // 2), [1, 1, 0, 1, 0, 0]):
        hits = [sum(a == t for a, t in zip(answers, truth, strict=True)) for truth in truths]
        assert [hits.count(h) for h in range(n + 1)] == [math.comb(n, h) for h in range(n + 1)]
        for h in range(n + 1):
            assert luck(h, n) == pytest.approx(sum(x >= h for x in hits) / 2**n, rel=1e-12)
    # Not so if always half of them are real: then the number of hits of a balanced answer is even.
    halves = [t for t in truths if sum(t) == n // 2]
    hits = [sum(a == t for a, t in zip([1, 0] * 3, truth, strict=True)) for truth in halves]
    assert set(hits) == {0, 2, 4, 6}


@pytest.mark.label("thm-blind-test")
def test_fifteen_of_twenty_is_the_threshold() -> None:
    numbers = np.arange(2**20, dtype=np.uint32)  # every outcome of twenty coins, as bits
    heads = sum((numbers >> i) & 1 for i in range(20))
    shares = {c: Fraction(int((heads >= c).sum()), 2**20) for c in (14, 15)}
    assert shares[15] <= Fraction(1, 20) < shares[14]
    assert float(shares[15]) == pytest.approx(0.0207, abs=5e-5)
    assert float(shares[14]) == pytest.approx(0.0577, abs=5e-5)
    assert hits_needed(20) == 15


# -------------------------------------------------------------------------------- inception score


def inception(p: Array) -> float:
    """By its definition, with SciPy's KL."""
    mean = p.mean(axis=0)
    return float(np.exp(np.mean([entropy(row, mean) for row in p])))


@pytest.mark.label("thm-inception-bounds")
@SEEDS
def test_inception_score_is_an_entropy_less_the_mean_entropy(seed: int) -> None:
    p = np.random.default_rng(seed).dirichlet(np.full(4, 0.5), size=12)
    stated = float(np.exp(entropy(p.mean(axis=0)) - np.mean([entropy(row) for row in p])))
    assert inception(p) == pytest.approx(stated, rel=1e-10)
    assert inception_score(torch.from_numpy(np.log(p)), 1).mean == pytest.approx(stated)
    assert 1 < inception(p) < 4


@pytest.mark.label("thm-inception-bounds")
@SEEDS
def test_inception_score_climbs_to_k_and_sinks_to_1_but_no_further(seed: int) -> None:
    k = 3

    def score(logits: Array, sign: int) -> float:
        p = np.exp(logits.reshape(k, k))
        return sign * inception(p / p.sum(axis=1, keepdims=True))

    rng = np.random.default_rng(seed)
    starts = [2 * rng.normal(size=k * k) for _ in range(8)]
    best = [-minimize(score, start, args=(-1,)).fun for start in starts]
    assert k - 1e-3 < max(best) <= k + 1e-9  # from some starts two samples settle on one class
    assert minimize(score, starts[0], args=(1,)).fun == pytest.approx(1, abs=1e-6)
    assert inception(np.eye(k) * (1 - 3e-9) + 1e-9) == pytest.approx(k, abs=1e-6)
    assert inception(np.tile(np.array([[0.7, 0.2, 0.1]]), (5, 1))) == pytest.approx(1, abs=1e-12)


# ------------------------------------------------------------- bias of the mean term; the kernel

POINTS = np.array([[0.0, 1.0], [2.0, -1.0], [1.0, 3.0]])
P, Q = np.array([0.5, 0.2, 0.3]), np.array([0.1, 0.6, 0.3])


def samples(weights: Array, n: int) -> list[tuple[float, Array]]:
    """Every sample of n points, and its probability."""
    return [
        (float(np.prod(weights[list(i)])), POINTS[list(i)])
        for i in itertools.product(range(3), repeat=n)
    ]


@pytest.mark.label("eq-mean-bias")
def test_the_mean_of_a_sample_misses_by_the_trace_over_n() -> None:
    mean = P @ POINTS
    trace = float(P @ ((POINTS - mean) ** 2).sum(axis=1))
    for n in (1, 2, 4):
        found = sum(w * ((x.mean(axis=0) - mean) ** 2).sum() for w, x in samples(P, n))
        assert found == pytest.approx(trace / n, rel=1e-12)
    two = sum(
        v * w * ((x.mean(axis=0) - y.mean(axis=0)) ** 2).sum()
        for v, x in samples(P, 4)
        for w, y in samples(P, 2)
    )
    assert two == pytest.approx(trace / 4 + trace / 2, rel=1e-12)
    assert two == pytest.approx(divergences.expected_mean_distance(4, 2, trace), rel=1e-12)


@pytest.mark.label("eq-mean-bias")
def test_so_a_set_is_far_from_its_own_distribution() -> None:
    def statistics(x: Array) -> Statistics:
        return frechet.statistics(torch.from_numpy(x))

    mean = P @ POINTS
    centred = POINTS - mean
    truth = Statistics(torch.from_numpy(mean), torch.from_numpy((centred.T * P) @ centred), 10**9)
    found = sum(w * frechet_distance(statistics(x), truth) for w, x in samples(P, 4))
    assert found > float(P @ (centred**2).sum(axis=1)) / 4 * 1.05  # the covariance adds to it


def kernel(x: Array, y: Array) -> Array:
    """The cubic kernel of every pair, by loops."""
    return np.array([[(sum(a * b for a, b in zip(p, q, strict=True)) / 2 + 1) ** 3 for q in y]
                     for p in x])  # fmt: skip


@pytest.mark.label("thm-unbiased-mmd")
@pytest.mark.parametrize(("n", "m"), [(2, 2), (3, 2), (3, 4)])
@pytest.mark.parametrize("q", [P, Q])
def test_the_unbiased_estimate_is_and_the_biased_one_is_off_as_stated(
    n: int, m: int, q: Array
) -> None:
    k = kernel(POINTS, POINTS)
    truth = float(P @ k @ P + q @ k @ q - 2 * P @ k @ q)
    unbiased, biased = 0.0, 0.0
    for (v, x), (w, y) in itertools.product(samples(P, n), samples(q, m)):
        unbiased += v * w * kernel_distance(torch.from_numpy(x), torch.from_numpy(y))
        v_statistic = kernel(x, x).mean() + kernel(y, y).mean() - 2 * kernel(x, y).mean()
        assert v_statistic > -1e-9  # a squared length
        biased += v * w * v_statistic
    assert unbiased == pytest.approx(truth, rel=1e-10, abs=1e-10)
    bias = (P @ k.diagonal() - P @ k @ P) / n + (q @ k.diagonal() - q @ k @ q) / m
    assert biased - truth == pytest.approx(bias, rel=1e-10)
    assert bias > 1
