"""Precision, recall, density, coverage: torch-fidelity, and the papers' formulas in plain loops."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch_fidelity.metric_prc import prc_features_to_metric

from aigc_lib.metrics.prdc import density_coverage, expected_coverage, precision_recall
from tests.support.features import bad_pairs, gaussian

SEEDS = st.integers(0, 2**31 - 1)


def by_fidelity(real: Tensor, fake: Tensor, k: int) -> tuple[float, float]:
    """Its first input is the generated one. It averages in float32."""
    found = prc_features_to_metric(
        fake, real, prc_neighborhood=k, prc_batch_size=100, save_cpu_ram=False, verbose=False
    )
    return found["precision"], found["recall"]


def single(shares: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(float(np.float32(share)) for share in shares)


def grid(seed: int, n: int, d: int, spread: int = 3) -> Tensor:
    """Small integers: many ties and twins, and every distance without rounding."""
    return torch.from_numpy(np.random.default_rng(seed).integers(0, spread, (n, d))).double()


def far(x: list[float], y: list[float]) -> float:
    return sum((p - q) ** 2 for p, q in zip(x, y, strict=True)) ** 0.5


def radius(points: list[list[float]], i: int, k: int) -> float:
    """The distance of point i to its k-th nearest other point."""
    return sorted(far(points[i], p) for j, p in enumerate(points) if j != i)[k - 1]


def by_loops(real: Tensor, fake: Tensor, k: int) -> tuple[float, float]:
    """Density and coverage as Naeem et al. (2020) define them, equations 4 and 5."""
    x, y = real.tolist(), fake.tolist()
    radii = [radius(x, i, k) for i in range(len(x))]
    density, covered = 0, 0
    for one in y:
        density += sum(far(one, x[i]) <= radii[i] for i in range(len(x)))
    for i in range(len(x)):
        covered += any(far(one, x[i]) <= radii[i] for one in y)
    return density / (k * len(y)), covered / len(x)


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize(("n", "m", "d"), [(150, 90, 3), (20, 24, 6), (40, 60, 90), (260, 300, 8)])
def test_precision_and_recall_equal_torch_fidelity(n: int, m: int, d: int, k: int) -> None:
    real, fake = gaussian(0, n, d), gaussian(0, m, d) * 0.8 + 0.3
    found = precision_recall(real=real, fake=fake, k=k)
    assert single(found) == by_fidelity(real, fake, k)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, n=st.integers(4, 60), m=st.integers(4, 60), d=st.integers(1, 4))
def test_precision_and_recall_equal_torch_fidelity_on_ties(
    seed: int, n: int, m: int, d: int
) -> None:
    real, fake = grid(seed, n, d), grid(seed + 1, m, d, spread=5)
    found = precision_recall(real=real, fake=fake)
    assert single(found) == by_fidelity(real, fake, 3)


def test_real_and_generated_are_not_exchangeable() -> None:
    # The generated half circle lies in the real circle: all of it is precise, half is recalled.
    angle = torch.linspace(0, 2 * torch.pi, 201, dtype=torch.float64)[:-1]
    real = torch.stack([angle.cos(), angle.sin()], dim=1)
    fake = real[:100]
    found = precision_recall(real=real, fake=fake, k=2)
    assert found.precision == 1
    assert 0.5 <= found.recall <= 0.52
    turned = precision_recall(real=fake, fake=real, k=2)
    assert turned == (found.recall, found.precision)
    half = density_coverage(real=real, fake=fake, k=2)
    assert 0.5 <= half.coverage <= 0.52
    assert density_coverage(real=fake, fake=real, k=2).coverage == 1
    with pytest.raises(TypeError):
        precision_recall(real, fake)


def test_all_four_by_hand() -> None:
    # k = 1: radii 1, 1, 2, 4 around the real 0, 1, 3, 7 and 1.5, 1.5, 8 around 2.5, 4, 12.
    real, fake = (torch.tensor(x)[:, None] for x in ([0.0, 1, 3, 7], [2.5, 4, 12]))
    found = precision_recall(real=real, fake=fake, k=1)
    assert found == pytest.approx((2 / 3, 3 / 4))  # outside are 12; and 0
    # 2.5 lies in the ball of 3; 4 in those of 3 and 7; 12 in none: 3 balls, 2 of them different.
    found = density_coverage(real=real, fake=fake, k=1)
    assert found == pytest.approx((3 / 3, 2 / 4))


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, n=st.integers(4, 25), m=st.integers(1, 25), d=st.integers(1, 30))
def test_density_and_coverage_equal_the_papers_sums(seed: int, n: int, m: int, d: int) -> None:
    for real, fake in (
        (gaussian(seed, n, d), gaussian(seed, m, d)),
        (grid(seed, n, d), grid(seed + 1, m, d)),
    ):
        for k in (1, 3):
            found = density_coverage(real=real, fake=fake, k=k)
            assert found == pytest.approx(by_loops(real, fake, k), rel=1e-12)


def test_a_perfect_generator_gets_the_values_that_theory_gives() -> None:
    # A generated point is in the ball of a given real one if it is among the k nearest of the n
    # other points around it: with probability k / n, so that the density is 1 on average. The ball
    # is empty if the k nearest of the pooled n - 1 + m others are all real.
    n, m, k = 200, 300, 4
    rng = np.random.default_rng(0)
    found = []
    for _ in range(30):
        real, fake = (torch.from_numpy(rng.normal(size=(size, 4))) for size in (n, m))
        found.append(density_coverage(real=real, fake=fake, k=k))
    density, coverage = np.mean(found, axis=0)
    empty = np.prod([(n - 1 - i) / (n - 1 + m - i) for i in range(k)])
    assert density == pytest.approx(1, abs=0.02)
    assert coverage == pytest.approx(1 - empty, abs=0.005)
    assert expected_coverage(n, m, k) == pytest.approx(1 - empty, rel=1e-12)


def test_expected_coverage_refuses() -> None:
    assert expected_coverage(5, 0, 2) == 0  # nothing was generated
    for n, m, k in ((5, 5, 0), (5, 5, 5), (5, -1, 2)):
        with pytest.raises(ValueError, match="need 1 <= k < n"):
            expected_coverage(n, m, k)


def test_one_outlier_ruins_precision_but_not_density() -> None:
    real = gaussian(0, 100, 2)
    # The generated ones lie between the real ones and one far away, whose ball reaches back.
    fake = real.mean(0) + 200 + gaussian(1, 100, 2)
    outlier = torch.cat([real, real.mean(0, keepdim=True) + 1e5])
    before, after = (precision_recall(real=x, fake=fake).precision for x in (real, outlier))
    assert before == 0
    assert after == 1
    before, after = (density_coverage(real=x, fake=fake).density for x in (real, outlier))
    assert before == 0
    assert after == pytest.approx(1 / 5)


@pytest.mark.parametrize("chunk", [1, 7, 33, 1000])
def test_nothing_depends_on_the_chunk(chunk: int) -> None:
    for real, fake in (
        (gaussian(0, 50, 40), gaussian(0, 33, 40)),
        (grid(0, 50, 3), grid(1, 33, 3)),
    ):
        for score in (precision_recall, density_coverage):
            whole = score(real=real, fake=fake)
            assert score(real=real, fake=fake, chunk=chunk) == whole


def test_copies_of_the_real_samples_lie_inside() -> None:
    # Also where all radii are 0, because every real sample has twins.
    real = gaussian(0, 40, 60).repeat(4, 1)
    assert precision_recall(real=real, fake=real) == (1, 1)
    assert density_coverage(real=real, fake=real[:40], k=3) == pytest.approx((4 / 3, 1))


def test_refuses() -> None:
    for a, b, message in bad_pairs(6, 3):
        for score in (precision_recall, density_coverage):
            with pytest.raises(ValueError, match=message):
                score(real=a, fake=b, k=2)
    few, many = gaussian(0, 3, 2), gaussian(1, 9, 2)
    for real, fake in ((few, many), (many, few)):
        with pytest.raises(ValueError, match="k = 3 neighbours need at least 4 samples, not 3"):
            precision_recall(real=real, fake=fake)
    with pytest.raises(ValueError, match="k = 5 neighbours need at least 6 samples, not 3"):
        density_coverage(real=few, fake=many)
    assert density_coverage(real=many, fake=few[:1]).coverage >= 0  # one will do
    for score in (precision_recall, density_coverage):
        with pytest.raises(ValueError, match="k must be at least 1"):
            score(real=many, fake=many, k=0)
        with pytest.raises(ValueError, match="chunk must be at least 1"):
            score(real=many, fake=many, chunk=0)
