"""Few steps from many: a student learns where its teacher's walk goes (chapter 13).

The teacher walks from noise to pictures in many small, guided steps. The student starts with the
teacher's weights and learns to reach the same places in one or two large ones: for each large step
from x at time t to y at time s, its velocity shall be (y - x) / (s - t). It asks no guidance, so it
calls the network once a step.
Sources: Luhman and Luhman, 2021, "Knowledge Distillation in Iterative Generative Models"; Salimans
and Ho, 2022, "Progressive Distillation for Fast Sampling of Diffusion Models".
"""

import copy
from itertools import pairwise

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from aigc_lib.core import optim
from aigc_lib.core.pixels import to_uint8
from aigc_lib.core.training import insist_on_finite
from aigc_lib.diffusion.guidance import denoiser
from aigc_lib.diffusion.samplers import sample, walk
from aigc_lib.recipes.diffusion import SIDE, Drawing

BATCH = 64


def places(
    teacher: nn.Module, labels: Tensor, times: list[float], seed: int, how: Drawing
) -> Tensor:
    """Where the teacher's walks are at the student's times: (len(times), N, 1, 28, 28), from noise.

    Args:
        teacher: the network that is walked with.
        labels: int64 (N,), what is drawn.
        times: of the student's steps, from 0 to 1; the teacher makes ``how.steps`` in all, evenly
            spread, of which these must be some.
        seed: of the noise.
        how: the teacher's guidance, steps and method.

    Raises:
        ValueError: a time at which no step of the teacher ends.
    """
    fine = [k / how.steps for k in range(how.steps + 1)]
    if not set(times) <= set(fine):
        raise ValueError(f"{times} are not among the teacher's times {fine}")
    rng, null = torch.Generator().manual_seed(seed), torch.tensor([10])
    parts = []
    for some in labels.split(250):
        x = torch.randn(len(some), 1, SIDE, SIDE, generator=rng)
        denoise = denoiser(teacher, some[:, None], null, how.guidance, limit=1.0)
        states = [x, *(y for y, _ in walk(denoise, x, fine, method=how.method))]
        parts.append(torch.stack([states[fine.index(t)] for t in times]))
    return torch.cat(parts, dim=1)


def fit(
    teacher: nn.Module,
    labels: Tensor,
    states: Tensor,
    times: list[float],
    images: int,
    *,
    lr: float = 3e-3,
    seed: int = 0,
    progress: bool = True,
) -> nn.Module:
    """A student of the teacher, in eval mode, that makes the step from each time to the next.

    Args:
        teacher: the network whose weights the student starts with; it stays as it is.
        labels, states, times: what ``places`` was given and returned.
        images: how many steps the student sees, each of one picture.
        lr: of Adam; falls to a hundredth along half a cosine.
        seed: of the order.

    Raises:
        TrainingError: the loss stopped being a finite number.
    """
    student = copy.deepcopy(teacher).train().requires_grad_(True)
    student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer, average = optim.adam(student, lr, (0.9, 0.99)), optim.EMA(student, 5_000)
    rng = torch.Generator().manual_seed(seed)
    large = list(pairwise(times))
    loss = torch.zeros(())
    for seen in tqdm(range(0, images, BATCH), desc="student", disable=not progress):
        optim.set_lr(optimizer, optim.cosine_lr(seen, images, lr, 3_000, 0.01))
        k = int(torch.randint(len(large), (), generator=rng))
        chosen = torch.randint(len(labels), (BATCH,), generator=rng)
        (t, s), x = large[k], states[k, chosen]
        wanted = (states[k + 1, chosen] - x) / (s - t)
        answer = student(x, torch.full((BATCH,), t), labels[chosen, None])
        loss = (answer - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        average.update(student, BATCH, seen)
    insist_on_finite({"loss": float(loss.detach())}, f"before image {images:,}")
    return average.network


@torch.no_grad()
def draw(student: nn.Module, labels: Tensor, times: list[float], seed: int) -> Tensor:
    """Pictures uint8 (N, 1, 28, 28) of the classes (N,), in the student's large steps."""
    rng = torch.Generator().manual_seed(seed)
    made = []
    for some in labels.split(250):
        noise = torch.randn(len(some), 1, SIDE, SIDE, generator=rng)
        made.append(sample(denoiser(student, some[:, None]), noise, times))
    return to_uint8(torch.cat(made))
