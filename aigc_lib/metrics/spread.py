"""A score taken several times: its mean and how far the values lie apart."""

from collections.abc import Sequence
from typing import NamedTuple

import torch


class Spread(NamedTuple):
    """Mean and standard deviation (divided by the number of values, not one less) of a score."""

    mean: float
    std: float


def spread(values: Sequence[float]) -> Spread:
    """Mean and standard deviation of the values of a score."""
    v = torch.tensor(values, dtype=torch.float64)
    return Spread(float(v.mean()), float(v.std(correction=0)))
