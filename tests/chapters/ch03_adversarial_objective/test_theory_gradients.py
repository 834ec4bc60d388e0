"""Proofs, in numbers, of chapter 03: the gradients, the labels, and what each loss descends."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.optimize import approx_fprime, minimize
from scipy.spatial.distance import jensenshannon
from scipy.stats import norm
from torch import Tensor

from aigc_lib.chapters.ch03_adversarial_objective.closed_forms import (
    nonsaturating_divergence,
    saturating_divergence,
)
from aigc_lib.gan import divergences, losses

SEEDS = pytest.mark.parametrize("seed", range(3))
X = np.linspace(-15, 15, 6001)
DX = X[1] - X[0]


def tensors(*arrays: np.ndarray) -> tuple[Tensor, ...]:
    return tuple(torch.from_numpy(np.asarray(a, dtype=float)) for a in arrays)


@pytest.mark.label("eq-d-logit-gradient")
def test_the_discriminators_slope_is_prediction_minus_target() -> None:
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=5) * 3, rng.normal(size=5) * 3

    def loss(both: np.ndarray) -> float:
        d = 1 / (1 + np.exp(-both))
        return float(-np.log(d[:5]).mean() - np.log(1 - d[5:]).mean())

    slope = approx_fprime(np.concatenate([real, fake]), loss, 1e-7)
    logits = tensors(real, fake)
    stated = torch.cat([torch.sigmoid(logits[0]) - 1, torch.sigmoid(logits[1])]) / 5
    np.testing.assert_allclose(stated.numpy(), slope, atol=1e-6)
    at = [t.requires_grad_() for t in tensors(real, fake)]
    graph = torch.cat(torch.autograd.grad(losses.discriminator_loss(*at), at))
    torch.testing.assert_close(graph, stated, rtol=1e-10, atol=1e-12)


def small_game(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parameters w, c, v (3 each), e of D, then a, b of G; real samples; noise."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=12), rng.normal(size=40) + 1, rng.normal(size=40)


def logit(x: np.ndarray, at: np.ndarray) -> np.ndarray:
    w, c, v = at[:3], at[3:6], at[6:9]
    return np.tanh(np.outer(x, w) + c) @ v + at[9]


def sigmoid(t: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-t))


@pytest.mark.label("eq-d-parameter-gradient")
@SEEDS
def test_the_discriminators_gradient_is_the_error_times_the_networks_slope(seed: int) -> None:
    at, real, z = small_game(seed)
    fake = at[10] * z + at[11]

    def loss(d: np.ndarray) -> float:
        return float(-np.log(sigmoid(logit(real, d))).mean()
                     - np.log(sigmoid(-logit(fake, d))).mean())  # fmt: skip

    by_hand = np.zeros(10)
    for x, target in ((real, 1), (fake, 0)):
        h = np.tanh(np.outer(x, at[:3]) + at[3:6])
        slope = at[6:9] * (1 - h**2)
        error = sigmoid(logit(x, at)) - target
        jacobian = np.column_stack([slope * x[:, None], slope, h, np.ones_like(x)])
        by_hand += error @ jacobian / len(x)
    np.testing.assert_allclose(approx_fprime(at[:10], loss, 1e-7), by_hand, atol=2e-6)
    assert np.abs(by_hand).max() > 0.05


@pytest.mark.label("eq-g-parameter-gradient")
@pytest.mark.parametrize("saturating", [False, True])
@SEEDS
def test_the_generators_gradient_passes_through_the_slope_of_the_logit(seed, saturating) -> None:
    at, _, z = small_game(seed)

    def loss(g: np.ndarray) -> float:
        ell = logit(g[0] * z + g[1], at)
        sign = 1 if saturating else -1
        return float(sign * np.log(sigmoid(-ell if saturating else ell)).mean())

    x = at[10] * z + at[11]
    weight = -sigmoid(logit(x, at)) if saturating else sigmoid(logit(x, at)) - 1
    h = np.tanh(np.outer(x, at[:3]) + at[3:6])
    slope = weight * ((1 - h**2) @ (at[6:9] * at[:3]))
    by_hand = np.array([(slope * z).mean(), slope.mean()])
    np.testing.assert_allclose(approx_fprime(at[10:], loss, 1e-7), by_hand, atol=2e-6)
    assert np.abs(by_hand).max() > 1e-3


def mixed(real: Tensor, fake: Tensor) -> Tensor:
    """The discriminator's loss of section 3.1: log D on generated, log(1 - D) on real samples."""
    return -(1 - real.sigmoid()).log().mean() - fake.sigmoid().log().mean()


