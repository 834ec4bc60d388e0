"""Fitting a classifier to a few labelled examples, and saying how good it is (chapter 05)."""

import copy
import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from aigc_lib.core.training import TrainingError


class History(NamedTuple):
    """Mean loss of each epoch on both parts, in nats, and the epoch whose weights were kept."""

    train: list[float]
    valid: list[float]
    best: int


def training_mode(network: nn.Module) -> None:
    """Training mode for every layer, except that frozen layers stay in evaluation mode.

    A layer is frozen if it has parameters and none of them wants a gradient. Without the exception
    a frozen BatchNorm would still move its running statistics, and so change what it computes.
    """
    network.train()
    for layer in network.modules():
        own = list(layer.parameters(recurse=False))
        if own and not any(parameter.requires_grad for parameter in own):
            layer.eval()


def _loss(network: nn.Module, x: Tensor, y: Tensor) -> float:
    network.eval()
    with torch.no_grad():
        return float(F.cross_entropy(network(x), y))


def check_labels(**parts: tuple[Tensor, Tensor]) -> None:
    """Refuse a part (inputs, classes) that is empty or lacks a class for an input; ValueError."""
    for name, (x, y) in parts.items():
        if not len(x) or len(x) != len(y):
            raise ValueError(
                f"{name} needs a label for each of at least one input, got {len(x)}, {len(y)}"
            )


def fit(
    network: nn.Module,
    train: tuple[Tensor, Tensor],
    valid: tuple[Tensor, Tensor],
    optimizer: Optimizer,
    *,
    epochs: int = 60,
    batch: int = 25,
    patience: int | None = None,
    seed: int = 0,
) -> History:
    """Train with cross-entropy; leave the network with the weights of its best epoch.

    Best is the epoch with the smallest loss on the validation part (Prechelt, 1998,
    doi:10.1007/3-540-49430-8_3). The network ends in evaluation mode.

    Args:
        network: inputs (N, ...) -> logits (N, classes).
        train: inputs (N, ...) and classes (N,) to learn from.
        valid: the same, to choose the epoch by; never learned from.
        optimizer: made for the network's parameters.
        epochs: passes over the training part, at most.
        batch: examples per step; the last step of an epoch may have fewer.
        patience: stop after so many epochs without a better one; None: never stop early.
        seed: of the order of the examples and of dropout. The caller's random state stays as it is.

    Raises:
        ValueError: an empty part, labels that do not fit the inputs, or a setting below 1.
        TrainingError: no epoch had a finite validation loss.
    """
    check_labels(train=train, valid=valid)
    if min(epochs, batch, 1 if patience is None else patience) < 1:
        raise ValueError(
            f"epochs, batch and patience must be at least 1: {epochs}, {batch}, {patience}"
        )
    x, y = train
    losses: tuple[list[float], list[float]] = [], []
    best, kept = -1, copy.deepcopy(network.state_dict())
    with torch.random.fork_rng([x.device] if x.device.type == "cuda" else []):
        torch.manual_seed(seed)
        for epoch in range(epochs):
            training_mode(network)
            for chosen in torch.randperm(len(x)).split(batch):
                chosen = chosen.to(x.device)
                loss = F.cross_entropy(network(x[chosen]), y[chosen])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            losses[0].append(_loss(network, *train))
            losses[1].append(_loss(network, *valid))
            if losses[1][-1] < (losses[1][best] if best >= 0 else math.inf):
                best, kept = epoch, copy.deepcopy(network.state_dict())
            if patience is not None and epoch - best >= patience:
                break
    if best < 0:
        raise TrainingError(
            f"no validation loss was finite ({losses[1][:3]}, ...): lower the learning rate"
        )
    network.load_state_dict(kept)
    return History(*losses, best)


def expected_best(k: int, n: int, p: float) -> float:
    """Mean of the best score of k equally good, independent settings, each tried on n examples.

    Each number of right answers is binomial with n and p. The largest of k is at most j with
    probability F(j)^k, and the mean of a count is the sum of its probabilities to exceed j.

    Raises:
        ValueError: k or n below 1, or p outside [0, 1].
    """
    if k < 1 or n < 1 or not 0 <= p <= 1:
        raise ValueError(f"need k >= 1, n >= 1 and 0 <= p <= 1, got {k}, {n}, {p}")
    below, total = 0.0, 0.0
    for j in range(n):
        below += math.comb(n, j) * p**j * (1 - p) ** (n - j)
        total += 1 - min(below, 1.0) ** k
    return total / n


def expected_max(n: int) -> float:
    """Mean of the largest of n independent standard normal numbers.

    The largest is below z with probability Phi(z)^n, so its density is n phi(z) Phi(z)^(n - 1).

    Raises:
        ValueError: n below 1.
    """
    if n < 1:
        raise ValueError(f"need at least one number, got {n}")
    z = torch.linspace(-12, 12, 24_001, dtype=torch.float64)
    density = (
        n * (-z.square() / 2).exp() / math.sqrt(2 * math.pi) * torch.special.ndtr(z) ** (n - 1)
    )
    return float(torch.trapezoid(z * density, z))
