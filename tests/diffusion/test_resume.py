"""Training that is stopped goes on to the same bits as if it never had been, or says why not."""

from pathlib import Path

import pytest
import torch

from aigc_lib.core.checkpoint import CheckpointError
from aigc_lib.diffusion.training import Diffusion, fit
from aigc_lib.nets.unet import UNet
from tests.support import noisy, small

NULL = torch.zeros(2, dtype=torch.long)
RUN = {"warmup": 16, "tick": 16, "progress": False}
END = 80  # an epoch has 5 batches of 8


def model(seed: int = 3, weights: int = 0) -> Diffusion:
    return noisy.model(seed, weights, lr=1e-2, ema_half_life=40, null=NULL, drop=0.5)


@pytest.fixture(scope="module")
def whole() -> dict[str, object]:
    """The end of a run that nothing stopped."""
    uninterrupted = model()
    fit(uninterrupted, noisy.batches(), END, **RUN)
    return uninterrupted.state_dict()


@pytest.mark.parametrize("stop", [16, 32, 48, 64, 80])
def test_stopped_at_any_tick_it_ends_with_the_same_bits(
    tmp_path: Path, stop: int, whole: dict[str, object]
) -> None:
    path, log = tmp_path / "c.pt", tmp_path / "log.jsonl"

    def break_off(_: Diffusion, row: dict[str, float]) -> None:
        if row["images"] == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(model(), noisy.batches(), END, checkpoint=path, log=log, on_tick=break_off, **RUN)
    assert path.exists() is (stop > 16)
    # All must come from the file, if there is one: this begins with other weights and noise.
    again = model(9, weights=9) if path.exists() else model()
    fit(again, noisy.batches(), END, checkpoint=path, log=log, **RUN)
    assert not small.differing(again.state_dict(), whole)
    seconds = [row["seconds"] for row in again.history]
    assert len(seconds) == 5
    assert seconds == sorted(seconds)
    assert len(log.read_text(encoding="utf8").splitlines()) == 5


def test_a_state_that_was_loaded_is_not_shared(whole: dict[str, object]) -> None:
    one, two = model(), model(9, weights=9)
    fit(one, noisy.batches(), 32, **RUN)
    state = one.state_dict()
    two.load_state_dict(state)
    assert not small.differing(one.state_dict(), two.state_dict())
    fit(two, noisy.batches(), END, **RUN)
    two.history[0]["loss"] = 0.0
    again = model()
    fit(again, noisy.batches(), 32, **RUN)
    assert not small.differing(one.state_dict(), again.state_dict())


@pytest.mark.parametrize(
    ("other", "said"),
    [({"images": 96}, "images was 32, now 96"), ({"warmup": 8}, "warmup was 16, now 8"),
     ({"last_lr": 1.0}, "last_lr was 0.01, now 1.0"), ({"config": {"lr": 2}}, "lr was 1, now 2"),
     ({"config": None}, "lr was 1, now None")],
)  # fmt: skip
def test_other_settings_are_refused(tmp_path: Path, other: dict[str, object], said: str) -> None:
    run = {"images": 32, "checkpoint": tmp_path / "c.pt", "config": {"lr": 1}, **RUN}
    fit(model(), noisy.batches(), **run)
    with pytest.raises(CheckpointError, match=f"other settings .*{said}"):
        fit(model(), noisy.batches(), **{**run, **other})


def test_another_network_or_stream_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.pt"
    fit(model(), noisy.batches(), 32, checkpoint=path, **RUN)
    wider = Diffusion(UNet(noisy.WORDS, 1, (24,), 8))
    with pytest.raises(CheckpointError, match="written by another network: its weight 'enter"):
        fit(wider, noisy.batches(), 32, checkpoint=path, **RUN)
    with pytest.raises(CheckpointError, match=r"another stream of batches: seed 0 \(here 1"):
        fit(model(), noisy.batches(seed=1), 32, checkpoint=path, **RUN)


def test_random_numbers_of_another_device_are_refused() -> None:
    state = model().state_dict()
    state["rng"] = torch.zeros(16, dtype=torch.uint8)  # as a GPU's generator tells it
    with pytest.raises(CheckpointError, match="another kind of device"):
        model().load_state_dict(state)
