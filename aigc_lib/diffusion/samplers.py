"""From noise to pictures: one walk, and steps of many kinds (chapter 13).

All steps use one thing only, the denoiser D(x_t, t): the mean of all pictures that x_t may have
come from. The probability flow then goes d x_t / dt = a'(t) D + b'(t) (x_t - a(t) D) / b(t).

euler     DDIM (Song et al., 2021, "Denoising Diffusion Implicit Models", with eta = 0): the picture
          and the noise of this moment, mixed anew for the next. First order.
ancestral DDIM with eta = 1: part of the noise is replaced by fresh noise, as in DDPM.
heun      a trial step, and then one with the mean of both slopes (Karras et al., 2022, "Elucidating
          the Design Space", algorithm 1). Second order, two calls of the network a step.
multistep DPM-Solver++(2M) (Lu et al., 2022, "DPM-Solver++", algorithm 2): extrapolates from the
          denoiser's last two answers. Second order, one call a step.
"""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from aigc_lib.diffusion.schedules import STRAIGHT, Schedule

Denoiser = Callable[[Tensor, Tensor], Tensor]
"""Pictures x_t (N, C, H, W) and times (N,) to the pictures that are expected behind them."""
Method = Literal["euler", "ancestral", "heun", "multistep"]


def even_times(steps: int) -> list[float]:
    """The times 0, 1 / steps, ..., 1.

    Raises:
        ValueError: steps < 1.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    return [k / steps for k in range(steps + 1)]


@torch.no_grad()
def walk(
    denoise: Denoiser,
    x: Tensor,
    times: list[float],
    *,
    method: Method = "euler",
    schedule: Schedule = STRAIGHT,
    rng: torch.Generator | None = None,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Go through the times; yields x at the next time, and the picture expected before the step.

    Args:
        denoise: see ``Denoiser``.
        x: where the walk starts, (N, C, H, W): noise, if the first time is 0.
        times: rising, in [0, 1].
        method: see above.
        schedule: the one that the denoiser knows.
        rng: of the fresh noise of ``ancestral``.

    Raises:
        ValueError: times that do not rise or leave [0, 1], or an unknown method.
    """
    inside = all(0 <= time <= 1 for time in times)
    if len(times) < 2 or not inside or any(a >= b for a, b in pairwise(times)):
        raise ValueError(f"times must rise from first to last, in [0, 1], got {times}")
    if method not in ("euler", "ancestral", "heun", "multistep"):
        raise ValueError(f"no method {method!r}: take euler, ancestral, heun or multistep")
    before: tuple[Tensor, Tensor] | None = None  # the answer one step ago, and its time
    for now, then in pairwise(times):
        t, s = (x.new_full((len(x),), value) for value in (now, then))
        clean = denoise(x, t)
        if method == "heun" and then < 1:
            x = _heun(denoise, x, clean, t, s, schedule)
        elif method == "ancestral":
            x = _ancestral(x, clean, t, s, schedule, rng)
        else:
            used = clean
            if method == "multistep" and before is not None:
                used = clean + _ahead(t, s, before[1], schedule) * (clean - before[0])
            x = step(x, used, t, s, schedule)
        before = clean, t
        yield x, clean


def sample(
    denoise: Denoiser,
    x: Tensor,
    times: list[float],
    *,
    method: Method = "euler",
    schedule: Schedule = STRAIGHT,
    rng: torch.Generator | None = None,
) -> Tensor:
    """The end of a ``walk``, whose arguments it takes: pictures (N, C, H, W), cut to [-1, 1]."""
    steps = walk(denoise, x, times, method=method, schedule=schedule, rng=rng)
    return deque(steps, maxlen=1).pop()[0].clamp(-1, 1)


def step(x: Tensor, clean: Tensor, t: Tensor, s: Tensor, schedule: Schedule) -> Tensor:
    """From x at time t to time s, if ``clean`` is the picture in it: a(s) clean + b(s) noise."""
    (a, b), (a_next, b_next) = schedule.at(t), schedule.at(s)
    return a_next * clean + b_next * (x - a * clean) / b


def slope(x: Tensor, clean: Tensor, t: Tensor, schedule: Schedule) -> Tensor:
    """d x / dt at time t < 1, if ``clean`` is the picture in x."""
    (a, b), (a_slope, b_slope) = schedule.at(t), schedule.slopes(t)
    return a_slope * clean + b_slope * (x - a * clean) / b


def _heun(
    denoise: Denoiser, x: Tensor, clean: Tensor, t: Tensor, s: Tensor, schedule: Schedule
) -> Tensor:
    length, first = (s - t)[:, None, None, None], slope(x, clean, t, schedule)
    trial = x + length * first
    return x + length * (first + slope(trial, denoise(trial, s), s, schedule)) / 2


def _ancestral(
    x: Tensor,
    clean: Tensor,
    t: Tensor,
    s: Tensor,
    schedule: Schedule,
    rng: torch.Generator | None,
) -> Tensor:
    """A draw from what x_s may be, given x_t and the picture: its mean, and its spread.

    The spread is b(s) sqrt(1 - SNR(t) / SNR(s)): none at the end, all of b(s) from pure noise.
    """
    (a, b), (a_next, b_next) = schedule.at(t), schedule.at(s)
    kept = a * b_next / (a_next * b)  # the square root of SNR(t) / SNR(s), finite at both ends
    fresh = torch.randn(x.shape, device=x.device, generator=rng)
    old = (x - a * clean) / b
    return a_next * clean + b_next * (kept * old + (1 - kept**2).sqrt() * fresh)


def _ahead(t: Tensor, s: Tensor, before: Tensor, schedule: Schedule) -> Tensor:
    """How far ``multistep`` extrapolates: half the step's length over that of the one before.

    Lengths are of the logarithm of a / b. It has no start at t = 0 and no end at t = 1: the
    steps that touch these, and the one after the first, are of first order.
    """
    here, there, past = (0.5 * schedule.snr(time).log() for time in (t, s, before))
    ahead = (there - here) / (here - past) / 2
    return torch.where(ahead.isfinite(), ahead, 0.0)[:, None, None, None]
