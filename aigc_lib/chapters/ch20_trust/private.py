"""Training that provably hardly depends on any one picture, and the account of it (ch. 20).

DP-SGD (Abadi et al., 2016, arXiv:1607.00133), with the Rényi accountant of the Gaussian mechanism
under Poisson sampling (Mironov et al., 2019, arXiv:1908.10530).
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from aigc_lib.chapters.ch20_trust.membership import WIDTH, Networks

ORDERS = tuple(range(2, 129))


def renyi(q: float, sigma: float, order: int) -> float:
    """The Rényi divergence that one step adds, for a whole ``order`` above 1.

    Args:
        q: the probability with which each picture takes part in a step.
        sigma: the noise's standard deviation over the clipping norm.
    """
    from scipy.special import gammaln, logsumexp

    k = np.arange(order + 1)
    if q == 1:
        return order / (2 * sigma**2)
    choose = gammaln(order + 1) - gammaln(k + 1) - gammaln(order - k + 1)
    terms = choose + k * math.log(q) + (order - k) * math.log1p(-q) + k * (k - 1) / (2 * sigma**2)
    return float(logsumexp(terms)) / (order - 1)


def epsilon(q: float, sigma: float, steps: int, delta: float) -> float:
    """The epsilon of ``steps`` steps at this delta, over the whole orders 2 to 128.

    From Rényi to (epsilon, delta) as in Balle et al. (2020), arXiv:1905.09982, theorem 21.
    """
    return min(
        steps * renyi(q, sigma, a) + math.log1p(-1 / a) - math.log(delta * a) / (a - 1)
        for a in ORDERS
    )


def noise_for(target: float, q: float, steps: int, delta: float) -> float:
    """The least sigma, to a thousandth, whose epsilon is at most ``target``."""
    low, high = 0.2, 100.0
    while high - low > 1e-3:
        middle = (low + high) / 2
        low, high = (low, middle) if epsilon(q, middle, steps, delta) <= target else (middle, high)
    return high


def most_hits(alarms: float, eps: float, delta: float) -> float:
    """The largest hit rate that any membership attack can have at a rate of false alarms."""
    return min(1.0, math.exp(eps) * alarms + delta, 1 - math.exp(-eps) * (1 - delta - alarms))


def clipped_sum(model: Networks, x: Tensor, y: Tensor, weight: Tensor, clip: float) -> Networks:
    """The weighted sum of each picture's gradient, shortened to length ``clip`` where it is longer.

    A picture's gradient in a layer is an outer product, of what came into the layer and of the
    slope behind it, so its length is a product of two, and no single gradient is ever built.

    Args:
        model: M networks. x: flat pictures (M, N, d), y: classes and ``weight`` (M, N).
    """
    into = F.pad(x, (0, 1), value=1.0)
    hidden = into @ model.first
    middle = F.pad(hidden.relu(), (0, 1), value=1.0)
    behind = (middle @ model.second).softmax(2) - F.one_hot(y, 10)
    before = behind @ model.second[:, :-1].transpose(1, 2) * (hidden > 0)
    square = into.square().sum(2) * before.square().sum(2)
    square = square + middle.square().sum(2) * behind.square().sum(2)
    factor = (weight * (clip / square.sqrt().clamp(min=1e-12)).clamp(max=1))[..., None]
    return Networks(into.transpose(1, 2) @ (factor * before),
                    middle.transpose(1, 2) @ (factor * behind))  # fmt: skip


def fit(
    x: Tensor, y: Tensor, had: Tensor, sigma: float, seed: int,
    steps: int = 150, q: float = 0.2, clip: float = 1.0, lr: float = 1.0,
) -> Networks:  # fmt: skip
    """Train one network on the pictures that each row of ``had`` (M, N) names, by DP-SGD.

    Each step takes each picture with probability q, adds up the clipped gradients and noise of
    ``sigma`` x ``clip``, and divides by the expected number of pictures.
    """
    rng = torch.Generator().manual_seed(seed)
    m, d = len(had), x.shape[1]
    model = Networks(torch.randn(m, d + 1, WIDTH, generator=rng) / d**0.5,
                     torch.randn(m, WIDTH + 1, 10, generator=rng) / WIDTH**0.5)  # fmt: skip
    members = int(had.sum(1)[0])
    for step in range(steps):
        taken = (torch.rand(had.shape, generator=rng) < q) & had
        rows = taken.int().topk(int(taken.sum(1).max()), dim=1)
        chosen = rows.indices
        pull = clipped_sum(model, x[chosen], y[chosen], rows.values.float(), clip)
        rate = lr * (1 - step / steps) / (q * members)
        noise = [sigma * clip * torch.randn(g.shape, generator=rng) for g in pull]
        model = Networks(*(w - rate * (g + n) for w, g, n in zip(model, pull, noise, strict=True)))
    return model
