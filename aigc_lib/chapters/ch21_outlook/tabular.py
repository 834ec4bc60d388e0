"""Two generators of rows of numbers under a condition: a flow, and the article's GAN.

Both draw x (N, D) given c (N, C). The flow learns the velocity x - z on the straight path from
noise z to data x (``aigc_lib.diffusion.schedules``); the GAN plays ``gan.training``'s game.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from aigc_lib.core.optim import cosine_lr, set_lr
from aigc_lib.gan.losses import NON_SATURATING
from aigc_lib.gan.state import Gan
from aigc_lib.gan.training import step as gan_step

BATCH = 64
Draw = Callable[[Tensor, int], Tensor]
"""Conditions (N, C) and a seed to rows (N, D)."""
OnStep = Callable[[int, Draw], None]


class Joined(nn.Module):
    """A network of two hidden layers that reads several tensors (N, ...) side by side."""

    def __init__(self, inputs: int, outputs: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(),
            nn.Linear(width, outputs),
        )  # fmt: skip

    def forward(self, *parts: Tensor) -> Tensor:
        """Parts (N, ...) of ``inputs`` columns together -> (N, outputs)."""
        found: Tensor = self.layers(torch.cat(parts, dim=1))
        return found


@torch.no_grad()
def flow_draw(
    network: nn.Module, dim: int, conditions: Tensor, seed: int, steps: int = 20
) -> Tensor:
    """Rows (N, dim): from noise along the learnt velocity, by the midpoint rule."""
    rng = torch.Generator().manual_seed(seed)
    x = torch.randn(len(conditions), dim, generator=rng)
    for k in range(steps):
        t = torch.full((len(x), 1), k / steps)
        middle = x + network(x, t, conditions) / (2 * steps)
        x = x + network(middle, t + 0.5 / steps, conditions) / steps
    return x


def fit_flow(
    x: Tensor, c: Tensor, seed: int, steps: int, *, width: int = 64, lr: float = 3e-3,
    on_step: OnStep | None = None,
) -> Draw:  # fmt: skip
    """Learn x (N, D) given c (N, C); ``on_step`` is called before each step and after the last."""
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    network = Joined(x.shape[1] + 1 + c.shape[1], x.shape[1], width)
    optimizer = torch.optim.AdamW(network.parameters(), lr=lr, weight_decay=0.01)

    def draw(conditions: Tensor, at: int) -> Tensor:
        return flow_draw(network, x.shape[1], conditions, at)

    for k in range(steps):
        if on_step:
            on_step(k, draw)
        rows = torch.randint(len(x), (BATCH,), generator=rng)
        z = torch.randn(BATCH, x.shape[1], generator=rng)
        t = torch.rand(BATCH, 1, generator=rng)
        moved = t * x[rows] + (1 - t) * z
        loss = (network(moved, t, c[rows]) - (x[rows] - z)).square().mean()
        set_lr(optimizer, cosine_lr(k, steps, lr, warmup=20))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    if on_step:
        on_step(steps, draw)
    return draw


def fit_gan(
    x: Tensor, c: Tensor, seed: int, steps: int, *, width: int = 64, lr: float = 5e-4,
    latent: int = 16, on_step: OnStep | None = None,
) -> Draw:  # fmt: skip
    """The same by a conditional GAN with the non-saturating loss."""
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    generator = Joined(latent + c.shape[1], x.shape[1], width)
    critic = Joined(x.shape[1] + c.shape[1], 1, width)
    gan = Gan(generator, critic, latent_dim=latent, lr=lr, ema_half_life=5_000, seed=seed)

    @torch.no_grad()
    def draw(conditions: Tensor, at: int) -> Tensor:
        noise = torch.Generator().manual_seed(at)
        z = torch.randn(len(conditions), latent, generator=noise)
        found: Tensor = gan.average(z, conditions)
        return found

    for k in range(steps):
        if on_step:
            on_step(k, draw)
        rows = torch.randint(len(x), (BATCH,), generator=rng)
        gan_step(gan, (x[rows], c[rows]), NON_SATURATING)
    if on_step:
        on_step(steps, draw)
    return draw
