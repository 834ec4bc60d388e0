"""Mode collapse on two dimensions, and what each cure does to it: chapter 04's experiment, once.

    aigc record 04 collapse     # all rows of the chapter's table

Every setting is the plain game with one thing changed, on the same networks, samples and seeds.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch

from aigc_lib.core.training import Row
from aigc_lib.data.toy import Draws, Mixture, grid, ring
from aigc_lib.gan import losses, training
from aigc_lib.gan.losses import AdversarialLoss
from aigc_lib.gan.state import Gan
from aigc_lib.nets.mlp import point_discriminator, point_generator

BATCH = 256
SAMPLES = 1_500_000
TARGETS = {"ring": ring, "grid": grid}


@dataclass(frozen=True)
class Config:
    """What one row of the table changes; the defaults are the plain game."""

    loss: AdversarialLoss = losses.NON_SATURATING
    lr: tuple[float, float] = (1e-3, 1e-3)
    betas: tuple[float, float] = (0.9, 0.999)  # PyTorch's own
    spectral: bool = False
    slope: float = 1.0
    spread: bool = False


PLAIN = Config()
# The penalties' weights are for data whose detail is a hundredth of their extent: found on seed 0.
# The paper's weight of 10 for WGAN-GP leaves no mode at all here, nor does a slope of 1.
GENTLE_GP = losses.WGAN_GP._replace(penalty=partial(losses.gradient_penalty, weight=1.0))
SETTINGS = {
    "plain": PLAIN,
    "beta1 = 0.5": replace(PLAIN, betas=(0.5, 0.999)),
    "two time scales": replace(PLAIN, lr=(2.5e-4, 1e-3)),
    "spectral norm": replace(PLAIN, spectral=True, slope=30.0),
    "WGAN-GP": replace(PLAIN, loss=GENTLE_GP),
    "R1": replace(PLAIN, loss=losses.with_r1(0.1)),
    "minibatch spread": replace(PLAIN, spread=True),
    "beta1, R1 and spread": replace(
        PLAIN, betas=(0.5, 0.999), loss=losses.with_r1(0.1), spread=True
    ),
}


SLOWER = 0.3


def slower(setting: Config) -> Config:
    """The same with smaller steps of both players: ``SLOWER`` times its learning rates."""
    return replace(setting, lr=(SLOWER * setting.lr[0], SLOWER * setting.lr[1]))


def players(setting: Config, seed: int, device: torch.device | str = "cpu") -> Gan:
    """The two networks of one run, before training."""
    torch.manual_seed(seed)
    return Gan(
        point_generator(),
        point_discriminator(spectral=setting.spectral, spread=setting.spread, slope=setting.slope),
        latent_dim=2,
        lr=setting.lr,
        betas=setting.betas,
        ema_half_life=20_000,
        seed=seed,
        device=device,
    )


def fit(
    setting: Config,
    target: Mixture,
    seed: int,
    samples: int = SAMPLES,
    tick: int = SAMPLES,
    on_tick: Callable[[Gan, Row], None] | None = None,
) -> Gan:
    """Train one GAN until it has seen ``samples`` points; ``on_tick`` looks after each ``tick``."""
    gan = players(setting, seed, target.centres.device)
    options: dict[str, Any] = {"loss": setting.loss, "progress": False}
    draws = Draws(target, BATCH, seed=seed + 1000)
    training.fit(gan, draws, samples, tick=tick, on_tick=on_tick, **options)
    return gan


def measure(gan: Gan, target: Mixture, averaged: bool, n: int = 10_000) -> dict[str, Any]:
    """Modes reached and share of high-quality samples among ``n`` samples."""
    found = target.coverage(gan.sample(n, seed=7, averaged=averaged))
    return {"modes": found.modes, "high_quality": round(found.high_quality, 4)}
