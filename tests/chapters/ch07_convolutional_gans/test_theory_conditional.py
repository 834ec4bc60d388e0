"""Proofs, in numbers, of chapter 07's statements on labels and on latent vectors."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp
from scipy.stats import chi2
from torch import Tensor

from aigc_lib.nets.dcgan import DCDiscriminator


def joint(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, float]:
    """Two distributions on 9 pictures and 3 labels as the theorem asks, with v, w and b."""
    rng = np.random.default_rng(seed)
    f = rng.normal(size=(9, 4))
    real, fake = rng.normal(size=(2, 3, 4))
    p_x = rng.dirichlet(np.ones(9))
    w = rng.normal(size=4)
    # Choose q(x) such that all that does not depend on the label is affine in f.
    gap = logsumexp(f @ real.T, axis=1) - logsumexp(f @ fake.T, axis=1)
    log_q = np.log(p_x) - f @ w - gap
    b = float(logsumexp(log_q))
    p = p_x[:, None] * np.exp(log_softmax(f @ real.T, axis=1))
    q = np.exp(log_q - b)[:, None] * np.exp(log_softmax(f @ fake.T, axis=1))
    return p, q, f, real - fake, w, b


@pytest.mark.label("eq-projection")
@pytest.mark.parametrize("seed", range(3))
def test_the_log_ratio_is_a_projection(seed: int) -> None:
    p, q, f, v, w, b = joint(seed)
    assert p.sum() == pytest.approx(1) == q.sum()
    stated = (f @ w + b)[:, None] + f @ v.T
    np.testing.assert_allclose(stated, np.log(p / q), atol=1e-10)

    def loss(parameters: np.ndarray) -> float:
        w_, b_, v_ = parameters[:4], parameters[4], parameters[5:].reshape(3, 4)
        logits = (f @ w_ + b_)[:, None] + f @ v_.T
        return float((p * np.logaddexp(0, -logits) + q * np.logaddexp(0, logits)).sum())

    best = loss(np.concatenate([w, [b], v.ravel()]))
    found = minimize(loss, np.zeros(17), method="BFGS", options={"gtol": 1e-8, "maxiter": 2000})
    assert found.fun == pytest.approx(best, abs=1e-6)
    # Without the labels the discriminator does worse: they carry something.
    assert best < float((p * np.log1p(q.sum(1) / p.sum(1))[:, None]).sum()
                        + (q * np.log1p(p.sum(1) / q.sum(1))[:, None]).sum()) - 1e-3  # fmt: skip


@pytest.mark.label("eq-projection")
def test_the_librarys_discriminator_computes_it() -> None:
    torch.manual_seed(0)
    network = DCDiscriminator(1, 4, classes=3).double()
    x = torch.randn(6, 1, 28, 28, dtype=torch.float64)
    labels = torch.tensor([0, 1, 2, 2, 1, 0])
    f = network.features(x)
    w, b, v = network.head.weight[0], network.head.bias, network.projection.weight
    by_hand = torch.stack([w @ g + b[0] + v[y] @ g for g, y in zip(f, labels, strict=True)])
    assert torch.allclose(network(x, labels).flatten(), by_hand, atol=1e-12)


@pytest.mark.label("eq-mixed-length")
@pytest.mark.parametrize("t", [0.0, 0.25, 0.5, 0.9])
def test_how_long_a_mixed_latent_vector_is(t: float) -> None:
    n, draws = 64, 200_000
    rng = np.random.default_rng(5)

    def mean_square(first: float, second: float) -> float:
        a, b = rng.normal(size=(2, draws // 10, n))
        return float(((first * a + second * b) ** 2).sum(1).mean())

    error = 4 * math.sqrt(2 * n / (draws // 10))  # of a chi-square with n degrees of freedom
    straight = mean_square(1 - t, t)
    assert straight == pytest.approx(n * ((1 - t) ** 2 + t**2), abs=error)
    assert mean_square(math.sqrt(1 - t), math.sqrt(t)) == pytest.approx(n, abs=error)
    if t == 0.5:
        assert straight == pytest.approx(n / 2, abs=error)
        # Hardly one latent vector of the training is that short.
        assert 1e-5 < chi2(n).cdf(n / 2) < 1e-3


def slerp(a: Tensor, b: Tensor, t: float) -> Tensor:
    angle = torch.arccos((a * b).sum(-1) / (a.norm(dim=-1) * b.norm(dim=-1)))[..., None]
    return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)


def test_the_arc_and_the_roots_nearly_agree_for_independent_vectors() -> None:
    torch.manual_seed(0)
    a, b = torch.randn(2, 1000, 64, dtype=torch.float64)
    arc, roots = slerp(a, b, 0.5), math.sqrt(0.5) * (a + b)
    off = (arc - roots).norm(dim=1) / roots.norm(dim=1)
    assert 0.001 < float(off.mean()) < 0.1  # they differ as far as the angle is not 90 degrees
