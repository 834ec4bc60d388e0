"""Attacks on a classifier, training against them, and a certificate (chapter 20).

Pictures are (N, 1, 28, 28) with a brightness from 0 to 1, and so are the sizes of attacks.
"""

import copy
from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aigc_lib.core.training import TrainingError

Logits = Callable[[Tensor], Tensor]


class Bright(nn.Module):
    """A classifier of pictures in [-1, 1], made to take brightness from 0 to 1."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, 10)."""
        logits: Tensor = self.network(2 * x - 1)
        return logits


def attack(
    logits: Logits,
    x: Tensor,
    y: Tensor,
    eps: float,
    steps: int,
    *,
    norm: Literal["linf", "l2"] = "linf",
    seed: int | None = 0,
    size: float = 2.5,
) -> Tensor:
    """Pictures no further than ``eps`` from x whose loss is as high as ``steps`` steps make it.

    Projected gradient ascent (Madry et al., 2018, arXiv:1706.06083): each step goes ``size`` x
    eps / steps in the direction that raises the loss most, and back into the ball and into 0..1.
    One step without a random start (``seed=None``, ``size=1``) is FGSM (Goodfellow et al., 2015,
    arXiv:1412.6572).
    """
    if eps == 0:
        return x.clone()
    moved = torch.zeros_like(x)
    if seed is not None:
        moved = _into(torch.empty_like(x).uniform_(
            -eps, eps, generator=torch.Generator().manual_seed(seed)), eps, norm)  # fmt: skip
    for _ in range(steps):
        at = (x + moved).clamp(0, 1).requires_grad_(True)
        loss = F.cross_entropy(logits(at), y, reduction="sum")
        (slope,) = torch.autograd.grad(loss, at)
        if norm == "linf":
            way = slope.sign()
        else:
            way = slope / slope.flatten(1).norm(dim=1).clamp(min=1e-12).view(-1, 1, 1, 1)
        step = size * eps / steps if steps > 1 else size * eps
        moved = _into(at.detach() + step * way - x, eps, norm)
    return (x + moved).clamp(0, 1)


def _into(moved: Tensor, eps: float, norm: str) -> Tensor:
    """Moves brought back into the ball of radius eps."""
    if norm == "linf":
        return moved.clamp(-eps, eps)
    length = moved.flatten(1).norm(dim=1).clamp(min=1e-12).view(-1, 1, 1, 1)
    back: Tensor = moved * (eps / length).clamp(max=1)
    return back


@torch.no_grad()
def right(logits: Logits, x: Tensor, y: Tensor) -> Tensor:
    """Which pictures (N,) are classified rightly."""
    hits: Tensor = logits(x).argmax(1) == y
    return hits


def survivors(logits: Logits, x: Tensor, y: Tensor, eps: float, steps: int, starts: int) -> Tensor:
    """Which pictures (N,) stay right under every one of ``starts`` attacks from random starts."""
    left = right(logits, x, y)
    for seed in range(starts):
        rows = left.nonzero()[:, 0]
        moved = attack(logits, x[rows], y[rows], eps, steps, seed=seed)
        left[rows] = right(logits, moved, y[rows])
    return left


