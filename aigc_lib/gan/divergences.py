"""Closed forms that the chapters derive; ``tests`` check each by an independent route.

Everything is in nats and in the precision of its arguments: pass float64 to check a formula.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

DISCRIMINATOR_LOSS_AT_EQUILIBRIUM = 2 * math.log(2)
"""The discriminator's loss when it answers 1/2 everywhere, in nats."""


def optimal_discriminator(p: Tensor, q: Tensor) -> Tensor:
    """The best discriminator between densities: D*(x) = p(x) / (p(x) + q(x)).

    Args:
        p, q: density of real and of generated samples at the same points, not negative.

    Returns:
        The probability of "real" at each point, in [0, 1]; nan where both densities are 0.
    Source: Goodfellow et al., 2014, proposition 1.
    """
    return p / (p + q)


def optimal_logit(p: Tensor, q: Tensor) -> Tensor:
    """The best discriminator's logit: log p(x) - log q(x), the log density ratio."""
    return p.log() - q.log()


def total_variation(p: Tensor, q: Tensor, weight: Tensor | float = 1.0) -> Tensor:
    """Total variation distance, 1/2 sum |p - q|: a scalar in [0, 1].

    The best classifier, shown one sample, real or generated with equal odds, is right with
    probability 1/2 + TV / 2.

    Args:
        p, q: values at the same points, not negative.
        weight: of each point in the sum: the grid's spacing, or 1 for probabilities.
    """
    return ((p - q).abs() * weight).sum() / 2


def kullback_leibler(p: Tensor, q: Tensor, weight: Tensor | float = 1.0) -> Tensor:
    """KL(p | q) = sum p log(p / q), a scalar in [0, inf] nats; inf if p > 0 where q = 0.

    Args:
        p, q: values at the same points; where p is 0 nothing is contributed.
        weight: of each point in the sum: the grid's spacing, or 1 for probabilities.
    """
    return ((torch.xlogy(p, p) - torch.xlogy(p, q)) * weight).sum()


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


def excess_loss(logits: Tensor, p: Tensor, q: Tensor, weight: Tensor | float = 1.0) -> Tensor:
    """How much more than the best discriminator one with these logits loses, in nats; never < 0.

    2 E_m[KL(Bernoulli(D*) | Bernoulli(D))] with m = (p + q) / 2.

    Args:
        logits: of the discriminator at each point.
        p, q: densities at the same points, not both 0.
        weight: of each point in the sum: the grid's spacing, or 1 for probabilities.
    """
    best = optimal_discriminator(p, q)
    entropy: Tensor = torch.special.entr(best) + torch.special.entr(1 - best)
    cross = best * softplus(-logits) + (1 - best) * softplus(logits)
    return ((p + q) * (cross - entropy) * weight).sum()


def saturating_divergence(p: Tensor, q: Tensor, weight: Tensor | float = 1.0) -> Tensor:
    """What the saturating loss descends while the discriminator is the best one: 2 JSD(p, q).

    The value of the game with the best discriminator is this minus log 4.
    Source: Goodfellow et al., 2014, theorem 1.
    """
    return 2 * jensen_shannon(p, q, weight)


def nonsaturating_divergence(p: Tensor, q: Tensor, weight: Tensor | float = 1.0) -> Tensor:
    """What the non-saturating loss descends while the discriminator is the best one: 2 KL(m | p).

    m = (p + q) / 2. It equals KL(q | p) - 2 JSD(p, q) (Arjovsky and Bottou, 2017, theorem 2.5),
    and in this form it is plainly a divergence: never negative, and 0 only where p = q.
    """
    return 2 * kullback_leibler((p + q) / 2, p, weight)


def discriminator_logit_gradients(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """d loss / d logit of one sample, for the discriminator: prediction minus target.

    Args:
        real, fake: logits of real (target 1) and of generated samples (target 0).

    Returns:
        (sigmoid(real) - 1, sigmoid(fake)), of the arguments' shapes.
    """
    return torch.sigmoid(real) - 1, torch.sigmoid(fake)


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


class FDivergence(NamedTuple):
    """D_f(p | q) = E_q[f(p / q)] for a convex f with f(1) = 0, and what its bound needs.

    Attributes:
        f: defined for u > 0.
        derivative: f'(u); the best T is f'(p / q).
        conjugate: f*(t) = sup over u > 0 of u t - f(u), finite on its domain.
        activation: any real v to a t in that domain, growing with v.
    Source: Nowozin, Cseke and Tomioka, 2016, "f-GAN", section 2. Jensen-Shannon is halved here:
    the f that most tables print without the half belongs to 2 JSD.
    """

    f: Callable[[Tensor], Tensor]
    derivative: Callable[[Tensor], Tensor]
    conjugate: Callable[[Tensor], Tensor]
    activation: Callable[[Tensor], Tensor]


F_DIVERGENCES = {
    "KL(p | q)": FDivergence(
        lambda u: u * u.log(), lambda u: 1 + u.log(), lambda t: (t - 1).exp(), lambda v: v
    ),
    "KL(q | p)": FDivergence(
        lambda u: -u.log(), lambda u: -1 / u, lambda t: -1 - (-t).log(), lambda v: -(-v).exp()
    ),
    "JSD(p, q)": FDivergence(
        lambda u: (u * u.log() - (u + 1) * ((u + 1) / 2).log()) / 2,
        lambda u: (2 * u / (u + 1)).log() / 2,
        lambda t: -(2 - (2 * t).exp()).log() / 2,
        lambda v: (math.log(2) - softplus(-v)) / 2,
    ),
    # Below t = -2 the supremum over u > 0 stays at u = 0, where it is -f(0) = -1.
    "Pearson chi2": FDivergence(
        lambda u: (u - 1) ** 2,
        lambda u: 2 * (u - 1),
        lambda t: t.clamp(min=-2) + t.clamp(min=-2) ** 2 / 4,
        lambda v: v,
    ),
}
"""The f-divergences of chapter 03 by name; Pearson's is the sum of (p - q)^2 / q."""


def f_divergence(
    divergence: FDivergence, p: Tensor, q: Tensor, weight: Tensor | float = 1.0
) -> Tensor:
    """D_f(p | q) = sum q f(p / q), a scalar, for densities that are positive at every point."""
    return (q * divergence.f(p / q) * weight).sum()


def f_gan_bound(
    divergence: FDivergence, t: Tensor, p: Tensor, q: Tensor, weight: Tensor | float = 1.0
) -> Tensor:
    """E_p[t] - E_q[f*(t)], a scalar: at most D_f(p | q), and equal to it for t = f'(p / q).

    Args:
        divergence: whose bound.
        t: the critic's value at each point, in the domain of f*.
        p, q: densities at the same points.
        weight: of each point in the sum: the grid's spacing, or 1 for probabilities.
    Source: Nowozin et al., 2016, equation 4.
    """
    return ((p * t - q * divergence.conjugate(t)) * weight).sum()
