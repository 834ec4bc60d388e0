"""Stacked MNIST: a thousand modes that can be counted, chapter 07's game beside published ones.

Three digits, drawn at random, are the red, green and blue of one picture, so there are 1,000 kinds.
The game has no labels here. A classifier of single digits names the three channels of each sample;
reported are how many kinds occur among 26,000 samples, and the KL divergence of their shares from
even ones (Metz et al., 2017, arXiv:1611.02163, and Srivastava et al., 2017, arXiv:1705.07761).
"""

from typing import Any

import torch
from torch import Tensor

from aigc_lib.core.pixels import normalize
from aigc_lib.core.speed import Speed
from aigc_lib.data.batches import Batches
from aigc_lib.data.images import ImageSet
from aigc_lib.gan import losses, training
from aigc_lib.gan.acceleration import accelerate
from aigc_lib.gan.state import Gan
from aigc_lib.nets.classifier import ImageClassifier
from aigc_lib.nets.dcgan import DCDiscriminator, DCGenerator

KINDS = 1000
SAMPLES = 26_000


def stack(digits: ImageSet, n: int, seed: int) -> Tensor:
    """n pictures of three digits each: uint8 (n, 3, 28, 28)."""
    rng = torch.Generator().manual_seed(seed)
    chosen = torch.randint(len(digits), (n, 3), generator=rng)
    return digits.images[chosen].squeeze(2)


def players(seed: int, width: int = 32, device: torch.device | str = "cpu") -> Gan:
    """Chapter 7's networks for three channels and without labels, before training."""
    torch.manual_seed(seed)
    gan = Gan(
        DCGenerator(64, 3, width),
        DCDiscriminator(3, width),
        latent_dim=64,
        lr=1e-3,
        betas=(0.0, 0.99),
        ema_half_life=50_000,
        seed=seed,
        device=torch.device(device),
    )
    return accelerate(gan, Speed(channels_last=True))


def fit(gan: Gan, digits: ImageSet, images: int, seed: int, progress: bool = True) -> Gan:
    """Train on 60,000 stacked pictures with chapter 7's game: non-saturating, lazy R1."""
    batches = Batches(stack(digits, 60_000, seed).to(gan.device), 64, seed=seed)
    loss = losses.with_r1(1.0, every=8)
    training.fit(gan, batches, images, loss=loss, tick=images, progress=progress)
    return gan


def kinds(images: Tensor, classifier: ImageClassifier) -> Tensor:
    """Which of the 1,000 kinds a classifier of digits sees: uint8 (n, 3, 28, 28) to int64 (n,)."""
    n = len(images)
    singles = images.reshape(3 * n, 1, 28, 28)
    with torch.no_grad():
        named = torch.cat([classifier(normalize(part)).argmax(1) for part in singles.split(1000)])
    return named.view(n, 3) @ torch.tensor([100, 10, 1], device=named.device)


def count(found: Tensor) -> dict[str, Any]:
    """Kinds that occur, and KL(shares, even shares) in nats, of kinds int64 (n,).

    The KL of n draws from even shares is not 0 but about 999 / (2 n).
    """
    counts = found.bincount(minlength=KINDS).double()
    shares = counts / counts.sum()
    present = shares[shares > 0]
    return {"modes": len(present), "kl": float((present * (present * KINDS).log()).sum())}
