"""How a picture turns into noise, and what a network can be asked for (chapter 13).

Time runs from t = 0, noise alone, to t = 1, the picture. Between them lies x_t = a(t) x + b(t) z
with a picture x and noise z from N(0, I); a schedule says how much there is of each.

A network that sees x_t and t is asked for one of three things: the **picture** x, the **noise** z,
or the **velocity** d x_t / dt = a'(t) x + b'(t) z. Each answer gives the other two (``solve``).
Sources: Ho et al., 2020, "Denoising Diffusion Probabilistic Models"; Nichol and Dhariwal, 2021,
"Improved DDPM" (cosine); Salimans and Ho, 2022, "Progressive Distillation" (velocity); Lipman et
al., 2023, "Flow Matching for Generative Modeling" (straight).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Target = Literal["picture", "noise", "velocity"]


@dataclass(frozen=True)
class Schedule:
    """Shares of picture and noise at times t in [0, 1], and their derivatives; tensors to tensors.

    Attributes:
        picture, noise: a(t), from 0 up to 1, and b(t), from 1 down to 0.
        picture_slope, noise_slope: a'(t) and b'(t).
    """

    picture: Callable[[Tensor], Tensor]
    noise: Callable[[Tensor], Tensor]
    picture_slope: Callable[[Tensor], Tensor]
    noise_slope: Callable[[Tensor], Tensor]

    def at(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """a(t) and b(t) of times (N,), shaped (N, 1, 1, 1) to multiply pictures."""
        return _beside_pictures(self.picture(t)), _beside_pictures(self.noise(t))

    def slopes(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """a'(t) and b'(t), shaped likewise."""
        return _beside_pictures(self.picture_slope(t)), _beside_pictures(self.noise_slope(t))

    def snr(self, t: Tensor) -> Tensor:
        """Signal-to-noise ratio (a / b)^2: 0 at t = 0, infinite at t = 1."""
        return (self.picture(t) / self.noise(t)).square()


STRAIGHT = Schedule(lambda t: t, lambda t: 1 - t, torch.ones_like, lambda t: -torch.ones_like(t))
COSINE = Schedule(  # the cosine is written as a sine that is exactly 0 at t = 1
    lambda t: torch.sin(t * math.pi / 2),
    lambda t: torch.sin((1 - t) * math.pi / 2),
    lambda t: torch.sin((1 - t) * math.pi / 2) * math.pi / 2,
    lambda t: -torch.sin(t * math.pi / 2) * math.pi / 2,
)


def target_of(x: Tensor, z: Tensor, t: Tensor, target: Target, schedule: Schedule) -> Tensor:
    """What a network shall answer for pictures x and noise z (N, C, H, W) at times t (N,)."""
    if target == "picture":
        return x
    if target == "noise":
        return z
    a_slope, b_slope = schedule.slopes(t)
    return a_slope * x + b_slope * z


def solve(
    answer: Tensor, x_t: Tensor, t: Tensor, target: Target, schedule: Schedule
) -> tuple[Tensor, Tensor]:
    """Picture and noise (N, C, H, W) that an answer of that kind means at x_t and times t (N,).

    A picture says nothing about the noise where b(t) = 0, nor noise about the picture where
    a(t) = 0; a velocity determines both at all times.
    """
    a, b = schedule.at(t)
    if target == "picture":
        return answer, (x_t - a * answer) / b
    if target == "noise":
        return (x_t - b * answer) / a, answer
    a_slope, b_slope = schedule.slopes(t)
    determinant = a * b_slope - a_slope * b
    picture = (b_slope * x_t - b * answer) / determinant
    return picture, (a * answer - a_slope * x_t) / determinant


def _beside_pictures(values: Tensor) -> Tensor:
    return values[:, None, None, None]
