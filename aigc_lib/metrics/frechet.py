"""The Fréchet distance: features -> mean and covariance -> value, and the floor under it."""

from typing import NamedTuple

import torch
from torch import Tensor

from aigc_lib.metrics.features import checked


class Statistics(NamedTuple):
    """Mean (d,), unbiased covariance (d, d), both float64, and the number of samples."""

    mean: Tensor
    cov: Tensor
    n: int


def statistics(features: Tensor) -> Statistics:
    """Mean and unbiased covariance (divided by n - 1) of features (n, d).

    Raises:
        ValueError: fewer than two samples, or features that are not finite.
    """
    features = checked(features)
    n = len(features)
    if n < 2:
        raise ValueError(f"a covariance needs at least 2 samples, not {n}")
    mean = features.mean(dim=0)
    centred = features - mean
    return Statistics(mean, centred.T @ centred / (n - 1), n)


def _root(cov: Tensor) -> Tensor:
    """The symmetric square root of a covariance (d, d), which may be singular."""
    values, vectors = torch.linalg.eigh(cov)
    # Rounding leaves eigenvalues that should be 0 a little below it.
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return root


def frechet_distance(a: Statistics, b: Statistics) -> float:
    """Squared Fréchet (2-Wasserstein) distance between the Gaussians with these statistics.

        |m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a^(1/2) C_b C_a^(1/2))^(1/2))

    in squared units of the features. The last trace is the sum of the singular values of
    C_a^(1/2) C_b^(1/2), which is symmetric in a and b and loses no digits where a covariance is
    singular. Estimated from samples the value is too large, the more so the fewer samples: compare
    only at equal n, and beside it give ``floor``.

    Source: Dowson and Landau (1982), "The Fréchet distance between multivariate normal
    distributions"; as a score of generators: Heusel et al. (2017), arXiv:1706.08500.

    Raises:
        ValueError: statistics of another dimension, or not finite.
    """
    if a.mean.shape != b.mean.shape:
        raise ValueError(f"features of {len(a.mean)} and of {len(b.mean)} dimensions")
    if not all(bool(t.isfinite().all()) for t in (a.mean, a.cov, b.mean, b.cov)):
        raise ValueError("statistics that are not finite have no Fréchet distance")
    cross = torch.linalg.svdvals(_root(a.cov) @ _root(b.cov)).sum()
    value = (a.mean - b.mean).square().sum() + a.cov.trace() + b.cov.trace() - 2 * cross
    return max(float(value), 0.0)  # rounding may fall a hair below zero


def floor(features: Tensor, n: int, repeats: int = 5, seed: int = 0) -> list[float]:
    """Fréchet distances between two disjoint random sets of n samples of the same features (N, d).

    What a perfect generator would score with n samples against n real ones: nothing below it means
    anything. One value for each repeat, so that the spread can be given as well.

    Raises:
        ValueError: fewer than 2n features, n < 2, or repeats < 1.
    """
    if n < 2 or repeats < 1:
        raise ValueError(f"need n >= 2 and repeats >= 1, not {n} and {repeats}")
    if 2 * n > len(features):
        raise ValueError(f"two disjoint sets of {n} need {2 * n} features, not {len(features)}")
    generator = torch.Generator().manual_seed(seed)
    values = []
    for _ in range(repeats):
        order = torch.randperm(len(features), generator=generator).to(features.device)
        one, two = features[order[:n]], features[order[n : 2 * n]]
        values.append(frechet_distance(statistics(one), statistics(two)))
    return values
