"""aigc_lib.gan.losses against PyTorch's cross-entropies, a 60-digit reference and differences."""

from collections.abc import Callable
from decimal import Decimal, localcontext

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from aigc_lib.gan.losses import (
    HINGE,
    LEAST_SQUARES,
    NON_SATURATING,
    SATURATING,
    WGAN_GP,
    critic_generator_loss,
    discriminator_loss,
    hinge_discriminator_loss,
    least_squares_discriminator_loss,
    least_squares_generator_loss,
    nonsaturating_generator_loss,
    saturating_generator_loss,
    wasserstein_critic_loss,
)

LOGITS = st.lists(st.floats(-700, 700), min_size=1, max_size=5)


def float64(values: list[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def exact_log_sigmoid(logit: float) -> Decimal:
    """log(1 / (1 + exp(-l))) with 60 digits, from the definition."""
    with localcontext() as context:
        context.prec = 60
        smaller = (-abs(Decimal(logit))).exp()  # of exp(l) and exp(-l) the one below 1
        # Where adding it to 1 would lose its digits, two terms of the logarithm's series are exact.
        log1p = (1 + smaller).ln() if abs(logit) < 50 else smaller - smaller**2 / 2
        return min(Decimal(logit), Decimal(0)) - log1p


def mean(values: list[Decimal]) -> float:
    return float(sum(values) / len(values))


@settings(max_examples=60, deadline=None)
@given(real=LOGITS, fake=LOGITS)
def test_values_against_sixty_digits(real: list[float], fake: list[float]) -> None:
    calls_real_real = mean([-exact_log_sigmoid(x) for x in real])
    calls_fake_fake = mean([-exact_log_sigmoid(-x) for x in fake])  # 1 - sigmoid(l) = sigmoid(-l)
    calls_fake_real = mean([-exact_log_sigmoid(x) for x in fake])
    found = [
        discriminator_loss(float64(real), float64(fake)),
        nonsaturating_generator_loss(float64(fake)),
        saturating_generator_loss(float64(fake)),
    ]
    wanted = [calls_real_real + calls_fake_fake, calls_fake_real, -calls_fake_fake]
    # PyTorch's softplus(t) leaves out log(1 + exp(-t)) above t = 20, where it is 1.03e-10 of t.
    assert [float(x) for x in found] == pytest.approx(wanted, rel=1.04e-10, abs=1e-306)


@pytest.mark.parametrize("shape", [(7,), (7, 1), (3, 1, 4, 4)])
def test_values_against_pytorchs_cross_entropies(shape: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(0)
    real, fake = (torch.randn(shape, generator=generator).double() * 3 for _ in range(2))
    one, zero = torch.ones_like(real), torch.zeros_like(real)
    for entropy, r, f in (
        (F.binary_cross_entropy_with_logits, real, fake),
        (F.binary_cross_entropy, real.sigmoid(), fake.sigmoid()),
    ):
        torch.testing.assert_close(
            discriminator_loss(real, fake), entropy(r, one) + entropy(f, zero)
        )
        torch.testing.assert_close(nonsaturating_generator_loss(fake), entropy(f, one))
        torch.testing.assert_close(saturating_generator_loss(fake), -entropy(f, zero))


def test_a_loss_is_a_mean_over_each_set_whatever_their_sizes() -> None:
    real, fake = float64([1.0, -2.0]), float64([0.5, 3.0, -1.0])
    twice = discriminator_loss(torch.cat([real, real]), fake)
    torch.testing.assert_close(twice, discriminator_loss(real, fake))
    assert twice.shape == ()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [1e4, -1e4])
def test_extreme_logits_give_finite_losses_and_gradients(size: float, dtype: torch.dtype) -> None:
    real, fake = (torch.full((3, 1), s, dtype=dtype, requires_grad=True) for s in (size, size))
    # One half of the discriminator's loss is |l|, the other is 0, whatever the sign.
    value = discriminator_loss(real, fake)
    assert value.item() == pytest.approx(1e4)
    value.backward()
    on_real, on_fake = (0.0, 1 / 3) if size > 0 else (-1 / 3, 0.0)
    torch.testing.assert_close(real.grad, torch.full_like(real, on_real))
    torch.testing.assert_close(fake.grad, torch.full_like(fake, on_fake))
    assert nonsaturating_generator_loss(fake).item() == pytest.approx(max(-size, 0))
    assert saturating_generator_loss(fake).item() == pytest.approx(min(-size, 0))


def slopes(loss: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """The gradient by central differences of the fourth order."""
    h, found = 1e-3, torch.zeros_like(at)
    for i in range(len(at)):
        move = torch.zeros_like(at)
        move[i] = h
        near = loss(at + move) - loss(at - move)
        far = loss(at + 2 * move) - loss(at - 2 * move)
        found[i] = (8 * near - far) / (12 * h)
    return found


@pytest.mark.parametrize(
    "loss",
    [
        lambda x: discriminator_loss(x, float64([0.3])),
        lambda x: discriminator_loss(float64([0.3]), x),
        nonsaturating_generator_loss,
        saturating_generator_loss,
        lambda x: least_squares_discriminator_loss(x, float64([0.3])),
        lambda x: least_squares_discriminator_loss(float64([0.3]), x),
        least_squares_generator_loss,
        lambda x: hinge_discriminator_loss(x, float64([0.3])),
        lambda x: hinge_discriminator_loss(float64([0.3]), x),
        lambda x: wasserstein_critic_loss(x, float64([0.3])),
        lambda x: wasserstein_critic_loss(float64([0.3]), x),
        critic_generator_loss,
    ],
    ids=["discriminator, real", "discriminator, fake", "non-saturating", "saturating",
         "squares, real", "squares, fake", "squares, generator", "hinge, real", "hinge, fake",
         "critic, real", "critic, fake", "critic, generator"],
)  # fmt: skip
def test_gradients_against_differences(loss: Callable[[Tensor], Tensor]) -> None:
    at = float64([-18.0, -3.0, -0.1, 0.0, 0.4, 2.0, 15.0]).requires_grad_()
    (gradient,) = torch.autograd.grad(loss(at), at)
    torch.testing.assert_close(gradient, slopes(loss, at.detach()), rtol=1e-8, atol=1e-11)


def test_each_player_wants_what_it_should() -> None:
    """The sign of every gradient: a loss with a sign flipped would pass no line of this."""
    real, fake = float64([0.7]).requires_grad_(), float64([0.7]).requires_grad_()
    for game in (NON_SATURATING, SATURATING, LEAST_SQUARES, HINGE, WGAN_GP):
        on_real, on_fake = torch.autograd.grad(game.discriminator(real, fake), [real, fake])
        assert on_real < 0 < on_fake  # descent raises the logit of real, lowers that of generated
        (gradient,) = torch.autograd.grad(game.generator(fake), fake)
        assert gradient < 0  # descent makes generated samples look real


def test_the_two_games_are_put_together_right() -> None:
    real, fake = float64([2.0, -1.0]), float64([-3.0, 0.5])
    likes = F.binary_cross_entropy_with_logits
    for game in (NON_SATURATING, SATURATING):
        wanted = likes(real, torch.ones(2).double()) + likes(fake, torch.zeros(2).double())
        torch.testing.assert_close(game.discriminator(real, fake), wanted)
    hard = float64([-9.0]).requires_grad_()  # the discriminator is sure that this is generated
    strong, weak = (
        torch.autograd.grad(g.generator(hard), hard)[0] for g in (NON_SATURATING, SATURATING)
    )
    assert -1 < float(strong) < -0.999
    assert -2e-4 < float(weak) < -1e-4
