"""A denoiser made of a network, a description, and how strongly to insist on it (chapter 13).

A network that was trained with and without descriptions gives two answers. Guidance goes from the
one without through the one with, and on: ``without + weight * (with - without)``. Weight 0 ignores
the description, 1 follows it as trained, more exaggerates it. Source: Ho and Salimans, 2022,
"Classifier-Free Diffusion Guidance"; for ``after``, Kynkäänniemi et al., 2024, arXiv:2404.07724.
"""

import torch
from torch import Tensor, nn

from aigc_lib.diffusion.samplers import Denoiser
from aigc_lib.diffusion.schedules import STRAIGHT, Schedule, Target, solve


def denoiser(
    network: nn.Module,
    tokens: Tensor,
    null: Tensor | None = None,
    weight: float = 1.0,
    *,
    after: float = 0.0,
    target: Target = "velocity",
    schedule: Schedule = STRAIGHT,
    limit: float | None = None,
) -> Denoiser:
    """The denoiser D(x_t, t) of a network that was told ``tokens``.

    Args:
        network: (x_t, t, tokens) -> its answer (N, C, H, W).
        tokens: the descriptions, int64 (N, L).
        null: the empty description (L,), which the network must have seen in training.
        weight: of guidance; any other than 1 asks the network twice a call, in one batch.
        after: the time from which on the weight holds; before it, the answer is as trained.
        target: what the network answers.
        schedule: what it was trained with.
        limit: cut the expected pictures to [-limit, limit], which guidance may leave.

    Raises:
        ValueError: a weight without a null description.
    """
    if weight != 1 and null is None:
        raise ValueError(f"guidance {weight} needs the null description that training dropped to")

    def denoise(x: Tensor, t: Tensor) -> Tensor:
        if weight == 1 or null is None:
            answer = network(x, t, tokens)
        else:
            both = torch.cat([tokens, null.expand_as(tokens)])
            told, untold = network(torch.cat([x, x]), torch.cat([t, t]), both).chunk(2)
            strength = torch.where(t < after, 1, t.new_full((), weight))[:, None, None, None]
            answer = untold + strength * (told - untold)
        clean = solve(answer, x, t, target, schedule)[0]
        return clean if limit is None else clean.clamp(-limit, limit)

    return denoise
