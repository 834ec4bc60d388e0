"""Precision, recall, density, coverage: is one set inside the region that the other fills?

The region is a union of balls, one around each sample, each just large enough to reach the sample's
k-th nearest other sample of the same set. Balls are closed: a point on the edge is inside.

    precision   share of generated samples inside some real ball             (do they look real?)
    recall      share of real samples inside some generated ball             (is everything there?)
    density     real balls around a generated sample, on average, over k     (precision, outliers
                                                                             count for little)
    coverage    share of real balls with a generated sample inside           (recall, likewise)

Compare values at equal numbers of samples and equal k only: all four change with both. Real and
generated are passed by name, because swapping them swaps precision and recall without an error.

Sources: Kynkäänniemi et al. (2019), "Improved precision and recall metric for assessing generative
models", arXiv:1904.06991, equations 1 and 2; Naeem et al. (2020), "Reliable fidelity and diversity
metrics for generative models", arXiv:2002.09797, equations 4 and 5.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from aigc_lib.metrics.features import blocks, pair


class PrecisionRecall(NamedTuple):
    """Both are shares from 0 to 1."""

    precision: float
    recall: float


class DensityCoverage(NamedTuple):
    """Density: 0 or more, about 1 for a perfect generator. Coverage: a share from 0 to 1.

    Coverage stays below 1 even for a perfect generator: see ``expected_coverage``.
    """

    density: float
    coverage: float


def _distances(x: Tensor, y: Tensor) -> Tensor:
    """Euclidean distances (n, m), from the differences.

    The faster expanded square leaves rounding where the distance is 0, which decides whether a copy
    lies inside a ball of radius 0, and differs with the size of the chunk.
    """
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


def _radii(x: Tensor, k: int, chunk: int) -> Tensor:
    """Distance (n,) of each of x (n, d) to its k-th nearest other sample of x."""
    radii = []
    for rows in blocks(x, chunk):
        # k + 1, because each sample is its own nearest.
        best = torch.full((len(rows), k + 1), torch.inf, dtype=x.dtype, device=x.device)
        for others in blocks(x, chunk):
            found = torch.cat([best, _distances(rows, others)], dim=1)
            best = found.topk(k + 1, dim=1, largest=False).values
        radii.append(best.amax(dim=1))
    return torch.cat(radii)


def _balls(centres: Tensor, points: Tensor, k: int, chunk: int) -> tuple[Tensor, Tensor]:
    """How many balls each point lies in (int64), and which balls hold any point (bool)."""
    radii = _radii(centres, k, chunk)
    count = torch.zeros(len(points), dtype=torch.int64, device=points.device)
    hit = torch.zeros(len(centres), dtype=torch.bool, device=centres.device)
    for i, some in enumerate(blocks(points, chunk)):
        for j, middle in enumerate(blocks(centres, chunk)):
            here = slice(i * chunk, i * chunk + len(some))
            there = slice(j * chunk, j * chunk + len(middle))
            inside = _distances(some, middle) <= radii[there]
            count[here] += inside.sum(dim=1)
            hit[there] |= inside.any(dim=0)
    return count, hit


def _checked_pair(real: Tensor, fake: Tensor, k: int, *, both: bool) -> tuple[Tensor, Tensor]:
    """Both as float64, refused where the k-th neighbour of a sample does not exist."""
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    real, fake = pair(real, fake, least=1)
    fewest = min(len(real), len(fake)) if both else len(real)
    if k >= fewest:
        raise ValueError(f"k = {k} neighbours need at least {k + 1} samples, not {fewest}")
    return real, fake


def precision_recall(
    *, real: Tensor, fake: Tensor, k: int = 3, chunk: int = 2000
) -> PrecisionRecall:
    """Improved precision and recall of generated features (m, d) against real ones (n, d).

    ``chunk`` items are compared with ``chunk`` others at a time: memory, not the value.

    Raises:
        ValueError: k < 1 or not below both numbers of samples; features that are not finite or of
            another dimension.
    """
    real, fake = _checked_pair(real, fake, k, both=True)
    in_real, _ = _balls(real, fake, k, chunk)
    in_fake, _ = _balls(fake, real, k, chunk)
    precision, recall = (float((count > 0).double().mean()) for count in (in_real, in_fake))
    return PrecisionRecall(precision, recall)


def density_coverage(
    *, real: Tensor, fake: Tensor, k: int = 5, chunk: int = 2000
) -> DensityCoverage:
    """Density and coverage of generated features (m, d) against real ones (n, d).

    ``chunk`` items are compared with ``chunk`` others at a time: memory, not the value.

    Raises:
        ValueError: k < 1 or not below the number of real samples; features that are not finite or
            of another dimension.
    """
    real, fake = _checked_pair(real, fake, k, both=False)
    count, hit = _balls(real, fake, k, chunk)
    return DensityCoverage(float(count.double().mean()) / k, float(hit.double().mean()))


def expected_coverage(n: int, m: int, k: int = 5) -> float:
    """Mean coverage of m samples from the distribution of the n real ones, if ties have chance 0.

    A ball is empty if the k nearest of the n - 1 + m others are all real: of all choices of k, the
    share C(n - 1, k) / C(n - 1 + m, k). For n = m and both large it tends to 2^-k.

    Source: Naeem et al. (2020), arXiv:2002.09797, where it is derived to choose k.

    Raises:
        ValueError: k < 1, k >= n, or m < 0.
    """
    if not 1 <= k < n or m < 0:
        raise ValueError(f"need 1 <= k < n and m >= 0, not k = {k}, n = {n}, m = {m}")
    return 1 - math.comb(n - 1, k) / math.comb(n - 1 + m, k)
