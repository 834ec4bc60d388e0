"""Who says how a film goes on: five rules and three networks (chapter 19).

Everyone is called as ``go_on(past, frames, seed)``: frames (N, 4, 32, 32) in [0, 1], the last one
last, to those (N, frames, 32, 32) that follow.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, pixel_shuffle, pixel_unshuffle, silu

from aigc_lib.chapters.ch19_sound_and_motion import bouncing
from aigc_lib.chapters.ch19_sound_and_motion.bouncing import centres, draw, fold
from aigc_lib.core.pixels import normalize
from aigc_lib.data.batches import Batches
from aigc_lib.diffusion import samplers
from aigc_lib.diffusion.guidance import denoiser
from aigc_lib.diffusion.training import Diffusion
from aigc_lib.diffusion.training import fit as fit_diffusion
from aigc_lib.nets.unet import UNet

PAST, AHEAD = 4, 4  # frames to look at; and to say in training, for who keeps a state
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


class Recurrent(nn.Module):
    """A convolutional GRU, which keeps a state from frame to frame, as ``diffusion`` calls it.

    Ballas et al. (2016, arXiv:1511.06432). Training shows it true frames, but in place of the last
    ``own`` what it said itself; asked to go on, it reads four true frames, and then its own.
    """

    def __init__(self, own: int = 0, width: int = 60) -> None:
        super().__init__()
        self.own, self.width = own, width
        self.enter = nn.Conv2d(16, width, 3, padding=1)  # of 4 x 4 pixels each
        self.gates = nn.Conv2d(2 * width, 2 * width, 3, padding=1)
        self.candidate = nn.Conv2d(2 * width, width, 3, padding=1)
        self.between = nn.Conv2d(width, width, 3, padding=1)
        self.leave = nn.Conv2d(width, 16, 3, padding=1)

    def forward(self, noisy: Tensor, t: Tensor, film: Tensor) -> Tensor:
        """uint8 (N, T, 32, 32) -> (N, T - 3, 32, 32), what follows each but the first three."""
        true, made = normalize(film), list[Tensor]()
        given = film.shape[1] - self.own if self.training else PAST
        state = true.new_zeros(len(film), self.width, 8, 8)
        for k in range(film.shape[1]):
            last = true[:, k : k + 1] if k < given else made[-1].clamp(-1, 1)
            parts = pixel_unshuffle(last, 4).contiguous(memory_format=torch.channels_last)
            state = self.keep(silu(self.enter(parts)), state)
            made.append(last + pixel_shuffle(self.leave(silu(self.between(state))), 4))
        return torch.cat(made[PAST - 1 :], dim=1)

    def keep(self, x: Tensor, state: Tensor) -> Tensor:
        """The state (N, width, 8, 8) after x: z state + (1 - z) candidate, with z in (0, 1)."""
        z, r = self.gates(torch.cat([x, state], dim=1)).sigmoid().chunk(2, dim=1)
        new = self.candidate(torch.cat([x, r * state], dim=1)).tanh()
        return torch.lerp(new, state, z)


KINDS: dict[str, Callable[..., nn.Module]] = {
    "regression": Regression, "flow": NextFrame, "recurrent": Recurrent,
    "own frames": partial(Recurrent, AHEAD - 1)}  # fmt: skip
STATEFUL = ("recurrent", "own frames")  # one network, trained in two ways


def fit(
    kind: str, clips: bouncing.Clips, images: int, *, seed: int = 0, batch: int = 32,
    widths: tuple[int, ...] = (32, 64), lr: float = 2e-3, device: torch.device | str = "cpu",
    tick: int | None = None, on_tick: Callable[..., None] | None = None,
) -> Diffusion:  # fmt: skip
    """Train one of ``KINDS`` to say so many frames; ``widths`` are of the U-Nets. To the loop, the
    ``AHEAD`` frames that a network with a state says of a film in a row are one image."""
    torch.manual_seed(seed)
    network = KINDS[kind](*([] if kind in STATEFUL else [widths]))
    ahead, target = AHEAD if kind in STATEFUL else 1, "velocity" if kind == "flow" else "picture"
    model = Diffusion(network, lr=lr, target=target, seed=seed, device=device,  # type: ignore[arg-type]
                      ema_half_life=5_000 / ahead)  # fmt: skip
    cut = clips.frames.unfold(1, PAST + ahead, 1).movedim(-1, 2).flatten(0, 1).to(device)
    batches = Batches(cut[:, PAST:], batch // ahead, seed=seed, labels=cut[:, :-1])
    fit_diffusion(model, batches, images // ahead, warmup=3_000 // ahead,
                  tick=(tick or images) // ahead, on_tick=on_tick)  # fmt: skip
    return model


def predictor(model: Diffusion, steps: int = 8) -> GoOn:
    """How a trained network goes on; the flow walks ``steps`` steps from fresh noise a frame."""

    @torch.no_grad()
    def keeping(past: Tensor, frames: int, seed: int = 0) -> Tensor:
        told = pad((255 * past).round().to(torch.uint8), (0, 0, 0, 0, 0, frames - 1))
        made: Tensor = model.average(*3 * [told.to(model.device)])  # noise and time are not read
        return made.cpu().clamp(-1, 1).add(1).div(2)

    @torch.no_grad()
    def following(past: Tensor, seed: int) -> Tensor:
        told = (255 * past).round().to(torch.uint8).to(model.device)
        start = torch.zeros(len(past), 1, *past.shape[2:], device=model.device)
        found: Tensor
        if isinstance(model.average, Regression):
            found = model.average(start, start[:, 0, 0, 0], told).clamp(-1, 1)
        else:
            rng = torch.Generator().manual_seed(seed)
            start = torch.randn(start.shape, generator=rng).to(model.device)
            denoise = denoiser(model.average, told, limit=1.0)
            found = samplers.sample(denoise, start, samplers.even_times(steps), method="multistep")
        return found[:, 0].cpu().add(1).div(2)

    return keeping if isinstance(model.average, Recurrent) else roll_out(following)
