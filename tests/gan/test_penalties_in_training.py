"""gan.training with a penalty: when it is applied, how strongly, and across an interruption."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from aigc_lib.core import checkpoint as ckpt
from aigc_lib.gan.losses import HINGE, NON_SATURATING, WGAN_GP, AdversarialLoss, Critic, with_r1
from aigc_lib.gan.state import Gan
from aigc_lib.gan.training import d_step, fit, step
from tests.support import small

RUN = {"tick": 16, "progress": False}


def watched(gan: Gan, every: int, seen: list[int]) -> AdversarialLoss:
    """A game whose penalty notes the steps on which it is asked."""

    def penalty(critic: Critic, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
        seen.append(gan.steps)
        assert rng is gan.rng
        assert real.shape == fake.shape
        assert not fake.requires_grad
        return critic(real).square().mean()

    return NON_SATURATING._replace(penalty=penalty, penalty_every=every)


@pytest.mark.parametrize(
    ("every", "wanted"), [(1, [0, 1, 2, 3, 4, 5, 6, 7, 8]), (4, [0, 4, 8]), (100, [0])]
)
def test_a_lazy_penalty_is_applied_on_one_step_of_so_many(every: int, wanted: list[int]) -> None:
    gan, seen = small.gan(), []
    fit(gan, small.batches(), 9 * 16, loss=watched(gan, every, seen), tick=48, progress=False)
    assert seen == wanted
    assert gan.steps == 9


def half_the_squared_slopes(net: nn.Module, real: Tensor) -> Tensor:
    """R1 with gamma = 1, one image at a time."""
    total = torch.zeros(())
    for image in real:
        at = image[None].clone().requires_grad_()
        (slope,) = torch.autograd.grad(net(at).sum(), at, create_graph=True)
        total = total + (slope**2).sum() / 2
    return total / len(real)


@pytest.mark.parametrize(("done", "strength"), [(0, 4), (1, 0), (3, 0), (4, 4)])
def test_the_gradient_is_the_losss_plus_so_many_times_the_penaltys(
    done: int, strength: int
) -> None:
    gan, reference = small.gan(), small.gan().discriminator
    real, fake = torch.rand(16, *small.SHAPE), gan.generator(gan.noise(16))
    logits = reference(real), reference(fake.detach())
    value = NON_SATURATING.discriminator(*logits)
    (value + strength * 0.7 * half_the_squared_slopes(reference, real)).backward()
    reported, d_real, d_fake = d_step(gan, real, fake, with_r1(0.7, every=4).at(done))
    for p, wanted in zip(gan.discriminator.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(p.grad, wanted.grad, rtol=1e-4, atol=1e-6)
    # What is reported is the game itself, comparable between steps with and without the penalty.
    assert reported.item() == pytest.approx(value.item(), rel=1e-6)
    assert d_real.item() == pytest.approx(logits[0].sigmoid().mean().item(), rel=1e-6)
    assert d_fake.item() == pytest.approx(logits[1].sigmoid().mean().item(), rel=1e-6)
    assert all(p.grad is None for p in gan.generator.parameters())


def test_the_penalty_does_change_the_gradient() -> None:
    """Without this, the test above could compare two losses in which the penalty drowns."""
    gan, plain = small.gan(), small.gan()
    real, fake = torch.rand(16, *small.SHAPE), gan.generator(gan.noise(16))
    d_step(gan, real, fake, with_r1(0.7, every=4))
    d_step(plain, real, fake, NON_SATURATING)
    weights = gan.discriminator.layers[1].weight.grad, plain.discriminator.layers[1].weight.grad
    share = (weights[0] - weights[1]).norm() / weights[1].norm()
    assert 0.1 < float(share) < 100


def test_a_penalty_never_reaches_the_generators_step() -> None:
    one, two = small.gan(), small.gan()
    for gan, loss in ((one, HINGE), (two, with_r1(1e3, loss=HINGE))):
        gan.opt_d.param_groups[0]["lr"] = 0.0  # only the generator moves
        step(gan, small.images(16), loss)
    assert not small.differing(one.generator.state_dict(), two.generator.state_dict())


@pytest.mark.parametrize("loss", [with_r1(10.0, every=4), WGAN_GP], ids=["lazy R1", "WGAN-GP"])
@pytest.mark.parametrize("stop", [16, 96, 112])  # after 1, 6 and 7 steps: never a lazy one
def test_it_goes_on_to_the_same_bits(tmp_path: Path, loss: AdversarialLoss, stop: int) -> None:
    path, whole, part, other = tmp_path / "c.pt", small.gan(), small.gan(), small.gan(4, weights=9)
    fit(whole, small.batches(), 208, loss=loss, **RUN)
    fit(part, small.batches(), stop, loss=loss, checkpoint=path, **RUN)
    fit(other, small.batches(), 208, loss=loss, checkpoint=path, **RUN)
    assert not small.differing(whole.state_dict(), other.state_dict())
    assert other.steps == 13
    assert all(row["d_loss"] == row["d_loss"] for row in other.history)


def test_after_an_interruption_the_lazy_steps_come_when_they_would_have(tmp_path: Path) -> None:
    path, seen = tmp_path / "c.pt", []
    first, second = small.gan(), small.gan()
    fit(first, small.batches(), 96, loss=watched(first, 4, seen), checkpoint=path, **RUN)
    assert ckpt.load(path)["parts"]["gan"]["steps"] == 6
    fit(second, small.batches(), 208, loss=watched(second, 4, seen), checkpoint=path, **RUN)
    assert seen == [0, 4, 8, 12]
    # And it matters: were the steps counted anew, other weights would come out.
    state = ckpt.load(path)
    whole, anew = small.gan(), small.gan()
    for gan, steps in ((whole, 13), (anew, 0)):
        gan.load_state_dict({**state["parts"]["gan"], "steps": steps})
        step(gan, small.images(16), with_r1(10.0, every=4))
    assert small.differing(whole.discriminator.state_dict(), anew.discriminator.state_dict())
