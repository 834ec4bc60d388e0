"""Every step of a walk against Hugging Face's schedulers, on one and the same network.

Their time runs backwards, in whole numbers, and their betas stand for our a(t): a scheduler is
built so that its list of noise levels is ours.
"""

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    FlowMatchHeunDiscreteScheduler,
    HeunDiscreteScheduler,
)
from torch import Tensor

from aigc_lib.diffusion.guidance import denoiser
from aigc_lib.diffusion.samplers import Method, even_times, walk
from aigc_lib.diffusion.schedules import COSINE, STRAIGHT, Schedule, Target, solve
from tests.support import noisy

N = 5
UNEVEN = [0.05, 0.1, 0.3, 0.45, 0.8, 0.95, 1.0]
# Without a picture at the start, as in a schedule of Karras et al.: x_t = picture + sigma noise.
SIGMA = 3.0
EXPLODING = Schedule(
    torch.ones_like,
    lambda t: SIGMA * (1 - t),
    torch.zeros_like,
    lambda t: torch.full_like(t, -SIGMA),
)


def start(seed: int = 1) -> Tensor:
    return torch.randn(N, *noisy.SHAPE, generator=torch.Generator().manual_seed(seed))


def network(target: Target, schedule: Schedule) -> Callable[[Tensor, float], Tensor]:
    """The answers at x and one time, without any sampler of ours."""
    net = noisy.network()

    @torch.no_grad()
    def answer(x: Tensor, t: float) -> Tensor:
        return net(x, torch.full((len(x),), t), noisy.told(len(x)))

    return answer


def ours(times: list[float], method: Method, target: Target, schedule: Schedule, **more):
    """The places that the walk goes through, and the pictures that it expects."""
    denoise = denoiser(noisy.network(), noisy.told(N), target=target, schedule=schedule)
    walked = list(walk(denoise, start(), times, method=method, schedule=schedule, **more))
    return [x for x, _ in walked], [clean for _, clean in walked]


def compare(found: list[Tensor], wanted: list[Tensor]) -> None:
    assert len(found) == len(wanted) > 3
    for x, y in zip(found, wanted, strict=True):
        assert float(y.std()) > 0.1
        torch.testing.assert_close(x, y, rtol=1e-5, atol=1e-5)
    moved = min(float((a - b).abs().max()) for a, b in pairwise(wanted))
    assert moved > 1e-3  # a step that did nothing would be no evidence


def betas(levels: Tensor) -> list[float]:
    """Betas of the picture's squared shares, given from noise to picture, in float64."""
    shares = levels.flip(0)
    before = torch.cat([torch.ones(1, dtype=shares.dtype), shares[:-1]])
    return (1 - shares / before).tolist()


def squared(times: list[float]) -> Tensor:
    return COSINE.picture(torch.tensor(times[:-1], dtype=torch.float64)).square()


@pytest.mark.parametrize("times", [even_times(6), [0.0, *UNEVEN]], ids=["even", "uneven"])
def test_euler_on_straight_paths(times: list[float]) -> None:
    theirs = FlowMatchEulerDiscreteScheduler(shift=1.0)
    theirs.set_timesteps(sigmas=[1 - t for t in times[:-1]])
    answer, x, wanted = network("velocity", STRAIGHT), start(), []
    for t, timestep in zip(times, theirs.timesteps, strict=False):
        x = theirs.step(-answer(x, t), timestep, x).prev_sample
        wanted.append(x)
    compare(ours(times, "euler", "velocity", STRAIGHT)[0], wanted)


def test_heun_on_straight_paths() -> None:
    """Their list of noise levels ends at one over the number of training steps, then at zero."""
    theirs = FlowMatchHeunDiscreteScheduler(num_train_timesteps=6, shift=1.0)
    theirs.set_timesteps(6)
    answer, x, wanted = network("velocity", STRAIGHT), start(), []
    for timestep in theirs.timesteps:
        x = theirs.step(-answer(x, 1 - float(timestep) / 6), timestep, x).prev_sample
        if theirs.state_in_first_order or timestep == theirs.timesteps[-1]:
            wanted.append(x)
    compare(ours(even_times(6), "heun", "velocity", STRAIGHT)[0], wanted)


def test_heun_where_the_noise_alone_changes() -> None:
    """Theirs steps in sigma = b / a: the same as ours if a = 1, and another rule if not."""
    times = even_times(6)
    sigmas = EXPLODING.noise(torch.tensor(times[:-1], dtype=torch.float64))
    theirs = HeunDiscreteScheduler(
        6, trained_betas=betas(1 / (1 + sigmas.square())), prediction_type="sample"
    )
    theirs.set_timesteps(6)
    torch.testing.assert_close(theirs.sigmas.unique().flip(0)[:-1].double(), sigmas)
    answer, x, wanted = network("picture", EXPLODING), start(), []
    for timestep in theirs.timesteps:
        x = theirs.step(answer(x, 1 - (float(timestep) + 1) / 6), timestep, x).prev_sample
        if theirs.state_in_first_order or timestep == theirs.timesteps[-1]:
            wanted.append(x)
    compare(ours(times, "heun", "picture", EXPLODING)[0], wanted)


