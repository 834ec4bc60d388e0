"""Who is drawn how often? Shares of groups, and how to even them (chapter 20)."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from aigc_lib.core.pixels import normalize
from aigc_lib.data.batches import Batches
from aigc_lib.gan import training
from aigc_lib.gan.state import Gan
from aigc_lib.nets.mlp import MLPDiscriminator, MLPGenerator


def small_gan(images: Tensor, seed: int) -> Gan:
    """A small GAN without classes that has learnt from 90,000 of these uint8 pictures."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        players = MLPGenerator(64, (256, 512)), MLPDiscriminator((512, 256), minibatch_spread=True)
    gan = Gan(*players, latent_dim=64, lr=1e-3, betas=(0.0, 0.99), ema_half_life=20_000, seed=seed)
    training.fit(gan, Batches(images, 64, seed=seed), 90_000, progress=False)
    return gan


class Read(NamedTuple):
    """What a judge sees in pictures: classes (N,), and of which it is sure, bool (N,)."""

    classes: Tensor
    sure: Tensor


@torch.no_grad()
def read(judge: nn.Module, images: Tensor, above: float = 0.9) -> Read:
    """Show a classifier uint8 pictures; it is sure where it gives a class more than ``above``."""
    chance = torch.cat([judge(normalize(some)) for some in images.split(500)]).softmax(1)
    return Read(chance.argmax(1), chance.max(1).values > above)


def acceptance(shares: Tensor, wanted: Tensor) -> Tensor:
    """With which probability to keep a picture of each class, so that the kept have ``wanted``.

    As large as possible: the class that is rarest for what is wanted is always kept.
    """
    ratio = wanted / shares
    return ratio / ratio.max()


class Kept(NamedTuple):
    """Which drawn pictures were kept: bool (N,), and the mean number drawn for one kept."""

    mask: Tensor
    price: float


def even_out(classes: Tensor, shares: Tensor, wanted: Tensor, seed: int) -> Kept:
    """Keep each drawn picture, of a judged class (N,), with its probability."""
    keep = acceptance(shares, wanted)[classes]
    mask = torch.rand(len(classes), generator=torch.Generator().manual_seed(seed)) < keep
    return Kept(mask, len(classes) / max(1, int(mask.sum())))
