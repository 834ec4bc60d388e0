"""What ``aigc train-diffusion`` trains: everything that defines a run, as plain values."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from aigc_lib.core import runtime
from aigc_lib.core.pixels import to_uint8
from aigc_lib.core.speed import EAGER, Speed
from aigc_lib.data.batches import Batches
from aigc_lib.data.images import load
from aigc_lib.data.registry import find
from aigc_lib.diffusion.guidance import denoiser
from aigc_lib.diffusion.samplers import Method, even_times, sample
from aigc_lib.diffusion.training import Diffusion, accelerate
from aigc_lib.nets.unet import UNet

SIDE, AT_ONCE = 28, 250  # pixels of a picture's side; pictures that are drawn in one batch


@dataclass(frozen=True)
class DiffusionConfig:
    """Chapter 13's diffusion model, told the class. A resumed run must have the same values."""

    data: Literal["mnist", "fashion-mnist"] = "mnist"
    """Which images."""
    widths: tuple[int, ...] = (32, 64)
    """Channels at 14 x 14 and 7 x 7 pixels; time grows with about their square."""
    batch: int = 64
    """Images per step."""
    lr: float = 1.4e-2
    """Adam's highest step size; it falls to a hundredth along half a cosine."""
    ema_half_life: float = 5_000
    """Half-life of the averaged network, in images."""
    drop: float = 0.1
    """Share of images whose class is withheld, so that the network can be guided."""
    seed: int = 0
    """Of the weights, the noise and the order of the data."""


# For a large GPU, whose time the small network would leave unused: `aigc record 13 large`.
LARGE = DiffusionConfig(widths=(96, 192), batch=256, lr=4e-3, ema_half_life=50_000)


@dataclass(frozen=True)
class Drawing:
    """How pictures are drawn."""

    guidance: float
    """How strongly to insist on the class; 1 is as trained."""
    steps: int = 8
    """Steps from noise to picture."""
    method: Method = "heun"
    """Of the steps, see ``diffusion.samplers``."""
    after: float = 0.0
    """The time from which on the guidance holds; 1 would be none at all."""


# Of least distance in the record of chapter 13, on a run, samples and real pictures that no score
# is of.
DRAWINGS = {"mnist": Drawing(1.75), "fashion-mnist": Drawing(3.0, after=0.15)}


def plain(config: DiffusionConfig) -> dict[str, Any]:
    """The recipe as plain values, for a checkpoint."""
    return {"model": "diffusion", **asdict(config), "widths": list(config.widths)}


def from_plain(values: dict[str, Any]) -> DiffusionConfig:
    """The recipe of a checkpoint; TypeError for values that it does not have."""
    given = {key: value for key, value in values.items() if key not in ("model", *FIT)}
    return DiffusionConfig(**{**given, "widths": tuple(given["widths"])})


FIT = ("images", "warmup", "last_lr", "target")  # what ``training.fit`` adds to the recipe


def network_of(config: DiffusionConfig) -> UNet:
    """The network, before training: one word for each class, and one for none."""
    return UNet(len(find(config.data).classes) + 1, 1, config.widths)


def build(config: DiffusionConfig, device: torch.device, speed: Speed = EAGER) -> Diffusion:
    """The model that a recipe describes, at the start of training."""
    runtime.seed_everything(config.seed)
    model = Diffusion(
        network_of(config),
        lr=config.lr,
        ema_half_life=config.ema_half_life,
        null=torch.tensor([len(find(config.data).classes)]),
        drop=config.drop,
        seed=config.seed,
        device=device,
    )
    return accelerate(model, speed)


def stream(config: DiffusionConfig, device: torch.device) -> Batches:
    """The endless batches that a recipe trains on: images, and their class as the only word."""
    data = load(config.data).to(device)
    return Batches(data.images, config.batch, seed=config.seed, labels=data.labels[:, None])


@torch.no_grad()
def draw(network: nn.Module, labels: Tensor, seed: int, how: Drawing) -> Tensor:
    """Pictures uint8 (N, 1, 28, 28) of the classes ``labels`` (N,), on their device.

    Args:
        network: of a ``DiffusionConfig``, such as ``Diffusion.average``.
        labels: int64, each from 0 to 9.
        seed: of the noise; the same seed and labels give the same pictures.
        how: guidance, steps and method.
    """
    rng = torch.Generator(labels.device).manual_seed(seed)
    null = torch.tensor([10], device=labels.device)
    made = []
    for some in labels.split(AT_ONCE):
        noise = torch.randn(len(some), 1, SIDE, SIDE, device=some.device, generator=rng)
        tokens = some[:, None]
        denoise = denoiser(network, tokens, null, how.guidance, after=how.after, limit=1.0)
        made.append(sample(denoise, noise, even_times(how.steps), method=how.method, rng=rng))
    return to_uint8(torch.cat(made))
