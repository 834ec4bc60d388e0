"""Features, their mean and covariance, and the floor of the distance, against NumPy and theory."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from aigc_lib.metrics.features import extract
from aigc_lib.metrics.frechet import floor, frechet_distance, statistics
from tests.support.features import gaussian

# ---------------------------------------------------------------------- statistics and features


def test_statistics_equal_numpys() -> None:
    x = gaussian(7, 30, 4)
    mean, cov, n = statistics(x.float())
    assert mean.dtype == cov.dtype == torch.float64
    assert n == 30
    single = x.float().double().numpy()
    np.testing.assert_allclose(mean, single.mean(0), rtol=1e-12)
    np.testing.assert_allclose(cov, np.cov(single, rowvar=False), rtol=1e-12)
    assert not np.allclose(cov, np.cov(single, rowvar=False, ddof=0), rtol=1e-3)


def test_statistics_far_from_the_origin() -> None:
    # E[x^2] - E[x]^2 would lose everything here.
    x = gaussian(8, 30, 4)
    torch.testing.assert_close(statistics(x + 1e7).cov, statistics(x).cov, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (torch.zeros(1, 3), "at least 2 samples, not 1"),
        (torch.zeros(0, 3), "at least 2 samples, not 0"),
        (torch.zeros(5), r"must be \(n, d\)"),
        (torch.tensor([[1.0], [math.nan], [2.0], [math.inf]]), "2 of 4 samples"),
    ],
)
def test_statistics_refuse(features: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        statistics(features)


def test_features_do_not_depend_on_the_batch() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten()).eval()
    images = torch.randint(256, (23, 1, 8, 8), dtype=torch.uint8)
    whole = extract(network, images, batch=23)
    assert whole.shape == (23, 3 * 6 * 6)
    assert whole.dtype == torch.float64
    assert not whole.requires_grad
    for batch in (1, 5, 22, 500):
        torch.testing.assert_close(extract(network, images, batch), whole)
    with torch.no_grad():
        wanted = network(images.float() / 255 * 2 - 1).double()
    torch.testing.assert_close(whole, wanted, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(extract(network, images.float() / 127.5 - 1), whole)


IMAGES = torch.zeros(4, 1, 2, 2)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (IMAGES[0], r"must be \(N, C, H, W\)"),
        (IMAGES[:0], "N >= 1"),
        (IMAGES.long(), "not torch.int64"),
        (IMAGES + 255, r"must lie in \[-1, 1\]"),
        (IMAGES * math.nan, "NaN"),
    ],
)
def test_extract_refuses_images(images: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        extract(nn.Flatten().eval(), images)


def test_extract_refuses_networks() -> None:
    with pytest.raises(ValueError, match="training mode"):
        extract(nn.Flatten(), IMAGES)
    with pytest.raises(ValueError, match="training mode"):
        extract(nn.Flatten().forward, IMAGES)
    with pytest.raises(ValueError, match=r"features must be \(4, d\), not \(4, 1, 2, 2\)"):
        extract(lambda x: x, IMAGES)
    with pytest.raises(ValueError, match="batch must be at least 1"):
        extract(lambda x: x.flatten(1), IMAGES, batch=0)


# ------------------------------------------------------------------------------------ the floor


def test_floor_is_near_what_theory_predicts() -> None:
    # For two sets of n samples of N(0, I_d) the means alone give 2 d / n. A covariance error S
    # costs |S|^2 / 4, and E |S|^2 = 2 (d^2 + d) / n: (d^2 + d) / (2 n) more, to first order.
    d, n = 6, 500
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(4000, d)))
    values = floor(x, n, repeats=40)
    wanted = 2 * d / n + (d * d + d) / (2 * n)
    assert len(values) == 40
    assert sum(values) / 40 == pytest.approx(wanted, rel=0.15)
    # Four times the samples, about a quarter of the floor.
    fewer = floor(x, n // 4, repeats=40)
    assert 3.2 < sum(fewer) / sum(values) < 5.0


def test_floor_takes_disjoint_sets_and_repeats_from_its_seed() -> None:
    x = gaussian(1, 100, 3)
    assert floor(x, 50, 3, seed=1) == floor(x, 50, 3, seed=1)
    assert floor(x, 50, 3, seed=1) != floor(x, 50, 3, seed=2)
    assert len(set(floor(x, 50, 3))) == 3
    # Four scalars split into two pairs in 3 ways; sets that overlap give other values.
    line = torch.tensor([[0.0], [1.0], [10.0], [100.0]])
    pairs = [((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2))]
    allowed = [
        frechet_distance(statistics(line[list(p)]), statistics(line[list(q)])) for p, q in pairs
    ]
    for value in floor(line, 2, repeats=20):
        assert any(value == pytest.approx(one) for one in allowed)


def test_floor_refuses() -> None:
    with pytest.raises(ValueError, match="need 102 features, not 100"):
        floor(gaussian(1, 100, 3), 51)
    with pytest.raises(ValueError, match="n >= 2"):
        floor(gaussian(1, 100, 3), 1)
    with pytest.raises(ValueError, match="repeats >= 1"):
        floor(gaussian(1, 100, 3), 10, repeats=0)