@pytest.mark.label("thm-label-swap")
@SEEDS
def test_swapping_the_labels_turns_the_sign_of_the_logit_and_nothing_else(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.ones(6)), rng.dirichlet(np.ones(6))

    def swapped(logits: np.ndarray) -> float:
        d = sigmoid(logits)
        return float(-q @ np.log(d) - p @ np.log(1 - d))

    found = minimize(swapped, np.zeros(6), method="BFGS", tol=1e-10)
    np.testing.assert_allclose(sigmoid(found.x), q / (p + q), atol=1e-5)
    assert found.fun == pytest.approx(2 * math.log(2) - 2 * jensenshannon(p, q) ** 2, abs=1e-9)
    real, fake = tensors(*np.random.default_rng(seed).normal(size=(2, 7)))
    assert float(mixed(-real, -fake)) == pytest.approx(
        float(losses.discriminator_loss(real, fake)), rel=1e-12
    )
    for ours, theirs in (
        (losses.nonsaturating_generator_loss, lambda ell: -(1 - ell.sigmoid()).log().mean()),
        (losses.saturating_generator_loss, lambda ell: ell.sigmoid().log().mean()),
    ):
        assert float(theirs(-fake)) == pytest.approx(float(ours(fake)), rel=1e-12)
        at, turned = fake.clone().requires_grad_(), (-fake).requires_grad_()
        (one,) = torch.autograd.grad(ours(at), at)
        (other,) = torch.autograd.grad(theirs(turned), turned)
        torch.testing.assert_close(one, -other, rtol=1e-10, atol=1e-12)  # and d(-l) = -dl


@pytest.mark.label("thm-cooperative")
def test_mixed_halves_descend_one_function_that_is_least_where_nothing_matches() -> None:
    at, real, z = small_game(1)

    def halves(b: float) -> tuple[float, float]:
        on_real, on_fake = tensors(logit(real, at), logit(at[10] * z + b, at))
        return float(mixed(on_real, on_fake)), float(losses.nonsaturating_generator_loss(on_fake))

    for b in (-2.0, 0.3, 1.7):  # the two losses differ by a number that G does not change
        gap, other = (np.subtract(*halves(c)) for c in (b, b + 0.5))
        assert gap == pytest.approx(other, abs=1e-12)
        assert halves(b)[0] != pytest.approx(halves(b + 0.5)[0], abs=1e-4)

    def least(b: float) -> float:
        """min over D of D's loss in the mixed game, p = N(0, 1), q = N(b, 1)."""
        log_p, log_q = norm.logpdf(X), norm.logpdf(X, b)
        log_sum = np.logaddexp(log_p, log_q)
        on_fake, on_real = np.exp(log_q) @ (log_q - log_sum), np.exp(log_p) @ (log_p - log_sum)
        return float(-(on_fake + on_real) * DX)

    losses_of = [least(b) for b in (0, 0.5, 1, 2, 4, 8)]
    assert losses_of[0] == pytest.approx(2 * math.log(2), abs=1e-6)  # worst at p_g = p_data
    assert np.all(np.diff(losses_of) < -0.01)
    assert 0 < losses_of[-1] < 1e-3
    p, q = tensors(norm.pdf(X), norm.pdf(X, 2))
    stated = 2 * math.log(2) - 2 * float(divergences.jensen_shannon(p, q, DX))
    assert losses_of[3] == pytest.approx(stated, abs=1e-6)


