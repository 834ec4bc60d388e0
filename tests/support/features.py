"""Features for tests: samples of correlated Gaussians, and what every score must refuse."""

import math

import numpy as np
import torch
from torch import Tensor


def gaussian(seed: int, n: int, d: int) -> Tensor:
    """Samples (n, d) of some correlated Gaussian with its own mean."""
    rng = np.random.default_rng(seed)
    samples = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + rng.normal(size=d)
    return torch.from_numpy(samples)


def bad_pairs(n: int, d: int) -> list[tuple[Tensor, Tensor, str]]:
    """Pairs of features that no score takes, and a pattern of what it must say."""
    good, broken = gaussian(0, n, d), gaussian(1, n, d)
    broken[[1, 3], 0] = torch.tensor([math.nan, math.inf], dtype=torch.float64)
    return [
        (good, broken, f"2 of {n} samples"),
        (broken, good, f"2 of {n} samples"),
        (good, gaussian(1, n, d + 1), f"{d} and of {d + 1} dimensions"),
        (good, good[0], r"must be \(n, d\)"),
        (good[:, :0], good[:, :0], r"must be \(n, d\)"),
        (good[:0], good, "at least|samples"),
        (good, good[:0], "at least|samples"),
    ]
