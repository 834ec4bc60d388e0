"""Intervals: how far a measured share or mean can be trusted."""

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, stdev

import torch
from torch import Tensor


def wilson(right: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval for a probability of which ``right`` of ``n`` independent trials are seen.

    The ends are the two p at which (right/n - p)^2 = z^2 p (1 - p) / n, where z is the normal
    quantile of the confidence (Wilson, 1927, doi:10.1080/01621459.1927.10502953).

    Raises:
        ValueError: no trial, ``right`` not in 0..n, or a confidence not between 0 and 1.
    """
    if n < 1 or not 0 <= right <= n or not 0 < confidence < 1:
        raise ValueError(
            f"need 0 <= right <= n, n >= 1 and 0 < confidence < 1, got {right}, {n}, {confidence}"
        )
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = right / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # The ends are exactly 0 and 1 there; rounding may leave them a little outside.
    return (0.0 if right == 0 else middle - half, 1.0 if right == n else middle + half)


def bootstrap(
    values: Tensor, draws: int = 4000, confidence: float = 0.95, seed: int = 0
) -> tuple[float, float, float]:
    """Mean of values (N,), and the ends of its percentile bootstrap interval.

    The values are drawn again with replacement, N at a time, and the ends are quantiles of the
    means of these draws (Efron, 1979, doi:10.1214/aos/1176344552). To compare two methods on the
    same examples, give the differences, example by example: a paired bootstrap.

    Raises:
        ValueError: no values, or a confidence not between 0 and 1.
    """
    if values.ndim != 1 or not len(values) or not 0 < confidence < 1:
        raise ValueError(
            f"need values (N,) and 0 < confidence < 1, got {tuple(values.shape)} and {confidence}"
        )
    rng = torch.Generator().manual_seed(seed)
    chosen = torch.randint(len(values), (draws, len(values)), generator=rng)
    means = values.double()[chosen].mean(1)
    tail = (1 - confidence) / 2
    low, high = means.quantile(torch.tensor([tail, 1 - tail], dtype=torch.float64)).tolist()
    return float(values.double().mean()), low, high


def student(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float, float]:
    """Mean of a few values, such as one a seed, and the ends of its Student's t interval.

    It supposes normal values, and holds for as few as two (Student, 1908, doi:10.2307/2331554). To
    compare two methods seed by seed, give the differences: a paired interval.

    Raises:
        ValueError: fewer than two values, or a confidence not between 0 and 1.
    """
    from scipy.stats import t

    if len(values) < 2 or not 0 < confidence < 1:
        raise ValueError(f"need two values and 0 < confidence < 1, got {len(values)}, {confidence}")
    mean = fmean(values)
    half = float(t.ppf((1 + confidence) / 2, len(values) - 1)) * stdev(values) / len(values) ** 0.5
    return mean, mean - half, mean + half
