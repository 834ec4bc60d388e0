"""A small world: handwritten digits that fly and bounce off the walls of a square (chapter 19).

Its law is known, so a film of it can be checked: a digit keeps its shape and its speed, and a wall
turns the direction round. Positions are those of the digit's upper left corner, in pixels, sideways
before down.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from aigc_lib.data.images import load
from aigc_lib.nets.classifier import ImageClassifier

SIZE, DIGIT = 32, 14  # pixels
ROOM = SIZE - DIGIT  # pixels that a digit can move, each way
MIDDLE = 6.75  # where the light of the training digits has its centre, from their corner
FRAMES = 24
# Pixels a frame, each way. Training leaves a gap, and ends at 2.
SLOW, BETWEEN, QUICK, FASTER = (0.5, 1.0), (1.1, 1.4), (1.5, 2.0), (2.3, 2.8)
SEEN = (SLOW, QUICK)


@dataclass(frozen=True, eq=False)
class Clips:
    """Films of the world, and all that is true of them."""

    frames: Tensor  # uint8 (N, T, 32, 32)
    places: Tensor  # float (N, T, 2)
    labels: Tensor  # int64 (N,): which digit
    speeds: Tensor  # float (N, 2), pixels a frame, without sign


def fold(way: Tensor, room: float = ROOM) -> Tensor:
    """Where something is that went so far without walls, if walls stand at 0 and ``room``."""
    return room - (way.remainder(2 * room) - room).abs()


def draw(pictures: Tensor, places: Tensor) -> Tensor:
    """Pictures (N, h, w) at places (N, 2) of an empty square, interpolated, cut: (N, 32, 32)."""
    high, wide = pictures.shape[1:]
    line = torch.arange(SIZE, dtype=places.dtype)
    across = 2 * (line - places[:, :1]) / (wide - 1) - 1
    down = 2 * (line - places[:, 1:]) / (high - 1) - 1
    grid = torch.stack(torch.broadcast_tensors(across[:, None], down[..., None]), -1)
    return F.grid_sample(pictures[:, None], grid, align_corners=True)[:, 0]


def film(n: int, seed: int, bands: tuple[tuple[float, float], ...] = SEEN, split: str = "train",
         frames: int = FRAMES) -> Clips:  # fmt: skip
    """``n`` clips of MNIST's digits, half as large; the speeds both ways from one of the bands."""
    rng, data = torch.Generator().manual_seed(seed), load("mnist", split)
    chosen = torch.randint(len(data), (n,), generator=rng)
    pictures = F.avg_pool2d(data.images[chosen].float() / 255, 2)[:, 0]
    low, high = torch.tensor(bands)[torch.randint(len(bands), (n,), generator=rng)].T
    speeds = low[:, None] + (high - low)[:, None] * torch.rand(n, 2, generator=rng)
    sign = 2 * torch.randint(2, (n, 2), generator=rng) - 1
    start = ROOM * torch.rand(n, 2, generator=rng)
    t = torch.arange(frames)[:, None]
    places = fold(start[:, None] + t * (sign * speeds)[:, None])
    drawn = draw(pictures.repeat_interleave(frames, 0), places.flatten(0, 1))
    shown = (255 * drawn).round().to(torch.uint8).unflatten(0, (n, frames))
    return Clips(shown, places, data.labels[chosen], speeds)


def centres(frames: Tensor, above: float = 0.0) -> Tensor:
    """Where pictures (..., 32, 32) have the centre of their light: (..., 2), sideways and down;
    pixels darker than ``above`` times the brightest are left out."""
    light = frames.float().clamp(min=0)
    light = torch.where(light < above * light.amax((-1, -2), keepdim=True), 0, light)
    line = torch.arange(SIZE, dtype=light.dtype)
    sums = [(light.sum(-2) * line).sum(-1), (light.sum(-1) * line).sum(-1)]
    return torch.stack(sums, -1) / light.sum((-1, -2)).clamp(min=1e-6)[..., None]


@torch.no_grad()
def read(frames: Tensor, judge: ImageClassifier) -> Tensor:
    """What digit pictures (N, 32, 32) in [0, 1] show, says a classifier of MNIST: (N,). It looks at
    the centre of light, twice as large, and a little brighter than what was made small."""
    corner = ((SIZE - 1) / 2 - centres(frames)).round()
    middle = draw(frames, corner)[:, None, 9:23, 9:23]
    large = F.interpolate((1.3 * middle).clamp(0, 1), scale_factor=2, mode="bicubic").clamp(0, 1)
    found: Tensor = judge(2 * large - 1).argmax(1)
    return found
