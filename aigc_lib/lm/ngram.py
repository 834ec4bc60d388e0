"""Counting models: the baselines that a language model must beat."""

from torch import Tensor


def unigram_nats(train: Tensor, valid: Tensor, size: int) -> float:
    """Mean nats a token of a model that knows only how frequent each token is (plus one each)."""
    p = (train.bincount(minlength=size) + 1).double()
    return float(-(p / p.sum()).log()[valid].mean())


def bigram_nats(train: Tensor, valid: Tensor, size: int) -> float:
    """Mean nats a token of a model that knows how frequent each token is after the one before it.

    A hundredth is added to each count, so that nothing is impossible.
    """
    pairs = (train[:-1] * size + train[1:]).bincount(minlength=size**2).view(size, size).double()
    p = (pairs + 0.01) / (pairs + 0.01).sum(1, keepdim=True)
    return float(-p[valid[:-1], valid[1:]].log().mean())
