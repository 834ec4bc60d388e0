"""Proofs, in numbers, of chapter 15's statements."""

import itertools
import math
from fractions import Fraction
from statistics import fmean

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from aigc_lib.chapters.ch15_customer_service import retrieval as rt
from aigc_lib.core.stats import bootstrap

DOCUMENTS = (
    "the roof needs new tiles and the old tiles go",
    "a permit for the fence",
    "roof roof roof, and once more the roof of the house",
    "the kitchen",
    "tax rebate for work on the roof or the kitchen",
)


@pytest.mark.label("eq-bm25")
@pytest.mark.parametrize(("k1", "b"), [(1.5, 0.75), (1.2, 0.0), (2.0, 1.0)])
def test_the_score_is_the_field_s_and_the_formula_s(k1: float, b: float) -> None:
    from rank_bm25 import BM25Okapi

    ours = rt.BM25(DOCUMENTS, k1, b)
    field = BM25Okapi([rt.words(text) for text in DOCUMENTS], k1=k1, b=b)
    for query in ("roof tiles", "kitchen tax permit", "roof roof", "nothing known", "kitchen"):
        theirs = torch.from_numpy(np.asarray(field.get_scores(rt.words(query)))).float()
        torch.testing.assert_close(ours.scores(query), theirs, atol=1e-5, rtol=1e-5)
    # One word by hand: "tiles", twice in the first document and in no other.
    lengths = [len(rt.words(text)) for text in DOCUMENTS]
    soft = k1 * (1 - b + b * lengths[0] / fmean(lengths))
    by_hand = math.log(4.5 / 1.5) * 2 * (k1 + 1) / (2 + soft)
    assert ours.scores("tiles").tolist() == pytest.approx([by_hand, 0, 0, 0, 0])


@pytest.mark.label("thm-bm25-ceiling")
def test_repetition_rises_slows_down_and_stays_below_the_ceiling() -> None:
    for filler in (0, 3, 30):
        texts = [" ".join(["word"] * times + ["rest"] * filler) for times in range(1, 60)]
        for k1 in (0.5, 1.5):
            # One document at a time beside others without the word, b = 0: only f changes.
            gained = torch.stack(
                [rt.BM25([text, *["else"] * 9], k1, 0.0).scores("word")[0] for text in texts]
            ).double()
            steps = gained.diff()
            ceiling = (k1 + 1) * math.log(9.5 / 1.5)
            assert bool((steps > 0).all())
            assert bool((steps.diff() < 1e-6).all())
            assert bool((gained < ceiling).all())
            assert gained[-1] > 0.95 * ceiling
    index = rt.BM25(DOCUMENTS)
    for query in ("roof tiles", "kitchen", "permit permit", "roof unheard-of", "unheard-of"):
        shares = index.shares(query)
        assert bool((shares >= 0).all())
        assert bool((shares < 1).all())


@pytest.mark.label("eq-rrf")
def test_fused_ranks_forget_the_scores() -> None:
    rng = torch.Generator().manual_seed(15)
    one, other = torch.randn(2, 12, generator=rng, dtype=torch.float64)
    fused = rt.fuse_ranks([one, other])
    for d in range(12):
        places = [1 + sum(float(x) > float(s[d]) for x in s) for s in (one, other)]
        assert float(fused[d]) == pytest.approx(sum(1 / (60 + place) for place in places))
    torch.testing.assert_close(rt.fuse_ranks([one.exp(), other / 1000 - 7]), fused)
    # However poor the best document is, its sum is the same where both rankers agree.
    assert float(rt.fuse_ranks([one, one]).max()) == pytest.approx(2 / 61)
    assert float(rt.fuse_ranks([one - 1e6, one - 1e6]).max()) == pytest.approx(2 / 61)


@pytest.mark.label("thm-false-refusal")
@pytest.mark.parametrize(("n", "rate"), [(9, 0.1), (40, 0.2), (99, 0.05), (100, 0.1)])
def test_the_rate_of_a_threshold_is_a_draw_from_a_beta_distribution(n: int, rate: float) -> None:
    k = math.floor(rate * (n + 1) + 1e-9)
    rng = torch.Generator().manual_seed(n)
    # Scores from a skewed distribution, whose own distribution function gives the rate.
    kept = torch.empty(4000, n, dtype=torch.float64).exponential_(generator=rng)
    rates = [1 - math.exp(-rt.threshold(scores, rate)) for scores in kept]
    assert fmean(rates) == pytest.approx(k / (n + 1), abs=4 * np.std(rates) / 4000**0.5)
    assert stats.kstest(rates, stats.beta(k, n + 1 - k).cdf).pvalue > 1e-3
    assert stats.kstest(rates, stats.beta(k + 1, n - k).cdf).pvalue < 1e-6

    # The density of the proof integrates to one, with mean k / (n + 1).
    def density(u: float) -> float:
        return n * math.comb(n - 1, k - 1) * u ** (k - 1) * (1 - u) ** (n - k)

    assert integrate.quad(density, 0, 1)[0] == pytest.approx(1)
    assert integrate.quad(lambda u: u * density(u), 0, 1)[0] == pytest.approx(k / (n + 1))


