"""One job on several processes: ``torchrun --nproc-per-node 2 -m aigc_lib train`` (chapter 09).

Data parallelism in its plainest form. Every process (a **rank**) holds the whole model, draws the
same batch and the same noise, and works on its own share of both; before an optimiser's step the
gradients are averaged over the ranks. So all ranks keep the same weights, and N ranks make the step
that one would make with the whole batch: exactly, up to the order of sums, where a sample's loss
depends on that sample alone. (BatchNorm and the minibatch spread see a rank's own share.)

Left out on purpose: ``DistributedDataParallel``. It overlaps communication with the backward pass,
which matters for large models, but it must see every forward and backward pass, and an adversarial
step makes several of each, some of them for one player only.

Without torchrun everything here does nothing.
"""

import os
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

TIMEOUT = timedelta(minutes=5)


class RankLost(RuntimeError):
    """Another process of the job is gone."""


def start(device: torch.device) -> None:
    """Join the job that torchrun started, if it did: NCCL between GPUs, gloo between CPUs."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not dist.is_initialized():
        backend = "nccl" if device.type == "cuda" else "gloo"
        dist.init_process_group(backend, timeout=TIMEOUT)


def stop() -> None:
    """Leave the job, once all work is done."""
    if dist.is_initialized():
        dist.destroy_process_group()


def rank() -> int:
    """This process's number in the job, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def world() -> int:
    """How many processes the job has; 1 without torchrun."""
    return dist.get_world_size() if dist.is_initialized() else 1


def share(batch: Any) -> Any:
    """This rank's part of a batch: every ``world()``-th sample, of a tensor or a tuple of them.

    Raises:
        ValueError: the batch cannot be divided evenly; the mean of means would then be another.
    """
    if world() == 1:
        return batch
    if isinstance(batch, tuple):
        return tuple(share(part) for part in batch)
    if len(batch) % world():
        raise ValueError(f"a batch of {len(batch)} cannot be shared evenly by {world()} processes")
    return batch[rank() :: world()]


@torch.no_grad()
def average(tensors: Iterable[Tensor]) -> None:
    """Replace each tensor by its mean over the ranks, in one exchange.

    Raises:
        RankLost: another rank stopped or cannot be reached.
    """
    if world() == 1:
        return
    held = list(tensors)
    flat = torch.cat([tensor.flatten() for tensor in held])
    try:
        dist.all_reduce(flat)
    except RuntimeError as error:
        raise RankLost(
            f"rank {rank()} of {world()} lost another process of the job ({error}). Start the same "
            "command again: it goes on from the last checkpoint."
        ) from error
    flat /= world()
    parts = torch.split(flat, [tensor.numel() for tensor in held])
    for tensor, part in zip(held, parts, strict=True):
        tensor.copy_(part.view_as(tensor))


def link(optimizer: torch.optim.Optimizer) -> None:
    """Make ``optimiser`` average its parameters' gradients over the ranks before each step."""

    def exchange(which: torch.optim.Optimizer, *_: Any) -> None:
        parameters = (p for group in which.param_groups for p in group["params"])
        average(p.grad for p in parameters if p.grad is not None)

    optimizer.register_step_pre_hook(exchange)
