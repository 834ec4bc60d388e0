"""Which pixels did a classifier look at? Four maps, and what a map must pass (ch. 20)."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Map = Callable[[nn.Module, Tensor, Tensor], Tensor]


def slope(network: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """The gradient of each picture's logit of class y in its pixels: (N, 1, H, W)."""
    x = x.detach().clone().requires_grad_(True)
    logit = network(x).gather(1, y[:, None]).sum()
    (found,) = torch.autograd.grad(logit, x)
    return found


def integrated(
    network: nn.Module, x: Tensor, y: Tensor, steps: int = 32, baseline: float = -1.0
) -> Tensor:
    """Integrated gradients from a picture of ``baseline`` to x, by the midpoint rule.

    Sundararajan et al. (2017), "Axiomatic attribution for deep networks", arXiv:1703.01365. The sum
    over the pixels is the logit of x less that of the baseline.
    """
    start = torch.full_like(x, baseline)
    total = torch.zeros_like(x)
    for k in range(steps):
        total += slope(network, start + (k + 0.5) / steps * (x - start), y)
    return (x - start) * total / steps


def guided(network: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Guided backpropagation: the gradient, but each ReLU lets only positive slopes back through.

    Springenberg et al. (2015), "Striving for simplicity", arXiv:1412.6806.
    """

    def positive(_: nn.Module, into: Any, __: Any) -> tuple[Tensor]:
        return (into[0].clamp(min=0),)

    hooks = [
        module.register_full_backward_hook(positive)
        for module in network.modules()
        if isinstance(module, nn.ReLU)
    ]
    try:
        return slope(network, x, y)
    finally:
        for hook in hooks:
            hook.remove()


def edges(network: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """The baseline: where the picture changes. It does not look at the network at all."""
    across = F.pad(x, (1, 1, 0, 0), mode="replicate")
    down = F.pad(x, (0, 0, 1, 1), mode="replicate")
    return (
        (across[..., 2:] - across[..., :-2]) ** 2 + (down[..., 2:, :] - down[..., :-2, :]) ** 2
    ).sqrt()


MAPS: dict[str, Map] = {
    "gradient": slope,
    "integrated gradients": integrated,
    "guided backprop": guided,
    "edges": edges,
}


def likeness(a: Tensor, b: Tensor, where: Tensor) -> Tensor:
    """Spearman's rank correlation (N,) of two sets of maps over the pixels ``where`` (N, 1, H, W).

    On all pixels, maps that are 0 wherever the picture is dark would be alike for that alone.
    """
    from scipy.stats import spearmanr

    found = [
        float(spearmanr(one[ink].numpy(), other[ink].numpy()).statistic)
        for one, other, ink in zip(a, b, where, strict=True)
    ]
    return torch.tensor(found)


def randomised(network: nn.Module, seed: int) -> nn.Module:
    """A copy with fresh random weights everywhere, its BatchNorm as it was before training."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        fresh = type(network)()
    return fresh.eval().requires_grad_(False)


@torch.no_grad()
def deletion(
    network: nn.Module, x: Tensor, y: Tensor, found: Tensor, where: Tensor, share: float
) -> Tensor:
    """How far the logit of y falls (N,) when part of the picture turns dark.

    Of the pixels ``where`` (N, 1, H, W), the ``share`` that the map ``found`` calls largest.
    """
    size = found.masked_fill(~where, -torch.inf).flatten(1)
    place = size.argsort(1, descending=True).argsort(1)  # 0 for the largest
    gone = (place < (share * where.flatten(1).sum(1, keepdim=True))).view_as(x)
    logit = [network(p).gather(1, y[:, None])[:, 0] for p in (x, x.masked_fill(gone, -1.0))]
    fall: Tensor = logit[0] - logit[1]
    return fall
