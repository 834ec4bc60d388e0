"""Whether a probability means what it says (chapter 16)."""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy


class Bin(NamedTuple):
    """Forecasts that lie together: how many, their mean, and how often it came true."""

    n: int
    said: float
    came: float


def bins(probability: Tensor, true: Tensor, n: int = 10) -> list[Bin]:
    """Sort forecasts (N,) in [0, 1] into n equally wide bins; empty ones are left out.

    Raises:
        ValueError: no forecasts, or not one outcome (0 or 1) for each.
    """
    if probability.ndim != 1 or probability.shape != true.shape or not len(true):
        shapes = f"{probability.shape}, {true.shape}"
        raise ValueError(f"need as many outcomes as forecasts, got {shapes}")
    place, found = (probability * n).long().clamp(max=n - 1), []
    for k in place.unique():
        said, came = probability[place == k].double(), true[place == k].double()
        found.append(Bin(len(said), float(said.mean()), float(came.mean())))
    return found


def ece(probability: Tensor, true: Tensor, n: int = 10) -> float:
    """Expected calibration error: the gap between said and come true, averaged over forecasts.

    Naeini et al. (2015), doi:10.1609/aaai.v29i1.9602. It is never negative, so even a perfect
    forecaster's is above 0 on a finite set: see ``floor``.
    """
    found = bins(probability, true, n)
    return sum(b.n * abs(b.said - b.came) for b in found) / sum(b.n for b in found)


def floor(probability: Tensor, n: int = 10, rounds: int = 200, seed: int = 0) -> Tensor:
    """The error (rounds,) of forecasts that are exactly right: outcomes are drawn from them."""
    rng = torch.Generator().manual_seed(seed)
    drawn = torch.rand(rounds, len(probability), generator=rng) < probability
    return torch.tensor([ece(probability, outcome.float(), n) for outcome in drawn])


def brier_parts(found: list[Bin]) -> tuple[float, float, float]:
    """Calibration, resolution and uncertainty of binned forecasts (Murphy, 1973).

    The Brier score of forecasts that were replaced by their bin's mean is the first minus the
    second plus the third; doi:10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2.
    """
    total = sum(b.n for b in found)
    base = sum(b.n * b.came for b in found) / total
    calibration = sum(b.n * (b.said - b.came) ** 2 for b in found) / total
    resolution = sum(b.n * (b.came - base) ** 2 for b in found) / total
    return calibration, resolution, base * (1 - base)


def temperature(logits: Tensor, labels: Tensor) -> float:
    """The number by which to divide logits (N, K) so that the labels become most probable.

    Guo et al. (2017), arXiv:1706.04599; sought from 1/20 to 20, on its logarithm.
    """
    from scipy.optimize import minimize_scalar

    def loss(log_t: float) -> float:
        return float(cross_entropy(logits.double() / math.exp(log_t), labels))

    return math.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x)
