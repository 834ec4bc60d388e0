"""Who is drawn how often? Shares of the classes, and how to even them (chapter 20)."""

from typing import NamedTuple

import torch
from torch import Tensor


def corrected(counts: Tensor, confusion: Tensor) -> Tensor:
    """Shares of the true classes, from what a judge said and how often it errs.

    Args:
        counts: how many pictures (K,) the judge gave each class.
        confusion: (K, K), row j: the share of real pictures of class j that it calls each class.
            Negative shares, which noise can make, become 0.
    """
    said = counts.double() / counts.sum()
    found = torch.linalg.solve(confusion.double().T, said).clamp(min=0)
    shares: Tensor = found / found.sum()
    return shares


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


def unevenness(shares: Tensor, wanted: Tensor) -> float:
    """Total variation distance: the share of pictures that would have to change their class."""
    return float((shares - wanted).abs().sum() / 2)
