"""Which classes were generated, how evenly, and how sure a classifier is of them."""

import torch
from torch import Tensor


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
