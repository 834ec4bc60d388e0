"""Proofs, in numbers, of chapter 04's statements about distances and their slopes."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.optimize import linprog
from scipy.spatial.distance import jensenshannon
from scipy.stats import norm, wasserstein_distance

from aigc_lib.data.toy import grid, ring
from aigc_lib.gan import divergences
from aigc_lib.gan.divergences import wasserstein


def cheapest_plan(x: np.ndarray, y: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
    """The least cost over all couplings, by linear programming."""
    n, m = len(x), len(y)
    arrives, leaves = np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))
    cost = np.abs(x[:, None] - y[None]).ravel()
    found = linprog(cost, A_eq=np.vstack([arrives, leaves]), b_eq=np.concatenate([p, q]))
    assert found.success
    return float(found.fun)


def weighted(seed: int, n: int, m: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=n), rng.exponential(size=m)
    return x, y, rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))


@pytest.mark.label("eq-disjoint-supports")
@pytest.mark.parametrize("distance", [1, 3, 40])
def test_disjoint_supports_are_log_2_apart(distance: int) -> None:
    p, q = np.zeros(60), np.zeros(60)
    p[:5] = np.random.default_rng(0).dirichlet(np.ones(5))
    q[4 + distance : 9 + distance] = np.random.default_rng(1).dirichlet(np.ones(5))
    assert jensenshannon(p, q) ** 2 == pytest.approx(math.log(2), rel=1e-12)
    found = divergences.jensen_shannon(torch.from_numpy(p), torch.from_numpy(q))
    assert float(found) == pytest.approx(math.log(2), rel=1e-12)
    q[3] += 0.01  # they touch: it falls
    assert jensenshannon(p, q / q.sum()) ** 2 < math.log(2) - 1e-3


@pytest.mark.label("eq-disjoint-supports")
def test_no_slope_comes_from_afar() -> None:
    """Two smooth bumps of width 1: the divergence as an integral, and its difference quotient."""

    def bump(t: float) -> float:
        return 1 - math.cos(2 * math.pi * t) if 0 < t < 1 else 0.0

    def divergence(shift: float) -> float:
        def gap(t: float) -> float:
            p, q = bump(t), bump(t - shift)
            return sum(v * math.log(2 * v / (p + q)) for v in (p, q) if v > 0) / 2

        points = sorted({0, 1, shift, shift + 1})
        return quad(gap, -0.5, shift + 1.5, points=points, epsabs=1e-11, limit=400)[0]

    assert divergence(1.5) == pytest.approx(math.log(2), abs=1e-9)
    assert abs(divergence(1.6) - divergence(1.4)) / 0.2 < 1e-8
    assert (divergence(0.6) - divergence(0.4)) / 0.2 > 0.3  # where they overlap there is one


@pytest.mark.label("eq-shift")
@pytest.mark.parametrize("shift", [0.0, 0.3, -0.7, 1.0, 2.5])
def test_a_shifted_heap_is_as_far_as_its_shift(shift: float) -> None:
    x, _, p, _ = weighted(0, 7, 3)
    assert cheapest_plan(x, x + shift, p, p) == pytest.approx(abs(shift), abs=1e-9)
    heap = torch.from_numpy(x)
    moved = float(wasserstein(heap, heap + shift))
    assert moved == pytest.approx(abs(shift), abs=1e-12)
    cells = 2000  # two uniforms of width 1, as histograms
    at = np.arange(-4, 4, 1 / cells)
    one = ((at >= 0) & (at < 1)).astype(float)
    two = ((at >= shift) & (at < shift + 1)).astype(float)
    found = jensenshannon(one / one.sum(), two / two.sum()) ** 2
    assert found == pytest.approx(min(abs(shift), 1) * math.log(2), abs=2e-3)


@pytest.mark.label("eq-wasserstein-line")
@pytest.mark.parametrize(("n", "m", "seed"), [(1, 1, 0), (3, 8, 1), (9, 9, 2), (15, 4, 3)])
def test_the_area_is_the_cheapest_plan(n: int, m: int, seed: int) -> None:
    x, y, p, q = weighted(seed, n, m)
    found = float(wasserstein(*map(torch.from_numpy, (x, y, p, q))))
    assert found == pytest.approx(cheapest_plan(x, y, p, q), rel=1e-9)
    assert found == pytest.approx(wasserstein_distance(x, y, p, q), rel=1e-9)
    if n == m:
        equal = float(wasserstein(torch.from_numpy(x), torch.from_numpy(y)))
        assert equal == pytest.approx(np.abs(np.sort(x) - np.sort(y)).mean(), rel=1e-12)


@pytest.mark.label("eq-wasserstein-line")
def test_quantiles_area_and_best_critic_agree_for_densities() -> None:
    one, two = norm(0.0, 1.0), norm(0.7, 2.0)
    quantiles = quad(lambda u: abs(one.ppf(u) - two.ppf(u)), 0, 1, limit=500, epsabs=1e-9)[0]
    area = quad(lambda t: abs(one.cdf(t) - two.cdf(t)), -30, 30, limit=500, epsabs=1e-10)[0]
    cross = -0.7  # the distribution functions meet where t = (t - 0.7) / 2
    gap = one.expect(lambda t: -abs(t - cross)) - two.expect(lambda t: -abs(t - cross))
    assert quantiles == pytest.approx(area, rel=1e-6)
    assert abs(gap) == pytest.approx(area, rel=1e-6)
    # Left of the crossing F < G and the best critic rises; right of it F > G and it falls.
    assert one.cdf(cross - 1) < two.cdf(cross - 1)
    assert gap > 0.8
    rng = np.random.default_rng(0)
    for bend in rng.normal(size=20):  # other functions of slope at most 1 open less
        other = one.expect(lambda t, b=bend: -abs(t - b))
        other -= two.expect(lambda t, b=bend: -abs(t - b))
        assert other < gap + 1e-9


@pytest.mark.label("eq-wasserstein-line")
def test_its_slope_is_that_of_the_area() -> None:
    x, y, p, q = map(torch.from_numpy, weighted(4, 6, 5))
    x.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: wasserstein(x, y, p, q), x)


@pytest.mark.label("eq-high-quality-floor")
def test_the_floor_of_the_high_quality_share() -> None:
    for k in (1.0, 2.0, 3.0):
        inside, _ = quad(lambda r: r * math.exp(-(r**2) / 2), 0, k)
        box = np.linspace(-k, k, 1501)
        x, y = np.meshgrid(box, box)
        cells = norm.pdf(x) * norm.pdf(y) * (np.hypot(x, y) <= k) * (box[1] - box[0]) ** 2
        assert cells.sum() == pytest.approx(1 - math.exp(-(k**2) / 2), abs=2e-3)
        assert inside == pytest.approx(1 - math.exp(-(k**2) / 2), abs=1e-9)
    rng = torch.Generator().manual_seed(0)
    for target in (ring(), grid()):
        share = target.coverage(target.sample(100_000, rng)).high_quality
        assert abs(share - (1 - math.exp(-4.5))) < 4 * math.sqrt(0.011 / 100_000)
