"""What chapter 3 derives besides ``gan.divergences``: what each loss descends, and the f-GAN bound.

Everything is in nats and in the precision of its arguments: pass float64 to check a formula.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

from aigc_lib.gan.divergences import jensen_shannon, optimal_discriminator


def optimal_logit(p: Tensor, q: Tensor) -> Tensor:
    """The best discriminator's logit: log p(x) - log q(x), the log density ratio."""
    return p.log() - q.log()


def kullback_leibler(p: Tensor, q: Tensor, weight: Tensor | float = 1.0) -> Tensor:
    """KL(p | q) = sum p log(p / q), a scalar in [0, inf] nats; inf if p > 0 where q = 0.

    Args:
        p, q: values at the same points; where p is 0 nothing is contributed.
        weight: of each point in the sum: the grid's spacing, or 1 for probabilities.
    """
    return ((torch.xlogy(p, p) - torch.xlogy(p, q)) * weight).sum()


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


# By name; Pearson's is the sum of (p - q)^2 / q.
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
