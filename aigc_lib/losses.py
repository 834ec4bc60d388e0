"""Adversarial losses, as pure functions of the discriminator's logits.

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
from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import softplus


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


class AdversarialLoss(NamedTuple):
    """The two halves of a game; the training loop never looks inside.

    Attributes:
        discriminator: (real_logits, fake_logits) -> scalar to minimise in the discriminator.
        generator: (fake_logits) -> scalar to minimise in the generator.
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]


NON_SATURATING = AdversarialLoss(discriminator_loss, nonsaturating_generator_loss)
SATURATING = AdversarialLoss(discriminator_loss, saturating_generator_loss)
