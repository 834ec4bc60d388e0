"""The kernel distance against torch-fidelity, torchmetrics and the double sum of the paper."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch_fidelity.metric_kid import kernel_mmd, kid_features_to_metric
from torchmetrics.image.kid import poly_mmd

from aigc_lib.metrics.kernel import kernel_distance
from tests.support.features import bad_pairs, gaussian

CUBIC = {"kid_kernel": "poly", "kid_kernel_poly_degree": 3, "kid_kernel_poly_coef0": 1}


def pair_of(n: int, m: int, d: int) -> tuple[Tensor, Tensor]:
    """Two sets whose kernels are of the order of 1, so that 1e-8 means something."""
    return gaussian(n + d, n, d) / d**0.5, gaussian(m + d + 1, m, d) / d**0.5


def by_loops(a: Tensor, b: Tensor) -> float:
    """The estimator written out pair by pair."""

    def k(x: Tensor, y: Tensor) -> float:
        return (sum(float(p) * float(q) for p, q in zip(x, y, strict=True)) / len(x) + 1) ** 3

    n, m = len(a), len(b)
    one = sum(k(a[i], a[j]) for i in range(n) for j in range(n) if i != j)
    two = sum(k(b[i], b[j]) for i in range(m) for j in range(m) if i != j)
    across = sum(k(x, y) for x in a for y in b)
    return one / (n * (n - 1)) + two / (m * (m - 1)) - 2 * across / (n * m)


@pytest.mark.parametrize(("n", "m", "d"), [(9, 14, 5), (2, 2, 1), (4, 7, 30), (3, 2, 8)])
def test_distance_equals_the_sum_over_pairs(n: int, m: int, d: int) -> None:
    a, b = pair_of(n, m, d)
    assert kernel_distance(a, b) == pytest.approx(by_loops(a, b), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize(("n", "d"), [(200, 16), (30, 80), (2, 3)])
def test_distance_equals_other_programs(n: int, d: int) -> None:
    a, b = pair_of(n, n, d)
    found = kernel_distance(a, b)
    assert found == pytest.approx(kernel_mmd(a.numpy(), b.numpy(), **CUBIC), abs=1e-8, rel=1e-8)
    assert found == pytest.approx(float(poly_mmd(a, b)), abs=1e-8, rel=1e-8)
    assert abs(found) > 1e-4  # so that the line above says something


def test_distance_by_hand() -> None:
    # One dimension: k(0, 2) = 1, k(1, 3) = 4^3, and k(0, y) = 1, k(2, 1) = 3^3, k(2, 3) = 7^3.
    a, b = torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0], [3.0]])
    wanted = 1 + 64 - 2 * (1 + 1 + 27 + 343) / 4
    assert kernel_distance(a, b) == wanted == -121


def test_distance_is_zero_on_average_for_one_distribution() -> None:
    rng = np.random.default_rng(0)
    x, shifted = rng.normal(size=(2, 400, 2, 20, 3))
    same = [kernel_distance(*map(torch.from_numpy, pair)) for pair in x]
    error = np.std(same) / len(same) ** 0.5
    assert abs(np.mean(same)) < 4 * error
    assert 100 < sum(value < 0 for value in same) < 300
    # A kept diagonal would add far more than that: E k(x, x) - E k(x, y) is about 14 here.
    assert error < 0.05
    # The expectation of a shift s in every coordinate, from the moments of the cubic kernel:
    # E k(x, y) for x ~ N(u, I), y ~ N(v, I) with t = (x.y)/3: mean m = u.v / 3,
    # variance (3 + |u|^2 + |v|^2) / 9, third central moment 6 u.v / 27.
    s = 0.5

    def expected(u: float, v: float) -> float:
        mean, variance = u * v, (3 + 3 * u * u + 3 * v * v) / 9
        return (1 + mean) ** 3 + 3 * (1 + mean) * variance + 6 * 3 * u * v / 27

    wanted = expected(0, 0) + expected(s, s) - 2 * expected(0, s)
    shifted[:, 1] += s
    moved = [kernel_distance(*map(torch.from_numpy, pair)) for pair in shifted]
    assert np.mean(moved) == pytest.approx(wanted, abs=4 * np.std(moved) / len(moved) ** 0.5)
    assert wanted > 10 * error


@pytest.mark.parametrize("chunk", [1, 7, 23, 500])
def test_distance_does_not_depend_on_the_chunk(chunk: int) -> None:
    a, b = pair_of(23, 31, 6)
    whole = kernel_distance(a, b)
    assert kernel_distance(a, b, chunk) == pytest.approx(whole, rel=1e-11)
    assert kernel_distance(b, a, chunk) == pytest.approx(whole, rel=1e-11)


def test_means_over_subsets_equal_torch_fidelity() -> None:
    a, b = pair_of(60, 80, 7)
    wanted = kid_features_to_metric(
        a, b, kid_subsets=9, kid_subset_size=25, rng_seed=2020, verbose=False, **CUBIC
    )
    # Its subsets come from NumPy: drawn here in the same way, scored by ours.
    rng = np.random.RandomState(2020)
    values = []
    for _ in range(9):
        one, two = (x[torch.from_numpy(rng.choice(len(x), 25, replace=False))] for x in (a, b))
        values.append(kernel_distance(one, two))
    assert np.mean(values) == pytest.approx(wanted["kernel_inception_distance_mean"], abs=1e-8)
    assert np.std(values) == pytest.approx(wanted["kernel_inception_distance_std"], abs=1e-8)


def test_refuses() -> None:
    for a, b, message in bad_pairs(6, 3):
        with pytest.raises(ValueError, match=message):
            kernel_distance(a, b)
    a, b = pair_of(6, 9, 3)
    with pytest.raises(ValueError, match="at least 2 samples of each, not 1 and 9"):
        kernel_distance(a[:1], b)
    with pytest.raises(ValueError, match="chunk must be at least 1"):
        kernel_distance(a, b, chunk=0)
