"""gan.training with labels: both players are told them, and so is the loop's textbook twin."""

import copy
import math
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from aigc_lib.data.batches import Batches
from aigc_lib.data.toy import Draws, ring
from aigc_lib.gan.losses import HINGE, NON_SATURATING, WGAN_GP, AdversarialLoss, with_r1
from aigc_lib.gan.state import Gan
from aigc_lib.gan.training import d_step, fit, g_step, step
from aigc_lib.nets.mlp import point_discriminator, point_generator
from tests.support import small

CLASSES = 3
RUN = {"tick": 16, "progress": False}


class Told(nn.Module):
    """An affine map for each class, which remembers what it was told."""

    def __init__(self, inputs: int, outputs: tuple[int, ...], tanh: bool = False) -> None:
        super().__init__()
        self.layer = nn.Linear((inputs + 1) * CLASSES, math.prod(outputs))
        self.outputs, self.tanh = outputs, tanh
        self.told: list[Tensor] = []

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        self.told.append(labels.clone())
        affine = F.pad(x.flatten(1), (0, 1), value=1.0)
        y = self.layer((affine[:, :, None] * F.one_hot(labels, CLASSES)[:, None]).flatten(1))
        return (y.tanh() if self.tanh else y).unflatten(1, self.outputs)


def conditional(seed: int = 0, weights: int = 0, **more) -> Gan:
    torch.manual_seed(weights)
    players = Told(small.LATENT, small.SHAPE, tanh=True), Told(36, (1,))
    return Gan(*players, latent_dim=small.LATENT, seed=seed, **more)


def labels(n: int = 100) -> Tensor:
    return torch.randint(0, CLASSES, (n,), generator=torch.Generator().manual_seed(8))


def batches() -> Batches:
    return Batches(small.images(), small.BATCH, seed=0, labels=labels())


@pytest.mark.parametrize(("loss", "calls"), [(HINGE, 3), (WGAN_GP, 4), (with_r1(1.0), 4)])
def test_both_players_are_told_the_labels_of_the_batch(loss: AdversarialLoss, calls: int) -> None:
    gan, batch = conditional(), next(batches())
    step(gan, batch, loss)
    assert len(gan.generator.told) == 1
    # Real, generated, (the penalty's own,) and generated again for the generator's step.
    assert len(gan.discriminator.told) == calls
    for told in (*gan.generator.told, *gan.discriminator.told):
        assert torch.equal(told, batch[1])
    assert gan.images_seen == 16
    assert gan.steps == 1


def test_the_steps_hand_the_condition_on() -> None:
    gan, (images, told) = conditional(), next(batches())
    fake = gan.generator(gan.noise(16), told)
    real = images.float() / 127.5 - 1
    d_step(gan, real, fake, NON_SATURATING, (told,))
    g_step(gan, fake, NON_SATURATING, (told,))
    assert [torch.equal(x, told) for x in gan.discriminator.told] == [True] * 3
    with pytest.raises(TypeError, match="labels"):
        d_step(gan, real, fake.detach(), NON_SATURATING)


def test_without_labels_nothing_is_told() -> None:
    gan, given = small.gan(), []
    for network in (gan.generator, gan.discriminator):
        network.register_forward_pre_hook(lambda _, arguments: given.append(len(arguments)))
    step(gan, small.images(16))
    step(gan, small.images(16).float() / 127.5 - 1)
    assert given == [1] * 8


