"""Proofs, in numbers, of the labelled equations of chapter 06."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.linalg import sqrtm
from scipy.optimize import minimize
from scipy.spatial.distance import jensenshannon
from scipy.stats import norm
from torch import nn

from aigc_lib.core import optim
from aigc_lib.gan import divergences, losses
from aigc_lib.metrics.frechet import Statistics, frechet_distance

LOGITS = torch.linspace(-18, 18, 73, dtype=torch.float64)


def points(seed: int, k: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Two distributions on k points."""
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(k)), rng.dirichlet(np.ones(k))


def expected_loss(logits: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
    """-E_p[log D] - E_q[log(1 - D)], in NumPy."""
    return float(p @ np.logaddexp(0, -logits) + q @ np.logaddexp(0, logits))


@pytest.mark.label("eq-optimal-discriminator")
@pytest.mark.parametrize("seed", range(3))
def test_the_best_discriminator_is_the_share_of_real(seed: int) -> None:
    p, q = points(seed)
    found = minimize(expected_loss, np.zeros(8), args=(p, q), method="BFGS", options={"gtol": 1e-9})
    searched = 1 / (1 + np.exp(-found.x))
    stated = divergences.optimal_discriminator(torch.from_numpy(p), torch.from_numpy(q)).numpy()
    np.testing.assert_allclose(stated, searched, atol=1e-5)
    np.testing.assert_allclose(stated, p / (p + q), rtol=1e-12)
    # And it is a minimum: every other answer costs more.
    best = np.log(stated / (1 - stated))
    rng = np.random.default_rng(seed)
    for _ in range(100):
        other = best + rng.normal(size=8) * 0.1
        assert expected_loss(other, p, q) > expected_loss(best, p, q)


@pytest.mark.label("eq-gan-value")
@pytest.mark.parametrize("seed", range(3))
def test_the_best_discriminators_loss_tells_the_divergence(seed: int) -> None:
    p, q = points(seed)
    value = expected_loss(np.log(p / q), p, q)
    assert value == pytest.approx(2 * math.log(2) - 2 * jensenshannon(p, q) ** 2, abs=1e-12)
    p, q = torch.from_numpy(p), torch.from_numpy(q)
    best = divergences.optimal_discriminator(p, q)
    assert float(divergences.discriminator_loss_of(best, p, q)) == pytest.approx(value, abs=1e-12)
    stated = 2 * math.log(2) - 2 * divergences.jensen_shannon(p, q)
    assert float(stated) == pytest.approx(value, abs=1e-12)
    assert 0 < value < 2 * math.log(2) - 0.01


@pytest.mark.label("eq-gan-value")
def test_the_trained_loss_estimates_it_from_samples() -> None:
    def mixture_gap(x: float) -> float:
        p, q = norm.pdf(x), norm.pdf(x, 2)
        return p * math.log(2 * p / (p + q)) + q * math.log(2 * q / (p + q))  # 2 JSD

    twice_jsd, _ = quad(mixture_gap, -15, 17, epsabs=1e-12)
    n = 200_000
    noise = torch.Generator().manual_seed(0)
    x, y = (torch.randn(n, generator=noise, dtype=torch.float64) + shift for shift in (0, 2))
    on_x, on_y = 2 - 2 * x, 2 - 2 * y  # log p - log q of N(0, 1) and N(2, 1), by hand
    found = float(losses.discriminator_loss(on_x, on_y))
    spread = torch.nn.functional.softplus(-on_x).var() + torch.nn.functional.softplus(on_y).var()
    error = math.sqrt(float(spread) / n)
    assert abs(found - (2 * math.log(2) - twice_jsd)) < 4 * error < 0.02
    assert float(losses.discriminator_loss(0 * x, 0 * y)) == pytest.approx(2 * math.log(2))


@pytest.mark.label("eq-ns-gradient")
def test_gradients_of_both_generator_losses() -> None:
    d = 1 / (1 + np.exp(-LOGITS.numpy()))
    h = 1e-4
    for loss, stated, by_hand in zip(
        (losses.nonsaturating_generator_loss, losses.saturating_generator_loss),
        divergences.generator_logit_gradients(LOGITS),
        (d - 1, -d),
        strict=True,
    ):
        at = LOGITS.clone().requires_grad_()
        gradient = torch.autograd.grad(loss(at) * len(at), at)[0].numpy()  # a loss is a mean
        slope = [float(loss(x + h) - loss(x - h)) / (2 * h) for x in LOGITS[:, None]]
        np.testing.assert_allclose(gradient, by_hand, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(stated.numpy(), by_hand, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(slope, by_hand, atol=1e-7)


@pytest.mark.label("eq-softplus")
def test_cross_entropies_are_softplus() -> None:
    softplus = torch.nn.functional.softplus
    for logit in LOGITS:
        d = 1 / (1 + math.exp(-float(logit)))
        one_minus_d = 1 / (1 + math.exp(float(logit)))  # 1 - d would lose its digits
        assert float(softplus(-logit)) == pytest.approx(-math.log(d), rel=1e-7, abs=1e-15)
        assert float(softplus(logit)) == pytest.approx(-math.log(one_minus_d), rel=1e-7, abs=1e-15)
        one = logit[None]
        assert float(losses.nonsaturating_generator_loss(one)) == float(softplus(-logit))
        assert float(losses.saturating_generator_loss(one)) == -float(softplus(logit))
    # What it is for: the logarithm of a sigmoid is infinite where softplus is not.
    far = torch.tensor(-200.0)
    assert float(-torch.sigmoid(far).log()) == math.inf
    assert float(softplus(-far)) == 200


def gaussians(seed: int, d: int = 4) -> list[Statistics]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(2):
        a = torch.from_numpy(rng.normal(size=(d, d)))
        found.append(Statistics(torch.from_numpy(rng.normal(size=d)), a @ a.T, 100))
    return found


@pytest.mark.label("eq-frechet")
def test_in_one_dimension_it_is_the_distance_of_quantiles() -> None:
    """The optimal transport between two distributions on a line moves quantile to quantile."""
    (m1, s1), (m2, s2) = (0.5, 1.3), (-1.0, 0.4)
    wanted, _ = quad(
        lambda u: (norm.ppf(u, m1, s1) - norm.ppf(u, m2, s2)) ** 2, 0, 1, epsabs=1e-10, limit=500
    )
    a, b = (
        Statistics(torch.tensor([m]).double(), torch.tensor([[s**2]]).double(), 9)
        for m, s in ((m1, s1), (m2, s2))
    )
    assert frechet_distance(a, b) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.label("eq-frechet")
@pytest.mark.parametrize("seed", range(3))
def test_no_coupling_of_two_gaussians_costs_less(seed: int) -> None:
    """E|X - Y|^2 over joint Gaussians with the two marginals: one attains it, none is below it."""
    a, b = gaussians(seed)
    c1, c2 = a.cov.numpy(), b.cov.numpy()
    shift = float(((a.mean - b.mean) ** 2).sum())
    value = frechet_distance(a, b)
    # X -> A X is linear, symmetric and positive, and turns C1 into C2: the optimal transport.
    root = sqrtm(c1).real
    inverse = np.linalg.inv(root)
    transport = inverse @ sqrtm(root @ c2 @ root).real @ inverse
    np.testing.assert_allclose(transport @ c1 @ transport.T, c2, atol=1e-8)
    rest = np.eye(4) - transport
    assert shift + np.trace(rest @ c1 @ rest.T) == pytest.approx(value, rel=1e-8)
    rng = np.random.default_rng(seed)
    roots = np.linalg.cholesky(c1), np.linalg.cholesky(c2)
    for _ in range(200):  # every joint covariance is [C1 K; K' C2], K = L1 U L2' with |U| <= 1
        turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
        cross = roots[0] @ turn @ roots[1].T
        assert shift + np.trace(c1 + c2 - 2 * cross) > value


@pytest.mark.label("eq-ema-half-life")
@pytest.mark.parametrize("half_life", [500.0, 12_800.0])
def test_after_a_half_life_the_old_weights_count_one_half(half_life: float) -> None:
    found = []
    for batch in (10, 50, 100):
        layer = nn.Linear(1, 1, bias=False).double()
        nn.init.ones_(layer.weight)
        ema = optim.EMA(layer, half_life)
        nn.init.zeros_(layer.weight)
        ema.update(layer, batch, images_seen=10**9)
        decay = ema.network.weight.item()  # the share of the old value that one step keeps
        assert decay == pytest.approx(0.5 ** (batch / half_life), rel=1e-12)
        found.append(decay ** (half_life / batch))  # the steps of a half-life
    assert found == pytest.approx([0.5, 0.5, 0.5], rel=1e-9)
