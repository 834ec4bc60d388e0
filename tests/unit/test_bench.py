"""aigc_lib.bench: that both loops do the same work. How fast they are is not tested here."""

import math
import sys

import pytest
import torch

from aigc_lib import bench
from tests.unit import small

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def loops() -> tuple[bench.Textbook, bench.Ours]:
    small.need("mnist")
    return bench.Textbook(CPU), bench.Ours(CPU)


def steps_taken(optimiser: torch.optim.Optimizer) -> set[int]:
    return {int(state["step"]) for state in optimiser.state.values()}


def test_both_train_the_same_networks_on_as_much(
    loops: tuple[bench.Textbook, bench.Ours],
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
    for optimiser in (textbook.opt_g, textbook.opt_d, ours.gan.opt_g, ours.gan.opt_d):
        assert steps_taken(optimiser) == {3}
    for parameters in (theirs, mine):
        assert not any(torch.equal(a, b) for a, b in zip(parameters, start, strict=True))
    assert ours.gan.images_seen == 3 * bench.BATCH == 3 * textbook.loader.batch_size
    # The same images, in the same range, and only whole batches of them.
    images, _ = next(iter(textbook.loader))
    assert images.shape == (bench.BATCH, 1, 28, 28)
    assert (float(images.min()), float(images.max())) == (-1, 1)
    assert len(textbook.loader) == ours.batches.steps_per_epoch == 60_000 // bench.BATCH


def test_the_textbook_goes_on_after_an_epoch(loops: tuple[bench.Textbook, bench.Ours]) -> None:
    textbook, _ = loops
    textbook.batches = iter([])  # as at the end of one
    assert math.isfinite(textbook.run(1))
    assert len(next(textbook.batches)[0]) == bench.BATCH


def test_what_a_comparison_holds(
    loops: tuple[bench.Textbook, bench.Ours],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    took = {"textbook": iter([9.0, 4, 6, 8, 10, 2]), "ours": iter([1.0, 1, 2, 2, 1, 1])}
    order = []

    def seconds(loop: object, steps: int) -> float:
        assert steps == 7
        name = "textbook" if isinstance(loop, bench.Textbook) else "ours"
        order.append(name)
        return next(took[name])

    monkeypatch.setattr(bench, "_seconds", seconds)
    monkeypatch.setattr(bench, "_peak", lambda name: {"textbook": 90.0, "ours": 60.0}[name])
    found = bench.compare(rounds=5, steps=7, progress=False)
    # The first round, the warm-up, is left out: ratios 4, 3, 4, 10, 2.
    assert (found["ratio"], found["ratio_low"], found["ratio_high"]) == (4, 2, 10)
    images = 7 * bench.BATCH
    assert found["images_per_second"] == {"textbook": images / 6, "ours": images / 1}
    assert found["extra_mib"] == {"textbook": 90, "ours": 60}
    assert (found["rounds"], found["steps"], found["batch"]) == (5, 7, bench.BATCH)
    assert "torch" in found["machine"]
    assert order.count("ours") == order.count("textbook") == 6
    assert {tuple(order[i : i + 2]) for i in range(0, 12, 2)} == {
        ("ours", "textbook"),
        ("textbook", "ours"),
    }
    assert not capsys.readouterr().err


def test_memory_is_that_of_a_fresh_process() -> None:
    small.need("mnist")
    found = bench._peak("ours")
    if sys.platform == "win32":
        assert math.isnan(found)
    else:  # the training images alone are 45 MiB; all the rest is small
        assert 45 < found < 1000


@pytest.mark.parametrize(("rounds", "steps"), [(4, 10), (0, 10), (5, 0)])
def test_too_little_is_refused(rounds: int, steps: int) -> None:
    with pytest.raises(ValueError, match="need at least 5 rounds and 1 step"):
        bench.compare(rounds, steps)
