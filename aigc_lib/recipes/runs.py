"""What lies in a run's folder, whatever model it is of: something that draws pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from aigc_lib.core import checkpoint as ckpt
from aigc_lib.core import runtime
from aigc_lib.core.checkpoint import CheckpointError
from aigc_lib.core.pixels import to_uint8
from aigc_lib.recipes import diffusion, gan


@dataclass(frozen=True)
class Run:
    """A trained model as its users see it.

    Attributes:
        data: the images that it was trained on.
        classes: how many classes it can be asked for; 0 for none.
        images_seen: how many it was trained on.
        draw: (n, seed, labels (n,) or None) -> pictures uint8 (n, 1, 28, 28).
        device: where it draws; labels must be there.
    """

    data: str
    classes: int
    images_seen: int
    draw: Callable[[int, int, Tensor | None], Tensor]
    device: torch.device


def load(run: Path) -> Run:
    """The model in a folder of ``aigc train``, ``train-dcgan`` or ``train-diffusion``.

    Raises:
        CheckpointError: there is no checkpoint, it is damaged, or of another program.
    """
    path, device = run / "checkpoint.pt", runtime.device()
    state = ckpt.load(path, device)
    if state.get("recipe", {}).get("model") != "diffusion":
        players, recipe = gan.load_run(run)

        def draw_gan(n: int, seed: int, labels: Tensor | None) -> Tensor:
            return to_uint8(players.sample(n, seed=seed, labels=labels))

        return Run(recipe.data, recipe.classes, players.images_seen, draw_gan, device)
    try:
        config, trained = diffusion.from_plain(state["recipe"]), state["parts"]["model"]
        network = diffusion.network_of(config).to(device).eval().requires_grad_(False)
        ckpt.restore(network, trained["ema"], "averaged network")
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is not from `aigc train-diffusion`: {error}") from error

    def draw(n: int, seed: int, labels: Tensor | None) -> Tensor:
        asked = torch.arange(n, device=device) % 10 if labels is None else labels
        return diffusion.draw(network, asked, seed, diffusion.DRAWINGS[config.data])

    return Run(config.data, 10, trained["images_seen"], draw, device)
