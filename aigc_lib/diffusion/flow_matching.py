"""Flow matching: noise is carried to pictures along straight lines (chapter 14).

Take noise z and a picture x, and the point x_t = (1 - t) z + t x between them. It moves with the
velocity x - z. A network that sees only x_t, t and the description cannot know x - z; trained with
the mean square it learns the mean of x - z over all pairs that pass there. Following that mean from
noise at t = 0 to t = 1 gives samples.

A network that is sometimes trained without the description can be asked with and without it, and
the difference, which is what the description adds, be made larger: classifier-free guidance.
Source: Lipman et al., 2023, "Flow Matching for Generative Modeling"; Liu et al., 2023, "Flow
Straight and Fast"; Ho and Salimans, 2022, "Classifier-Free Diffusion Guidance".
"""

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from aigc_lib.core.optim import EMA
from aigc_lib.core.pixels import normalize
from aigc_lib.core.training import insist_on_finite
from aigc_lib.data.batches import Batches


def loss(network: nn.Module, x: Tensor, tokens: Tensor, rng: torch.Generator) -> Tensor:
    """Mean square error of the velocity at random times: a scalar, in squared units of the pixels.

    Args:
        network: (x_t, t, tokens) -> velocity, as ``nets.unet.UNet``.
        x: pictures (N, C, H, W) in [-1, 1].
        tokens: their descriptions, int64 (N, L).
        rng: draws noise and times, on the pictures' device.
    """
    z = torch.randn(x.shape, device=x.device, generator=rng)
    t = torch.rand(len(x), device=x.device, generator=rng)
    place = t[:, None, None, None]
    error: Tensor = network((1 - place) * z + place * x, t, tokens) - (x - z)
    return error.square().mean()


def fit(
    network: nn.Module,
    batches: Batches,
    images: int,
    *,
    lr: float = 2e-3,
    ema_half_life: float = 2_200,
    drop: float = 0.0,
    null: int = 0,
    seed: int = 0,
    progress: bool = True,
) -> nn.Module:
    """Train until ``images`` pictures were seen; returns the averaged network, in eval mode.

    Args:
        network: see ``loss``.
        batches: endless batches of (uint8 pictures, tokens).
        images: when to stop.
        lr: of Adam.
        ema_half_life: of the averaged weights, in pictures.
        drop: share of the descriptions that are left out, for guidance.
        null: the word that stands in for each word of those.
        seed: of noise and times.
        progress: show a progress bar.

    Raises:
        TrainingError: the loss stopped being a finite number.
    """
    optimizer = torch.optim.Adam(network.parameters(), lr=lr)
    average = EMA(network, ema_half_life)
    rng = torch.Generator(batches.images.device).manual_seed(seed)
    value = torch.zeros(())
    steps = range(0, images, batches.batch)
    for seen in tqdm(steps, desc="flow", unit="step", disable=not progress):
        pictures, tokens = next(batches)
        if drop:
            left_out = torch.rand(len(tokens), 1, device=tokens.device, generator=rng) < drop
            tokens = tokens.masked_fill(left_out, null)
        value = loss(network, normalize(pictures), tokens, rng)
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        average.update(network, batches.batch, seen)
    insist_on_finite({"loss": float(value)}, f"before image {images:,}")
    return average.network


@torch.no_grad()
def sample(
    network: nn.Module,
    tokens: Tensor,
    steps: int,
    seed: int,
    side: int = 32,
    *,
    guidance: float = 1.0,
    null: int = 0,
) -> Tensor:
    """Follow the velocity from noise to pictures (N, 3, side, side) in [-1, 1], in equal steps.

    Args:
        network: see ``loss``.
        tokens: the descriptions, int64 (N, L).
        steps: Euler steps, at least 1; each costs one call of the network, two with guidance.
        seed: of the noise.
        side: of the pictures, in pixels.
        guidance: how many times to go the way from the velocity without a description to the one
            with it; 1 is the latter, and needs no training with ``drop``.
        null: as in ``fit``.

    Raises:
        ValueError: steps < 1.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    rng = torch.Generator(tokens.device).manual_seed(seed)
    x = torch.randn(len(tokens), 3, side, side, device=tokens.device, generator=rng)
    nothing = torch.full_like(tokens, null)
    for k in range(steps):
        t = torch.full((len(x),), k / steps, device=x.device)
        velocity = network(x, t, tokens)
        if guidance != 1:
            free = network(x, t, nothing)
            velocity = free + guidance * (velocity - free)
        x = x + velocity / steps
    return x.clamp(-1, 1)
