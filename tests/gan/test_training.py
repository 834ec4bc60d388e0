"""gan.training: the two steps, and the whole loop against one written out in plain PyTorch."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from aigc_lib.core import optim
from aigc_lib.data.batches import Batches
from aigc_lib.gan.losses import NON_SATURATING, SATURATING, AdversarialLoss
from aigc_lib.gan.training import d_step, fit, g_step, step
from tests.support import small

HINGE = AdversarialLoss(
    lambda real, fake: F.relu(1 - real).mean() + F.relu(1 + fake).mean(),
    lambda fake: -fake.mean(),
)


def snapshot(*networks: nn.Module) -> list[dict[str, Tensor]]:
    return [copy.deepcopy(network.state_dict()) for network in networks]


def parameters_differ(network: nn.Module, before: dict[str, Tensor]) -> list[bool]:
    return [not torch.equal(p, before[name]) for name, p in network.named_parameters()]


# ---------------------------------------------------------------------------------- the two steps


def test_d_step_changes_the_discriminator_alone() -> None:
    gan = small.gan()
    fake = gan.generator(gan.noise(16))
    g, d, average = snapshot(gan.generator, gan.discriminator, gan.average)
    d_step(gan, torch.rand(16, *small.SHAPE), fake, NON_SATURATING)
    assert not small.differing(gan.generator.state_dict(), g)
    assert not small.differing(gan.average.state_dict(), average)
    assert all(parameters_differ(gan.discriminator, d))
    assert all(p.grad is None for p in gan.generator.parameters())  # the fakes were cut off
    assert not gan.opt_g.state


def test_g_step_changes_the_generator_alone() -> None:
    gan = small.gan()
    real, fake = torch.rand(16, *small.SHAPE), gan.generator(gan.noise(16))
    d_step(gan, real, fake, NON_SATURATING)
    g, d, opt_d = snapshot(gan.generator, gan.discriminator, gan.opt_d)
    gradients = [p.grad.clone() for p in gan.discriminator.parameters()]
    g_step(gan, fake, NON_SATURATING)
    assert not small.differing(gan.discriminator.state_dict(), d)
    assert not small.differing(gan.opt_d.state_dict(), opt_d)
    assert all(parameters_differ(gan.generator, g))
    for p, before in zip(gan.discriminator.parameters(), gradients, strict=True):
        assert p.requires_grad
        assert torch.equal(p.grad, before)  # nothing of the generator's loss was added


def test_g_step_leaves_what_the_caller_froze_frozen() -> None:
    gan = small.gan()
    first = gan.discriminator.layers[1]
    first.requires_grad_(False)
    g_step(gan, gan.generator(gan.noise(16)), NON_SATURATING)
    assert [p.requires_grad for p in gan.discriminator.parameters()] == [False, False, True, True]
    assert first.weight.grad is None


def test_a_failing_loss_leaves_the_players_usable() -> None:
    gan = small.gan()
    fake = gan.generator(gan.noise(16))

    def fails(_: Tensor) -> Tensor:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        g_step(gan, fake, AdversarialLoss(NON_SATURATING.discriminator, fails))
    assert torch.isfinite(step(gan, small.images(16))).all()


def test_steps_return_detached_scalars_and_the_answers_before_the_update() -> None:
    gan = small.gan()
    real, fake = torch.rand(16, *small.SHAPE), gan.generator(gan.noise(16)).detach()
    with torch.no_grad():
        p_real, p_fake = (gan.discriminator(x).sigmoid() for x in (real, fake))
        entropy = F.binary_cross_entropy
        wanted = entropy(p_real, torch.ones(16, 1)) + entropy(p_fake, torch.zeros(16, 1))
    found = d_step(gan, real, fake, NON_SATURATING)
    assert not any(x.requires_grad for x in found)
    for x, y in zip(found, [wanted, p_real.mean(), p_fake.mean()], strict=True):
        torch.testing.assert_close(x, y)
    g_loss = g_step(gan, gan.generator(gan.noise(16)), NON_SATURATING)
    assert not g_loss.requires_grad
    assert g_loss.shape == ()


# ------------------------------------------------------------- the same game, in plain PyTorch


def plain(
    seed: int,
    stream: list[Tensor],
    d_loss: Callable[[Tensor, Tensor], Tensor],
    g_loss: Callable[[Tensor], Tensor],
    half_life: float,
) -> tuple[nn.Module, nn.Module, dict[str, Tensor], list[list[float]]]:
    """The training of ``small.gan`` as a textbook writes it; shares no code with it."""
    start = small.gan()
    generator, discriminator = start.generator, start.discriminator
    opt_g = torch.optim.Adam(generator.parameters(), 1e-3, (0.5, 0.99), foreach=False, fused=False)
    opt_d = torch.optim.Adam(discriminator.parameters(), 3e-3, (0.5, 0.99), foreach=False)
    noise = torch.Generator().manual_seed(seed)
    average = {name: p.detach().clone() for name, p in generator.named_parameters()}
    rows, seen = [], 0
    for batch in stream:
        real = batch.float() / 255 * 2 - 1
        fake = generator(torch.randn(len(batch), small.LATENT, generator=noise))
        opt_d.zero_grad()
        on_real, on_fake = discriminator(real), discriminator(fake.detach())
        d_value = d_loss(on_real, on_fake)
        d_value.backward()
        opt_d.step()
        opt_g.zero_grad()
        g_value = g_loss(discriminator(fake))
        g_value.backward()
        opt_g.step()
        life = min(half_life, seen / 10)
        decay = 0.0 if life == 0 else 2 ** (-len(batch) / life)
        seen += len(batch)
        for name, p in generator.named_parameters():
            average[name] = decay * average[name] + (1 - decay) * p.detach()
        answers = [1 / (1 + torch.exp(-x)) for x in (on_real, on_fake)]
        rows.append([float(x.detach().mean()) for x in (d_value, g_value, *answers)])
    return generator, discriminator, average, rows


def bce(real: Tensor, fake: Tensor) -> Tensor:
    loss = nn.BCEWithLogitsLoss()
    return loss(real, torch.ones_like(real)) + loss(fake, torch.zeros_like(fake))


@pytest.mark.parametrize(
    ("game", "d_loss", "g_loss"),
    [
        (NON_SATURATING, bce, lambda x: nn.BCEWithLogitsLoss()(x, torch.ones_like(x))),
        (SATURATING, bce, lambda x: -nn.BCEWithLogitsLoss()(x, torch.zeros_like(x))),
        (
            HINGE,
            lambda r, f: (1 - r).clamp(min=0).mean() + (1 + f).clamp(min=0).mean(),
            lambda f: -f.mean(),
        ),
    ],
    ids=["non-saturating", "saturating", "hinge"],
)
@pytest.mark.parametrize("fused", [True, False])
def test_the_loop_is_the_textbooks(
    game: AdversarialLoss, d_loss: Callable, g_loss: Callable, fused: bool
) -> None:
    batches = small.batches()
    stream = [next(batches) for _ in range(12)]
    generator, discriminator, average, rows = plain(5, stream, d_loss, g_loss, half_life=40)
    gan = small.gan(5, lr=(1e-3, 3e-3), ema_half_life=40)
    if not fused:
        gan.opt_g = optim.adam(gan.generator, 1e-3, fused=False)
        gan.opt_d = optim.adam(gan.discriminator, 3e-3, fused=False)
    history = fit(gan, small.batches(), 12 * 16, loss=game, tick=16, progress=False)
    for found, wanted in (
        (gan.generator.state_dict(), generator.state_dict()),
        (gan.discriminator.state_dict(), discriminator.state_dict()),
        (gan.average.state_dict(), average),
    ):
        assert found.keys() == wanted.keys()
        for name in found:
            torch.testing.assert_close(found[name], wanted[name], rtol=0, atol=1e-6)
    for row, wanted_row in zip(history, rows, strict=True):
        keys = ("d_loss", "g_loss", "d_real", "d_fake")
        assert [row[key] for key in keys] == pytest.approx(wanted_row, abs=2e-6)
    moved = (small.gan().generator.layers[0].weight - generator.layers[0].weight).detach()
    assert 1e-3 < float(moved.abs().max()) < 0.1  # far more than the tolerance


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_no_step_waits_for_the_gpu() -> None:
    gan = small.gan(device="cuda", dropout=0.3)
    batches = Batches(small.images().cuda(), small.BATCH, seed=0)
    totals = torch.zeros(4, device="cuda")
    for _ in range(3):  # the first steps set up kernels and memory
        totals += step(gan, next(batches))
    torch.cuda.set_sync_debug_mode("error")
    try:
        with pytest.raises(RuntimeError, match="synchroniz"):
            totals[0].item()  # the mode does find one
        for _ in range(20):  # three epochs
            totals += step(gan, next(batches))
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert bool(totals.isfinite().all())
