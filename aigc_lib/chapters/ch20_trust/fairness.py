"""Who is drawn how often? Shares of groups, and how to even them (chapter 20)."""

from typing import NamedTuple

import torch
from torch import Tensor


def acceptance(shares: Tensor, wanted: Tensor) -> Tensor:
    """With which probability to keep a picture of each class, so that the kept have ``wanted``.

    As large as possible: the class that is rarest for what is wanted is always kept.
    """
    ratio = wanted / shares
    return ratio / ratio.max()


class Kept(NamedTuple):
    """Which drawn pictures were kept: bool (N,), and the mean number drawn for one kept."""

    mask: Tensor
    price: float


def even_out(classes: Tensor, shares: Tensor, wanted: Tensor, seed: int) -> Kept:
    """Keep each drawn picture, of a judged class (N,), with its probability."""
    keep = acceptance(shares, wanted)[classes]
    mask = torch.rand(len(classes), generator=torch.Generator().manual_seed(seed)) < keep
    return Kept(mask, len(classes) / max(1, int(mask.sum())))
