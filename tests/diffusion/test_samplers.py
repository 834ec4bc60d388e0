"""aigc_lib.diffusion.samplers on a Gaussian, where all is known: orders, draws, calls, refusals."""

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from aigc_lib.diffusion import samplers
from aigc_lib.diffusion.samplers import even_times, sample, walk
from aigc_lib.diffusion.schedules import COSINE, STRAIGHT, Schedule

SCHEDULES = pytest.mark.parametrize("schedule", [STRAIGHT, COSINE], ids=["straight", "cosine"])
METHODS = ("euler", "ancestral", "heun", "multistep")
MEAN, SPREAD = 0.4, 0.5  # of the pictures' pixels, which are independent


def shares(t: float, schedule: Schedule) -> tuple[float, float]:
    """Shares of picture and noise, written out again."""
    if schedule is STRAIGHT:
        return t, 1 - t
    return math.sin(t * math.pi / 2), math.cos(t * math.pi / 2)


def variance(t: float, schedule: Schedule, spread: float = SPREAD) -> float:
    a, b = shares(t, schedule)
    return (a * spread) ** 2 + b**2


def knows(schedule: Schedule, spread: float = SPREAD) -> Callable[[Tensor, Tensor], Tensor]:
    """The denoiser of these pictures: the conditional mean of two Gaussians."""

    def denoise(x: Tensor, t: Tensor) -> Tensor:
        assert t.shape == (len(x),)
        assert len(t.unique()) == 1
        a, _ = shares(float(t[0]), schedule)
        return MEAN + a * spread**2 / variance(float(t[0]), schedule, spread) * (x - a * MEAN)

    return denoise