@pytest.mark.label("thm-same-fixed-point")
def test_at_equality_and_one_half_nobody_moves() -> None:
    def gradients(b: float, v: float) -> list[float]:
        """Of D's loss in (w, v), then of both G losses in b: l = v tanh(w x), x = z + b."""
        w, h = 0.7, 1e-5

        def loss(kind: str, w: float, v: float, b: float) -> float:
            def on(x: float) -> float:
                return v * math.tanh(w * x)

            def term(z: float) -> float:
                fake = on(z + b)
                return (
                    norm.pdf(z)
                    * {
                        "D": np.logaddexp(0, -on(z)) + np.logaddexp(0, fake),
                        "non-saturating": np.logaddexp(0, -fake),
                        "saturating": -np.logaddexp(0, fake),
                    }[kind]
                )

            return quad(term, -10, 10, epsabs=1e-13)[0]

        return [
            (loss("D", w + h, v, b) - loss("D", w - h, v, b)) / (2 * h),
            (loss("D", w, v + h, b) - loss("D", w, v - h, b)) / (2 * h),
            *((loss(k, w, v, b + h) - loss(k, w, v, b - h)) / (2 * h)
              for k in ("non-saturating", "saturating")),
        ]  # fmt: skip

    np.testing.assert_allclose(gradients(0.0, 0.0), 0, atol=1e-7)
    assert abs(gradients(0.5, 0.0)[1]) > 0.05  # p_g moved away: D learns
    both = gradients(0.0, 1.0)[2:]  # D moved away: G is pushed, by both losses alike
    assert min(np.abs(both)) > 0.05
    assert np.sign(both[0]) == np.sign(both[1])


@pytest.mark.label("thm-generator-gradients")
@pytest.mark.parametrize(("a", "b"), [(0.7, 1.0), (1.6, -0.8), (1.2, 2.5)])
def test_both_losses_descend_a_divergence_while_the_discriminator_is_best(a, b) -> None:
    """p = N(0, 1), G(z) = a z + b: mean gradients over z against slopes of integrals over x."""

    def pushed(weight) -> np.ndarray:
        """E_z[weight(D*) dl*/dx (z, 1)] with the slope of l* = log p - log q by hand."""

        def mean(z: float, to_a: bool) -> float:
            x = a * z + b
            d = 1 / (1 + math.exp(norm.logpdf(x, b, a) - norm.logpdf(x)))
            return norm.pdf(z) * weight(d) * (-x + (x - b) / a**2) * (z if to_a else 1)

        return np.array([quad(mean, -10, 10, args=(k,), epsabs=1e-11)[0] for k in (True, False)])

    def divergence(at: np.ndarray, name: str) -> float:
        """From KL's definition, with logarithms of densities; never through m against p."""
        log_p, log_q = norm.logpdf(X), norm.logpdf(X, at[1], at[0])
        p, q = np.exp(log_p), np.exp(log_q)
        log_m = np.logaddexp(log_p, log_q) - math.log(2)
        twice_jsd = (p * (log_p - log_m) + q * (log_q - log_m)).sum() * DX
        if name == "saturating":
            return float(twice_jsd)
        return float((q * (log_q - log_p)).sum() * DX - twice_jsd)

    at, h = np.array([a, b]), 1e-4
    for name, weight in (("saturating", lambda d: -d), ("non-saturating", lambda d: d - 1)):
        slope = np.array([
            (divergence(at + step, name) - divergence(at - step, name)) / (2 * h)
            for step in h * np.eye(2)
        ])  # fmt: skip
        np.testing.assert_allclose(pushed(weight), slope, atol=2e-6)
        assert np.abs(slope).max() > 0.03
    p, q = tensors(norm.pdf(X), norm.pdf(X, b, a))
    for name, stated in (
        ("saturating", saturating_divergence),
        ("non-saturating", nonsaturating_divergence),
    ):
        assert float(stated(p, q, DX)) == pytest.approx(divergence(at, name), abs=1e-8)
        assert float(stated(p, p, DX)) == pytest.approx(0, abs=1e-12)
        assert float(stated(p, q, DX)) > 0.01
