"""Who says what comes next in a film: three rules and two networks (chapter 19).

Everyone is called as ``next(past, seed)``: frames (N, 4, 32, 32) in [0, 1], the last one last, to
the frame (N, 32, 32) that follows.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from aigc_lib.chapters.ch19_sound_and_motion.bouncing import Clips, centres, draw, fold
from aigc_lib.core.pixels import normalize
from aigc_lib.data.batches import Batches
from aigc_lib.diffusion import samplers
from aigc_lib.diffusion.guidance import denoiser
from aigc_lib.diffusion.training import Diffusion
from aigc_lib.diffusion.training import fit as fit_diffusion
from aigc_lib.nets.unet import UNet

PAST = 4  # frames that one may look at
MIDDLE = 6.5  # of a digit of 14 pixels, from its corner
Next = Callable[[Tensor, int], Tensor]


def copy(past: Tensor, seed: int = 0) -> Tensor:
    """Nothing moves: the last frame again."""
    return past[:, -1]


def linear(past: Tensor, seed: int = 0) -> Tensor:
    """Every pixel goes on as it did: twice the last frame minus the one before."""
    return (2 * past[:, -1] - past[:, -2]).clamp(0, 1)


def shift(past: Tensor, seed: int = 0) -> Tensor:
    """The picture goes on as its centre of light did, through walls."""
    moved = centres(past[:, -1]) - centres(past[:, -2])
    return draw(past[:, -1], moved).clamp(0, 1)


def law(past: Tensor, seed: int = 0) -> Tensor:
    """What somebody programs who knows the law: measure place and speed, and bounce off walls."""
    seen = centres(past) - MIDDLE  # (N, 4, 2)
    steps = seen.diff(dim=1)
    velocity = steps.abs().median(dim=1).values * steps[:, -1].sign()
    here = seen[:, -1]
    return draw(past[:, -1], fold(here + velocity) - here).clamp(0, 1)


class NextFrame(nn.Module):
    """A U-Net that looks at past frames beside a noisy next one, as ``diffusion`` calls it."""

    def __init__(self, widths: tuple[int, ...] = (32, 64)) -> None:
        super().__init__()
        self.unet = UNet(words=1, channels=PAST + 1, widths=widths, condition=64)

    def forward(self, noisy: Tensor, t: Tensor, past: Tensor) -> Tensor:
        """(N, 1, 32, 32), (N,) and uint8 (N, 4, 32, 32) -> (N, 1, 32, 32)."""
        words = torch.zeros(len(noisy), 1, dtype=torch.long, device=noisy.device)
        answer: Tensor = self.unet(torch.cat([normalize(past), noisy], dim=1), t, words)
        return answer[:, -1:]


class Regression(NextFrame):
    """The same network without noise and time: it says the next frame at once."""

    def forward(self, noisy: Tensor, t: Tensor, past: Tensor) -> Tensor:
        """As ``NextFrame``; what it says is how the next frame differs from the last."""
        last = normalize(past[:, -1:])
        return last + super().forward(torch.zeros_like(noisy), torch.zeros_like(t), past)


def windows(clips: Clips, seed: int, batch: int, device: torch.device | str = "cpu") -> Batches:
    """Endless batches of a frame and the four before it."""
    cut = clips.frames.unfold(1, PAST + 1, 1).movedim(-1, 2).flatten(0, 1).to(device)
    return Batches(cut[:, -1:], batch, seed=seed, labels=cut[:, :-1])


def fit(
    kind: str, clips: Clips, images: int, *, seed: int = 0, widths: tuple[int, ...] = (32, 64),
    batch: int = 32, lr: float = 2e-3, device: torch.device | str = "cpu",
    tick: int | None = None, on_tick: Callable[..., None] | None = None,
) -> Diffusion:  # fmt: skip
    """Train ``"regression"`` or ``"flow"`` on so many frames: one loop, two targets."""
    torch.manual_seed(seed)
    network = {"regression": Regression, "flow": NextFrame}[kind](widths)
    target = "picture" if kind == "regression" else "velocity"
    model = Diffusion(network, lr=lr, target=target, seed=seed, device=device)  # type: ignore[arg-type]
    batches = windows(clips, seed, batch, device)
    fit_diffusion(model, batches, images, tick=tick or images, on_tick=on_tick)
    return model


def predictor(model: Diffusion, steps: int = 8) -> Next:
    """What a trained network says comes next; the flow walks ``steps`` steps from fresh noise."""
    single = isinstance(model.average, Regression)

    @torch.no_grad()
    def forward(past: Tensor, seed: int) -> Tensor:
        told = (255 * past).round().to(torch.uint8).to(model.device)
        start = torch.zeros(len(past), 1, *past.shape[2:], device=model.device)
        found: Tensor
        if single:
            found = model.average(start, start[:, 0, 0, 0], told).clamp(-1, 1)
        else:
            rng = torch.Generator().manual_seed(seed)
            start = torch.randn(start.shape, generator=rng).to(model.device)
            denoise = denoiser(model.average, told, limit=1.0)
            found = samplers.sample(denoise, start, samplers.even_times(steps), method="multistep")
        return found[:, 0].cpu().add(1).div(2)

    return forward


def roll_out(following: Next, past: Tensor, frames: int, seed: int = 0) -> Tensor:
    """A film that goes on by itself, each frame made from the last four: (N, frames, 32, 32)."""
    film = past
    for k in range(frames):
        new = following(film[:, -PAST:], 1000 * seed + k)
        film = torch.cat([film, new[:, None]], dim=1)
    return film[:, PAST:]