def ddim(target: Target, times: list[float], rng: torch.Generator | None = None):
    kinds = {"picture": "sample", "noise": "epsilon", "velocity": "v_prediction"}
    theirs = DDIMScheduler(
        len(times) - 1,
        trained_betas=betas(squared(times)),
        clip_sample=False,
        prediction_type=kinds[target],
    )
    theirs.set_timesteps(len(times) - 1)
    # The v of Salimans and Ho is a z - b x: our velocity, over -pi / 2.
    scale = -2 / torch.pi if target == "velocity" else 1.0
    answer, x, steps, pictures = network(target, COSINE), start(), [], []
    for t, timestep in zip(times, theirs.timesteps, strict=False):
        eta = 0.0 if rng is None else 1.0
        done = theirs.step(scale * answer(x, t), int(timestep), x, eta=eta, generator=rng)
        x = done.prev_sample
        steps.append(x)
        pictures.append(done.pred_original_sample)
    return steps, pictures


@pytest.mark.parametrize("times", [even_times(6), [0.0, *UNEVEN]], ids=["even", "uneven"])
@pytest.mark.parametrize("target", ["picture", "velocity"])
def test_euler_is_ddim(target: Target, times: list[float]) -> None:
    for found, wanted in zip(
        ours(times, "euler", target, COSINE), ddim(target, times), strict=True
    ):
        compare(found, wanted)


def test_euler_is_ddim_for_a_network_that_tells_the_noise() -> None:
    """From t = 0.4 on: where there is little of the picture, a small error becomes a large one."""
    times = [0.4, 0.5, 0.6, 0.75, 0.9, 1.0]
    for found, wanted in zip(
        ours(times, "euler", "noise", COSINE), ddim("noise", times), strict=True
    ):
        compare(found, wanted)


@pytest.mark.parametrize("times", [even_times(6)[1:], UNEVEN], ids=["even", "uneven"])
@pytest.mark.parametrize("target", ["picture", "velocity"])
def test_ancestral_is_ddim_with_eta_1(target: Target, times: list[float]) -> None:
    """After t = 0, where theirs takes the root of what rounding makes negative."""
    wanted = ddim(target, times, torch.Generator().manual_seed(7))
    rng = torch.Generator().manual_seed(7)
    for found, right in zip(ours(times, "ancestral", target, COSINE, rng=rng), wanted, strict=True):
        compare(found, right)


def multistep(theirs: DPMSolverMultistepScheduler, times: list[float], schedule: Schedule):
    theirs.set_begin_index(0)
    answer, x, wanted = network("velocity", schedule), start(), []
    for t, timestep in zip(times, theirs.timesteps, strict=False):
        told = answer(x, t)
        clean, _ = solve(told, x, torch.full((N,), t), "velocity", schedule)
        x = theirs.step(clean, timestep, x).prev_sample
        wanted.append(x)
    return wanted


def test_multistep_is_dpm_solver_where_the_variance_is_kept() -> None:
    """From t = 0.05 on: at t = 0 their logarithm is of zero, where we take a step of order one."""
    theirs = DPMSolverMultistepScheduler(
        len(UNEVEN) - 1,
        trained_betas=betas(squared(UNEVEN)),
        prediction_type="sample",
        solver_order=2,
        solver_type="midpoint",
        final_sigmas_type="zero",
    )
    theirs.set_timesteps(timesteps=list(range(len(UNEVEN) - 2, -1, -1)))
    wanted = multistep(theirs, UNEVEN, COSINE)
    compare(ours(UNEVEN, "multistep", "velocity", COSINE)[0], wanted)
    euler = ours(UNEVEN, "euler", "velocity", COSINE)[0]
    assert float((euler[-1] - wanted[-1]).abs().max()) > 1e-3  # it is another method


def test_multistep_is_dpm_solver_on_straight_paths() -> None:
    times = [0.1 + 0.9 * k / 6 for k in range(7)]
    theirs = DPMSolverMultistepScheduler(
        10, prediction_type="sample", use_flow_sigmas=True, final_sigmas_type="zero"
    )
    theirs.set_timesteps(6)
    levels = torch.tensor([1 - t for t in times[:-1]] + [0.0])
    torch.testing.assert_close(theirs.sigmas, levels)
    wanted = multistep(theirs, times, STRAIGHT)
    compare(ours(times, "multistep", "velocity", STRAIGHT)[0], wanted)


def test_multistep_from_noise_alone_is_the_algorithm_of_the_paper() -> None:
    """Lu et al., algorithm 2, whose logarithm has no value at t = 0: one step of order one more."""
    times = even_times(6)
    answer, x, wanted, past = network("velocity", STRAIGHT), start(), [], []
    for t, s in pairwise(times):
        clean = x + (1 - t) * answer(x, t)
        lengths = [torch.tensor(v / (1 - v)).log() if 0 < v < 1 else None for v in (t, s)]
        mixed = clean
        if None not in lengths and past and past[-1][0] is not None:
            h, before = lengths[1] - lengths[0], lengths[0] - past[-1][0]
            r = before / h
            mixed = (1 + 1 / (2 * r)) * clean - 1 / (2 * r) * past[-1][1]
        # x_s = (b_s / b_t) x_t - a_s (e^-h - 1) D, where e^-h = (a_t / b_t) / (a_s / b_s)
        x = (1 - s) / (1 - t) * x - s * (t / (1 - t) * (1 - s) / s - 1) * mixed
        past.append((lengths[0], clean))
        wanted.append(x)
    compare(ours(times, "multistep", "velocity", STRAIGHT)[0], wanted)
