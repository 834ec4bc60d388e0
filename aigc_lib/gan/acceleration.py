"""The same game faster, switched on from outside: memory layout, bfloat16, compiling, CUDA graphs.

Each has its eager twin, and a test that holds the two equal (chapter 09).
"""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from aigc_lib.core import distributed
from aigc_lib.core.speed import Recorded, Speed, accelerated, tune
from aigc_lib.gan.losses import NON_SATURATING, AdversarialLoss
from aigc_lib.gan.state import Gan
from aigc_lib.gan.training import count, play


def accelerate(gan: Gan, speed: Speed) -> Gan:
    """Let the steps of these players use the switches of ``speed``; returns the same players.

    Only how the steps call the two networks changes, and how weights lie in memory. Penalties call
    the discriminator itself, which stays eager and in float32. With ``speed.graph``, ``fit`` takes
    recorded steps; not in a job of several processes, whose exchange no graph can hold.
    """
    tune(speed, gan.device)
    gan.generate = accelerated(gan.generator, speed, gan.device)
    gan.discriminate = accelerated(gan.discriminator, speed, gan.device)
    if speed.channels_last:
        gan.average.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    gan.advance = RecordedStep() if speed.graph and distributed.world() == 1 else None
    return gan


class RecordedStep:
    """``training.step``, recorded as a CUDA graph on a GPU and replayed; on a CPU it is the same.

    For one pair of players and one game, see ``accelerate``.
    """

    def __init__(self) -> None:
        # A step with a penalty is other work than one without: each gets its recording.
        self.recorded: dict[bool, Recorded] = {}

    def __call__(self, gan: Gan, batch: Any, loss: AdversarialLoss = NON_SATURATING) -> Tensor:
        """One step of each player, see ``training.step``."""
        samples, *condition = batch if isinstance(batch, tuple) else (batch,)
        now = loss.at(gan.steps)
        key = now.penalty is None
        if key not in self.recorded:
            self.recorded[key] = Recorded(partial(play, gan, now), gan.device, gan.rng)
        found = self.recorded[key](samples, *condition)
        count(gan, len(samples))
        return found
