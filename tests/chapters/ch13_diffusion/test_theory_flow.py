"""Proofs, in numbers, of chapter 13: flow matching, samplers as integrators, guidance."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from scipy.stats import kstest, norm

from aigc_lib.chapters.ch13_diffusion import closed_forms
from aigc_lib.diffusion import samplers, schedules
from tests.chapters.ch13_diffusion.exact import (
    CENTRES,
    COSINE,
    SD,
    SHAPED,
    STRAIGHT,
    at,
    density,
    expect,
    mean_of,
    pixels,
)

BOTH = pytest.mark.parametrize(
    ("exact", "schedule"), [(STRAIGHT, schedules.STRAIGHT), (COSINE, schedules.COSINE)]
)
Slope = Callable[[float, float], float]


def slopes_of(exact, t: float, h: float = 1e-6) -> tuple[float, float]:
    """a'(t) and b'(t), by central differences."""
    (a1, b1), (a0, b0) = exact(t + h), exact(t - h)
    return (a1 - a0) / (2 * h), (b1 - b0) / (2 * h)


def denoise(y: float, t: float) -> float:
    """The perfect denoiser of the straight path, in NumPy."""
    variance = (t * SD) ** 2 + (1 - t) ** 2
    offset = y - t * np.array(CENTRES)
    share = np.exp(-(offset**2) / (2 * variance))
    each = np.array(CENTRES) + t * SD**2 / variance * offset
    return float((share * each).sum() / share.sum())


def flow(t: float, y: np.ndarray) -> np.ndarray:
    """The velocity of the straight path."""
    return (np.array([denoise(float(v), t) for v in y]) - y) / (1 - t)


@pytest.mark.label("thm-flow-marginal")
@BOTH
def test_the_mean_velocity_carries_the_density(exact, schedule) -> None:
    h = 1e-3
    for y, t in ((0.3, 0.4), (-0.9, 0.6)):
        a_slope, b_slope = slopes_of(exact, t)

        def speed(x: float, z: float, a: float = a_slope, b: float = b_slope) -> float:
            return a * x + b * z

        def current(y: float, t: float = t, speed: Slope = speed) -> float:
            return expect(speed, y, t, exact)  # density times mean velocity

        change = (density(y, t + h, exact) - density(y, t - h, exact)) / (2 * h)
        outflow = (current(y + h) - current(y - h)) / (2 * h)
        assert change == pytest.approx(-outflow, rel=1e-4, abs=1e-5)
        assert abs(change) > 1e-2
        # The mean square error of any guess is that of the mean plus their distance squared, so the
        # loss against one pair's velocity and that against the mean have the same minimum.
        mean = current(y) / density(y, t, exact)
        for guess in (-1.0, 0.5):
            pair, best = (
                mean_of(lambda x, z, g=g, f=speed: (f(x, z) - g) ** 2, y, t, exact)
                for g in (guess, mean)
            )
            assert pair - best == pytest.approx((guess - mean) ** 2, rel=1e-6)


@pytest.mark.label("thm-flow-is-diffusion")
@BOTH
def test_the_velocity_is_made_of_the_denoiser(exact, schedule) -> None:
    y, t = 0.4, 0.55
    a_slope, b_slope = slopes_of(exact, t)
    mean = mean_of(lambda x, z: a_slope * x + b_slope * z, y, t, exact)
    place, time = pixels(y), at(t)
    guess = closed_forms.posterior_mean(place, time, SHAPED, SD, schedule)
    assert samplers.slope(place, guess, time, schedule).item() == pytest.approx(mean, rel=1e-7)


@pytest.mark.label("thm-one-flow")
def test_two_schedules_have_the_same_lines_at_other_times_and_scales() -> None:
    # Follow the straight path's flow, and the cosine's, from noise of the same size to the same
    # ratio of picture to noise; there they differ by the scale b alone.
    start, end = 0.1, 0.8
    ratio = [t / (1 - t) for t in (start, end)]
    other = [math.atan(r) * 2 / math.pi for r in ratio]  # where the cosine has that ratio
    places = np.array([-1.3, -0.2, 0.6, 1.4])

    def cosine(t: float, y: np.ndarray) -> np.ndarray:
        (a, b), (a_slope, b_slope) = COSINE(t), slopes_of(COSINE, t)
        # Its denoiser is the straight one's, asked at the place and time of the same ratio.
        same = (a / b) / (1 + a / b)
        guess = np.array([denoise(float(v) * (1 - same) / b, same) for v in y])
        return a_slope * guess + b_slope * (y - a * guess) / b

    exact = {"rtol": 1e-10, "atol": 1e-12}
    one = solve_ivp(flow, (start, end), places, **exact).y[:, -1]
    scale = [COSINE(other[k])[1] / (1 - t) for k, t in enumerate((start, end))]
    two = solve_ivp(cosine, tuple(other), places * scale[0], **exact).y[:, -1]
    assert two == pytest.approx(one * scale[1], abs=1e-7)
    guess = mean_of(lambda x, z: x, 0.3, other[1], COSINE)
    assert guess == pytest.approx(denoise(0.3 / scale[1], end), abs=1e-9)


@pytest.mark.label("thm-probability-flow")
def test_with_and_without_fresh_noise_the_marginals_are_the_same() -> None:
    mean, sd, steps = 0.5, 0.4, 400
    rng = np.random.default_rng(0)
    smooth, rough = rng.normal(size=(2, 20_000))
    for k in range(int(0.9 * steps)):
        t = k / steps

        def guess(y: np.ndarray, t: float = t) -> np.ndarray:
            gain = t * sd**2 / ((t * sd) ** 2 + (1 - t) ** 2)
            return mean + gain * (y - t * mean)

        smooth = smooth + (guess(smooth) - smooth) / (1 - t) / steps
        g = math.sqrt(2 * (1 - t))
        score = (t * guess(rough) - rough) / (1 - t) ** 2
        drift = (guess(rough) - rough) / (1 - t) + g**2 / 2 * score
        rough = rough + drift / steps + g * math.sqrt(1 / steps) * rng.normal(size=len(rough))
        without = (guess(rough) - rough) / (1 - t)
    wanted = norm(0.9 * mean, math.hypot(0.9 * sd, 0.1))
    for points in (smooth, rough):
        assert kstest(points, wanted.cdf).statistic < 0.02  # at 20,000 points, chance gives 0.014
    assert np.abs(without).mean() > 0.1  # the flow itself did not stand still


@pytest.mark.label("thm-ddim-straight")
def test_a_ddim_step_is_eulers_on_the_straight_path_and_exact_for_one_answer() -> None:
    y, guess, t, s = 0.7, -0.4, 0.3, 0.55
    ddim = s * guess + (1 - s) * (y - t * guess) / (1 - t)  # picture and noise, mixed anew
    euler = y + (s - t) * (guess - (y - t * guess) / (1 - t))
    assert ddim == pytest.approx(euler, abs=1e-15)
    arguments = pixels(y), pixels(guess), at(t), at(s)
    assert samplers.step(*arguments, schedules.STRAIGHT).item() == pytest.approx(euler, abs=1e-15)
    # On the cosine it is not Euler's step, and it is exact if the denoiser's answer stays.
    stepped = samplers.step(*arguments, schedules.COSINE).item()
    a, b = COSINE(t)
    rates = slopes_of(COSINE, t)
    assert abs(stepped - (y + (s - t) * (rates[0] * guess + rates[1] * (y - a * guess) / b))) > 1e-2

    def constant(t: float, y: np.ndarray) -> np.ndarray:
        (a, b), (a_slope, b_slope) = COSINE(t), slopes_of(COSINE, t)
        return a_slope * guess + b_slope * (y - a * guess) / b

    exact = solve_ivp(constant, (t, s), [y], rtol=1e-10, atol=1e-12).y[0, -1]
    assert stepped == pytest.approx(exact, abs=1e-8)


@pytest.mark.label("thm-orders")
@pytest.mark.parametrize(("method", "order"), [("euler", 1), ("heun", 2), ("multistep", 2)])
def test_halving_the_steps_divides_the_error_by_two_to_the_order(method, order) -> None:
    places = np.linspace(-1.5, 1.5, 7)
    truth = solve_ivp(flow, (0.1, 0.9), places, rtol=1e-11, atol=1e-12).y[:, -1]
    known = partial(closed_forms.posterior_mean, centres=SHAPED, sd=SD)
    errors = []
    for steps in (64, 128, 256):
        times = np.linspace(0.1, 0.9, steps + 1).tolist()
        *_, (end, _) = samplers.walk(known, pixels(*places), times, method=method)
        errors.append(float(np.abs(end.flatten().numpy() - truth).max()))
    measured = -np.diff(np.log2(errors))
    assert measured == pytest.approx([order] * 2, abs=0.25)
    assert errors[-1] > 1e-8


@pytest.mark.label("thm-guidance-not-sharpened")
@pytest.mark.parametrize("schedule", [schedules.STRAIGHT, schedules.COSINE])
@pytest.mark.parametrize(("inside", "weight"), [(0.5, 2.0), (0.3, 1.5), (1.0, 3.0)])
def test_guidance_arrives_at_a_narrower_spread_than_the_sharpened_density(
    schedule, inside, weight
) -> None:
    overall, mean = 1.0, 0.8
    class_, all_ = (
        partial(closed_forms.posterior_mean, centres=pixels(c), sd=sd, schedule=schedule)
        for c, sd in ((mean, inside), (0.0, overall))
    )

    def guided(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return all_(x, t) + weight * (class_(x, t) - all_(x, t))

    times = np.linspace(1e-4, 1 - 1e-4, 401).tolist()
    x = pixels(-1.0, 0.0, 1.0)  # all is linear: three points tell where every point goes
    *_, (end, _) = samplers.walk(guided, x, times, method="heun", schedule=schedule)
    low, middle, high = end.flatten().tolist()
    assert high - middle == pytest.approx(middle - low, rel=1e-9)
    spread = (high - low) / 2
    assert closed_forms.guided_sd(inside, overall, weight) == pytest.approx(spread, rel=2e-3)
    grid = np.linspace(-30, 30, 60_001)
    power = weight * norm.logpdf(grid, mean, inside) + (1 - weight) * norm.logpdf(grid, 0, overall)
    q = np.exp(power - power.max())
    q /= q.sum()
    sharp = math.sqrt((q * grid**2).sum() - (q * grid).sum() ** 2)
    assert closed_forms.sharpened_sd(inside, overall, weight) == pytest.approx(sharp, rel=1e-6)
    if inside == overall:
        assert spread == pytest.approx(sharp, rel=2e-3)
        assert middle == pytest.approx((q * grid).sum(), rel=5e-3)
    else:
        assert spread < 0.9 * sharp