def test_the_conditional_loop_is_the_textbooks() -> None:
    stream, start = batches(), conditional()
    generator, discriminator = start.generator, start.discriminator
    opt_g = torch.optim.Adam(generator.parameters(), 1e-3, (0.5, 0.99), foreach=False)
    opt_d = torch.optim.Adam(discriminator.parameters(), 3e-3, (0.5, 0.99), foreach=False)
    noise, entropy = torch.Generator().manual_seed(5), nn.BCEWithLogitsLoss()
    one, zero = torch.ones(16, 1), torch.zeros(16, 1)
    rows = []
    for _ in range(12):
        images, told = next(stream)
        fake = generator(torch.randn(16, small.LATENT, generator=noise), told)
        opt_d.zero_grad()
        d_loss = entropy(discriminator(images.float() / 255 * 2 - 1, told), one)
        d_loss = d_loss + entropy(discriminator(fake.detach(), told), zero)
        d_loss.backward()
        opt_d.step()
        opt_g.zero_grad()
        g_loss = entropy(discriminator(fake, told), one)
        g_loss.backward()
        opt_g.step()
        rows.append([d_loss.item(), g_loss.item()])
    gan = conditional(5, lr=(1e-3, 3e-3))
    history = fit(gan, batches(), 192, **RUN)
    for found, wanted in ((gan.generator, generator), (gan.discriminator, discriminator)):
        for p, q in zip(found.parameters(), wanted.parameters(), strict=True):
            torch.testing.assert_close(p, q, rtol=0, atol=1e-6)
    for row, wanted_row in zip(history, rows, strict=True):
        assert [row["d_loss"], row["g_loss"]] == pytest.approx(wanted_row, abs=2e-6)
    moved = (conditional().generator.layer.weight - generator.layer.weight).detach().abs()
    assert 1e-3 < float(moved.max()) < 0.1


@pytest.mark.parametrize("stop", [16, 96, 112])
def test_training_with_labels_resumes_bit_for_bit(tmp_path: Path, stop: int) -> None:
    path, whole, part, other = tmp_path / "c.pt", conditional(), conditional(), conditional(4, 9)
    fit(whole, batches(), 208, **RUN)
    fit(part, batches(), stop, checkpoint=path, **RUN)
    fit(other, batches(), 208, checkpoint=path, **RUN)
    assert not small.differing(whole.state_dict(), other.state_dict())
    assert small.differing(whole.state_dict(), part.state_dict())


def test_a_conditional_player_learns_its_classes() -> None:
    """Class k is the constant image of level k: what it is told decides what it makes."""
    levels = torch.tensor([0, 128, 255], dtype=torch.uint8)
    told = labels(99)
    images = levels[told][:, None, None, None].expand(-1, *small.SHAPE).contiguous()
    gan = conditional(lr=2e-2)
    fit(gan, Batches(images, 16, seed=0, labels=told), 16 * 400, progress=False, tick=1600)
    with torch.no_grad():
        z = torch.randn(60, small.LATENT, generator=torch.Generator().manual_seed(1))
        made = gan.average(z, torch.arange(60) % 3).flatten(1).mean(dim=1)
    means = [float(made[k::3].mean()) for k in range(3)]
    assert means == pytest.approx([-1, 0, 1], abs=0.15)


# ------------------------------------------------------------------- floats: points of a mixture


def points(seed: int = 0) -> Gan:
    torch.manual_seed(seed)
    networks = point_generator(hidden=(8,)), point_discriminator(hidden=(8,), spectral=True)
    return Gan(*networks, latent_dim=2, seed=seed, lr=1e-3)


def test_points_are_given_to_the_discriminator_as_they_were_drawn() -> None:
    gan, given = points(), []
    gan.discriminator.register_forward_pre_hook(lambda _, x: given.append(x[0].detach().clone()))
    fit(gan, Draws(ring(), 16, seed=3), 32, progress=False, tick=16)
    draws = Draws(ring(), 16, seed=3)
    for real in given[::3]:
        assert torch.equal(real, next(draws))
    assert len(given) == 6


def test_training_on_points_resumes_bit_for_bit(tmp_path: Path) -> None:
    path, whole, part, other = tmp_path / "c.pt", points(), points(), points(1)
    loss = with_r1(0.1, every=3)
    fit(whole, Draws(ring(), 16, seed=3), 208, loss=loss, **RUN)
    fit(part, Draws(ring(), 16, seed=3), 112, loss=loss, checkpoint=path, **RUN)
    before = copy.deepcopy(part.state_dict())
    fit(other, Draws(ring(), 16, seed=3), 208, loss=loss, checkpoint=path, **RUN)
    assert not small.differing(whole.state_dict(), other.state_dict())
    assert small.differing(before, other.state_dict())
