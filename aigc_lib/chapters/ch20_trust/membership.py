"""Was this picture in the training? An attack, and how its success is measured (chapter 20).

Many small networks are trained at once, each on its own random half of a pool. LiRA compares how
sure a network is of a picture with how sure others are that had it, and others that had it not
(Carlini et al., 2022, "Membership inference attacks from first principles", arXiv:2112.03570).
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

WIDTH = 64


class Networks(NamedTuple):
    """M networks with one hidden layer, side by side."""

    first: Tensor  # (M, d + 1, WIDTH): the last row is the bias
    second: Tensor  # (M, WIDTH + 1, 10)

    def logits(self, x: Tensor) -> Tensor:
        """Logits (M, N, 10) of flat pictures (N, d), or of (M, N, d), each network's own."""
        hidden = _one(x) @ self.first
        return _one(hidden.relu()) @ self.second


def _one(x: Tensor) -> Tensor:
    return F.pad(x, (0, 1), value=1.0)


def halves(networks: int, pool: int, seed: int) -> Tensor:
    """Which pictures each network has: bool (networks, pool), exactly half of each row."""
    order = torch.rand(networks, pool, generator=torch.Generator().manual_seed(seed)).argsort(1)
    return order < pool // 2


def fit(
    x: Tensor,
    y: Tensor,
    had: Tensor,
    seed: int,
    steps: int = 300,
    batch: int = 64,
    lr: float = 2e-3,
) -> Networks:
    """Train one network on each row's pictures, by Adam, all at once.

    Args:
        x: flat pictures (N, d); y: classes (N,).
        had: bool (M, N), as many in each row.
    """
    rng = torch.Generator().manual_seed(seed)
    m, d = len(had), x.shape[1]
    first = torch.randn(m, d + 1, WIDTH, generator=rng) / d**0.5
    second = torch.randn(m, WIDTH + 1, 10, generator=rng) / WIDTH**0.5
    model = Networks(first.requires_grad_(True), second.requires_grad_(True))
    mine = had.nonzero()[:, 1].view(m, -1)
    optimizer = torch.optim.Adam(model, lr=lr)
    for _ in range(steps):
        rows = mine.gather(1, torch.randint(mine.shape[1], (m, batch), generator=rng))
        loss = (
            F.cross_entropy(model.logits(x[rows]).flatten(0, 1), y[rows].flatten(), reduction="sum")
            / batch
        )
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return Networks(first.detach(), second.detach())


@torch.no_grad()
def sureness(logits: Tensor, y: Tensor) -> Tensor:
    """log p / (1 - p) of the right class: (M, N). About normal over networks, unlike p itself."""
    own = logits.gather(2, y.expand(len(logits), -1)[..., None])[..., 0]
    others = logits.scatter(2, y.expand(len(logits), -1)[..., None], -torch.inf).logsumexp(2)
    return own - others


def lira(target: Tensor, shadows: Tensor, had: Tensor) -> Tensor:
    """Log likelihood ratio "was in the training" for each picture: (N,).

    Args:
        target: sureness (N,) of the network under attack.
        shadows: sureness (M, N) of the attacker's own networks.
        had: bool (M, N), what those were trained on. The variances are pooled over pictures.
    """
    inside = torch.where(had, shadows, torch.nan)
    outside = torch.where(had, torch.nan, shadows)
    score = torch.zeros_like(target)
    for sign, group in ((1, inside), (-1, outside)):
        mean = group.nanmean(0)
        spread = (group - mean).square().nanmean().sqrt()
        score += sign * (-((target - mean) ** 2) / (2 * spread**2) - spread.log())
    return score


class Attack(NamedTuple):
    """Hits and false alarms at a threshold that was set on other non-members."""

    hits: int
    members: int
    alarms: int
    strangers: int


def at_rate(score: Tensor, had: Tensor, rate: float, seed: int) -> Attack:
    """Set the threshold on half of the non-members, and test it on the other half.

    It is the ceil((n + 1) (1 - rate))-th of n scores: another stranger's is above it with a chance
    of at most ``rate``. Needs 1 / rate non-members in a half.
    """
    out = (~had).nonzero()[:, 0]
    out = out[torch.randperm(len(out), generator=torch.Generator().manual_seed(seed))]
    half = len(out) // 2
    threshold = score[out[:half]].sort().values[math.ceil((half + 1) * (1 - rate)) - 1]
    return Attack(int((score[had] > threshold).sum()), int(had.sum()),
                  int((score[out[half:]] > threshold).sum()), len(out) - half)  # fmt: skip