def train(
    start: nn.Module,
    images: Tensor,
    labels: Tensor,
    steps: int,
    *,
    eps: float = 0.0,
    sigma: float = 0.0,
    moves: int = 3,
    batch: int = 64,
    lr: float = 2e-3,
    seed: int = 0,
    on_step: Callable[[int, nn.Module], None] | None = None,
) -> nn.Module:
    """Train a copy of ``start`` further: on attacked pictures (``eps``), or noisy ones (``sigma``).

    Args:
        start: a ``Bright`` classifier; left as it is.
        images: uint8 (N, 1, 28, 28); labels (N,).
        steps: each on ``batch`` pictures. 0 gives the copy back.
        eps: the largest change of a pixel in the attack, of ``moves`` steps, on each batch.
        sigma: the standard deviation of the noise on each pixel.
        lr: the highest learning rate, of a one-cycle schedule.
        seed: of the batches, the attacks' starts and the noise.
        on_step: is told each number of steps done, and the network in eval mode.

    Raises:
        TrainingError: the loss is no number.
    """
    model = copy.deepcopy(start).requires_grad_(True).train()
    rng = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=max(steps, 1))
    for step in range(steps):
        chosen = torch.randint(len(images), (batch,), generator=rng)
        x, y = images[chosen].float() / 255, labels[chosen]
        if eps:
            model.eval()
            x = attack(model, x, y, eps, moves, seed=seed * 100_003 + step)
            model.train()
        if sigma:
            x = x + sigma * torch.randn(x.shape, generator=rng)
        loss = F.cross_entropy(model(x), y)
        if not bool(loss.isfinite()):
            raise TrainingError(f"the loss is {float(loss)} after {step} steps: lower lr")
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        if on_step is not None:
            on_step(step + 1, model.eval())
            model.train()
    return model.eval().requires_grad_(False)


class Smoothed(NamedTuple):
    """A classifier that asks another about many noisy copies and takes the most frequent answer.

    Cohen et al. (2019), "Certified adversarial robustness via randomized smoothing",
    arXiv:1902.02918.
    """

    logits: Logits
    sigma: float

    @torch.no_grad()
    def votes(self, x: Tensor, n: int, seed: int) -> Tensor:
        """How often each class is the answer, of n noisy copies: int64 (N, 10)."""
        rng = torch.Generator().manual_seed(seed)
        found = []
        for picture in x:
            noise = self.sigma * torch.randn(n, *picture.shape, generator=rng)
            answers = self.logits(picture + noise).argmax(1)
            found.append(torch.bincount(answers, minlength=10))
        return torch.stack(found)

    def certify(
        self, x: Tensor, n: int = 1_000, alpha: float = 0.001, seed: int = 0
    ) -> tuple[Tensor, Tensor]:
        """Classes (N,), -1 for "I abstain", and the radii (N,) within which none can be changed.

        A first 100 copies guess the class; n others bound its probability from below.
        """
        guess = self.votes(x, 100, seed).argmax(1)
        mine = self.votes(x, n, seed + 1).gather(1, guess[:, None])[:, 0]
        radius = torch.tensor([certified_radius(int(k), n, self.sigma, alpha) for k in mine])
        return torch.where(radius > 0, guess, -1), radius

    def attack(self, x: Tensor, y: Tensor, eps: float | Tensor, steps: int, draws: int) -> Tensor:
        """Move each picture by up to its own eps (L2) to lower the mean probability of y."""
        reach = torch.as_tensor(eps).expand(len(x)).view(-1, 1, 1, 1)
        rng = torch.Generator().manual_seed(0)
        at = x.clone()
        for _ in range(steps):
            noise = self.sigma * torch.randn(draws, *x.shape, generator=rng)
            moved = at.clone().requires_grad_(True)
            p = self.logits((moved + noise).flatten(0, 1)).softmax(1).view(draws, len(x), -1)
            loss = -p.mean(0)[torch.arange(len(x)), y].log().sum()
            (slope,) = torch.autograd.grad(loss, moved)
            way = slope / slope.flatten(1).norm(dim=1).clamp(min=1e-12).view(-1, 1, 1, 1)
            delta = at + 2.5 * reach / steps * way - x
            length = delta.flatten(1).norm(dim=1).clamp(min=1e-12).view(-1, 1, 1, 1)
            at = x + delta * (reach / length).clamp(max=1)
        return at


def certified_radius(right: int, n: int, sigma: float, alpha: float = 0.001) -> float:
    """sigma x Phi^-1 of Clopper and Pearson's lower bound for ``right`` of n votes; 0 below 1/2."""
    from scipy.stats import beta, norm

    lower = float(beta.ppf(alpha, right, n - right + 1)) if right else 0.0
    return sigma * float(norm.ppf(lower)) if lower > 0.5 else 0.0
