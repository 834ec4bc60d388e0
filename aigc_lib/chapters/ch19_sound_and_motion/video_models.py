"""Who says how a film goes on: five rules and two networks (chapter 19).

Everyone is called as ``go_on(past, frames, seed)``: frames (N, 4, 32, 32) in [0, 1], the last one
last, to those (N, frames, 32, 32) that follow.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from aigc_lib.chapters.ch19_sound_and_motion import bouncing
from aigc_lib.chapters.ch19_sound_and_motion.bouncing import centres, draw, fold
from aigc_lib.core.pixels import normalize
from aigc_lib.data.batches import Batches
from aigc_lib.diffusion import samplers
from aigc_lib.diffusion.guidance import denoiser
from aigc_lib.diffusion.training import Diffusion
from aigc_lib.diffusion.training import fit as fit_diffusion
from aigc_lib.nets.unet import UNet

PAST = 4  # frames that one may look at
GoOn = Callable[[Tensor, int, int], Tensor]


def roll_out(following: Callable[[Tensor, int], Tensor]) -> GoOn:
    """Go on by a frame made from the last four, and again with that one among them."""

    def go_on(past: Tensor, frames: int, seed: int = 0) -> Tensor:
        film = past
        for k in range(frames):
            new = following(film[:, -PAST:], 1000 * seed + k)
            film = torch.cat([film, new[:, None]], dim=1)
        return film[:, PAST:]

    return go_on


def _moved(picture: Tensor, by: Tensor) -> Tensor:
    """Pictures (N, 32, 32), each drawn anew at all of its places ``by`` (N, T, 2) away."""
    n, frames = by.shape[:2]
    made = draw(picture.repeat_interleave(frames, 0), by.flatten(0, 1)).clamp(0, 1)
    return made.view(n, frames, *picture.shape[1:])


def copy(past: Tensor, frames: int, seed: int = 0) -> Tensor:
    """Nothing moves: the last frame again."""
    return past[:, -1:].expand(-1, frames, -1, -1)


def middle(past: Tensor, frames: int, seed: int = 0) -> Tensor:
    """It knows nothing of where: the digit in the middle, for ever."""
    by = (bouncing.SIZE - 1) / 2 - centres(past[:, -1])
    return _moved(past[:, -1], by[:, None].expand(-1, frames, -1))


def linear(past: Tensor, frames: int, seed: int = 0) -> Tensor:
    """Every pixel goes on as it did: twice the last frame minus the one before, and so on."""
    return roll_out(lambda seen, _: (2 * seen[:, -1] - seen[:, -2]).clamp(0, 1))(past, frames, seed)


def shift(past: Tensor, frames: int, seed: int = 0) -> Tensor:
    """The picture goes on as its centre of light did, and through walls."""
    step = centres(past[:, -1]) - centres(past[:, -2])
    return _moved(past[:, -1], step[:, None] * torch.arange(1, frames + 1)[:, None])


def law(past: Tensor, frames: int, seed: int = 0) -> Tensor:
    """What somebody programs who knows the law: place and speed, kept, and walls.

    Of all starts and speeds it takes those whose folded way lies nearest to the four centres seen,
    and draws the last frame anew wherever the digit then is.
    """
    starts, speeds = torch.arange(0, bouncing.ROOM + 0.05, 0.1), torch.arange(-3, 3.025, 0.05)
    ways = starts[:, None, None] + speeds[:, None] * torch.arange(PAST + frames)
    ways = fold(ways).flatten(0, 1)  # every start with every speed: (ways, times)
    seen = (centres(past) - bouncing.MIDDLE).transpose(1, 2)  # (N, 2, 4)
    best = torch.cdist(seen.contiguous(), ways[:, :PAST].contiguous()).argmin(-1)
    places = ways[best].transpose(1, 2)
    return _moved(past[:, -1], places[:, PAST:] - places[:, PAST - 1 : PAST])


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


def fit(
    kind: str, clips: bouncing.Clips, images: int, *, seed: int = 0, batch: int = 32,
    widths: tuple[int, ...] = (32, 64), lr: float = 2e-3, device: torch.device | str = "cpu",
    tick: int | None = None, on_tick: Callable[..., None] | None = None,
) -> Diffusion:  # fmt: skip
    """Train ``"regression"`` or ``"flow"`` on so many frames: one loop, two targets."""
    torch.manual_seed(seed)
    network = {"regression": Regression, "flow": NextFrame}[kind](widths)
    target = "picture" if kind == "regression" else "velocity"
    model = Diffusion(network, lr=lr, target=target, seed=seed, device=device)  # type: ignore[arg-type]
    cut = clips.frames.unfold(1, PAST + 1, 1).movedim(-1, 2).flatten(0, 1).to(device)
    batches = Batches(cut[:, -1:], batch, seed=seed, labels=cut[:, :-1])
    fit_diffusion(model, batches, images, tick=tick or images, on_tick=on_tick)
    return model


def predictor(model: Diffusion, steps: int = 8) -> GoOn:
    """How a trained network goes on; the flow walks ``steps`` steps from fresh noise a frame."""
    single = isinstance(model.average, Regression)

    @torch.no_grad()
    def following(past: Tensor, seed: int) -> Tensor:
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

    return roll_out(following)
