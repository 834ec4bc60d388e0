"""Mode collapse on two dimensions, and what each cure does to it: chapter 04's experiment, once.

    python -m tools.record_collapse     # all rows of the chapter's table

Every setting is the plain game with one thing changed, on the same networks, samples and seeds.
"""

from dataclasses import dataclass, replace
from typing import Any

import torch

from aigc_lib import losses
from aigc_lib.data.toy import Draws, Mixture, grid, ring
from aigc_lib.gan import Gan, fit
from aigc_lib.losses import AdversarialLoss
from aigc_lib.nets.points import point_discriminator, point_generator

BATCH = 256
TARGETS = {"ring": ring, "grid": grid}


@dataclass(frozen=True)
class Setting:
    """What one row of the table changes; the defaults are the plain game."""

    loss: AdversarialLoss = losses.NON_SATURATING
    lr: tuple[float, float] = (1e-3, 1e-3)
    betas: tuple[float, float] = (0.9, 0.999)
    spectral: bool = False
    spread: bool = False


PLAIN = Setting()
SETTINGS = {
    "plain (Adam as PyTorch sets it)": PLAIN,
    "beta1 = 0": replace(PLAIN, betas=(0.0, 0.99)),
    "two time scales": replace(PLAIN, lr=(2.5e-4, 1e-3)),
    "spectral norm": replace(PLAIN, spectral=True),
    "WGAN-GP": replace(PLAIN, loss=losses.WGAN_GP),
    "R1": replace(PLAIN, loss=losses.with_r1(0.1)),
    "minibatch spread": replace(PLAIN, spread=True),
}


def players(setting: Setting, seed: int, device: torch.device | str = "cpu") -> Gan:
    """The two networks of one run, before training."""
    torch.manual_seed(seed)
    return Gan(
        point_generator(),
        point_discriminator(spectral=setting.spectral, spread=setting.spread),
        latent_dim=2,
        lr=setting.lr,
        betas=setting.betas,
        ema_half_life=20_000,
        seed=seed,
        device=device,
    )


def run(setting: Setting, target: Mixture, seed: int, samples: int) -> Gan:
    """Train one GAN until it has seen ``samples`` points."""
    gan = players(setting, seed, target.centres.device)
    fit(gan, Draws(target, BATCH, seed=seed + 1000), samples, loss=setting.loss, progress=False)
    return gan


def measure(gan: Gan, target: Mixture, averaged: bool, n: int = 10_000) -> dict[str, Any]:
    """Modes reached and share of high-quality samples among ``n`` samples."""
    found = target.coverage(gan.sample(n, seed=7, averaged=averaged))
    return {"modes": found.modes, "high_quality": round(found.high_quality, 4)}
