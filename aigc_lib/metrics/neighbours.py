"""Nearest real items, by pixels or by features, and whether samples are copies of training items.

A small distance to the training set means nothing by itself: real images that were not trained on
are the yardstick. Their distances say how close an item comes by being typical. Pixels miss a copy
that was shifted or mirrored; features may see it: use both, and look at the closest pairs.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from aigc_lib.metrics.features import blocks, in_range, pair


def _search(x: Tensor, parts: Iterable[Tensor]) -> Tensor:
    """Index (n,) of the nearest of all rows of the parts, for each row of x (n, d)."""
    best = torch.full((len(x),), float("inf"), dtype=x.dtype, device=x.device)
    index = torch.zeros(len(x), dtype=torch.int64, device=x.device)
    start = 0
    for y in parts:
        # |x - y|^2 without |x|^2, which is the same for every y.
        value, where = (y.square().sum(dim=1) - 2 * x @ y.T).min(dim=1)
        closer = value < best
        best = torch.where(closer, value, best)
        index = torch.where(closer, where + start, index)
        start += len(y)
    return index


def nearest(a: Tensor, b: Tensor, chunk: int = 2000) -> tuple[Tensor, Tensor]:
    """For each image in a (N, C, H, W), the nearest in b (M, C, H, W), by pixels.

    Images are uint8, or float in [-1, 1]; b is read ``chunk`` images at a time. Returns the index
    into b (N,) int64, and the Euclidean distance over all pixels in [-1, 1] (N,) float32.

    Raises:
        ValueError: images of different shapes, out of range, or an empty b.
    """
    if a.shape[1:] != b.shape[1:] or len(b) == 0:
        raise ValueError(f"cannot compare images {tuple(a.shape)} with {tuple(b.shape)}")
    x = in_range(a).flatten(1)
    index = _search(x, (in_range(part).flatten(1) for part in blocks(b, chunk)))
    # Taken again from the difference: the expanded square would lose the digits of near copies.
    return index, (x - in_range(b[index]).flatten(1)).square().sum(dim=1).sqrt()


def nearest_features(a: Tensor, b: Tensor, chunk: int = 2000) -> tuple[Tensor, Tensor]:
    """For each of the features a (N, d), the nearest of b (M, d).

    ``chunk`` items are compared with ``chunk`` others at a time. Returns the index into b (N,)
    int64, and the Euclidean distance (N,) float64.

    Raises:
        ValueError: no features, features that are not finite or of another dimension.
    """
    a, b = pair(a, b, least=1)
    index = torch.cat([_search(rows, blocks(b, chunk)) for rows in blocks(a, chunk)])
    return index, (a - b[index]).square().sum(dim=1).sqrt()


class Memorised(NamedTuple):
    """Share of the samples within the threshold, the same share of held-out items, the threshold.

    About equal shares are no sign of memorisation: held-out items cannot have been memorised.
    """

    share: float
    heldout_share: float
    threshold: float


def _distances(samples_to_train: Tensor, heldout_to_train: Tensor) -> tuple[Tensor, Tensor]:
    """Both as float64 on the CPU; refuses what are no distances."""
    found = []
    for name, d in (("sample", samples_to_train), ("held-out", heldout_to_train)):
        d = d.double().cpu()
        if d.ndim != 1 or len(d) == 0 or not bool(d.isfinite().all()) or float(d.min()) < 0:
            raise ValueError(
                f"{name} distances must be (n,), n >= 1, finite and >= 0, not {tuple(d.shape)}"
            )
        found.append(d)
    return found[0], found[1]


def memorised(
    samples_to_train: Tensor, heldout_to_train: Tensor, quantile: float = 0.01
) -> Memorised:
    """Share of the samples that are closer to the training set than all but a few real items.

    The threshold is the distance below which only the given share of the held-out items lie. A
    generator that has learnt the distribution and copied nothing puts about the same share of its
    samples there; one that returns training items puts nearly all. Exact copies always count.
    Whether all samples lie too close by a little, ``data_copying`` tells better.

    Args:
        samples_to_train: distance (n,) of each sample to its nearest training item, from
            ``nearest`` or ``nearest_features``.
        heldout_to_train: the same (m,) for real items that were not trained on.
        quantile: the share of held-out items to lie within the threshold.

    Raises:
        ValueError: distances that are not finite or negative, or so few held-out ones (m * quantile
            < 1) that the quantile lies below them all.
    """
    samples, heldout = _distances(samples_to_train, heldout_to_train)
    if not 0 < quantile < 1:
        raise ValueError(f"quantile must lie between 0 and 1, not {quantile}")
    rank = int(quantile * len(heldout) + 1e-9)
    if rank < 1:
        raise ValueError(
            f"the {quantile:g} quantile needs at least {math.ceil(1 / quantile)} held-out "
            f"distances, not {len(heldout)}"
        )
    threshold = heldout.kthvalue(rank).values
    share, heldout_share = (float((d <= threshold).double().mean()) for d in (samples, heldout))
    return Memorised(share, heldout_share, float(threshold))


def data_copying(samples_to_train: Tensor, heldout_to_train: Tensor) -> float:
    """How much closer to the training set samples lie than held-out items, in standard deviations.

    The Mann-Whitney U statistic of the two sets of distances, less its mean and divided by its
    standard deviation under equal distributions. Below about -3 the samples lie closer (copying),
    above 3 farther (they miss the data). Over the whole space at once: copying in one mode and
    missing another may cancel. A few copies among many samples do not show: see ``memorised``.

    Source: Meehan, Chaudhuri and Dasgupta (2020), "A non-parametric test to detect data-copying in
    generative models", arXiv:2004.05675, whose test does this in each cell of a partition.

    Raises:
        ValueError: as ``memorised``.
    """
    from scipy.stats import mannwhitneyu

    samples, heldout = _distances(samples_to_train, heldout_to_train)
    n, m = len(samples), len(heldout)
    u = mannwhitneyu(samples.numpy(), heldout.numpy(), method="asymptotic").statistic
    return float(u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
