"""The least squares, hinge and Wasserstein games against formulas written out in NumPy."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from aigc_lib.gan.losses import (
    HINGE,
    LEAST_SQUARES,
    NON_SATURATING,
    SATURATING,
    WGAN_GP,
    AdversarialLoss,
    gradient_penalty,
    hinge_discriminator_loss,
    least_squares_discriminator_loss,
    wasserstein_critic_loss,
)

Formulas = tuple[Callable[[np.ndarray, np.ndarray], float], Callable[[np.ndarray], float]]

WRITTEN_OUT: dict[str, tuple[AdversarialLoss, Formulas]] = {
    "least squares": (
        LEAST_SQUARES,
        (
            lambda r, f: 0.5 * np.mean((r - 1) ** 2) + 0.5 * np.mean(f**2),
            lambda f: 0.5 * np.mean((f - 1) ** 2),
        ),
    ),
    "hinge": (
        HINGE,
        (
            lambda r, f: np.mean(np.maximum(0, 1 - r)) + np.mean(np.maximum(0, 1 + f)),
            lambda f: -np.mean(f),
        ),
    ),
    "Wasserstein": (WGAN_GP, (lambda r, f: np.mean(f) - np.mean(r), lambda f: -np.mean(f))),
}


@pytest.mark.parametrize("name", WRITTEN_OUT)
@pytest.mark.parametrize("shape", [(7,), (7, 1), (3, 1, 4, 4)])
def test_values_against_numpy(name: str, shape: tuple[int, ...]) -> None:
    game, (discriminator, generator) = WRITTEN_OUT[name]
    noise = np.random.default_rng(0)
    real, fake = noise.normal(0.5, 2, shape), noise.normal(-0.5, 2, shape)
    found = game.discriminator(torch.tensor(real), torch.tensor(fake))
    assert found.shape == ()
    assert float(found) == pytest.approx(discriminator(real, fake), rel=1e-12)
    assert float(game.generator(torch.tensor(fake))) == pytest.approx(generator(fake), rel=1e-12)


@pytest.mark.parametrize("name", WRITTEN_OUT)
def test_each_is_a_mean_over_each_set_whatever_their_sizes(name: str) -> None:
    game, _ = WRITTEN_OUT[name]
    real, fake = torch.tensor([1.5, -2.0]), torch.tensor([0.5, 3.0, -1.0])
    twice = game.discriminator(torch.cat([real, real]), fake)
    torch.testing.assert_close(twice, game.discriminator(real, fake))


def test_what_each_discriminator_is_content_with() -> None:
    """Values where the answers are perfect, and where they are the same for all."""
    zero, half, one = (torch.full((4, 1), value) for value in (0.0, 0.5, 1.0))
    assert float(least_squares_discriminator_loss(one, zero)) == 0
    assert float(least_squares_discriminator_loss(half, half)) == 1 / 4
    assert float(hinge_discriminator_loss(zero, zero)) == 2
    assert float(hinge_discriminator_loss(one, -one)) == 0  # the margin is reached,
    far = (5 * one).requires_grad_()
    (gradient,) = torch.autograd.grad(hinge_discriminator_loss(far, -5 * one), far)
    assert not gradient.any()  # and there is no more to gain beyond it
    assert float(hinge_discriminator_loss(-one, one)) == 4  # both sides pay on the wrong side
    assert float(wasserstein_critic_loss(5 * one, 2 * one)) == -3
    assert float(wasserstein_critic_loss(one, one)) == 0


def test_only_the_wasserstein_game_brings_a_penalty_along() -> None:
    assert WGAN_GP.penalty is gradient_penalty
    assert WGAN_GP.penalty_every == 1
    assert all(game.penalty is None for game in (LEAST_SQUARES, HINGE, NON_SATURATING, SATURATING))
