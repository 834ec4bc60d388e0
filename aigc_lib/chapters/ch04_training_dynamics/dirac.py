"""The smallest GAN and what its training does, in closed form; distances on a line (chapter 04).

The Dirac-GAN: real data are the number 0, the generator always answers theta, the discriminator's
logit at x is omega * x. Its state is the pair (theta, omega), its equilibrium (0, 0). Close to it,
one update of any of the methods below multiplies the state by a 2 x 2 matrix, whose eigenvalues
decide: below 1 in size the state spirals in, above 1 it spirals out.
Source: Mescheder et al., 2018, "Which Training Methods for GANs do actually Converge?", section 2.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from aigc_lib.gan.losses import AdversarialLoss

SLOPE = 0.5
"""d loss / d logit at the equilibrium, in size: 1/2 for the cross-entropy games (sigmoid(0)), both
saturating and non-saturating; 1 for the Wasserstein game, which is the game of theta * omega."""


def jacobian(slope: float = SLOPE, gamma: float = 0.0) -> Tensor:
    """How the direction of training, (-dL_G/dtheta, -dL_D/domega), changes with (theta, omega).

    Args:
        slope: see ``SLOPE``.
        gamma: weight of the R1 penalty, as in ``losses.r1_penalty``: gamma / 2 * omega^2.

    Returns:
        The matrix at the equilibrium, float64 (2, 2).
    """
    return torch.tensor([[0.0, slope], [-slope, -gamma]], dtype=torch.float64)


def update_matrix(
    h: float, slope: float = SLOPE, gamma: float = 0.0, alternating: bool = False
) -> Tensor:
    """One update with step size ``h``, near the equilibrium: new state = matrix @ state.

    Args:
        h: step size of both players.
        slope, gamma: see ``jacobian``.
        alternating: the discriminator moves first and the generator answers its new weight; else
            both move at once.

    Returns:
        float64 (2, 2), acting on (theta, omega).
    """
    if not alternating:
        return torch.eye(2, dtype=torch.float64) + h * jacobian(slope, gamma)
    a, keep = h * slope, 1 - h * gamma
    return torch.tensor([[1 - a * a, a * keep], [-a, keep]], dtype=torch.float64)


def multipliers(
    h: float, slope: float = SLOPE, gamma: float = 0.0, alternating: bool = False
) -> Tensor:
    """The two eigenvalues of ``update_matrix``, complex128 (2,), by the quadratic formula.

    Their size is the factor by which the distance from the equilibrium changes in one update, their
    angle the turn in radians (over many updates; the matrix may squeeze a circle to an ellipse).
    """
    a, keep = h * slope, 1 - h * gamma
    trace = 1 + keep - (a * a if alternating else 0.0)
    determinant = keep if alternating else keep + a * a
    root = torch.sqrt(torch.tensor(trace * trace / 4 - determinant, dtype=torch.complex128))
    return trace / 2 + torch.stack([root, -root])


def largest_step(gamma: float, slope: float = SLOPE, alternating: bool = False) -> float:
    """The step size below which the R1-regularised game converges near its equilibrium.

    Args:
        gamma: weight of the R1 penalty, not negative.
        slope, alternating: see ``update_matrix``.

    Returns:
        The bound: for any h above 0 and below it both multipliers are smaller than 1. It is 0
        where no step size will do: simultaneous updates without a penalty. (Alternating ones
        without a penalty neither grow nor shrink below their bound.)

    Raises:
        ValueError: gamma is negative or slope is not positive.
    """
    if not gamma >= 0 or not slope > 0:
        raise ValueError(f"need gamma >= 0 and slope > 0, got {gamma} and {slope}")
    if alternating:
        return (math.hypot(gamma, 2 * slope) - gamma) / slope**2
    if gamma < 2 * slope:
        return gamma / slope**2
    return 4 / (gamma + math.sqrt(gamma * gamma - 4 * slope * slope))


def limit_cycle_radius(h: float) -> float:
    """Where simultaneous updates of the non-saturating Dirac-GAN end: a circle of this radius.

    sqrt(2 h), for small step sizes h: there the outward push of the step size balances the inward
    pull of the non-saturating loss.
    """
    return math.sqrt(2 * h)


def predicted(start: Sequence[float], matrix: Tensor, updates: int) -> Tensor:
    """The orbit that repeated multiplication by ``matrix`` makes, float64 (updates + 1, 2)."""
    states = [torch.tensor(start, dtype=torch.float64)]
    for _ in range(updates):
        states.append(matrix @ states[-1])
    return torch.stack(states)


def simulate(
    loss: AdversarialLoss,
    start: Sequence[float],
    h: float,
    updates: int,
    alternating: bool = False,
) -> Tensor:
    """Train the Dirac-GAN itself with plain gradient descent on the losses that training uses.

    Args:
        loss: any of ``losses``, with or without a penalty.
        start: (theta, omega).
        h: step size of both players.
        updates: how many.
        alternating: see ``update_matrix``.

    Returns:
        (theta, omega) before the first and after each update, float64 (updates + 1, 2).
    """
    theta, omega = (torch.tensor([[x]], dtype=torch.float64, requires_grad=True) for x in start)
    opt_g, opt_d = torch.optim.SGD([theta], lr=h), torch.optim.SGD([omega], lr=h)
    real, rng = torch.zeros(1, 1, dtype=torch.float64), torch.Generator()
    states = [torch.cat([theta, omega]).flatten().detach()]
    for _ in range(updates):
        fake = theta.detach()
        d_loss = loss.discriminator(omega * real, omega * fake)
        if loss.penalty is not None:
            d_loss = d_loss + loss.penalty(lambda x: omega * x, real, fake, rng)
        (omega.grad,) = torch.autograd.grad(d_loss, omega)
        if alternating:
            opt_d.step()
        (theta.grad,) = torch.autograd.grad(loss.generator(theta * omega.detach()), theta)
        if not alternating:
            opt_d.step()
        opt_g.step()
        states.append(torch.cat([theta, omega]).flatten().detach())
    return torch.stack(states)
