"""A training loop between the textbook's and ours: a ``Rung`` says which changes are made."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from torchvision import transforms

from aigc_lib.benchmark.loops import FOLDERS, Model
from aigc_lib.core import optim
from aigc_lib.core.pixels import normalize
from aigc_lib.core.speed import EAGER, Speed
from aigc_lib.data.batches import Batches
from aigc_lib.data.cache import cache_dir
from aigc_lib.data.images import load
from aigc_lib.gan import training
from aigc_lib.gan.acceleration import accelerate
from aigc_lib.gan.losses import NON_SATURATING
from aigc_lib.gan.state import Gan


@dataclass(frozen=True)
class Rung:
    """Which changes are made to the textbook's loop.

    Attributes:
        on_device: all images lie on the device as bytes; else a ``DataLoader`` turns one picture at
            a time into a tensor.
        reads: how often the losses are read back from the device: each step, or once at the end.
        unused: compute the gradients of the discriminator's weights in the generator's step too,
            and throw them away.
        fused: update all weights of a network in one kernel.
        speed: see ``Speed``.
    """

    on_device: bool = False
    reads: bool = True
    unused: bool = True
    fused: bool = False
    speed: Speed = EAGER


class Climber:
    """A training loop that makes the changes of one rung.

    Args:
        model: the networks and their settings, from ``loops.MODELS``.
        rung: the changes.
    """

    def __init__(self, model: Model, rung: Rung, device: torch.device) -> None:
        self.rung, self.device = rung, device
        self.gan = Gan(
            *model.build(0),
            latent_dim=model.latent_dim,
            lr=model.lr,
            betas=model.betas,
            device=device,
        )
        if not rung.fused:
            gan = self.gan
            gan.opt_g = optim.adam(gan.generator, model.lr, model.betas, fused=False)
            gan.opt_d = optim.adam(gan.discriminator, model.lr, model.betas, fused=False)
        accelerate(self.gan, rung.speed)
        self.advance = self.gan.advance or training.step
        if rung.on_device:
            images = load("mnist").images.to(device)
            self.batches: Iterator[Any] = iter(Batches(images, model.batch, seed=0))
        else:
            convert = [transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))]
            pictures = FOLDERS["mnist"](str(cache_dir()), transform=transforms.Compose(convert))
            loader = DataLoader(pictures, model.batch, shuffle=True, drop_last=True)
            self.batches = (images for images, _ in chain.from_iterable(repeat(loader)))

    def next_batch(self) -> Tensor:
        """Images (N, 1, 28, 28) on the device: bytes, or floats in [-1, 1] from the loader."""
        images: Tensor = next(self.batches)
        return images.to(self.device)

    def step(self, real: Tensor) -> Tensor:
        """One step of both players; its ``training.STATISTICS``, on the device."""
        if not self.rung.unused:
            return self.advance(self.gan, real)
        gan, loss = self.gan, NON_SATURATING
        if not real.is_floating_point():
            real = normalize(real)
        fake = gan.generate(gan.noise(len(real)))
        found = training.d_step(gan, real, fake, loss)
        gan.opt_g.zero_grad(set_to_none=True)
        value = loss.generator(gan.discriminate(fake))
        value.backward()  # through the discriminator's weights too
        gan.opt_g.step()
        training.count(gan, len(real))
        return torch.stack([found[0], value.detach(), *found[1:]])

    def run(self, steps: int) -> float:
        """Train for ``steps`` steps; the last generator loss (nats), read back at the end."""
        value = torch.zeros(4, device=self.device)
        for _ in range(steps):
            value = self.step(self.next_batch())
            if self.rung.reads:
                value.tolist()
        return float(value[1])
