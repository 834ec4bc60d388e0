"""Scores of generated images: features -> statistics -> value, each step a pure function.

Nothing here knows which network makes the features, so a score is always named after them: say
"Fréchet distance in MNIST classifier features", never "FID", which means the distance in the
features of one particular Inception network and is comparable with nothing else.

Left out on purpose: KID, precision and recall, density and coverage.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from aigc_lib.data import normalise


def _in_range(images: Tensor) -> Tensor:
    """uint8 or float images as float in [-1, 1]; refuses floats of another range."""
    if images.dtype == torch.uint8:
        return normalise(images)
    if not images.is_floating_point():
        raise ValueError(f"images must be uint8, or float in [-1, 1], not {images.dtype}")
    # Written so that NaN fails too.
    if not bool((images.abs() <= 1 + 1e-4).all()):
        raise ValueError("float images must lie in [-1, 1] and hold no NaN; pass uint8 for 0..255")
    return images


def extract(features: Callable[[Tensor], Tensor], images: Tensor, batch: int = 500) -> Tensor:
    """Features of all images, taken ``batch`` at a time without gradients.

    Args:
        features: maps float images (B, C, H, W) in [-1, 1] to (B, d).
        images: (N, C, H, W), uint8 or float in [-1, 1], on the device of ``features``. Round
            generated images to uint8 first: the real ones were.
        batch: images per call; changes memory and time, not the result (but for rounding).

    Returns:
        (N, d) float64 on the CPU.

    Raises:
        ValueError: no images, images out of range, features of another shape, or a network in
            training mode (its BatchNorm would make the features depend on the batch).
    """
    if images.ndim != 4 or len(images) == 0:
        raise ValueError(f"images must be (N, C, H, W) with N >= 1, not {tuple(images.shape)}")
    if batch < 1:
        raise ValueError(f"batch must be at least 1, not {batch}")
    network = getattr(features, "__self__", features)
    if isinstance(network, nn.Module) and network.training:
        raise ValueError("the feature network is in training mode: call .eval() on it first")
    parts = []
    with torch.no_grad():
        for start in range(0, len(images), batch):
            x = _in_range(images[start : start + batch])
            f = features(x)
            if f.ndim != 2 or len(f) != len(x):
                raise ValueError(f"features must be ({len(x)}, d), not {tuple(f.shape)}")
            # First to the CPU: some devices have no float64.
            parts.append(f.cpu().double())
    return torch.cat(parts)


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
    if features.ndim != 2:
        raise ValueError(f"features must be (n, d), not {tuple(features.shape)}")
    n = len(features)
    if n < 2:
        raise ValueError(f"a covariance needs at least 2 samples, not {n}")
    features = features.double()
    if not bool(features.isfinite().all()):
        bad = int((~features.isfinite().all(dim=1)).sum())
        raise ValueError(f"{bad} of {n} samples have features that are not finite")
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


def class_counts(logits_or_classes: Tensor, k: int = 10) -> Tensor:
    """How many samples fall into each of k classes: int64 (k,).

    Takes logits (N, k), whose largest entry decides, or integer classes (N,).

    Raises:
        ValueError: another shape, NaN logits, or a class outside 0..k-1.
    """
    x = logits_or_classes
    if x.is_floating_point():
        if x.ndim != 2 or x.shape[1] != k or bool(x.isnan().any()):
            raise ValueError(f"logits must be (N, {k}) without NaN, not {tuple(x.shape)}")
        x = x.argmax(dim=1)
    if x.ndim != 1 or (len(x) > 0 and not 0 <= int(x.min()) <= int(x.max()) < k):
        raise ValueError(f"classes must be (N,) integers from 0 to {k - 1}")
    return torch.bincount(x.long(), minlength=k)


def total_variation(a: Tensor, b: Tensor) -> float:
    """Total variation distance between two histograms (k,), each scaled to sum to 1.

    0 for equal shares, 1 for disjoint ones: the share of samples that would have to change class.
    With ``b = torch.ones(k)``: how far the classes are from evenly drawn.

    Raises:
        ValueError: shapes that differ, negative counts, or an empty histogram.
    """
    a, b = a.double().cpu(), b.double().cpu()
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"histograms must both be (k,), not {tuple(a.shape)}, {tuple(b.shape)}")
    if min(float(h.min()) for h in (a, b)) < 0 or min(float(h.sum()) for h in (a, b)) <= 0:
        raise ValueError("a histogram needs counts >= 0 that do not all vanish")
    return float((a / a.sum() - b / b.sum()).abs().sum() / 2)


def confident_share(logits: Tensor, threshold: float = 0.9) -> float:
    """Share of the samples whose largest softmax probability reaches the threshold.

    Takes logits (N, k). A rough measure of how many samples look like *some* class. High is not
    good by itself: classifiers are also sure of much that looks like nothing.

    Raises:
        ValueError: no samples, NaN logits, or a threshold outside [0, 1].
    """
    if logits.ndim != 2 or len(logits) == 0 or bool(logits.isnan().any()):
        raise ValueError(f"logits must be (N, k), N >= 1, without NaN, not {tuple(logits.shape)}")
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold is a probability in [0, 1], not {threshold}")
    return float((logits.softmax(dim=1).amax(dim=1) >= threshold).double().mean())


def nearest(a: Tensor, b: Tensor, chunk: int = 2000) -> tuple[Tensor, Tensor]:
    """For each image in a (N, C, H, W), the nearest in b (M, C, H, W), by pixels.

    Images are uint8, or float in [-1, 1]; b is read ``chunk`` images at a time. Returns the index
    into b (N,) int64, and the Euclidean distance over all pixels in [-1, 1] (N,) float32.

    Raises:
        ValueError: images of different shapes, out of range, or an empty b.
    """
    if a.shape[1:] != b.shape[1:] or len(b) == 0:
        raise ValueError(f"cannot compare images {tuple(a.shape)} with {tuple(b.shape)}")
    x = _in_range(a).flatten(1)
    best = torch.full((len(x),), float("inf"), device=x.device)
    index = torch.zeros(len(x), dtype=torch.int64, device=x.device)
    for start in range(0, len(b), chunk):
        y = _in_range(b[start : start + chunk]).flatten(1)
        # |x - y|^2 without |x|^2, which is the same for every y.
        value, where = (y.square().sum(dim=1) - 2 * x @ y.T).min(dim=1)
        closer = value < best
        best = torch.where(closer, value, best)
        index = torch.where(closer, where + start, index)
    # Taken again from the difference: the expanded square would lose the digits of near copies.
    return index, (x - _in_range(b[index]).flatten(1)).square().sum(dim=1).sqrt()
