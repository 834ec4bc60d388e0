"""Losses, averages and augmentation on Fashion-MNIST: chapter 07's experiments, once.

Every setting is one conditional game, ``R1``, with one or two things changed, on the same networks,
pictures and seeds. What is judged: 5,000 samples, 500 of each class.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch

from aigc_lib.chapters.ch07_convolutional_gans.fashion_scores import (
    CLASSES,
    closeness,
    even_labels,
    score,
)
from aigc_lib.core.pixels import normalize, to_uint8
from aigc_lib.core.speed import Speed
from aigc_lib.data.batches import Batches
from aigc_lib.data.images import ImageSet
from aigc_lib.gan import losses, training
from aigc_lib.gan.acceleration import accelerate
from aigc_lib.gan.augment import Augmented, Change, augment, cutout, flip, translation
from aigc_lib.gan.losses import AdversarialLoss
from aigc_lib.gan.state import Gan
from aigc_lib.nets.classifier import ImageClassifier
from aigc_lib.nets.dcgan import DCDiscriminator, DCGenerator

BATCH = 64
IMAGES = 64_000
SAMPLES = 5_000
LAZY_R1 = losses.with_r1(1.0, every=8)


@dataclass(frozen=True)
class Config:
    """What one row of a table changes; the defaults are the chapter's own game.

    Attributes:
        loss: the game's losses and penalty.
        lr, betas: of Adam, for both players.
        spectral, batch_norm: of the discriminator.
        real_only: changes to the training pictures alone.
        both: changes to all that the discriminator sees.
        pictures: how many of the training pictures there are, as many of each class.
    """

    loss: AdversarialLoss = LAZY_R1
    lr: float = 2e-3
    betas: tuple[float, float] = (0.0, 0.99)
    spectral: bool = False
    batch_norm: bool = False
    real_only: tuple[Change, ...] = ()
    both: tuple[Change, ...] = ()
    pictures: int = 60_000


R1 = Config()
PLAIN = replace(R1, loss=losses.NON_SATURATING)
HALF = partial(flip, probability=0.5)
GENTLE_GP = losses.WGAN_GP._replace(penalty=partial(losses.gradient_penalty, weight=1.0))
LOSSES = {
    "non-saturating": PLAIN,
    "non-saturating, BatchNorm in D": replace(PLAIN, batch_norm=True),
    "DCGAN as published": replace(PLAIN, batch_norm=True, lr=2e-4, betas=(0.5, 0.999)),
    "non-saturating, spectral norm": replace(PLAIN, spectral=True),
    "non-saturating, R1": R1,
    "non-saturating, R1 every step": replace(R1, loss=losses.with_r1(1.0)),
    "hinge": replace(R1, loss=losses.HINGE),
    "hinge, spectral norm": replace(R1, loss=losses.HINGE, spectral=True),
    "least squares": replace(R1, loss=losses.LEAST_SQUARES),
    "least squares, R1": replace(R1, loss=losses.with_r1(1.0, 8, losses.LEAST_SQUARES)),
    # The paper's weight of 10 holds back a critic that must learn in a thousand steps.
    "WGAN-GP": replace(R1, loss=losses.WGAN_GP),
    "WGAN-GP, weight 1": replace(R1, loss=GENTLE_GP),
}
LEAKS = {
    "flip 1/2, training pictures": replace(R1, real_only=(HALF,)),
    "flip 1/4, both": replace(R1, both=(flip,)),
    "flip 1/2, both": replace(R1, both=(HALF,)),
    "shift, training pictures": replace(R1, real_only=(translation,)),
    "shift, both": replace(R1, both=(translation,)),
}
FEW = {
    f"only {n} pictures{how}": replace(R1, pictures=n, real_only=real_only, both=both)
    for n in (100, 500)
    for how, real_only, both in (
        ("", (), ()),
        (", shift, training pictures", (translation,), ()),
        (", shift and cutout, both", (), (translation, cutout)),
    )
}
SETTINGS = {**LOSSES, **LEAKS, **FEW}

# Short runs, recorded too, that the page repeats to check the record.
SHORT = 9_600
REPEATED = ("flip 1/2, training pictures", "flip 1/4, both")


class Changed(Batches):
    """Batches of (images, labels) whose images are changed: float (N, C, H, W) in [-1, 1]."""

    policy: tuple[Change, ...] = ()

    def __next__(self) -> Any:
        """The next batch; the changes are drawn from PyTorch's own generator."""
        images, labels = super().__next__()
        return augment(normalize(images), self.policy), labels


def players(setting: Config, seed: int, device: torch.device | str = "cpu") -> Gan:
    """The two networks of one run, before training."""
    torch.manual_seed(seed)
    discriminator = DCDiscriminator(
        1, 32, CLASSES, spectral=setting.spectral, batch_norm=setting.batch_norm
    )
    gan = Gan(
        DCGenerator(64, 1, 32, CLASSES),
        Augmented(discriminator, setting.both) if setting.both else discriminator,
        latent_dim=64,
        lr=setting.lr,
        betas=setting.betas,
        ema_half_life=20_000,
        seed=seed,
        device=device,
    )
    return accelerate(gan, Speed(channels_last=True))


def stream(setting: Config, train: ImageSet, seed: int) -> Batches:
    """The training pictures of one run, changed if the setting says so."""
    images, labels = train.images, train.labels
    if setting.pictures < len(images):
        first = [(labels == k).nonzero()[: setting.pictures // CLASSES, 0] for k in range(CLASSES)]
        images, labels = images[torch.cat(first)], labels[torch.cat(first)]
    batches = Changed(images, BATCH, seed=seed, labels=labels)
    batches.policy = setting.real_only
    return batches


def fit(setting: Config, train: ImageSet, seed: int, images: int = IMAGES) -> Gan:
    """Train one GAN until it has seen ``images`` real pictures."""
    gan = players(setting, seed, train.images.device)
    training.fit(gan, stream(setting, train, seed), images, loss=setting.loss, progress=False)
    return gan


def measure(
    gan: Gan,
    setting: Config,
    classifier: ImageClassifier,
    train: ImageSet,
    test: ImageSet,
    averaged: bool,
    n: int = SAMPLES,
) -> dict[str, Any]:
    """``score`` of ``n`` samples of a generator, averaged or as it is.

    And ``closeness``, if there are few enough training pictures that it may have learnt them.
    """
    labels = even_labels(n, gan.device)
    images = to_uint8(gan.sample(n, seed=7, labels=labels, averaged=averaged))
    found: dict[str, Any] = score(images, labels, classifier, train)
    if setting.pictures < len(train):
        near = closeness(images, stream(setting, train, 0).images, test.images)
        found["closeness"] = round(near, 3)
    return found