def noise(n: int = 3, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(n, 1, 4, 4, generator=rng, dtype=dtype)


def error(method: str, steps: int, schedule: Schedule) -> float:
    """How far the walk from t = 0.1 to 0.9 ends from where the flow does."""
    times = [0.1 + 0.8 * k / steps for k in range(steps + 1)]
    x = noise()
    *_, (found, _) = walk(knows(schedule), x, times, method=method, schedule=schedule)
    stretch = math.sqrt(variance(0.9, schedule) / variance(0.1, schedule))
    (a, _), (a_end, _) = shares(0.1, schedule), shares(0.9, schedule)
    wanted = a_end * MEAN + stretch * (x - a * MEAN)
    return float((found - wanted).square().mean().sqrt())


@SCHEDULES
@pytest.mark.parametrize(("method", "order"), [("euler", 1), ("heun", 2), ("multistep", 2)])
def test_orders_of_convergence(method: str, order: int, schedule: Schedule) -> None:
    errors = [error(method, steps, schedule) for steps in (32, 64, 128)]
    for coarse, fine in pairwise(errors):
        assert math.log2(coarse / fine) == pytest.approx(order, abs=0.15)
    assert 1e-7 < errors[-1] < 0.02


@SCHEDULES
def test_fresh_noise_keeps_the_share_of_noise_in_few_steps(schedule: Schedule) -> None:
    """One picture only: what lies at time t is then a(t) times it, and noise of b(t), exactly."""
    times, rng = even_times(4), torch.Generator().manual_seed(1)
    x = noise(2_000)
    steps = walk(knows(schedule, 0.0), x, times, method="ancestral", schedule=schedule, rng=rng)
    for t, (there, clean) in zip(times[1:], steps, strict=True):
        torch.testing.assert_close(clean, torch.full_like(clean, MEAN))
        a, b = shares(t, schedule)
        n = there.numel()
        assert float(there.mean()) == pytest.approx(a * MEAN, abs=5 * b / math.sqrt(n) + 1e-12)
        wanted = pytest.approx(b**2, abs=5 * b**2 * math.sqrt(2 / n) + 1e-12)
        assert float(there.var()) == wanted


@SCHEDULES
def test_fresh_noise_gives_the_pictures_in_many_steps(schedule: Schedule) -> None:
    drawn = []
    for seed in (2, 9):
        rng = torch.Generator().manual_seed(seed)
        *_, (x, _) = walk(knows(schedule), noise(500), even_times(100), method="ancestral",
                          schedule=schedule, rng=rng)  # fmt: skip
        n = x.numel()
        assert float(x.mean()) == pytest.approx(MEAN, abs=5 * SPREAD / math.sqrt(n))
        assert float(x.std()) == pytest.approx(SPREAD, rel=0.05)  # chance, and the steps' length
        drawn.append(x.flatten())
    # From the same noise, mostly other pictures.
    assert abs(float(torch.corrcoef(torch.stack(drawn))[0, 1])) < 0.5


def test_without_uncertainty_one_step_is_enough() -> None:
    for method in METHODS:
        found = sample(knows(STRAIGHT, 0.0), noise(), [0.0, 1.0], method=method)
        torch.testing.assert_close(found, torch.full_like(found, MEAN))


@SCHEDULES
@pytest.mark.parametrize("method", METHODS)
def test_calls_of_the_network(method: str, schedule: Schedule) -> None:
    seen, denoise = [], knows(schedule)

    def counted(x: Tensor, t: Tensor) -> Tensor:
        seen.append(float(t[0]))
        return denoise(x, t)

    list(walk(counted, noise(), even_times(4), method=method, schedule=schedule))
    if method == "heun":  # the last step ends where there is no slope: it asks once
        assert seen == [0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75]
    else:
        assert seen == [0, 0.25, 0.5, 0.75]
    seen.clear()
    list(walk(counted, noise(), [0.2, 0.5, 0.9], method=method, schedule=schedule))
    assert len(seen) == (4 if method == "heun" else 2)


@SCHEDULES
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_walk_tells_where_it_is_and_what_it_expects(
    method: str, schedule: Schedule, dtype: torch.dtype
) -> None:
    x, times, denoise = noise(dtype=dtype), [0.0, 0.3, 0.7, 1.0], knows(schedule)
    before, n = x.clone(), 0
    for now, (there, clean) in zip(
        times, walk(denoise, x, times, method=method, schedule=schedule), strict=False
    ):
        assert torch.is_grad_enabled()  # between two steps the world is as it was
        torch.testing.assert_close(clean, denoise(before, torch.full((3,), now, dtype=dtype)))
        assert there.shape == x.shape
        assert there.dtype == dtype
        assert bool(there.isfinite().all())
        before, n = there, n + 1
    assert n == 3
    torch.testing.assert_close(before, clean)  # at t = 1 stands what was expected


def test_times_are_as_exact_as_the_pictures() -> None:
    seen = []
    list(walk(lambda x, t: seen.append(t) or x, noise(), [0.1, 0.7]))
    assert seen[0].dtype == torch.float64
    assert float(seen[0][0]) == 0.1


@pytest.mark.parametrize("method", METHODS)
def test_a_sample_is_the_end_of_the_walk_cut_off(method: str) -> None:
    x, times, far = noise(), even_times(3), lambda x, t: 3 * x
    *_, (end, _) = walk(far, x, times, method=method, rng=torch.Generator().manual_seed(4))
    found = sample(far, x, times, method=method, rng=torch.Generator().manual_seed(4))
    assert float(end.abs().max()) > 1
    assert torch.equal(found, end.clamp(-1, 1))


def test_the_weights_of_the_network_stay_out_of_it() -> None:
    weight = torch.ones((), dtype=torch.float64, requires_grad=True)
    assert not sample(lambda x, t: weight * x, noise(), even_times(2)).requires_grad


@SCHEDULES
def test_slope_is_the_velocity_of_the_flow(schedule: Schedule) -> None:
    x, h, t = noise(), 1e-5, torch.full((3,), 0.6, dtype=torch.float64)

    def place(time: float) -> Tensor:
        a, _ = shares(time, schedule)
        return a * MEAN + math.sqrt(variance(time, schedule)) * x

    wanted = (place(0.6 + h) - place(0.6 - h)) / (2 * h)
    there = place(0.6)
    found = samplers.slope(there, knows(schedule)(there, t), t, schedule)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-8)


@pytest.mark.parametrize(
    "times",
    [[], [0.0], [0.0, 0.0], [0.5, 0.2], [0.0, 0.6, 0.6, 1.0], [0.0, math.nan], [-0.1, 1.0],
     [0.0, 1.5]],
)  # fmt: skip
def test_times_that_do_not_rise_from_0_to_1_are_refused(times: list[float]) -> None:
    with pytest.raises(ValueError, match="times must rise"):
        next(walk(knows(STRAIGHT), noise(), times))
    with pytest.raises(ValueError, match="times must rise"):
        sample(knows(STRAIGHT), noise(), times)


def test_other_methods_are_refused() -> None:
    with pytest.raises(ValueError, match="no method 'ddpm': take euler, ancestral, heun or"):
        next(walk(knows(STRAIGHT), noise(), [0.0, 1.0], method="ddpm"))


def test_even_times() -> None:
    assert even_times(1) == [0, 1]
    assert even_times(4) == [0, 0.25, 0.5, 0.75, 1]
    assert even_times(3)[-1] == 1
    with pytest.raises(ValueError, match="steps must be at least 1, got 0"):
        even_times(0)
