"""The counting models against their formulas, written a second time as slow recursions."""

import itertools
import math
import random
from collections import Counter

import pytest
import torch

from aigc_lib.lm.ngram import bigram_nats, smoothed_nats, smoothed_prices, unigram_nats

Row = dict[int, float]


def discount(counts: Counter[tuple[int, ...]], count: int) -> float:
    """Chen and Goodman's estimate for one count, where all three are possible."""
    n, plain = Counter(counts.values()), (0, 0.5, 1, 1.5)
    if not n[1] * n[2] * n[3]:
        return plain[min(count, 3)]
    y = n[1] / (n[1] + 2 * n[2])
    all_three = [k - (k + 1) * y * n[k + 1] / n[k] for k in (1, 2, 3)]
    possible = all(0 < d < k for k, d in zip((1, 2, 3), all_three, strict=True))
    return (0, *all_three)[min(count, 3)] if possible else plain[min(count, 3)]


def row(text: list[int], h: tuple[int, ...] | None, size: int, how: str, top: bool = True) -> Row:
    """The distribution after the context h."""
    if h is None:
        return dict.fromkeys(range(size), 1 / size)
    lower, n = row(text, h[1:] if h else None, size, how, top=False), len(h) + 1
    counts = Counter(tuple(text[i : i + n]) for i in range(len(text) - n + 1))
    if how == "kneser-ney" and not top:
        longer = {tuple(text[i : i + n + 1]) for i in range(len(text) - n)}
        counts = Counter(gram[1:] for gram in longer)
    after = {x: counts[(*h, x)] for x in range(size)}
    if how == "kneser-ney":
        away = {x: discount(counts, c) for x, c in after.items()}
        total, left = sum(after.values()), sum(away.values())
        if not total:
            return lower
        return {x: (after[x] - away[x] + left * lower[x]) / total for x in lower}
    left = sum(c > 0 for c in after.values()) if how == "witten-bell" else 1
    total = sum(after.values()) + left
    return {x: (after[x] + left * lower[x]) / total for x in lower} if total else lower


def sample(length: int, seed: int) -> list[int]:
    """A text in which neighbours depend on each other; token 5 is rare."""
    rng, text = random.Random(seed), [0, 0]
    while len(text) < length:
        text.append(rng.choices(((text[-1] + 1) % 6, text[-2], 0, 5), (6, 5, 2, 1))[0])
    return text


@pytest.mark.parametrize("how", ["one", "witten-bell", "kneser-ney"])
@pytest.mark.parametrize("length", [30, 400])  # too short to estimate discounts from, and not
def test_it_prices_a_text_as_the_formula_does(how: str, length: int) -> None:
    text, told = sample(length, 1), sample(40, 2)
    prices = smoothed_nats(torch.tensor(text), torch.tensor(told), 7, 3, how)
    for back, price in enumerate(prices):
        nats = 0.0
        for i, x in enumerate(told):
            h = tuple(told[max(0, i - back) : i])  # the first ones have less to look back on
            nats -= math.log(row(text, h, 7, how, top=len(h) == back)[x])
        assert price == pytest.approx(nats / len(told), rel=1e-10)


@pytest.mark.parametrize("how", ["one", "witten-bell", "kneser-ney"])
def test_each_row_is_a_distribution_in_which_nothing_is_impossible(how: str) -> None:
    text = sample(200, 3)
    for n in range(3):
        for h in itertools.product(range(7), repeat=n):  # 6 never occurs
            found = row(text, h, 7, how)
            assert sum(found.values()) == pytest.approx(1, abs=1e-12)
            assert min(found.values()) > 0


def test_a_short_context_differs_little_from_the_older_baselines() -> None:
    text, told = torch.tensor(sample(5000, 4)), torch.tensor(sample(1000, 5))
    single, pair = smoothed_nats(text, told, 6, 1)
    assert single == pytest.approx(unigram_nats(text, told, 6), abs=1e-3)
    assert pair == pytest.approx(bigram_nats(text, told, 6), abs=5e-3)


@pytest.mark.parametrize("length", [3, 10, 100])
def test_no_text_is_impossible_however_little_was_counted(length: int) -> None:
    for seed in range(20):
        text, told = torch.tensor(sample(length, seed)), torch.tensor(sample(50, seed + 100))
        prices = smoothed_prices(text, told, 7, 5, "kneser-ney")
        assert prices.shape == (6, 50)
        assert prices.isfinite().all()
        assert (prices > 0).all()
