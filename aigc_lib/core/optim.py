"""Optimisers, learning rates and weight averaging."""

import copy
import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


def adam(
    network: nn.Module, lr: float, betas: tuple[float, float] = (0.5, 0.99), fused: bool = True
) -> torch.optim.Adam:
    """Adam with the settings that adversarial training wants.

    Two departures from PyTorch's defaults: ``beta1`` is 0.5 instead of 0.9, because the loss
    changes under the optimiser's feet and long momentum overshoots (Radford et al., 2015); and one
    fused kernel updates all parameters instead of one small kernel for each. ``fused=False`` is the
    eager twin.

    Args:
        network: its parameters that require a gradient are updated.
        lr: step size, positive.
        betas: decay of the first and second moment, each in [0, 1).
        fused: update all parameters in one kernel where the device has one.

    Raises:
        ValueError: ``lr`` is not positive, or no parameter requires a gradient (PyTorch itself
            refuses bad betas).
    """
    if not lr > 0:
        raise ValueError(f"lr must be positive, got {lr}")
    parameters = [p for p in network.parameters() if p.requires_grad]
    if not parameters:
        raise ValueError("the network has no parameter that requires a gradient")
    kind = parameters[0].device.type
    fused = fused and kind in ("cpu", "cuda")
    # Capturable: the step count lies on the GPU, so that a CUDA graph can hold the update.
    graphs = kind == "cuda"
    lr = rate(lr, parameters[0].device)
    return torch.optim.Adam(parameters, lr=lr, betas=betas, fused=fused, capturable=graphs)


def rate(lr: float, device: torch.device) -> Any:
    """A learning rate as the optimiser wants it: on a GPU a tensor, so that a recorded step reads
    what it is at that moment.
    """
    return torch.tensor(lr, device=device) if device.type == "cuda" else lr


def cosine_lr(step: int, steps: int, lr: float, warmup: int, last: float = 0.1) -> float:
    """Learning rate of step 0, 1, ...: up in a line, then down half a cosine to ``last * lr``."""
    if step < warmup:
        return lr * (step + 1) / warmup
    done = (step - warmup) / max(1, steps - warmup)
    return lr * (last + (1 - last) * (1 + math.cos(math.pi * min(1.0, done))) / 2)


def set_lr(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Give every group of parameters this learning rate; a rate on a GPU changes there."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(lr)
        else:
            group["lr"] = lr


class EMA:
    """Exponential moving average of a network's weights.

    After each step, ``average <- decay * average + (1 - decay) * weights``. The decay follows from
    a half-life in images: after ``half_life`` more images a weight's old value counts one half,
    whatever the batch size, ``decay = 0.5 ** (batch / half_life)``. Early in training the half-life
    is shortened to a share of what has been seen (``ramp``), so that the random start is forgotten.
    Source: Yazici et al., 2019, "The Unusual Effectiveness of Averaging in GAN Training"; the
    half-life and the ramp as in Karras et al., 2020, StyleGAN2-ADA.

    Args:
        network: the network to average; ``self.network`` is a frozen copy of it.
        half_life: in images, positive.
        ramp: upper bound on the half-life as a share of the images seen so far.

    Raises:
        ValueError: half_life or ramp is not positive.
    """

    def __init__(self, network: nn.Module, half_life: float, ramp: float = 0.1) -> None:
        if not half_life > 0 or not ramp > 0:
            raise ValueError(f"half_life and ramp must be positive, got {half_life} and {ramp}")
        self.half_life = half_life
        self.ramp = ramp
        self.network = copy.deepcopy(network).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, network: nn.Module, batch: int, images_seen: int) -> None:
        """Move the average toward ``network``; ``images_seen`` counts up to before this step."""
        half_life = max(min(self.half_life, self.ramp * images_seen), 1e-8)
        decay = 0.5 ** (batch / half_life)
        averages, current = list(_tensors(self.network)), list(_tensors(network))
        floats = [i for i, tensor in enumerate(averages) if tensor.is_floating_point()]
        move = get_ema_multi_avg_fn(decay)
        move([averages[i] for i in floats], [current[i] for i in floats], 0)
        counters = [i for i in range(len(averages)) if i not in set(floats)]
        if counters:  # such as BatchNorm's: copied, like the average in one kernel for all
            torch._foreach_copy_([averages[i] for i in counters], [current[i] for i in counters])

    def state_dict(self) -> dict[str, Any]:
        """The averaged weights."""
        return self.network.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore averaged weights."""
        self.network.load_state_dict(state)


def _tensors(network: nn.Module) -> Iterator[Tensor]:
    yield from network.parameters()
    yield from network.buffers()
