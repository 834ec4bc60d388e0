"""Proofs, in numbers, of chapter 13: what the network learns, three answers, the bound."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.stats import norm
from torch.distributions import MultivariateNormal, kl_divergence

from aigc_lib.chapters.ch13_diffusion import closed_forms
from aigc_lib.diffusion import schedules
from tests.chapters.ch13_diffusion.exact import (
    CENTRES,
    COSINE,
    SD,
    SHAPED,
    STRAIGHT,
    at,
    density,
    mean_of,
    pixels,
)

PLACES = pytest.mark.parametrize(("y", "t"), [(0.3, 0.4), (-1.2, 0.7), (2.0, 0.15)])
BOTH = pytest.mark.parametrize(
    ("exact", "schedule"), [(STRAIGHT, schedules.STRAIGHT), (COSINE, schedules.COSINE)]
)


@pytest.mark.label("thm-posterior-mean")
@PLACES
@BOTH
def test_the_best_denoiser_is_the_mean_of_what_may_lie_behind(y, t, exact, schedule) -> None:
    # At one noisy value the mean square of x - guess, given that value, is least at one guess.
    def cost(guess: np.ndarray) -> float:
        return mean_of(lambda x, z: (x - float(guess[0])) ** 2, y, t, exact)

    found = minimize(cost, [0.0], method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-12})
    stated = closed_forms.posterior_mean(pixels(y), at(t), SHAPED, SD, schedule)
    assert stated.item() == pytest.approx(found.x[0], abs=1e-4)
    assert stated.item() == pytest.approx(mean_of(lambda x, z: x, y, t, exact), abs=1e-9)
    # Any other guess costs its squared distance from the best one more.
    for other in (-1.0, 0.7):
        extra = cost(np.array([other])) - cost(np.array([stated.item()]))
        assert extra == pytest.approx((other - stated.item()) ** 2, abs=1e-8)


@pytest.mark.label("thm-finite-data")
def test_on_finite_data_it_is_a_mean_of_pictures_weighted_by_bayes_rule() -> None:
    rng = np.random.default_rng(0)
    pictures = rng.uniform(-1, 1, (12, 1, 3, 3))
    t, y = 0.35, rng.normal(size=(1, 1, 3, 3))
    likelihood = [math.prod(norm.pdf(((y - t * x) / (1 - t)).ravel())) for x in pictures]
    wanted = np.average(pictures, axis=0, weights=likelihood)
    tensors = torch.from_numpy(y), torch.from_numpy(pictures)
    found = closed_forms.posterior_mean(tensors[0], at(t), tensors[1], 0.0)
    assert found[0].numpy() == pytest.approx(wanted, abs=1e-12)
    # Late, one picture is left: the nearest.
    near = torch.from_numpy(0.99 * pictures[3:4] + 0.01 * y)
    late = closed_forms.posterior_mean(near, at(0.99), tensors[1], 0.0)
    assert late[0].numpy() == pytest.approx(pictures[3], abs=1e-12)


@pytest.mark.label("thm-tweedie")
@PLACES
@BOTH
def test_the_score_is_the_denoiser_less_the_point_over_the_noise(y, t, exact, schedule) -> None:
    h = 1e-4
    rise = (math.log(density(y + h, t, exact)) - math.log(density(y - h, t, exact))) / (2 * h)
    a, b = exact(t)
    guess = mean_of(lambda x, z: x, y, t, exact)
    assert (a * guess - y) / b**2 == pytest.approx(rise, rel=1e-5)
    assert -mean_of(lambda x, z: z, y, t, exact) / b == pytest.approx(rise, rel=1e-5)
    stated = closed_forms.score(pixels(y), at(t), SHAPED, SD, schedule)
    assert stated.item() == pytest.approx(rise, rel=1e-5)


@pytest.mark.label("thm-dsm")
def test_the_noise_stands_in_for_the_score_up_to_a_constant() -> None:
    t, grid = 0.45, np.linspace(-5, 5, 2001)
    step, b = grid[1] - grid[0], 1 - t
    x = np.linspace(-3, 4, 1401)
    prior = np.mean([norm.pdf(x, c, SD) for c in CENTRES], axis=0) * (x[1] - x[0])
    joint = norm.pdf(grid[:, None], t * x, b) * prior  # (grid, x): density of x_t, share of x
    p = joint.sum(axis=1)
    score = np.gradient(np.log(p), grid)
    noise = -(grid[:, None] - t * x) / b**2  # the slope of log p(x_t | x)

    def losses(guess: np.ndarray) -> tuple[float, float]:
        true = float(np.sum(p * (guess - score) ** 2) * step)
        stand_in = float(np.sum(joint * (guess[:, None] - noise) ** 2) * step)
        return true, stand_in

    guesses = (np.zeros_like(grid), -grid, np.sin(grid), score)
    apart = [stand_in - true for true, stand_in in map(losses, guesses)]
    assert apart == pytest.approx([apart[0]] * 4, abs=2e-3)
    assert apart[0] > 0.5  # so the stand-in's loss never comes near 0
    # Hence equal gradients: of the one number w in the guess -w x_t, by central differences.
    slopes = [
        (np.array(losses(-(0.8 + 1e-3) * grid)) - np.array(losses(-(0.8 - 1e-3) * grid))) / 2e-3
    ]
    assert slopes[0][0] == pytest.approx(slopes[0][1], rel=1e-3)


@pytest.mark.label("eq-three-answers")
@pytest.mark.parametrize("schedule", [schedules.STRAIGHT, schedules.COSINE])
def test_each_answer_gives_the_other_two(schedule) -> None:
    rng = torch.Generator().manual_seed(0)
    x, z = torch.randn(2, 5, 1, 2, 2, generator=rng, dtype=torch.float64)
    t, h = torch.linspace(0.1, 0.9, 5, dtype=torch.float64), 1e-6
    a, b = schedule.at(t)
    later, earlier = schedule.at(t + h), schedule.at(t - h)
    velocity = ((later[0] - earlier[0]) * x + (later[1] - earlier[1]) * z) / (2 * h)
    for target, answer in (("picture", x), ("noise", z), ("velocity", velocity)):
        picture, noise = schedules.solve(answer, a * x + b * z, t, target, schedule)
        assert torch.allclose(picture, x, atol=1e-8)
        assert torch.allclose(noise, z, atol=1e-8)
    # At both ends only the velocity says all.
    ends = torch.tensor([0.0, 1.0], dtype=torch.float64)
    a, b = schedule.at(ends)
    speed = schedules.target_of(x[:2], z[:2], ends, "velocity", schedule)
    found = schedules.solve(speed, a * x[:2] + b * z[:2], ends, "velocity", schedule)
    assert torch.allclose(found[0], x[:2], atol=1e-12)
    assert torch.allclose(found[1], z[:2], atol=1e-12)


@pytest.mark.label("thm-loss-weights")
@pytest.mark.parametrize("schedule", [schedules.STRAIGHT, schedules.COSINE])
def test_the_three_losses_weigh_one_error_differently(schedule) -> None:
    rng = torch.Generator().manual_seed(1)
    x, z, guess = torch.randn(3, 4, 1, 1, 1, generator=rng, dtype=torch.float64)
    t = torch.tensor([0.1, 0.35, 0.6, 0.85], dtype=torch.float64)
    a, b = schedule.at(t)
    x_t = a * x + b * z
    other = schedules.solve(guess, x_t, t, "picture", schedule)[1]  # the noise that it implies
    square = (guess - x).square()
    assert torch.allclose((other - z).square(), schedule.snr(t).view(-1, 1, 1, 1) * square)
    kinds = ("velocity", schedule)
    speeds = (schedules.target_of(g, e, t, *kinds) for g, e in ((guess, other), (x, z)))
    ours, theirs = speeds
    h = 1e-6
    root = schedule.snr(t + h).sqrt() - schedule.snr(t - h).sqrt()  # of a / b
    weight = (b.flatten() * root / (2 * h)).square().view(-1, 1, 1, 1)
    assert torch.allclose((ours - theirs).square(), weight * square, rtol=1e-6)


@pytest.mark.label("thm-elbo-terms")
@pytest.mark.parametrize(("t", "s"), [(0.2, 0.3), (0.5, 0.9), (0.0, 0.1)])
@BOTH
def test_a_steps_divergence_is_half_the_gain_in_snr(t, s, exact, schedule) -> None:
    # The chain that adds noise goes from s down to t. Its joint law given x, conditioned on x_t by
    # the general rule for Gaussians, is compared with the same rule given the guess.
    (a, b), (a_s, b_s) = exact(t), exact(s)
    kept = a / a_s
    cross = kept * b_s**2  # covariance of x_s and x_t

    def given(x: torch.Tensor, y: float) -> MultivariateNormal:
        mean = a_s * x + cross / b**2 * (y - a * x)
        variance = b_s**2 - cross**2 / b**2
        return MultivariateNormal(mean, variance * torch.eye(2, dtype=torch.float64))

    x = torch.tensor([0.7, -0.3], dtype=torch.float64)
    guess = torch.tensor([0.1, 0.2], dtype=torch.float64)
    found = float(kl_divergence(given(x, 0.4), given(guess, 0.4)))
    square = (x - guess).square().sum()
    stated = closed_forms.step_divergence(at(t), at(s), square, schedule)
    assert stated.item() == pytest.approx(found, rel=1e-9)
    assert found > 1e-4


@pytest.mark.label("eq-bound")
def test_the_bound_holds_and_its_gap_shrinks_with_the_steps() -> None:
    grid = np.linspace(-6, 6, 2001)
    step = grid[1] - grid[0]
    p = np.mean([norm.pdf(grid, c, SD) for c in CENTRES], axis=0)
    truth = -float(np.sum(p * np.log(p)) * step)
    second = SD**2 + np.mean(np.square(CENTRES))

    def error(t: float) -> float:  # E|x - D|^2 = E x^2 - E D^2
        y = torch.from_numpy(grid).view(-1, 1, 1, 1)
        guess = closed_forms.posterior_mean(y, at(t, len(grid)), SHAPED, SD).flatten().numpy()
        a, b = t, 1 - t
        spread = math.sqrt(a**2 * SD**2 + b**2)
        p_t = np.mean([norm.pdf(grid, a * c, spread) for c in CENTRES], axis=0)
        return second - float(np.sum(p_t * guess**2) * step)

    gaps = []
    for steps in (16, 64, 256):
        times = closed_forms.even_in_snr(steps)
        snr = [(t / (1 - t)) ** 2 for t in times]
        terms = [(snr[k + 1] - snr[k]) / 2 * error(times[k]) for k in range(len(times) - 1)]
        last = math.sqrt(1 / snr[-1])
        end = math.log(last * math.sqrt(2 * math.pi)) + 0.5  # of the last Gaussian, N(x_t / a, .)
        gaps.append(sum(terms) + end - truth)
    assert all(gap > 0 for gap in gaps)
    assert all(small < 0.35 * large for large, small in pairwise(gaps))
    assert 0.02 < gaps[-1] < 0.15
