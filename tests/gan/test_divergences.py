"""gan.divergences against routes that share no formula with it: quadrature, search, samples."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.spatial.distance import jensenshannon
from scipy.stats import norm
from torch import Tensor

from aigc_lib.chapters.ch03_adversarial_objective.closed_forms import optimal_logit
from aigc_lib.gan import divergences

PAIRS = [((0.0, 1.0), (1.5, 0.7)), ((0.0, 1.0), (0.0, 1.0)), ((-3.0, 0.5), (3.0, 2.0))]
GRID = torch.linspace(-25, 25, 20_001, dtype=torch.float64)
STEP = float(GRID[1] - GRID[0])


def density(mean: float, sd: float, x: Tensor = GRID) -> Tensor:
    return torch.from_numpy(norm.pdf(x.numpy(), mean, sd))


def histograms(seed: int, k: int = 9) -> tuple[Tensor, Tensor]:
    """Two discrete distributions, each with a few zeros in other places."""
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.ones(k)), rng.dirichlet(np.ones(k))
    p[:2], q[1:3] = 0, 0
    return torch.from_numpy(p / p.sum()), torch.from_numpy(q / q.sum())


@pytest.mark.parametrize("seed", range(5))
def test_jensen_shannon_is_scipys_distance_squared(seed: int) -> None:
    p, q = histograms(seed)
    wanted = jensenshannon(p.numpy(), q.numpy()) ** 2
    assert float(divergences.jensen_shannon(p, q)) == pytest.approx(wanted, rel=1e-10)
    assert 0.01 < wanted < math.log(2)


@pytest.mark.parametrize(("one", "two"), PAIRS)
def test_jensen_shannon_of_densities_is_the_integral(
    one: tuple[float, float], two: tuple[float, float]
) -> None:
    def entropy_gap(x: float) -> float:
        """JSD as entropy of the mixture less the mean entropy, another form of it."""
        p, q = norm.pdf(x, *one), norm.pdf(x, *two)
        h = [-v * math.log(v) if v > 0 else 0.0 for v in ((p + q) / 2, p, q)]
        return h[0] - (h[1] + h[2]) / 2

    wanted, _ = quad(entropy_gap, -25, 25, points=[-3, 0, 1.5, 3], epsabs=1e-11, limit=500)
    found = float(divergences.jensen_shannon(density(*one), density(*two), STEP))
    assert found == pytest.approx(wanted, abs=1e-8)


def test_jensen_shannon_at_its_ends() -> None:
    p = torch.tensor([0.25, 0.75, 0.0, 0.0]).double()
    assert float(divergences.jensen_shannon(p, p)) == 0
    assert float(divergences.jensen_shannon(p, p.flip(0))) == pytest.approx(math.log(2), rel=1e-14)


@pytest.mark.parametrize(
    ("dtype", "least"), [(torch.float32, 1e-45), (torch.float64, 5e-324)], ids=["32", "64"]
)
def test_jensen_shannon_survives_the_least_number_there_is(
    dtype: torch.dtype, least: float
) -> None:
    p = torch.tensor([1.0, least, 0.0], dtype=dtype)
    q = torch.tensor([0.0, 0.0, 1.0], dtype=dtype)
    assert float(divergences.jensen_shannon(p, q)) == pytest.approx(math.log(2), rel=1e-6)


@pytest.mark.parametrize(("p", "q"), [(0.3, 0.1), (1.0, 1.0), (1e-3, 5.0), (2.0, 0.0), (0.0, 2.0)])
def test_optimal_discriminator_is_where_a_search_ends(p: float, q: float) -> None:
    found = minimize_scalar(
        lambda d: -p * math.log(d) - q * math.log(1 - d),
        bounds=(1e-12, 1 - 1e-12),
        method="bounded",
        options={"xatol": 1e-12},
    ).x
    best = divergences.optimal_discriminator(*(torch.tensor(x).double() for x in (p, q)))
    assert float(best) == pytest.approx(found, abs=1e-6)


def test_optimal_logit_is_the_discriminators() -> None:
    p, q = density(0.0, 1.0), density(1.5, 0.7)
    near = GRID.abs() < 2.5  # far out the probability rounds to 0 or 1; the logit does not
    d, logit = divergences.optimal_discriminator(p, q)[near], optimal_logit(p, q)[near]
    torch.testing.assert_close((d / (1 - d)).log(), logit, rtol=1e-6, atol=1e-9)
    # For Gaussians the log ratio is a parabola; this is it, expanded by hand.
    x = GRID[near]
    wanted = -(x**2) / 2 + ((x - 1.5) / 0.7) ** 2 / 2 + math.log(0.7)
    torch.testing.assert_close(logit, wanted)


@pytest.mark.parametrize(("one", "two"), PAIRS)
def test_discriminator_loss_is_the_integral(
    one: tuple[float, float], two: tuple[float, float]
) -> None:
    def integrand(x: float) -> float:
        d = 1 / (1 + math.exp(-0.3 * x - 0.2))  # any answer, not the best
        return -norm.pdf(x, *one) * math.log(d) - norm.pdf(x, *two) * math.log(1 - d)

    wanted, _ = quad(integrand, -25, 25, points=[-3, 0, 1.5, 3], epsabs=1e-11, limit=500)
    answers = 1 / (1 + (-0.3 * GRID - 0.2).exp())
    found = divergences.discriminator_loss_of(answers, density(*one), density(*two), STEP)
    assert float(found) == pytest.approx(wanted, abs=1e-8)


def test_discriminator_loss_with_zeros() -> None:
    p, q = histograms(0)
    best = divergences.optimal_discriminator(p, q)
    best[1] = 0.5  # neither has a sample there: any answer will do
    assert math.isfinite(float(divergences.discriminator_loss_of(best, p, q)))
    assert float(divergences.discriminator_loss_of(torch.zeros(9).double(), p, q)) == math.inf


def test_loss_at_equilibrium_is_that_of_a_coin() -> None:
    half = torch.full_like(GRID, 0.5)
    found = divergences.discriminator_loss_of(half, density(0, 1), density(1.5, 0.7), STEP)
    assert float(found) == pytest.approx(2 * math.log(2), abs=1e-9)


def test_generator_gradients_are_slopes() -> None:
    logits, h = torch.linspace(-8, 8, 33, dtype=torch.float64), 1e-5
    found = divergences.generator_logit_gradients(logits)
    for gradient, loss in zip(
        found,
        (lambda x: -(1 / (1 + (-x).exp())).log(), lambda x: (1 - 1 / (1 + (-x).exp())).log()),
        strict=True,
    ):
        slope = (loss(logits + h) - loss(logits - h)) / (2 * h)
        torch.testing.assert_close(gradient, slope, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("n", "m"), [(10, 10), (4, 25)])
def test_expected_distance_of_means_against_samples(n: int, m: int) -> None:
    rng = np.random.default_rng(1)
    mix = np.array([[1.0, 0.4, 0.0], [0.0, 2.0, -0.7], [0.0, 0.0, 0.5]])
    variance = float(np.trace(mix @ mix.T))
    trials = 20_000
    means = [(rng.normal(size=(trials, k, 3)) @ mix.T).mean(axis=1) for k in (n, m)]
    squares = ((means[0] - means[1]) ** 2).sum(axis=1)
    error = squares.std() / math.sqrt(trials)
    wanted = divergences.expected_mean_distance(n, m, variance)
    assert abs(squares.mean() - wanted) < 4 * error
    assert 10 * error < wanted  # tight enough to tell 1/n + 1/m from 1/n or 2/(n + m)
