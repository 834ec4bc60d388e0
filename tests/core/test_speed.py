"""Which switches are on where, and that a training loop never makes the host wait for a device."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from aigc_lib.core.speed import EAGER, Speed, tune, usual
from aigc_lib.diffusion.training import fit as fit_diffusion
from aigc_lib.gan.losses import with_r1
from aigc_lib.gan.training import fit as fit_gan
from aigc_lib.lm.training import Run
from aigc_lib.lm.training import fit as fit_lm
from tests.support import letters, noisy, small

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def test_a_gpu_gets_all_that_pays_and_a_cpu_what_it_had() -> None:
    assert usual(CPU) == EAGER
    layout = Speed(channels_last=True)
    assert usual(CPU, layout) == layout
    fast = usual(CUDA, layout)
    assert fast == Speed(channels_last=True, bf16=True, graph=True, tuned=True)
    assert not usual(CUDA).channels_last


def test_tuning_is_a_gpus() -> None:
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.benchmark
    try:
        matmul.allow_tf32 = cudnn.benchmark = False
        for speed, device in ((Speed(tuned=True), CPU), (EAGER, CUDA)):
            tune(speed, device)
            assert (matmul.allow_tf32, cudnn.benchmark) == (False, False)
        tune(Speed(tuned=True), CUDA)
        assert (matmul.allow_tf32, cudnn.benchmark) == (True, True)
    finally:
        matmul.allow_tf32, cudnn.benchmark = before


class Reads(TorchDispatchMode):
    """Counts what the host would have to wait for: values read, sizes that depend on values."""

    WAITS = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "unique")

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += any(name in str(func) for name in self.WAITS)
        return func(*args, **(kwargs or {}))


def gan(steps: int) -> None:
    images = steps * small.BATCH
    loss = with_r1(1.0, every=3)
    fit_gan(small.gan(), small.batches(), images, loss=loss, last_lr=0.1, tick=images,
            progress=False)  # fmt: skip


def diffusion(steps: int) -> None:
    images = steps * noisy.BATCH
    fit_diffusion(noisy.model(), noisy.batches(1000), images, tick=images, progress=False)


def language(steps: int) -> None:
    fit_lm(Run(letters.model()), letters.batches(), steps, tick=steps, progress=False)


@pytest.mark.parametrize("train", [gan, diffusion, language])
def test_more_steps_in_a_tick_read_no_more_values(train: Callable[[int], None]) -> None:
    found = []
    for steps in (4, 12):
        with Reads() as reads:
            train(steps)
        found.append(reads.count)
    assert found[0] == found[1] > 0  # the row at the end of the tick is read, once


def test_a_loss_read_at_each_step_would_be_counted() -> None:
    net = nn.Linear(2, 1)
    with Reads() as reads:
        for _ in range(3):
            net(torch.ones(4, 2)).mean().item()
    assert reads.count == 3
