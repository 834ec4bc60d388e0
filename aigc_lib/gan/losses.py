"""Adversarial losses, as pure functions of the discriminator's logits, and gradient penalties.

A discriminator returns a **logit** l, any real number; its probability "this is real" is
sigmoid(l). Every loss here is written with ``softplus(t) = log(1 + exp(t))``, because

    -log sigmoid(l)       = softplus(-l)
    -log(1 - sigmoid(l))  = softplus(l)

hold exactly, and softplus neither overflows nor takes the logarithm of zero. (PyTorch's returns t
itself where t > 20, which is at most 2.1e-9 too little.)

All functions take float tensors of any shape, return a scalar tensor in nats (the mean over all
elements), and are differentiable. Real samples carry the target 1, generated samples 0.
Source: Goodfellow et al., 2014, "Generative Adversarial Nets", equation 1 and section 3.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

Critic = Callable[[Tensor], Tensor]
Penalty = Callable[[Critic, Tensor, Tensor, torch.Generator], Tensor]


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Binary cross-entropy of the discriminator: -E[log D(x)] - E[log(1 - D(G(z)))].

    It is 2 log 2 = 1.386 nats when the discriminator answers 1/2 everywhere.
    """
    return softplus(-real_logits).mean() + softplus(fake_logits).mean()


def nonsaturating_generator_loss(fake_logits: Tensor) -> Tensor:
    """The loss used in practice: -E[log D(G(z))].

    Its gradient with respect to a logit is sigmoid(l) - 1: strongest where the discriminator is
    sure that a sample is generated (l very negative).
    """
    return softplus(-fake_logits).mean()


def saturating_generator_loss(fake_logits: Tensor) -> Tensor:
    """The generator's half of the minimax game: E[log(1 - D(G(z)))], to be minimised.

    Its gradient with respect to a logit is -sigmoid(l): it vanishes (saturates) exactly where the
    generator does worst, which is why practice prefers the non-saturating loss.
    """
    return -softplus(fake_logits).mean()


def least_squares_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """E[(D(x) - 1)^2] / 2 + E[D(G(z))^2] / 2, with the raw output as D; 1/4 if it is always 1/2.

    Source: Mao et al., 2017, "Least Squares Generative Adversarial Networks", equation 9.
    """
    return ((real_logits - 1).square().mean() + fake_logits.square().mean()) / 2


def least_squares_generator_loss(fake_logits: Tensor) -> Tensor:
    """E[(D(G(z)) - 1)^2] / 2: the generator's samples should get the answer of real ones, 1."""
    return (fake_logits - 1).square().mean() / 2


def hinge_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))]: no more to gain beyond a margin of 1.

    It is 2 where the output is always 0. Source: Miyato et al., 2018, equation 16.
    """
    return relu(1 - real_logits).mean() + relu(1 + fake_logits).mean()


def wasserstein_critic_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """E[D(G(z))] - E[D(x)]: minus the gap that a critic opens between the two distributions.

    If the critic's slope is at most 1 everywhere, the best gap is the Wasserstein-1 distance; that
    is what the gradient penalty is for. Source: Arjovsky et al., 2017, equation 2.
    """
    return fake_logits.mean() - real_logits.mean()


def critic_generator_loss(fake_logits: Tensor) -> Tensor:
    """-E[D(G(z))]: the generator's half of the hinge and of the Wasserstein game."""
    return -fake_logits.mean()


def gradient_penalty(
    critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator, weight: float = 10.0
) -> Tensor:
    """weight * E[(|grad D(x^)| - 1)^2] at random points x^ between real and generated samples.

    Holds the critic's slope near 1, as the Wasserstein distance asks. Differentiable twice: its own
    gradient reaches the critic's weights.

    Args:
        critic: samples (N, ...) -> outputs (N, 1), each depending on its own sample alone.
        real, fake: samples (N, ...).
        rng: draws the N places on the segments; on the samples' device.
        weight: lambda.
    Source: Gulrajani et al., 2017, "Improved Training of Wasserstein GANs", equation 3.
    """
    place = torch.rand(len(real), *[1] * (real.ndim - 1), device=real.device, generator=rng)
    between = torch.lerp(real, fake, place.to(real.dtype)).detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    off: Tensor = slope.flatten(1).norm(dim=1) - 1
    return weight * off.square().mean()


def r1_penalty(
    critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator, weight: float = 10.0
) -> Tensor:
    """weight / 2 * E[|grad D(x)|^2] on real samples: a discriminator that is flat at the data.

    ``fake`` and ``rng`` are not used; every penalty is called alike.
    Source: Mescheder et al., 2018, "Which Training Methods for GANs do actually Converge?",
    equation 9; ``weight`` is their gamma.
    """
    at = real.detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(at).sum(), at, create_graph=True)
    size: Tensor = slope.flatten(1).square().sum(dim=1)
    return weight / 2 * size.mean()


class AdversarialLoss(NamedTuple):
    """What makes a game; the training loop never looks inside.

    Attributes:
        discriminator: (real_logits, fake_logits) -> scalar to minimise in the discriminator.
        generator: (fake_logits) -> scalar to minimise in the generator.
        penalty: added to the discriminator's loss, see ``gradient_penalty`` for its arguments.
        penalty_every: apply the penalty on one step of so many, and so many times as strongly.
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]
    penalty: Penalty | None = None
    penalty_every: int = 1

    def at(self, step: int) -> "AdversarialLoss":
        """The losses of this step: without the penalty where it is not due."""
        return self if step % self.penalty_every == 0 else self._replace(penalty=None)


NON_SATURATING = AdversarialLoss(discriminator_loss, nonsaturating_generator_loss)
SATURATING = AdversarialLoss(discriminator_loss, saturating_generator_loss)
LEAST_SQUARES = AdversarialLoss(least_squares_discriminator_loss, least_squares_generator_loss)
HINGE = AdversarialLoss(hinge_discriminator_loss, critic_generator_loss)
WGAN_GP = AdversarialLoss(wasserstein_critic_loss, critic_generator_loss, gradient_penalty)


def with_r1(
    weight: float, every: int = 1, loss: AdversarialLoss = NON_SATURATING
) -> AdversarialLoss:
    """``loss`` with the R1 penalty, applied on one step of ``every``.

    Raises:
        ValueError: a negative weight, or every < 1.
    """
    if not weight >= 0 or every < 1:
        raise ValueError(f"need weight >= 0 and every >= 1, got {weight} and {every}")
    return loss._replace(penalty=partial(r1_penalty, weight=weight), penalty_every=every)
