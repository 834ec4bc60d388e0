"""Small film scenes with a known content: a picture of the emoji library on a drawn background.

A scene shows one of ten objects, before one of four backgrounds, on the left or on the right, small
or large: 160 descriptions. Ten pairs of object and background, one for each object, are held out:
no training scene shows them, though it shows both members of the pair, each in other company. The
pictures of the objects are therefore the same in training and test; what is new in the test is the
combination, and nothing else may be claimed of it (chapter 14).

Everything is drawn from a seed, the place, size and colours too.
"""

from dataclasses import dataclass
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from aigc_lib.data.cache import fetch
from aigc_lib.data.emoji import Library

SIDE = 32  # pixels
# The word of the description, and the caption of its picture in the library.
OBJECTS = {
    "cat": "cat", "penguin": "penguin", "elephant": "elephant", "frog": "frog",
    "car": "automobile", "house": "house", "umbrella": "umbrella", "pumpkin": "jack-o-lantern",
    "tree": "deciduous tree", "ghost": "ghost",
}  # fmt: skip
BACKGROUNDS = ("beach", "night", "field", "sunset")
SIDES = ("left", "right")
SIZES = ("small", "large")
# What a description says, in the order of the columns of the labels.
GROUPS: tuple[tuple[str, ...], ...] = (tuple(OBJECTS), BACKGROUNDS, SIDES, SIZES)
WORDS = tuple(word for group in GROUPS for word in group)
NAMES = ("object", "background", "side", "size")
STARTS = tuple(WORDS.index(group[0]) for group in GROUPS)
HELD_OUT = frozenset((i, (3 * i + i // 4) % 4) for i in range(len(OBJECTS)))
PIXELS = ((10, 12), (16, 18))  # height of a small and of a large object, least and most


@dataclass(frozen=True, eq=False)
class Scenes:
    """Pictures uint8 (N, 3, 32, 32), and what they show: int64 (N, 4), a column for each group."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        """How many scenes."""
        return len(self.images)


def descriptions(held_out: bool) -> Tensor:
    """All labels (K, 4) whose pair of object and background is held out (40), or is not (120)."""
    every = torch.cartesian_prod(*(torch.arange(len(group)) for group in GROUPS))
    out = torch.tensor([(int(o), int(b)) in HELD_OUT for o, b in every[:, :2]])
    return every[out == held_out]


def tokens(labels: Tensor) -> Tensor:
    """Labels (N, 4) as numbers of words in ``WORDS``, int64 (N, 4)."""
    return labels + torch.tensor(STARTS, device=labels.device)


def caption(label: Tensor) -> str:
    """The description of one row of labels (4,)."""
    thing, place, side, size = (group[int(k)] for group, k in zip(GROUPS, label, strict=True))
    where = {"beach": "on a beach", "night": "at night", "field": "in a field"}
    return f"a {size} {thing} on the {side} {where.get(place, 'at sunset')}"


def compose(n: int, seed: int, labels: Tensor | None = None) -> Scenes:
    """``n`` scenes, drawn from a seed.

    They show the labels (n, 4), or, without labels, what is not held out, all equally likely.

    Raises:
        ValueError: n < 1, or labels of another shape.
        DataError: the pictures cannot be had.
    """
    if n < 1 or (labels is not None and labels.shape != (n, len(GROUPS))):
        raise ValueError(f"need n >= 1 and labels ({n}, {len(GROUPS)})")
    rng = torch.Generator().manual_seed(seed)
    if labels is None:
        allowed = descriptions(held_out=False)
        labels = allowed[torch.randint(len(allowed), (n,), generator=rng)]
    pictures = backdrops(labels[:, 1], rng)
    spread = torch.rand(n, 3, generator=rng)
    for picture, (thing, _, side, size), (a, b, c) in zip(
        pictures, labels.tolist(), spread.tolist(), strict=True
    ):
        low, high = PIXELS[size]
        height = low + int(a * (high - low + 1))
        left = (8 if side == 0 else SIDE - 8) - height // 2 + int(b * 3) - 1
        left = min(max(left, 0), SIDE - height)
        bottom = 27 + int(c * 4)
        paste(picture, cutout(tuple(OBJECTS.values())[thing], height), bottom - height, left)
    return Scenes(pictures.round().clamp(0, 255).to(torch.uint8), labels)


def paste(picture: Tensor, piece: Tensor, top: int, left: int) -> None:
    """Put a piece (4, h, w), colours times alpha and alpha, over a picture (3, H, W), in place."""
    height, width = piece.shape[1:]
    place = picture[:, top : top + height, left : left + width]
    place.mul_(1 - piece[3]).add_(piece[:3])


@cache
def library() -> Library:
    """The emoji library, read once in a process; DataError as in `fetch`."""
    return Library(fetch("emoji"))


@cache
def cutout(title: str, height: int) -> Tensor:
    """A picture of the library, by its caption: (4, h, h), colours 0 to 255 times alpha, and alpha.

    Multiplied by alpha before it is made smaller: else what is transparent would colour the edge.
    """
    rgba = library().picture(title).float()
    alpha = rgba[3:] / 255
    return F.interpolate(
        torch.cat([rgba[:3] * alpha, alpha])[None], size=(height, height), mode="area"
    )[0]


# Sky above, sky at the horizon, ground at the horizon, ground below: red, green, blue.
COLOURS = torch.tensor(
    [
        [[90, 170, 240], [190, 225, 250], [240, 215, 150], [225, 190, 120]],  # beach
        [[8, 10, 40], [35, 40, 90], [25, 40, 35], [12, 20, 18]],  # night
        [[110, 180, 245], [215, 235, 250], [120, 190, 80], [70, 140, 50]],  # field
        [[95, 60, 130], [250, 150, 90], [150, 75, 70], [90, 45, 60]],  # sunset
    ]
).float()


def backdrops(kinds: Tensor, rng: torch.Generator) -> Tensor:
    """Empty scenes for backgrounds (N,): float (N, 3, 32, 32), 0 to 255, before rounding."""
    n = len(kinds)
    colours = COLOURS[kinds] + 24 * (torch.rand(n, 4, 3, generator=rng) - 0.5)
    horizon = 13 + 6 * torch.rand(n, 1, generator=rng)
    row = torch.arange(SIDE).float().expand(n, SIDE)
    up = (row / horizon).clamp(0, 1)[..., None]
    down = ((row - horizon) / (SIDE - horizon)).clamp(0, 1)[..., None]
    sky = colours[:, None, 0] * (1 - up) + colours[:, None, 1] * up
    ground = colours[:, None, 2] * (1 - down) + colours[:, None, 3] * down
    below = (row - horizon).clamp(0, 1)[..., None]  # a soft edge, one pixel high
    column = (sky * (1 - below) + ground * below).transpose(1, 2)
    pictures = column[..., None].expand(n, 3, SIDE, SIDE).clone()
    _sea(pictures, kinds == 0, horizon)
    _discs(pictures, kinds, horizon, rng)
    high_at_night = (row < horizon - 1) & (kinds == 1)[:, None]
    stars = (torch.rand(n, 1, SIDE, SIDE, generator=rng) < 0.03) & high_at_night[:, None, :, None]
    pictures.masked_fill_(stars, 230.0)
    return pictures + 4 * (torch.rand(n, 1, SIDE, SIDE, generator=rng) - 0.5)


def _sea(pictures: Tensor, beach: Tensor, horizon: Tensor) -> None:
    """Four rows of water below the horizon of a beach."""
    row = torch.arange(SIDE)
    wet = (row >= horizon) & (row < horizon + 4) & beach[:, None]
    blue = torch.tensor([40.0, 130.0, 190.0])[None, :, None, None]
    pictures.copy_(torch.where(wet[:, None, :, None], blue, pictures))


def _discs(pictures: Tensor, kinds: Tensor, horizon: Tensor, rng: torch.Generator) -> None:
    """A moon high in the night, a sun low at sunset."""
    n = len(kinds)
    row, col = torch.arange(SIDE)[:, None], torch.arange(SIDE)[None]
    x = 4 + 24 * torch.rand(n, 1, 1, generator=rng)
    y = torch.where((kinds == 1)[:, None, None], torch.tensor(4.0), horizon[..., None])
    inside = ((row - y) ** 2 + (col - x) ** 2 < 9) & (row <= horizon[..., None])
    inside &= ((kinds == 1) | (kinds == 3))[:, None, None]
    light = torch.tensor([[250.0, 245.0, 215.0], [255.0, 225.0, 120.0]])[(kinds == 3).long()]
    pictures.copy_(torch.where(inside[:, None], light[..., None, None], pictures))