@pytest.mark.label("thm-sent-wrongly")
@pytest.mark.parametrize(("n", "rate"), [(19, 0.1), (40, 0.05), (100, 0.1)])
def test_wrong_answers_are_sent_as_rarely_as_promised(n: int, rate: float) -> None:
    k = math.floor(rate * (n + 1) + 1e-9)
    rng = torch.Generator().manual_seed(n)
    # Scores in (0, 1), and a wrong answer with probability 1 - score / 2: 3 / 4 are wrong.
    score = torch.rand(4000, n + 1, generator=rng, dtype=torch.float64)
    wrong = torch.rand(4000, n + 1, generator=rng, dtype=torch.float64) > score / 2
    cuts = torch.tensor(
        [rt.send_above(row[1:], bad[1:], rate) for row, bad in zip(score, wrong, strict=True)]
    )
    misled = ((score[:, 0] > cuts) & wrong[:, 0]).double()
    error = 4 * float(misled.std()) / 4000**0.5
    assert float(misled.mean()) == pytest.approx(k / (n + 1), abs=error)  # enough wrong ones: equal
    # Where hardly any answer is wrong, everything is sent, and the bound is not reached.
    rare = torch.rand(4000, n + 1, generator=rng, dtype=torch.float64) < rate / 3
    cuts = torch.tensor(
        [rt.send_above(row[1:], bad[1:], rate) for row, bad in zip(score, rare, strict=True)]
    )
    assert float(((score[:, 0] > cuts) & rare[:, 0]).double().mean()) < k / (n + 1)
    assert float((cuts == -math.inf).double().mean()) > 0.5


@pytest.mark.label("eq-discordant")
def test_only_questions_on_which_they_differ_count() -> None:
    ours = torch.tensor([True] * 50 + [True] * 24 + [False] * 10 + [False] * 116)
    theirs = torch.tensor([True] * 50 + [False] * 24 + [True] * 10 + [False] * 116)
    n, b, c = 200, 24, 10
    difference = ours.double() - theirs.double()
    assert float(difference.mean()) == pytest.approx((b - c) / n)
    variance = (b + c - (b - c) ** 2 / n) / n**2
    assert float(difference.var(correction=0)) / n == pytest.approx(variance)
    _, low, high = bootstrap(difference)
    assert (high - low) / 2 == pytest.approx(1.96 * math.sqrt(variance), rel=0.06)
    # The questions that both find, or both miss, could be left out of the sum.
    assert float(difference[50:84].sum()) / n == pytest.approx((b - c) / n)


def held(values: list[float], alpha: float) -> Fraction:
    """By counting: each of n + 1 values in turn is the new one, the others set the threshold."""
    inside = 0
    for new in range(len(values)):
        kept = torch.tensor(values[:new] + values[new + 1 :], dtype=torch.float64)
        inside += values[new] >= rt.threshold(kept, alpha)
    return Fraction(inside, len(values))


@pytest.mark.label("thm-conformal-set")
@pytest.mark.label("eq-conformal-cover")
def test_a_set_holds_the_answer_as_often_as_counting_all_orders_says() -> None:
    rng = np.random.default_rng(15)
    for n, alpha in itertools.product((4, 9, 10, 37), (0.1, 0.2, 0.25, 0.5)):
        k = math.floor(alpha * (n + 1) + 1e-9)
        if not k:
            continue
        distinct = held(rng.normal(size=n + 1).tolist(), alpha)
        assert distinct == 1 - Fraction(k, n + 1)
        assert 1 - alpha <= distinct + 1e-12 < 1 - alpha + 1 / (n + 1) + 2e-12
        tied = held(rng.integers(0, 3, n + 1).astype(float).tolist(), alpha)
        assert tied >= distinct
    assert held([1.0] * 10, 0.2) == 1  # with ties the right half may fail


@pytest.mark.label("thm-conformal-set")
@pytest.mark.label("eq-conformal-cover")
@pytest.mark.parametrize(("n", "alpha"), [(19, 0.1), (100, 0.2), (60, 0.33)])
def test_coverage_over_many_desks(n: int, alpha: float) -> None:
    k, draws = math.floor(alpha * (n + 1)), 4000
    rng = torch.Generator().manual_seed(n)
    kept = torch.empty(draws, n, dtype=torch.float64).exponential_(generator=rng)
    cuts = [rt.threshold(scores, alpha) for scores in kept]
    coverage = [math.exp(-cut) for cut in cuts]  # what lies above, by the law of the scores
    assert stats.kstest(coverage, stats.beta(n + 1 - k, k).cdf).pvalue > 1e-3
    assert stats.kstest(coverage, stats.beta(n - k, k + 1).cdf).pvalue < 1e-6
    # Exchangeable and not independent: a mood that all questions of a day share changes nothing.
    both = torch.randn(draws, n + 1, generator=rng, dtype=torch.float64)
    both += 3 * torch.randn(draws, 1, generator=rng, dtype=torch.float64)
    found = [float(row[0]) >= rt.threshold(row[1:], alpha) for row in both]
    error = 4 * (alpha * (1 - alpha) / draws) ** 0.5
    assert fmean(found) == pytest.approx(1 - k / (n + 1), abs=error)
    # A mood of the new question alone breaks the promise.
    lost = [float(row[0]) - 1 >= rt.threshold(row[1:], alpha) for row in both]
    assert fmean(lost) < 1 - alpha - 0.1
