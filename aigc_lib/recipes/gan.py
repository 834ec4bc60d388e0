"""What ``aigc train`` can train: everything that defines a run, as plain values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from aigc_lib.core import checkpoint as ckpt
from aigc_lib.core import distributed, runtime
from aigc_lib.core.checkpoint import CheckpointError
from aigc_lib.core.speed import EAGER, Speed
from aigc_lib.data.batches import Batches
from aigc_lib.data.images import load
from aigc_lib.data.registry import find
from aigc_lib.gan import losses
from aigc_lib.gan.acceleration import accelerate
from aigc_lib.gan.augment import Augmented
from aigc_lib.gan.losses import AdversarialLoss
from aigc_lib.gan.state import Gan
from aigc_lib.nets.dcgan import DCDiscriminator, DCGenerator
from aigc_lib.nets.mlp import MLPDiscriminator, MLPGenerator
from aigc_lib.recipes.parallel import ParallelGan

DataName = Literal["mnist", "fashion-mnist"]

LOSSES = {
    "non-saturating": losses.NON_SATURATING,
    "least-squares": losses.LEAST_SQUARES,
    "hinge": losses.HINGE,
    "wgan-gp": losses.WGAN_GP,
}


@dataclass(frozen=True)
class GanConfig:
    """What both recipes set. A resumed run must have the same values."""

    data: DataName = "mnist"
    """Which images."""
    latent_dim: int = 64
    """Length of a latent vector."""
    batch: int = 64
    """Images per step."""
    lr: float = 1e-3
    """Adam's step size."""
    beta1: float = 0.0
    """Adam's decay of the first moment."""
    last_lr: float = 1.0
    """Share of the step size at the end of training, to which it falls along half a cosine."""
    ema_half_life: float = 20_000
    """Half-life of the averaged generator, in images."""
    minibatch_spread: bool = False
    """Let the discriminator see how much a batch varies; needs a game without gradient penalty."""
    seed: int = 0
    """Of the weights, the noise and the order of the data."""


@dataclass(frozen=True)
class MLPConfig(GanConfig):
    """Chapter 6's GAN of fully connected layers. A resumed run must have the same values."""

    hidden: tuple[int, ...] = (256, 512)
    """Widths of the generator's hidden layers; the discriminator has them in reverse."""
    minibatch_spread: bool = True

    def networks(self) -> tuple[nn.Module, nn.Module]:
        """Generator and discriminator, before training."""
        return (
            MLPGenerator(self.latent_dim, self.hidden),
            MLPDiscriminator(self.hidden[::-1], minibatch_spread=self.minibatch_spread),
        )

    def game(self) -> AdversarialLoss:
        """The losses of both players."""
        return losses.NON_SATURATING

    @property
    def classes(self) -> int:
        """How many classes the players are told; 0 for none."""
        return 0


@dataclass(frozen=True)
class DCGANConfig(GanConfig):
    """Chapter 7's convolutional GAN. A resumed run must have the same values."""

    lr: float = 2e-3
    conditional: bool = True
    """Tell both players the class, so that a class can be asked for."""
    width: int = 32
    """Channels at 14 x 14 pixels; time grows with about its square."""
    loss: Literal["non-saturating", "least-squares", "hinge", "wgan-gp"] = "non-saturating"
    """The game; wgan-gp brings its own penalty, so that r1 must be 0."""
    r1: float = 1.0
    """Strength of the R1 penalty; 0 for none."""
    r1_every: int = 8
    """Apply it on one step of so many, so many times as strongly."""
    spectral: bool = False
    """Spectral normalisation of the discriminator."""
    augment: str = ""
    """Differentiable augmentation, such as "translation,cutout"."""

    def networks(self) -> tuple[nn.Module, nn.Module]:
        """Generator and discriminator, before training."""
        discriminator: nn.Module = DCDiscriminator(
            width=self.width,
            classes=self.classes,
            spectral=self.spectral,
            minibatch_spread=self.minibatch_spread,
        )
        if self.augment:
            discriminator = Augmented(discriminator, self.augment)
        generator = DCGenerator(self.latent_dim, width=self.width, classes=self.classes)
        return generator, discriminator

    def game(self) -> AdversarialLoss:
        """The losses of both players, with their penalty.

        Raises:
            ValueError: settings that do not go together.
        """
        loss = LOSSES[self.loss]
        if (self.r1 or loss.penalty) and self.minibatch_spread:
            raise ValueError(
                "a gradient penalty needs a discriminator that judges each image by itself: "
                "switch minibatch_spread off, or set r1 to 0 (and take another loss than wgan-gp)"
            )
        if not self.r1:
            return loss
        if loss.penalty:
            raise ValueError("wgan-gp brings its own penalty: set r1 to 0")
        return losses.with_r1(self.r1, self.r1_every, loss)

    @property
    def classes(self) -> int:
        """How many classes the players are told; 0 for none."""
        return len(find(self.data).classes) if self.conditional else 0


# For a GPU, whose time the small network would leave unused: wider, larger batches, and step sizes
# that fall, without which longer training brought no better pictures.
LARGE = DCGANConfig(width=64, batch=256, lr=1e-3, last_lr=0.02, ema_half_life=50_000)

Config = MLPConfig | DCGANConfig
CONFIGS: dict[str, type[MLPConfig] | type[DCGANConfig]] = {"mlp": MLPConfig, "dcgan": DCGANConfig}


def plain(config: Config) -> dict[str, Any]:
    """The recipe as plain values, for a checkpoint."""
    (model,) = (name for name, kind in CONFIGS.items() if isinstance(config, kind))
    values = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(config).items()}
    if config.last_lr == 1:  # not told then, so that a run from before there was it can go on
        del values["last_lr"]
    return {"model": model, **values}


def from_plain(values: Mapping[str, Any]) -> Config:
    """The recipe of a checkpoint.

    Raises:
        KeyError: a model that there is not.
        TypeError: values that its recipe does not have.
    """
    kind: Any = CONFIGS[values["model"]]
    given = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items() if k != "model"}
    config: Config = kind(**given)
    return config


def build(config: Config, device: torch.device, speed: Speed = EAGER) -> Gan:
    """The players that a recipe describes, at the start of training."""
    runtime.seed_everything(config.seed)
    generator, discriminator = config.networks()
    players = ParallelGan if distributed.world() > 1 else Gan
    gan = players(
        generator,
        discriminator,
        latent_dim=config.latent_dim,
        lr=config.lr,
        betas=(config.beta1, 0.99),
        ema_half_life=config.ema_half_life,
        seed=config.seed,
        device=device,
    )
    return accelerate(gan, speed)


def stream(config: Config, device: torch.device) -> Batches:
    """The endless batches that a recipe trains on: images, with their labels if it is told them."""
    data = load(config.data)
    labels = data.labels.to(device) if config.classes else None
    return Batches(data.images.to(device), config.batch, seed=config.seed, labels=labels)


def load_run(run: Path) -> tuple[Gan, Config]:
    """The trained generator, its average, and the recipe, from a folder of ``aigc train``.

    Raises:
        CheckpointError: there is no checkpoint, it is damaged, or not from ``aigc train``.
    """
    path, device = run / "checkpoint.pt", runtime.device()
    state = ckpt.load(path, device)
    try:
        config, trained = from_plain(state["recipe"]), state["parts"]["gan"]
        gan = build(config, device)
        ckpt.restore(gan.generator, trained["generator"], "generator")
        ckpt.restore(gan.average, trained["ema"], "averaged generator")
        gan.images_seen = trained["images_seen"]
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is not from `aigc train`: no {error} in it") from error
    return gan, config
