"""speed_ablation: every rung computes what the one below it computes. Speed is not tested here."""

import functools
import itertools
import math
from unittest import mock

import pytest
import torch
from torch.utils.data import Subset

from aigc_lib.benchmark.loops import MODELS
from aigc_lib.chapters.ch09_training_on_gpus import speed_ablation, training_loop
from aigc_lib.core.pixels import normalize
from aigc_lib.data.images import load
from tests.support import small

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
STEPS = 5


def weights(climber: training_loop.Climber) -> torch.Tensor:
    """All weights of both players, in one vector."""
    players = (climber.gan.generator, climber.gan.discriminator)
    return torch.cat([p.detach().flatten() for n in players for p in n.parameters()])


def trained(
    model: str, rung: training_loop.Rung
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Weights before and after some steps on the first pictures, and the statistics of the last."""
    climber = training_loop.Climber(MODELS[model], rung, CPU)
    before = weights(climber).clone()
    for batch in load("mnist").images[: STEPS * 64].split(64):
        found = climber.step(batch)
    return before, weights(climber), found


# How far two rungs may be apart, as a share of how far the steps moved the weights.
SAME = {
    "images on the device": 0.0,
    "nothing read back": 0.0,
    "no unused gradients": 0.0,
    # Adam's first steps have the size of the learning rate however small the gradient: where it is
    # nearly 0, rounding decides the step's sign.
    "fused optimiser": 0.03,
    "channels last": 0.03,
    "bfloat16": 0.5,
}


@pytest.mark.parametrize("model", ["mlp", "dcgan"])
def test_every_rung_computes_what_the_one_below_computes(model: str) -> None:
    small.need("mnist")
    rungs = speed_ablation.rungs(CPU, images=model == "dcgan")
    results = {name: trained(model, rung) for name, rung in rungs.items()}
    for (_, one), (name, two) in itertools.pairwise(results.items()):
        assert torch.equal(one[0], two[0])
        moved = float((one[1] - one[0]).norm())
        assert moved > 0.1
        assert float((two[1] - one[1]).norm()) <= SAME[name] * moved
        torch.testing.assert_close(two[2], one[2], rtol=0.05, atol=2e-3)
    assert float((results["bfloat16"][1] - results["fused optimiser"][1]).norm()) > 0


def test_the_loader_and_the_device_give_the_same_pictures(monkeypatch) -> None:
    small.need("mnist")
    first = functools.partial(Subset, indices=range(256))  # two batches: an epoch ends soon
    whole = training_loop.FOLDERS["mnist"]
    monkeypatch.setitem(training_loop.FOLDERS, "mnist", lambda *a, **k: first(whole(*a, **k)))
    climber = training_loop.Climber(MODELS["mlp"], training_loop.Rung(), CPU)
    batch = climber.next_batch()
    assert batch.shape == (128, 1, 28, 28)
    known = normalize(load("mnist").images[:60_000]).flatten(1)
    for picture in batch[:5].flatten(1):
        assert float((known - picture).abs().amax(dim=1).min()) < 1e-6
    epochs = [batch, *(climber.next_batch() for _ in range(3))]
    sums = [torch.cat(pair).sum((1, 2, 3)).sort().values for pair in (epochs[:2], epochs[2:])]
    assert torch.equal(*sums)  # the second epoch has the same pictures,
    assert not torch.equal(epochs[0], epochs[2])  # in another order
    bytes_ = training_loop.Climber(
        MODELS["mlp"], training_loop.Rung(on_device=True), CPU
    ).next_batch()
    assert bytes_.dtype == torch.uint8


def test_the_rungs_differ_by_one_change_each() -> None:
    on_cpu = speed_ablation.rungs(CPU)
    assert [*on_cpu] == ["textbook", *SAME]
    assert "channels last" not in speed_ablation.rungs(CPU, images=False)
    on_gpu = speed_ablation.rungs(CUDA, compiled=True)
    assert [*on_gpu][-3:] == ["CUDA graph", "bfloat16", "compiled"]
    assert on_gpu["CUDA graph"].speed.graph
    assert not on_gpu["compiled"].speed.graph
    for one, two in itertools.pairwise(on_cpu.values()):
        changed = [
            name
            for name in ("on_device", "reads", "unused", "fused", "speed")
            if getattr(one, name) != getattr(two, name)
        ]
        assert len(changed) == 1


def test_reading_back_is_all_that_reads() -> None:
    small.need("mnist")
    for rung, reads in (
        (training_loop.Rung(on_device=True), 4),
        (training_loop.Rung(True, reads=False), 0),
    ):
        climber = training_loop.Climber(MODELS["mlp"], rung, CPU)
        with mock.patch.object(torch.Tensor, "tolist") as tolist:
            assert math.isfinite(climber.run(4))
        assert tolist.call_count == reads


def test_what_a_climb_holds() -> None:
    small.need("mnist")
    rungs = {
        k: v for k, v in speed_ablation.rungs(CPU).items() if k in ("textbook", "fused optimiser")
    }
    rows = speed_ablation.climb("mlp", rungs, CPU, rounds=5, steps=1, progress=False)
    assert [row["rung"] for row in rows] == [*rungs]
    assert rows[0]["ratio"] == rows[0]["low"] == rows[0]["high"] == 1
    assert rows[1]["low"] <= rows[1]["ratio"] <= rows[1]["high"]
    assert all(row["images_per_second"] > 0 and row["model"] == "mlp" for row in rows)
    for rounds, steps in ((4, 1), (5, 0)):
        with pytest.raises(ValueError, match="need at least 5 rounds and 1 step"):
            speed_ablation.climb("mlp", rungs, CPU, rounds=rounds, steps=steps)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_the_upper_rungs_never_wait() -> None:
    small.need("mnist")
    rungs = speed_ablation.rungs(CUDA)
    syncs = {
        k: speed_ablation.host_syncs(training_loop.Climber(MODELS["dcgan"], r, CUDA))
        for k, r in rungs.items()
    }
    assert syncs["textbook"] >= 5
    assert syncs["nothing read back"] == syncs["CUDA graph"] == syncs["bfloat16"] == 0
