"""Proofs, in numbers, of chapter 01's statements on drawing, counting and the loss."""

import itertools
import math
import random
from collections import Counter

import pytest
import torch
from scipy.optimize import minimize

from aigc_lib.lm.ngram import bigram_nats, unigram_nats

# ---------------------------------------------------------------------------- counted tables


@pytest.mark.label("thm-counts")
@pytest.mark.parametrize("seed", range(4))
def test_no_table_makes_a_text_more_likely_than_its_counts(seed: int) -> None:
    """Against a numerical search from several starts, over all tables."""
    rng = random.Random(seed)
    text = "".join(rng.choices("abc", weights=(5, 2, 1), k=60))
    pairs = Counter(itertools.pairwise(text))

    def nats(table: dict[str, dict[str, float]]) -> float:
        return -sum(n * math.log(table[a][b]) for (a, b), n in pairs.items())

    counted = {}
    for a in "abc":
        total = sum(pairs[a, b] for b in "abc")
        counted[a] = {b: pairs[a, b] / total for b in "abc"}

    def from_scores(x: list[float]) -> dict[str, dict[str, float]]:
        rows = torch.tensor(x, dtype=torch.float64).view(3, 3).softmax(1).tolist()
        return {a: dict(zip("abc", row, strict=True)) for a, row in zip("abc", rows, strict=True)}

    for _ in range(3):
        start = [rng.gauss(0, 1) for _ in range(9)]
        found = minimize(lambda x: nats(from_scores(x)), start, method="BFGS", tol=1e-9)
        assert found.fun >= nats(counted) - 1e-9  # never below the counts
        assert found.fun == pytest.approx(nats(counted), abs=1e-5)  # and down to them


@pytest.mark.label("thm-counts")
def test_any_other_table_is_less_likely() -> None:
    counts, total = {"a": 6, "b": 3, "c": 1}, 10
    best = sum(n * math.log(n / total) for n in counts.values())
    rng = random.Random(0)
    for _ in range(1000):
        weights = [rng.expovariate(1.0) for _ in counts]
        other = sum(
            n * math.log(w / sum(weights)) for n, w in zip(counts.values(), weights, strict=True)
        )
        assert other < best


# ------------------------------------------------------------------------------ the loss


@pytest.mark.label("eq-cross-entropy")
def test_cross_entropy_is_the_mean_price_of_drawing() -> None:
    p, q = [0.6, 0.3, 0.1], [0.2, 0.5, 0.3]
    stated = -sum(a * math.log(b) for a, b in zip(p, q, strict=True))
    rng = random.Random(0)
    drawn = rng.choices(range(3), weights=p, k=200_000)
    prices = [-math.log(q[i]) for i in drawn]
    mean = sum(prices) / len(prices)
    error = math.sqrt(sum((x - mean) ** 2 for x in prices)) / len(prices)
    assert abs(mean - stated) < 4 * error < 0.01


@pytest.mark.label("eq-cross-entropy")
def test_it_is_entropy_plus_divergence_and_least_for_the_truth() -> None:
    rng = random.Random(1)
    for _ in range(200):
        p, q = ([rng.expovariate(1.0) for _ in range(4)] for _ in range(2))
        p, q = [x / sum(p) for x in p], [x / sum(q) for x in q]
        entropy = -sum(a * math.log(a) for a in p)
        divergence = sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))
        cross = -sum(a * math.log(b) for a, b in zip(p, q, strict=True))
        assert cross == pytest.approx(entropy + divergence, rel=1e-12)
        assert divergence > 0
    assert -4 * 0.25 * math.log(0.25) == pytest.approx(math.log(4))  # an even guess: log K


@pytest.mark.label("eq-cross-entropy")
def test_the_baselines_of_the_page_by_hand() -> None:
    train, valid = torch.tensor([0, 1, 0, 1, 1]), torch.tensor([1, 0, 1])
    p = {0: 3 / 8, 1: 4 / 8, 2: 1 / 8}  # counts plus one each
    wanted = -(2 * math.log(p[1]) + math.log(p[0])) / 3
    assert unigram_nats(train, valid, 3) == pytest.approx(wanted, rel=1e-12)
    after_0 = (2.01 / 2.03, 0.01 / 2.03)  # 0 is followed by 1 twice
    after_1 = (1.01 / 2.03, 1.01 / 2.03)  # 1 by 0 once and by 1 once
    wanted = -(math.log(after_1[0]) + math.log(after_0[0])) / 2
    assert bigram_nats(train, valid, 3) == pytest.approx(wanted, rel=1e-12)
