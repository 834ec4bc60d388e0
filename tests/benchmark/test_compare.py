"""benchmark.compare: that both loops do the same work. How fast they are is not tested here."""

import math
import sys
from typing import ClassVar

import pytest
import torch

from aigc_lib.benchmark import compare
from aigc_lib.benchmark.loops import MODELS, Ours, Textbook
from tests.support import small

CPU = torch.device("cpu")
MLP = MODELS["mlp"]


@pytest.fixture(scope="module")
def loops() -> tuple[Textbook, Ours]:
    small.need("mnist")
    return Textbook(MLP, CPU), Ours(MLP, CPU)


def weights(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def steps_taken(optimizer: torch.optim.Optimizer) -> set[int]:
    return {int(state["step"]) for state in optimizer.state.values()}


def test_both_train_the_same_networks_on_as_much(
    loops: tuple[Textbook, Ours],
) -> None:
    textbook, ours = loops
    theirs = [*textbook.generator.parameters(), *textbook.discriminator.parameters()]
    mine = [*ours.gan.generator.parameters(), *ours.gan.discriminator.parameters()]
    start = [p.detach().clone() for p in mine]
    assert all(torch.equal(a, b) for a, b in zip(theirs, mine, strict=True))
    values = [loop.run(3) for loop in loops]
    for value in values:
        assert 0.3 < value < 2  # nats, near log 2 at the start
    assert abs(values[0] - values[1]) < 0.4
    for optimizer in (textbook.opt_g, textbook.opt_d, ours.gan.opt_g, ours.gan.opt_d):
        assert steps_taken(optimizer) == {3}
    for parameters in (theirs, mine):
        assert not any(torch.equal(a, b) for a, b in zip(parameters, start, strict=True))
    assert ours.gan.images_seen == 3 * MLP.batch == 3 * textbook.loader.batch_size
    # The same images, in the same range, and only whole batches of them.
    images, _ = next(iter(textbook.loader))
    assert images.shape == (MLP.batch, 1, 28, 28)
    assert (float(images.min()), float(images.max())) == (-1, 1)
    assert len(textbook.loader) == ours.batches.steps_per_epoch == 60_000 // MLP.batch


def test_the_textbook_goes_on_after_an_epoch(loops: tuple[Textbook, Ours]) -> None:
    textbook, _ = loops
    textbook.batches = iter([])  # as at the end of one
    assert math.isfinite(textbook.run(1))
    assert len(next(textbook.batches)[0]) == MLP.batch


class Fake:
    """Stands in for a process that runs a loop: it says how long it took."""

    took: ClassVar[dict[str, list[float]]] = {}
    order: ClassVar[list[str]] = []
    stopped: ClassVar[list[str]] = []

    def __init__(self, name: str, model: str) -> None:
        assert model == "mlp"
        self.name, self.times = name, iter(self.took[name])

    def seconds(self, steps: int) -> float:
        assert steps == 7
        self.order.append(self.name)
        return next(self.times)

    def finish(self) -> float:
        return {"textbook": 90.0, "ours": 60.0}[self.name]

    def stop(self) -> None:
        self.stopped.append(self.name)


def test_what_a_comparison_holds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small.need("mnist")
    monkeypatch.setattr(
        Fake, "took", {"textbook": [9.0, 4, 6, 8, 10, 2], "ours": [1, 1, 2, 2, 1, 1]}
    )
    monkeypatch.setattr(Fake, "order", [])
    monkeypatch.setattr(Fake, "stopped", [])
    monkeypatch.setattr(compare, "Racer", Fake)
    found = compare.compare(rounds=5, steps=7, progress=False)
    # The first round, the warm-up, is left out: ratios 4, 3, 4, 10, 2.
    assert (found["ratio"], found["ratio_low"], found["ratio_high"]) == (4, 2, 10)
    images = 7 * MLP.batch
    assert found["images_per_second"] == {"textbook": images / 6, "ours": images / 1}
    assert found["extra_mib"] == {"textbook": 90, "ours": 60}
    assert (found["rounds"], found["steps"], found["batch"]) == (5, 7, MLP.batch)
    order = Fake.order
    assert order.count("ours") == order.count("textbook") == 6
    assert {tuple(order[i : i + 2]) for i in range(0, 12, 2)} == {
        ("ours", "textbook"),
        ("textbook", "ours"),
    }
    assert sorted(Fake.stopped) == ["ours", "textbook"]
    assert not capsys.readouterr().err


def test_a_loop_in_its_own_process() -> None:
    small.need("mnist")
    racer = compare.Racer("ours", "mlp")
    try:
        assert all(0 < racer.seconds(steps) < 600 for steps in (1, 2))
        peak = racer.finish()
    finally:
        racer.stop()
    if sys.platform == "win32":
        assert math.isnan(peak)
    else:  # the training images alone are 45 MiB; all the rest is small
        assert 45 < peak < 1000


def test_a_loop_that_fails_says_why() -> None:
    racer = compare.Racer("theirs", "mlp")
    with pytest.raises(
        RuntimeError, match=r"the measured process failed: (.|\n)*KeyError: 'theirs'"
    ):
        racer.seconds(1)
    racer.stop()  # nothing is left to stop


def test_convolutional_networks_start_alike() -> None:
    model = MODELS["dcgan"]
    one, two, other = ([*map(weights, model.build(seed))] for seed in (3, 3, 4))
    assert all(map(torch.equal, one, two))
    assert not any(map(torch.equal, one, other))


@pytest.mark.parametrize(("rounds", "steps"), [(4, 10), (0, 10), (5, 0)])
def test_too_little_is_refused(rounds: int, steps: int) -> None:
    with pytest.raises(ValueError, match="need at least 5 rounds and 1 step"):
        compare.compare(rounds, steps)


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(ValueError, match="no model 'vae': choose from mlp, dcgan"):
        compare.compare(5, 1, model="vae")
