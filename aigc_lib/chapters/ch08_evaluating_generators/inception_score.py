"""The inception score: sure about each sample, undecided about all of them together.

The name belongs to the Inception network. With the logits of another classifier say so: "inception
score under the MNIST classifier". It never looks at a real image: one perfect sample of each class,
repeated, gets the best score. See Barratt and Sharma (2018), "A note on the inception score",
arXiv:1801.01973.

Source: Salimans et al. (2016), "Improved techniques for training GANs", arXiv:1606.03498,
section 4.
"""

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor


class Spread(NamedTuple):
    """Mean and standard deviation (divided by the number of values, not one less) of a score."""

    mean: float
    std: float


def _score(p: Tensor) -> float:
    """exp of the mean KL(p(y|x) || p(y)) of class probabilities (n, k)."""
    # The mean KL is the entropy of the mean less the mean entropy; entr(0) = 0 needs no care.
    together = torch.special.entr(p.mean(dim=0)).sum()
    each = torch.special.entr(p).sum(dim=1).mean()
    return float((together - each).exp())


def inception_score(
    logits: Tensor, splits: int = 10, generator: torch.Generator | None = None
) -> Spread:
    """Inception score of logits (N, k): mean and standard deviation over the splits.

        exp(mean over x of KL(p(y|x) || p(y))),      1 (nothing learnt) to k (the best)

    Each split is a consecutive part of the samples with its own p(y). Samples that come class by
    class must be shuffled: give a (CPU) generator and they are. For probabilities pass their
    logarithm. The fewer samples in a split, the lower the score.

    Raises:
        ValueError: logits of another shape, NaN or without any finite maximum; more splits than
            samples.
    """
    if logits.ndim != 2 or logits.shape[1] < 2:
        raise ValueError(f"logits must be (N, k) with k >= 2, not {tuple(logits.shape)}")
    if not 1 <= splits <= len(logits):
        raise ValueError(f"{len(logits)} samples cannot be split into {splits} parts")
    logits = logits.double()
    # A class may be impossible (-inf, the logarithm of 0), but not all of them.
    if not bool(logits.amax(dim=1).isfinite().all()):
        raise ValueError("every row of logits needs a finite maximum, without NaN")
    if generator is not None:
        order = torch.randperm(len(logits), generator=generator)
        logits = logits[order.to(logits.device)]
    p, n = logits.softmax(dim=1), len(logits)
    ends = [i * n // splits for i in range(splits + 1)]
    found = torch.tensor([_score(p[i:j]) for i, j in pairwise(ends)], dtype=torch.float64)
    return Spread(float(found.mean()), float(found.std(correction=0)))
