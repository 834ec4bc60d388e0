"""Proofs, in numbers, of chapter 03: f-divergences and the f-GAN bound."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm
from torch import Tensor

from aigc_lib.chapters.ch03_adversarial_objective.closed_forms import (
    F_DIVERGENCES,
    f_divergence,
    f_gan_bound,
)

X = np.linspace(-15, 15, 6001)
DX = X[1] - X[0]


def tensors(*arrays: np.ndarray) -> tuple[Tensor, ...]:
    return tuple(torch.from_numpy(np.asarray(a, dtype=float)) for a in arrays)


# By hand: the function under the integral sign, the divergence between N(0, 1) and N(M, S^2) where
# it has a closed form, and where f* is finite. S is not 1: p and q must not be interchangeable.
M, S = 0.8, 1.3
BY_HAND = {
    "KL(p | q)": (
        lambda p, q: p * np.log(p / q),
        math.log(S) + (1 + M**2) / (2 * S**2) - 0.5,
        math.inf,
    ),
    "KL(q | p)": (lambda p, q: q * np.log(q / p), (S**2 + M**2 - 1) / 2 - math.log(S), 0.0),
    "JSD(p, q)": (
        lambda p, q: (p * np.log(2 * p / (p + q)) + q * np.log(2 * q / (p + q))) / 2,
        None,
        math.log(2) / 2,
    ),
    "Pearson chi2": (
        lambda p, q: (p - q) ** 2 / q,
        S**2 / math.sqrt(2 * S**2 - 1) * math.exp(M**2 / (2 * S**2 - 1)) - 1,
        math.inf,
    ),
}
ALL = pytest.mark.parametrize("name", list(BY_HAND))


def test_every_divergence_of_the_table_is_proved() -> None:
    assert set(F_DIVERGENCES) == set(BY_HAND)


@pytest.mark.label("def-f-divergence")
@ALL
def test_each_f_gives_its_divergence(name: str) -> None:
    integrand, closed, _ = BY_HAND[name]
    table = F_DIVERGENCES[name]
    wanted, _ = quad(lambda x: integrand(norm.pdf(x), norm.pdf(x, M, S)), -12, 12, epsabs=1e-12)
    p, q = tensors(norm.pdf(X), norm.pdf(X, M, S))
    assert float(f_divergence(table, p, q, DX)) == pytest.approx(wanted, rel=1e-7)
    assert closed is None or wanted == pytest.approx(closed, rel=1e-8)
    assert float(table.f(torch.ones(()))) == 0  # f(1) = 0
    u = torch.linspace(0.05, 6, 200, dtype=torch.float64)
    f = table.f(u)
    assert (f[2:] - 2 * f[1:-1] + f[:-2]).min() > 0  # convex
    slope = (table.f(u + 1e-6) - table.f(u - 1e-6)) / 2e-6
    torch.testing.assert_close(table.derivative(u), slope, rtol=1e-6, atol=1e-8)


@pytest.mark.label("eq-conjugate")
@ALL
def test_each_conjugate_is_the_highest_gap_between_line_and_curve(name: str) -> None:
    table, top = F_DIVERGENCES[name], BY_HAND[name][2]
    u = torch.logspace(-9, 9, 400_001, dtype=torch.float64)
    v = torch.linspace(-3, 3, 13, dtype=torch.float64)
    ts = table.activation(v)
    assert ts.max() < top
    assert (ts.diff() > 0).all()
    for t in ts:
        gap = float((u * t - table.f(u)).max())
        assert float(table.conjugate(t)) == pytest.approx(gap, rel=1e-5, abs=1e-6)


@pytest.mark.label("thm-f-gan-bound")
@ALL
def test_no_critic_passes_the_divergence_and_the_best_one_reaches_it(name: str) -> None:
    integrand, _, _ = BY_HAND[name]
    table = F_DIVERGENCES[name]
    p, q = norm.pdf(X, 0, 0.9), norm.pdf(X, M)
    near = np.abs(X) < 8
    p, q, x = p[near], q[near], X[near]
    whole = float(integrand(p, q).sum() * DX)
    best = table.derivative(tensors(p / q)[0])
    reached = f_gan_bound(table, best, *tensors(p, q), DX)
    assert float(reached) == pytest.approx(whole, rel=1e-6)
    rng = np.random.default_rng(0)
    for _ in range(200):
        wave = rng.normal() * np.sin(rng.normal() * x + rng.normal()) + rng.normal()
        t = table.activation(tensors(wave)[0])
        found = float(f_gan_bound(table, t, *tensors(p, q), DX))
        assert found < whole - 1e-6


@pytest.mark.label("eq-gan-is-f-gan")
@pytest.mark.parametrize("seed", range(3))
def test_the_gans_loss_is_the_jensen_shannon_row(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.ones(6)), rng.dirichlet(np.ones(6))
    logits = rng.normal(size=6) * 2
    loss = p @ np.logaddexp(0, -logits) + q @ np.logaddexp(0, logits)
    js = F_DIVERGENCES["JSD(p, q)"]
    t = js.activation(tensors(logits)[0])
    bound = float(f_gan_bound(js, t, *tensors(p, q)))
    assert bound == pytest.approx(math.log(2) - loss / 2, abs=1e-12)
