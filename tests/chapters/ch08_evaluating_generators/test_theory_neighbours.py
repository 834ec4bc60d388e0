"""Proofs, in numbers, of the statements of chapter 08 on neighbours and copies."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from aigc_lib.metrics.neighbours import data_copying
from aigc_lib.metrics.prdc import density_coverage, expected_coverage, precision_recall

Array = NDArray[np.float64]


def in_balls(points: Array, centres: Array, k: int) -> NDArray[np.bool_]:
    """(points, centres): is the point in the centre's ball? By sorting every distance."""
    inside = np.zeros((len(points), len(centres)), dtype=bool)
    for j, centre in enumerate(centres):
        others = np.delete(centres, j, axis=0)
        radius = sorted(math.dist(centre, other) for other in others)[k - 1]
        inside[:, j] = [math.dist(centre, point) <= radius for point in points]
    return inside


@pytest.mark.label("def-precision-recall")
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("k", [1, 3])
def test_the_library_computes_the_four_shares_of_the_definition(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    real, fake = rng.normal(size=(20, 2)), rng.normal(size=(15, 2)) * 0.7 + 0.4
    a, b = torch.from_numpy(real), torch.from_numpy(fake)
    of_real, of_fake = in_balls(fake, real, k), in_balls(real, fake, k)
    found = precision_recall(real=a, fake=b, k=k)
    assert found == pytest.approx((of_real.any(axis=1).mean(), of_fake.any(axis=1).mean()))
    shares = density_coverage(real=a, fake=b, k=k)
    assert shares == pytest.approx((of_real.sum() / (k * 15), of_real.any(axis=0).mean()))


@pytest.mark.label("thm-coverage")
@pytest.mark.parametrize(("n", "m", "k"), [(4, 5, 2), (5, 3, 1), (4, 4, 3)])
def test_over_all_ways_to_deal_the_points_density_is_1_and_coverage_as_stated(
    n: int, m: int, k: int
) -> None:
    # Points of one distribution: given the points, every choice of the real ones is as likely.
    points = torch.from_numpy(np.random.default_rng(0).normal(size=(n + m, 2)))
    found = []
    for real in itertools.combinations(range(n + m), n):
        fake = [i for i in range(n + m) if i not in real]
        found.append(density_coverage(real=points[list(real)], fake=points[fake], k=k))
    density, coverage = np.mean(found, axis=0)
    missed = math.prod(Fraction(n - 1 - i, n - 1 + m - i) for i in range(k))
    assert density == pytest.approx(1, rel=1e-12)
    assert coverage == pytest.approx(float(1 - missed), rel=1e-12)
    assert expected_coverage(n, m, k) == pytest.approx(float(1 - missed), rel=1e-12)


@pytest.mark.label("thm-coverage")
@pytest.mark.parametrize("k", [1, 3, 5])
def test_coverage_of_equal_and_large_sets_tends_to_1_minus_2_to_the_minus_k(k: int) -> None:
    gaps = [expected_coverage(n, n, k) - (1 - 2**-k) for n in (100, 1000, 10_000)]
    assert abs(gaps[2]) < 1e-3
    assert [a / b for a, b in itertools.pairwise(gaps)] == pytest.approx([10, 10], rel=0.2)


# ------------------------------------------------------------------------------------- copies


@pytest.mark.label("eq-mann-whitney")
@pytest.mark.parametrize(("n", "m"), [(3, 4), (2, 6)])
def test_over_all_rankings_the_copying_score_has_mean_0_and_deviation_1(n: int, m: int) -> None:
    us, zs = [], []
    for places in itertools.combinations(range(n + m), n):
        samples = list(places)
        held_out = [i for i in range(n + m) if i not in places]
        us.append(sum(s > h for s in samples for h in held_out))
        pair = (torch.tensor(x, dtype=torch.float64) for x in (samples, held_out))
        zs.append(data_copying(*pair))
    assert np.mean(us) == pytest.approx(n * m / 2, rel=1e-12)
    assert np.var(us) == pytest.approx(n * m * (n + m + 1) / 12, rel=1e-12)
    wanted = (np.array(us) - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    np.testing.assert_allclose(zs, wanted, atol=1e-12)
    assert min(zs) == zs[0] < 0  # the samples in the first places: closest to the training set
