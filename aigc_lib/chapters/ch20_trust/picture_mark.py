"""A watermark in pictures: a secret pattern, and its exact p-value (chapter 20).

Spread spectrum (Cox et al., 1997, doi:10.1109/83.650120). A picture that was made without the key
is as near to the key's pattern as to any other's, so the key's rank among other keys is a p-value.
"""

from collections.abc import Iterable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

CELL = 4  # pixels: finer patterns do not live through JPEG
KEYS = 199  # other keys that the right one is compared with


def pattern(key: int, side: int) -> Tensor:
    """Plus and minus one, (side, side), in squares of ``CELL`` pixels."""
    rng = torch.Generator().manual_seed(key)
    cells = torch.randint(2, (side // CELL, side // CELL), generator=rng) * 2.0 - 1
    return cells.repeat_interleave(CELL, 0).repeat_interleave(CELL, 1)


def embed(image: Tensor, key: int, strength: float = 3.0) -> Tensor:
    """A picture uint8 (C, side, side) with the key's pattern added in all channels."""
    marked = image.float() + strength * pattern(key, image.shape[-1])
    return marked.round().clamp(0, 255).to(torch.uint8)


def _residual(image: Tensor) -> Tensor:
    """What is fine in a picture: its grey values less their mean nearby, large ones clipped."""
    grey = image.float().mean(0)[None, None]
    near = F.avg_pool2d(F.pad(grey, (6, 6, 6, 6), mode="reflect"), 13, stride=1)
    return (grey - near)[0, 0].clamp(-8, 8)


def stolen(marked: Iterable[Tensor]) -> Tensor:
    """The pattern (side, side) as one guesses it, without the key, from several marked pictures.

    All carry the same pattern: in each square, the sign of the mean of what is fine in them.
    """
    fine = torch.stack([_residual(image) for image in marked]).mean(0)
    cells = F.avg_pool2d(fine[None, None], CELL)[0, 0].sign()
    return cells.repeat_interleave(CELL, 0).repeat_interleave(CELL, 1)


class Found(NamedTuple):
    """The p-value, and where in the pattern the picture's corner lay (row, column)."""

    p: float
    corner: tuple[int, int]


def detect(image: Tensor, key: int, reach: int = 0) -> Found:
    """Is the key's pattern in a picture uint8 (C, H, W)?

    Args:
        image: (C, H, W), of any size up to 128.
        key: whose pattern is looked for. Other keys are drawn at random.
        reach: try the pattern from each of its first ``reach`` rows and columns on, for every key
            alike, so that the p-value stays exact though many places are tried.
    """
    fine = _residual(image)
    height, width = fine.shape
    keys = [key, *range(1_000_000, 1_000_000 + KEYS)]
    patterns = torch.stack([pattern(k, 128) for k in keys])
    best = torch.full((len(keys),), -torch.inf)
    place = torch.zeros(len(keys), 2, dtype=torch.long)
    for down in range(reach + 1):
        for right in range(reach + 1):
            seen = patterns[:, down : down + height, right : right + width]
            h, w = seen.shape[1:]
            match = torch.einsum("khw,hw->k", seen, fine[:h, :w])
            better = match > best
            best = torch.where(better, match, best)
            place[better] = torch.tensor([down, right])
    above = int((best[1:] >= best[0]).sum())
    return Found((above + 1) / (KEYS + 1), (int(place[0, 0]), int(place[0, 1])))
