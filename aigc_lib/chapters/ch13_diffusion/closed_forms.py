"""Diffusion where everything is known: data from equal parts of round Gaussians.

With a deviation of 0 the parts are points, and the data are a finite set of pictures, such as a
training set. Noised data are Gaussians again, so that the density, the perfect denoiser and the
score have formulas. Everything has the precision of its arguments: pass float64 to check one.
"""

import math

import torch
from torch import Tensor

from aigc_lib.diffusion.schedules import STRAIGHT, Schedule


def log_parts(
    x: Tensor, t: Tensor, centres: Tensor, sd: float, schedule: Schedule = STRAIGHT
) -> Tensor:
    """log of (part's share times its density at x_t), (N, K); their sum is the density of x_t.

    A part N(c, sd^2 I) of the data is N(a c, (a^2 sd^2 + b^2) I) at time t.

    Args:
        x: points x_t (N, C, H, W).
        t: times (N,), below 1 if sd is 0.
        centres: of the parts, (K, C, H, W).
        sd: deviation of a part in every pixel, at least 0.
        schedule: how data become noise.
    """
    a, b = schedule.at(t)
    variance = (a**2 * sd**2 + b**2).flatten(1)  # (N, 1)
    offset = x.flatten(1)[:, None] - a.flatten(1)[:, None] * centres.flatten(1)  # (N, K, pixels)
    scale = offset.shape[2] * (2 * math.pi * variance).log() / 2 + math.log(len(centres))
    return -offset.square().sum(dim=2) / (2 * variance) - scale


def log_density(
    x: Tensor, t: Tensor, centres: Tensor, sd: float, schedule: Schedule = STRAIGHT
) -> Tensor:
    """log p_t(x_t), (N,), in nats; the arguments are those of ``log_parts``."""
    return log_parts(x, t, centres, sd, schedule).logsumexp(dim=1)


def posterior_mean(
    x: Tensor, t: Tensor, centres: Tensor, sd: float, schedule: Schedule = STRAIGHT
) -> Tensor:
    """The perfect denoiser E[x | x_t], (N, C, H, W); the arguments are those of ``log_parts``.

    Each part has its own answer, c + a sd^2 / (a^2 sd^2 + b^2) (x_t - a c), and counts with the
    probability that x_t comes from it. With sd = 0: a softmax-weighted mean of the pictures.
    """
    shares = log_parts(x, t, centres, sd, schedule).softmax(dim=1)
    mean = (shares @ centres.flatten(1)).view_as(x)
    a, b = schedule.at(t)
    return mean + a * sd**2 / (a**2 * sd**2 + b**2) * (x - a * mean)


def score(
    x: Tensor, t: Tensor, centres: Tensor, sd: float, schedule: Schedule = STRAIGHT
) -> Tensor:
    """The slope of log p_t at x_t, (N, C, H, W), by Tweedie's formula: (a D - x_t) / b^2."""
    a, b = schedule.at(t)
    return (a * posterior_mean(x, t, centres, sd, schedule) - x) / b**2


def step_divergence(t: Tensor, s: Tensor, square: Tensor, schedule: Schedule = STRAIGHT) -> Tensor:
    """KL of the step from t to s that knows the picture from the one that guesses it, in nats.

    (SNR(s) - SNR(t)) / 2 times ``square``, the squared distance of the picture from its guess.
    """
    return (schedule.snr(s) - schedule.snr(t)) / 2 * square


def even_in_snr(steps: int, first: float = -6.0, last: float = 9.0) -> list[float]:
    """Times of the straight path: 0, and then so that log SNR goes in even steps.

    Args:
        steps: how many steps after the one that leaves t = 0, at least 1.
        first: log SNR where that one ends.
        last: log SNR where the last one ends.
    """
    ladder = torch.linspace(first, last, steps + 1, dtype=torch.float64)
    return [0.0, *(ladder / 2).sigmoid().tolist()]


def guided_sd(inside: float, overall: float, weight: float) -> float:
    """Deviation that guidance arrives at, if a class is N(m, inside^2) and all is N(0, overall^2).

    ``inside^weight * overall^(1 - weight)``, whatever the schedule.
    """
    return math.pow(inside, weight) * math.pow(overall, 1 - weight)


def sharpened_sd(inside: float, overall: float, weight: float) -> float:
    """Deviation of the density p(x | class)^weight p(x)^(1 - weight), scaled to integrate to 1.

    Raises:
        ValueError: it cannot be scaled: it grows without end.
    """
    precision = weight / inside**2 + (1 - weight) / overall**2
    if precision <= 0:
        raise ValueError(f"weight {weight} leaves no density: its precision is {precision:.3g}")
    return 1 / math.sqrt(precision)
