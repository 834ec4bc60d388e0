"""Closed forms that the chapters derive; ``tests`` check each by an independent route.

Everything is in nats and in the precision of its arguments: pass float64 to check a formula.
"""

import torch
from torch import Tensor


def optimal_discriminator(p: Tensor, q: Tensor) -> Tensor:
    """The best discriminator between densities: D*(x) = p(x) / (p(x) + q(x)).

    Args:
        p, q: density of real and of generated samples at the same points, not negative.

    Returns:
        The probability of "real" at each point, in [0, 1]; nan where both densities are 0.
    Source: Goodfellow et al., 2014, proposition 1.
    """
    return p / (p + q)


def total_variation(p: Tensor, q: Tensor, weight: Tensor | float = 1.0) -> Tensor:
    """Total variation distance, 1/2 sum |p - q|: a scalar in [0, 1].

    The best classifier, shown one sample, real or generated with equal odds, is right with
    probability 1/2 + TV / 2.

    Args:
        p, q: values at the same points, not negative.
        weight: of each point in the sum: the grid's spacing, or 1 for probabilities.
    """
    return ((p - q).abs() * weight).sum() / 2


def jensen_shannon(p: Tensor, q: Tensor, weight: Tensor | float = 1.0) -> Tensor:
    """Jensen-Shannon divergence of two densities on a grid, a scalar in [0, log 2] nats.

        JSD(p, q) = 1/2 KL(p | m) + 1/2 KL(q | m),   m = (p + q) / 2

    Args:
        p, q: values at the same points; 0 is allowed and contributes nothing.
        weight: of each point in the sum: the grid's spacing, or 1 for probabilities.
    """
    # xlogy is 0 where p is 0, as the limit of t log t. Halved, the least float rounds to 0, whose
    # logarithm would make the sum infinite: so m stays above 0.
    m = ((p + q) / 2).clamp(min=torch.finfo(p.dtype).tiny)
    terms = torch.xlogy(p, p) - torch.xlogy(p, m) + torch.xlogy(q, q) - torch.xlogy(q, m)
    return (terms * weight).sum() / 2


def discriminator_loss_of(d: Tensor, p: Tensor, q: Tensor, weight: Tensor | float = 1.0) -> Tensor:
    """The discriminator's expected loss in nats if it answers ``d`` at each point of a grid.

    -E_p[log d] - E_q[log(1 - d)]; with the best discriminator it is 2 log 2 - 2 JSD(p, q).
    Source: Goodfellow et al., 2014, equation 1 and theorem 1 (whose value is this one's negative).
    """
    return -((torch.xlogy(p, d) + torch.xlogy(q, 1 - d)) * weight).sum()


def generator_logit_gradients(logits: Tensor) -> tuple[Tensor, Tensor]:
    """d loss / d logit of one sample, for the (non-saturating, saturating) generator loss.

    (sigmoid(l) - 1, -sigmoid(l)): they differ by a constant, 1, yet one is strongest and the other
    zero where the discriminator rejects a sample for sure.
    """
    d = torch.sigmoid(logits)
    return d - 1, -d


def expected_mean_distance(n: int, m: int, variance: float) -> float:
    """Expected squared distance of two sample means when both come from one distribution.

    variance * (1/n + 1/m), with ``variance`` the trace of the covariance. It is why a Fréchet
    distance between samples is never 0, not even between two sets of real images.
    """
    return variance * (1 / n + 1 / m)


def wasserstein(x: Tensor, y: Tensor, p: Tensor | None = None, q: Tensor | None = None) -> Tensor:
    """The Wasserstein-1 distance of two distributions on a line, exactly, for points of any number.

        W1 = integral |F(t) - G(t)| dt,   F and G: the shares of weight at or below t

    Args:
        x, y: places (n,) and (m,), in any order.
        p, q: weights of the places, not negative, of the same sum; equal weights if left out.

    Returns:
        A scalar, in the units of ``x``. Differentiable in the places.

    Raises:
        ValueError: not one axis, no points, or weights of another shape.
    """
    p = torch.full_like(x, 1 / max(len(x), 1)) if p is None else p
    q = torch.full_like(y, 1 / max(len(y), 1)) if q is None else q
    if x.ndim != 1 or y.ndim != 1 or not len(x) or not len(y):
        raise ValueError(f"need points (n,) and (m,), got {tuple(x.shape)} and {tuple(y.shape)}")
    if p.shape != x.shape or q.shape != y.shape:
        raise ValueError(f"need one weight a point, got {tuple(p.shape)} and {tuple(q.shape)}")
    places, order = torch.cat([x, y]).sort()
    gap = torch.cat([p, -q])[order].cumsum(0)[:-1]  # F - G between neighbouring places
    return (gap.abs() * places.diff()).sum()
