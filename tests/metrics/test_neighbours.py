"""Nearest items against scikit-learn, memorisation against SciPy and planted copies."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import mannwhitneyu
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from aigc_lib.metrics.neighbours import data_copying, memorised, nearest, nearest_features
from tests.support.features import bad_pairs, gaussian


@pytest.mark.parametrize("chunk", [1, 7, 64, 1000])
def test_nearest_equals_scikit_learn(chunk: int) -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = (
        torch.randint(256, (n, 2, 5, 5), dtype=torch.uint8, generator=generator) for n in (20, 64)
    )
    flat = [t.flatten(1).double().numpy() / 127.5 - 1 for t in (a, b)]
    far, index = NearestNeighbors(n_neighbors=1).fit(flat[1]).kneighbors(flat[0])
    found, how_far = nearest(a, b, chunk)
    assert found.tolist() == index[:, 0].tolist()
    np.testing.assert_allclose(how_far, far[:, 0], rtol=1e-5)


def test_nearest_finds_copies_and_what_is_almost_one() -> None:
    generator = torch.Generator().manual_seed(1)
    b = torch.randint(256, (300, 1, 28, 28), dtype=torch.uint8, generator=generator)
    index, how_far = nearest(b[[250, 3]], b, chunk=100)
    assert index.tolist() == [250, 3]
    assert how_far.tolist() == [0, 0]
    near = b[[250]].clone()
    near[0, 0, 0, 0] ^= 1  # one grey level in one pixel
    assert nearest(near, b)[1].item() == pytest.approx(1 / 127.5, rel=1e-3)


def test_nearest_refuses() -> None:
    with pytest.raises(ValueError, match="cannot compare"):
        nearest(torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 3, 3))
    with pytest.raises(ValueError, match="cannot compare"):
        nearest(torch.zeros(1, 1, 2, 2), torch.zeros(0, 1, 2, 2))
    with pytest.raises(ValueError, match="chunk must be at least 1, not 0"):
        nearest(torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 2, 2), chunk=0)


@pytest.mark.parametrize("chunk", [1, 7, 64, 1000])
def test_nearest_features_equal_scikit_learn(chunk: int) -> None:
    a, b = gaussian(0, 20, 9), gaussian(1, 64, 9)
    b[5] = a[3]
    far, index = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(b).kneighbors(a)
    found, how_far = nearest_features(a, b, chunk)
    assert found.tolist() == index[:, 0].tolist()
    np.testing.assert_allclose(how_far, far[:, 0], rtol=1e-9, atol=1e-6)
    assert how_far.dtype == torch.float64
    assert how_far[3] == 0


@pytest.mark.parametrize(("a", "b", "message"), bad_pairs(6, 3))
def test_nearest_features_refuse(a: Tensor, b: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        nearest_features(a, b)


# ---------------------------------------------------------------------------------- memorisation


def test_memorised_counts_by_hand() -> None:
    heldout = torch.arange(1, 201)[torch.randperm(200)].float()  # the 1 % quantile is 2
    samples = torch.tensor([0.0, 1.9, 2.0, 2.1, 50.0])
    found = memorised(samples, heldout)
    assert found == pytest.approx((3 / 5, 2 / 200, 2.0))
    assert memorised(samples, heldout, 0.3) == pytest.approx((1, 60 / 200, 60.0))
    # Exact copies count even where held-out items have twins in the training set too.
    twins = torch.cat([torch.zeros(10), torch.ones(90)])
    assert memorised(samples, twins) == pytest.approx((1 / 5, 10 / 100, 0))


def test_memorised_tells_copies_from_learning() -> None:
    train, heldout, fresh = (gaussian(0, 1500, 5)[i::3] for i in range(3))
    noise = torch.from_numpy(np.random.default_rng(2).normal(size=(100, 5)))
    copies = train[:100] + 1e-3 * noise
    yardstick = nearest_features(heldout, train)[1]

    honest = nearest_features(fresh, train)[1]
    learnt = memorised(honest, yardstick)
    assert learnt.heldout_share == pytest.approx(0.01)
    assert learnt.share < 0.04
    assert abs(data_copying(honest, yardstick)) < 3

    copied = nearest_features(copies, train)[1]
    assert memorised(copied, yardstick).share > 0.95
    assert data_copying(copied, yardstick) < -10
    # Twenty copies among the rest: the share shows them, the rank test does not.
    mixed = torch.cat([honest, copied[:20]])
    assert 0.03 < memorised(mixed, yardstick).share < 0.08
    assert data_copying(mixed, yardstick) > -4
    # Far from everything is no copying, but it is not learning either.
    assert data_copying(nearest_features(fresh + 9, train)[1], yardstick) > 10


@pytest.mark.parametrize(("n", "m"), [(40, 60), (1, 5), (200, 30)])
def test_data_copying_is_the_rank_sum_with_ties_counted_one_half(n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    a, b = rng.gamma(2, size=n), rng.gamma(2.4, size=m)
    found = data_copying(torch.from_numpy(a), torch.from_numpy(b))
    wanted = mannwhitneyu(a, b, use_continuity=False, alternative="less", method="asymptotic")
    assert math.erfc(-found / math.sqrt(2)) / 2 == pytest.approx(wanted.pvalue, rel=1e-9)
    a, b = np.round(2 * a), np.round(2 * b)
    found = data_copying(torch.from_numpy(a), torch.from_numpy(b))
    u = found * math.sqrt(n * m * (n + m + 1) / 12) + n * m / 2
    wins = sum((x > y) + (x == y) / 2 for x in a for y in b)  # ties count one half
    assert u == pytest.approx(wins, abs=1e-9)


def test_memorisation_refuses() -> None:
    good = torch.arange(200.0)
    with pytest.raises(ValueError, match=r"0.01 quantile needs at least 100 .* not 99"):
        memorised(good, good[:99])
    for quantile in (0, 1, -0.1, math.nan):
        with pytest.raises(ValueError, match="between 0 and 1"):
            memorised(good, good, quantile)
    for bad in (good[:0], good[:, None], -good, good * math.nan, good / 0):
        for score in (memorised, data_copying):
            with pytest.raises(ValueError, match="sample distances must be"):
                score(bad, good)
            with pytest.raises(ValueError, match="held-out distances must be"):
                score(good, bad)
