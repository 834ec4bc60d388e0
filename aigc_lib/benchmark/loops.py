"""The training loop of the textbooks, and ours: what ``compare`` compares.

``Textbook`` is the loop that tutorials show, and the source article's once its mistakes are mended:
a ``DataLoader`` that turns one picture at a time into a tensor, an unfused optimiser, all gradients
computed, and losses read back at each step. Both loops train the same networks, from the same
weights, on the same number of images in batches of the same size.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import MNIST, FashionMNIST

from aigc_lib.core.speed import EAGER, Speed, usual
from aigc_lib.data.batches import Batches
from aigc_lib.data.cache import cache_dir
from aigc_lib.data.images import load
from aigc_lib.gan import training
from aigc_lib.gan.acceleration import accelerate
from aigc_lib.gan.losses import NON_SATURATING
from aigc_lib.gan.state import Gan
from aigc_lib.nets.dcgan import DCDiscriminator, DCGenerator
from aigc_lib.nets.mlp import MLPDiscriminator, MLPGenerator


@dataclass(frozen=True)
class Model:
    """What both loops train, and what only ours does: its ``speed`` switches on a CPU."""

    networks: Callable[[], tuple[nn.Module, nn.Module]]
    latent_dim: int
    batch: int
    lr: float = 2e-4
    betas: tuple[float, float] = (0.9, 0.999)
    speed: Speed = EAGER

    def build(self, seed: int) -> tuple[nn.Module, nn.Module]:
        """Generator and discriminator, from the same weights for the same seed."""
        torch.manual_seed(seed)
        return self.networks()


MODELS = {
    # The article's sizes.
    "mlp": Model(lambda: (MLPGenerator(100, (128,)), MLPDiscriminator((128,))), 100, batch=128),
    # Chapter 07's networks, with the settings of Adam from Radford et al., 2016.
    "dcgan": Model(
        lambda: (DCGenerator(64, width=32), DCDiscriminator(width=32)),
        latent_dim=64,
        batch=64,
        betas=(0.5, 0.999),
        speed=Speed(channels_last=True),
    ),
}
FOLDERS = {"mnist": MNIST, "fashion-mnist": FashionMNIST}


class Textbook:
    """The loop of the tutorials; kept slow on purpose, as a baseline."""

    def __init__(
        self, model: Model, device: torch.device, data: str = "mnist", seed: int = 0
    ) -> None:
        load(data)  # fetches and verifies the files that torchvision then reads
        steps = [transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))]
        pictures = FOLDERS[data](str(cache_dir()), transform=transforms.Compose(steps))
        self.loader = DataLoader(pictures, batch_size=model.batch, shuffle=True, drop_last=True)
        self.batches = iter(self.loader)
        self.device, self.latent_dim = device, model.latent_dim
        generator, discriminator = model.build(seed)
        self.generator, self.discriminator = generator.to(device), discriminator.to(device)
        self.opt_g = torch.optim.Adam(generator.parameters(), model.lr, model.betas)
        self.opt_d = torch.optim.Adam(discriminator.parameters(), model.lr, model.betas)
        self.loss = nn.BCEWithLogitsLoss()

    def run(self, steps: int) -> float:
        """Train for ``steps`` steps; returns the last generator loss (nats)."""
        value = float("nan")
        for _ in range(steps):
            try:
                real, _ = next(self.batches)
            except StopIteration:
                self.batches = iter(self.loader)
                real, _ = next(self.batches)
            real = real.to(self.device)
            ones = torch.ones(len(real), 1, device=self.device)
            zeros = torch.zeros(len(real), 1, device=self.device)

            fake = self.generator(torch.randn(len(real), self.latent_dim, device=self.device))
            self.opt_d.zero_grad()
            d_loss = self.loss(self.discriminator(real), ones)
            d_loss = d_loss + self.loss(self.discriminator(fake.detach()), zeros)
            d_loss.backward()
            self.opt_d.step()

            self.opt_g.zero_grad()
            g_loss = self.loss(self.discriminator(fake), ones)
            g_loss.backward()
            self.opt_g.step()
            d_loss.item()
            value = g_loss.item()
        return value


class Ours:
    """``training.step`` on the same networks: images on the device, nothing read back meanwhile."""

    def __init__(self, model: Model, device: torch.device) -> None:
        size, betas = model.latent_dim, model.betas
        self.gan = Gan(*model.build(0), latent_dim=size, lr=model.lr, betas=betas, device=device)
        accelerate(self.gan, usual(device, model.speed))
        self.batches = Batches(load("mnist").images.to(device), model.batch, seed=0)

    def run(self, steps: int) -> float:
        """Train for ``steps`` steps; returns the mean generator loss (nats)."""
        images = steps * self.batches.batch
        return training.play_for(self.gan, self.batches, images, NON_SATURATING)["g_loss"]


LOOPS: dict[str, type[Textbook] | type[Ours]] = {"textbook": Textbook, "ours": Ours}
