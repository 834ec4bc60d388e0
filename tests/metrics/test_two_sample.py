"""The classifier two-sample test: its p-value by counting, false alarms and power by trial."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from torch import Tensor

from aigc_lib.metrics.two_sample import TwoSample, p_value, two_sample_test
from tests.support.features import bad_pairs, gaussian


def normal(seed: int, n: int, d: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(n, d)))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_p_value_counts_the_ways_to_deal_out_the_labels(data: st.DataObject) -> None:
    m = data.draw(st.integers(1, 400))
    guessed = data.draw(st.integers(0, 2 * m))
    right = data.draw(st.integers(max(0, guessed - m), min(m, guessed)))
    ways = sum(math.comb(m, i) * math.comb(m, guessed - i) for i in range(right, guessed + 1))
    wanted = float(Fraction(ways, math.comb(2 * m, guessed)))
    assert p_value(right, guessed, m) == pytest.approx(wanted, rel=1e-7, abs=1e-300)


def test_p_value_by_hand() -> None:
    # Four cards, two of them red; two picked blindly: both red once in six, one or more five times.
    assert p_value(2, 2, 2) == pytest.approx(1 / 6)
    assert p_value(1, 2, 2) == pytest.approx(5 / 6)
    assert p_value(0, 2, 2) == pytest.approx(1)
    # A classifier that always says the same knows nothing.
    assert p_value(50, 100, 50) == p_value(0, 0, 50) == 1
    assert p_value(50, 50, 50) == pytest.approx(1 / math.comb(100, 50))


def test_p_value_is_near_the_papers_binomial() -> None:
    # Where half are picked, 2 * right of 2m answers are right; one step is two answers.
    m = 2000
    for right in (1000, 1010, 1030, 1050):
        low, high = (binom.sf(2 * right - step, 2 * m, 0.5) for step in (0, 2))
        assert low < p_value(right, m, m) < high * 1.02


def test_false_alarms_come_as_often_as_promised() -> None:
    # 300 tests of equal distributions. A discrete p-value may alarm less often, but not more: the
    # bounds are 4 standard deviations of a binomial number of alarms above, and a third below.
    found = [
        two_sample_test(normal(2 * s, 100, 6), normal(2 * s + 1, 100, 6), s, steps=30)
        for s in range(300)
    ]
    accuracy = np.array([one.accuracy for one in found])
    assert accuracy.mean() == pytest.approx(0.5, abs=4 * 0.05 / math.sqrt(300))
    # The deviation of one accuracy is sqrt(1 / 4 / 100) = 0.05.
    assert accuracy.std() == pytest.approx(0.05, rel=0.2)
    p = np.array([one.p_value for one in found])
    for level in (0.05, 0.2, 0.5):
        most = level + 4 * math.sqrt(level * (1 - level) / 300)
        assert level / 3 < (p <= level).mean() < most


def best_accuracy(shift: float) -> float:
    """Of the best classifier for two unit Gaussians that far apart."""
    return (1 + math.erf(shift / 2 / math.sqrt(2))) / 2


def test_power_on_a_shift_reaches_what_is_possible() -> None:
    a, b = normal(0, 2000, 5), normal(1, 2000, 5)
    b[:, 2] += 1.0
    found = two_sample_test(a, b)
    assert found.held_out == 2000
    assert best_accuracy(1.0) - 0.06 < found.accuracy < best_accuracy(1.0) + 0.04
    assert found.p_value < 1e-20
    small = two_sample_test(a, b, steps=1)
    assert small.accuracy < found.accuracy  # an untrained classifier is a weak test


def test_power_where_means_agree() -> None:
    # No linear classifier sees a difference of spread or a missing mode.
    a = normal(0, 1500, 4)
    assert two_sample_test(a, 1.6 * normal(1, 1500, 4)).p_value < 1e-6
    modes = torch.sign(normal(2, 1500, 4)) * 3 + normal(3, 1500, 4) / 4
    same = torch.sign(normal(4, 1500, 4)) * 3 + normal(5, 1500, 4) / 4
    missing = same[~((same[:, 0] > 0) & (same[:, 1] > 0))]
    assert two_sample_test(modes[: len(missing)], missing).p_value < 1e-4
    assert two_sample_test(modes, same).p_value > 1e-3


def test_result_is_what_it_says() -> None:
    a, b = normal(0, 41, 3), normal(1, 41, 3) + 20
    found = two_sample_test(a, b)
    assert found == TwoSample(1.0, pytest.approx(1 / math.comb(42, 21)), 42)
    # Which set is called a does not matter to what can be told apart.
    assert two_sample_test(b, a).accuracy == 1


def test_held_out_samples_are_not_trained_on() -> None:
    # Noise in as many dimensions as samples is learnt by heart: scored on the training half, the
    # accuracy would be near 1.
    accuracy = [
        two_sample_test(normal(2 * s, 60, 200), normal(2 * s + 1, 60, 200), s).accuracy
        for s in range(10)
    ]
    assert 0.4 < np.mean(accuracy) < 0.6


def test_halves_are_random_where_samples_come_in_order() -> None:
    # The same two modes in both sets, one after the other, in opposite order: halves taken as they
    # come would train on one mode against the other and be wrong on every held-out sample.
    one, two = normal(0, 400, 3) + 5, normal(1, 400, 3) - 5
    a = torch.cat([one[:200], two[:200]])
    b = torch.cat([two[200:], one[200:]])
    assert 0.4 < two_sample_test(a, b).accuracy < 0.6


def test_repeats_from_its_seed_and_leaves_the_global_one_alone() -> None:
    a, b = normal(0, 200, 3), normal(1, 200, 3) + 0.3
    torch.manual_seed(7)
    wanted = torch.rand(3)
    torch.manual_seed(7)
    first = two_sample_test(a, b, seed=1)
    assert torch.equal(torch.rand(3), wanted)
    assert two_sample_test(a, b, seed=1) == first
    assert len({two_sample_test(a, b, seed=s).accuracy for s in range(6)}) > 1


def test_units_do_not_matter_and_constant_features_do_no_harm() -> None:
    a, b = normal(0, 300, 3), normal(1, 300, 3)
    b[:, 1] += 1
    plain = two_sample_test(a, b)
    scale = torch.tensor([1e-6, 1e6, 1.0]).double()
    assert two_sample_test(a * scale + 5, b * scale + 5) == pytest.approx(plain, rel=1e-2)
    flat = [torch.cat([x, torch.full((300, 2), 4.0)], dim=1) for x in (a, b)]
    assert two_sample_test(*flat).p_value < 1e-6
    assert two_sample_test(torch.ones(50, 2), torch.ones(50, 2)).p_value == 1


def test_refuses() -> None:
    for a, b, message in bad_pairs(30, 3):
        with pytest.raises(ValueError, match=message):
            two_sample_test(a, b)
    x = gaussian(0, 40, 3)
    with pytest.raises(ValueError, match="at least 20 samples of each, not 19 and 19"):
        two_sample_test(x[:19], x[:19])
    with pytest.raises(ValueError, match="as many of a as of b, not 40 and 30: drop some"):
        two_sample_test(x, x[:30])
    with pytest.raises(ValueError, match="steps must be at least 1"):
        two_sample_test(x, x, steps=0)
