"""The language model's speed switches, each against its eager twin."""

import shutil
import sys

import pytest
import torch

from aigc_lib.core.speed import EAGER, Speed, usual
from aigc_lib.lm.batches import TokenBatches
from aigc_lib.lm.training import Run, accelerate, fit, loss_of
from tests.support import letters

CPU = torch.device("cpu")


def trained(speed: Speed, steps: int = 12) -> Run:
    run = accelerate(Run(letters.model(), lr=1e-2), speed)
    fit(run, letters.batches(), steps, warmup=4, tick=6, progress=False)
    return run


def weights(run: Run) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in run.model.parameters()])


def test_on_a_cpu_a_recorded_training_is_the_same_bits() -> None:
    recorded = trained(Speed(graph=True, tuned=True))
    assert recorded.graph
    assert torch.equal(weights(recorded), weights(trained(EAGER)))


def test_the_switches_that_a_cpu_gets_change_no_bit() -> None:
    plain = Run(letters.model(), lr=1e-2)
    fit(plain, letters.batches(), 12, warmup=4, tick=6, progress=False)
    assert torch.equal(weights(trained(usual(CPU))), weights(plain))


def test_bf16_stays_near_and_keeps_weights_and_losses_in_float32() -> None:
    fast, slow = accelerate(Run(letters.model()), Speed(bf16=True)), Run(letters.model())
    for run in (fast, slow):  # fresh weights are so small that all logits are almost 0
        for p in run.model.parameters():
            p.data.mul_(10)
    batch = next(letters.batches())
    found, wanted = (loss_of(run.predict, *batch).detach() for run in (fast, slow))
    assert found.dtype == torch.float32
    assert 1e-7 < abs(float(found / wanted) - 1) < 0.05  # it is at work, and it is near
    after = trained(Speed(bf16=True))
    assert {p.dtype for p in after.model.parameters()} == {torch.float32}
    gap = abs(after.history[-1]["loss"] - trained(EAGER).history[-1]["loss"])
    assert 1e-7 < gap < 0.02


@pytest.mark.slow
def test_a_compiled_model_is_the_same_function() -> None:
    if sys.platform == "win32" or not shutil.which("g++"):
        pytest.skip("torch.compile needs a C++ compiler")
    fast = accelerate(Run(letters.model()), Speed(compile=True))
    tokens = next(letters.batches())[0]
    with torch.no_grad():
        wanted = fast.model(tokens)
        torch.testing.assert_close(fast.predict(tokens), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_recorded_training_is_the_eager_one() -> None:
    found = []
    for speed in (Speed(graph=True), EAGER):
        run = accelerate(Run(letters.model().cuda(), lr=1e-2), speed)
        # 4,096 tokens a step: the table's gradient is then summed another way than for a few.
        windows = TokenBatches(letters.text().cuda(), 512, letters.SIZE.context, seed=0)
        fit(run, windows, 30, warmup=4, tick=10, progress=False)
        found.append(weights(run))
    torch.testing.assert_close(*found, rtol=0, atol=1e-3)
