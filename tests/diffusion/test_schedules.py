"""aigc_lib.diffusion.schedules: shares, slopes, and each answer from every other."""

import math
from typing import get_args

import pytest
import torch

from aigc_lib.diffusion.schedules import COSINE, STRAIGHT, Schedule, Target, solve, target_of

SCHEDULES = pytest.mark.parametrize("schedule", [STRAIGHT, COSINE], ids=["straight", "cosine"])
TARGETS = get_args(Target)


def pairs(n: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures and noise in float64."""
    x, z = torch.randn(2, n, 3, 4, 5, generator=torch.Generator().manual_seed(0)).double()
    return x, z


def test_the_shares_are_the_published_ones() -> None:
    t = torch.linspace(0, 1, 11, dtype=torch.float64)
    torch.testing.assert_close(STRAIGHT.picture(t) + STRAIGHT.noise(t), torch.ones_like(t))
    assert torch.equal(STRAIGHT.picture(t), t)
    variance = COSINE.picture(t).square() + COSINE.noise(t).square()  # it keeps the variance
    torch.testing.assert_close(variance, torch.ones_like(t))
    assert float(COSINE.noise(t)[5]) == pytest.approx(math.cos(math.pi / 4), rel=1e-12)


@SCHEDULES
def test_from_noise_alone_to_the_picture_alone(schedule: Schedule) -> None:
    for dtype in (torch.float32, torch.float64):  # exactly, as the samplers need at the ends
        a, b = schedule.at(torch.tensor([0.0, 1.0], dtype=dtype))
        assert a.flatten().tolist() == [0, 1]
        assert b.flatten().tolist() == [1, 0]
    a, b = (share(torch.linspace(0, 1, 50)) for share in (schedule.picture, schedule.noise))
    assert bool((a.diff() > 0).all())
    assert bool((b.diff() < 0).all())


@SCHEDULES
def test_slopes_are_finite_differences(schedule: Schedule) -> None:
    t, h = torch.linspace(0.01, 0.99, 40, dtype=torch.float64), 1e-5
    for share, slope in (
        (schedule.picture, schedule.picture_slope),
        (schedule.noise, schedule.noise_slope),
    ):
        wanted = (share(t + h) - share(t - h)) / (2 * h)
        torch.testing.assert_close(slope(t), wanted, rtol=0, atol=1e-9)


@SCHEDULES
def test_signal_to_noise(schedule: Schedule) -> None:
    t = torch.linspace(0, 1, 21, dtype=torch.float64)
    snr = schedule.snr(t)
    assert snr[0] == 0
    assert snr[-1] == math.inf
    assert bool((snr.diff() > 0).all())
    inner = t[1:-1]
    ratio = torch.tan(inner * math.pi / 2) if schedule is COSINE else inner / (1 - inner)
    torch.testing.assert_close(snr[1:-1], ratio.square())


@SCHEDULES
@pytest.mark.parametrize("target", TARGETS)
def test_solve_inverts_what_was_asked_for(schedule: Schedule, target: Target) -> None:
    x, z = pairs()
    t = torch.linspace(0.02, 0.98, len(x), dtype=torch.float64)
    a, b = (share(t)[:, None, None, None] for share in (schedule.picture, schedule.noise))
    answer = target_of(x, z, t, target, schedule)
    picture, noise = solve(answer, a * x + b * z, t, target, schedule)
    torch.testing.assert_close(picture, x, rtol=0, atol=1e-12)
    torch.testing.assert_close(noise, z, rtol=0, atol=1e-12)


@SCHEDULES
def test_at_the_ends_a_velocity_still_tells_both(schedule: Schedule) -> None:
    x, z = pairs(2)
    t = torch.tensor([0.0, 1.0], dtype=torch.float64)
    x_t = torch.stack([z[0], x[1]])  # noise alone, and the picture alone
    answer = target_of(x, z, t, "velocity", schedule)
    picture, noise = solve(answer, x_t, t, "velocity", schedule)
    torch.testing.assert_close(picture, x, rtol=0, atol=1e-12)
    torch.testing.assert_close(noise, z, rtol=0, atol=1e-12)


@SCHEDULES
def test_the_velocity_is_the_derivative_of_the_path(schedule: Schedule) -> None:
    x, z = pairs()
    t, h = torch.linspace(0.1, 0.9, len(x), dtype=torch.float64), 1e-5

    def path(t: torch.Tensor) -> torch.Tensor:
        a, b = schedule.at(t)
        return a * x + b * z

    wanted = (path(t + h) - path(t - h)) / (2 * h)
    found = target_of(x, z, t, "velocity", schedule)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-8)


@SCHEDULES
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_shapes_and_kinds_follow_the_times(schedule: Schedule, dtype: torch.dtype) -> None:
    t = torch.rand(5, dtype=dtype)
    for part in (*schedule.at(t), *schedule.slopes(t)):
        assert part.shape == (5, 1, 1, 1)
        assert part.dtype == dtype
    assert schedule.snr(t).dtype == dtype
    far = t.to("meta")
    for part in (*schedule.at(far), *schedule.slopes(far), schedule.snr(far)):
        assert part.device.type == "meta"


@SCHEDULES
@pytest.mark.parametrize("target", TARGETS)
def test_each_picture_has_its_own_time(schedule: Schedule, target: Target) -> None:
    x, z = pairs(3)
    t = torch.tensor([0.2, 0.5, 0.7], dtype=torch.float64)
    together = solve(x, z, t, target, schedule)
    for i in range(3):
        alone = solve(x[i : i + 1], z[i : i + 1], t[i : i + 1], target, schedule)
        for whole, part in zip(together, alone, strict=True):
            torch.testing.assert_close(whole[i : i + 1], part)
