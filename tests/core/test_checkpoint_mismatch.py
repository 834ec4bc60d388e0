"""aigc_lib.core.checkpoint: what does not fit the run it is loaded into is told plainly."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from aigc_lib.core import checkpoint as ckpt
from aigc_lib.core.checkpoint import CheckpointError
from aigc_lib.data.batches import Batches
from aigc_lib.gan.training import fit
from tests.support import small


def test_a_wrong_architecture_names_the_weight(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    fit(small.gan(), small.batches(), 16, tick=16, checkpoint=path, progress=False)
    with pytest.raises(
        CheckpointError,
        match=r"another generator: its weight 'layers\.0\.bias' has shape \(12,\), "
        r"this network's has \(20,\)",
    ):
        fit(small.gan(width=20), small.batches(), 32, tick=16, checkpoint=path, progress=False)
    other = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    with pytest.raises(CheckpointError, match=r"weight '1\.bias' has shape none.*has \(1,\)"):
        ckpt.restore(other, {"0.weight": other[0].weight, "0.bias": other[0].bias}, "network")
    with pytest.raises(CheckpointError, match=r"weight 'bias' has shape \(1,\).*has none"):
        ckpt.restore(nn.Linear(3, 1, bias=False), other[1].state_dict(), "network")


def test_a_refused_network_is_as_it_was() -> None:
    net, other = nn.Linear(3, 2), nn.Linear(3, 2)
    before = {k: v.clone() for k, v in net.state_dict().items()}
    with pytest.raises(CheckpointError):
        ckpt.restore(net, {"weight": other.weight, "bias": torch.zeros(3)}, "network")
    assert not small.differing(net.state_dict(), before)


def test_another_recipe_is_told_setting_by_setting(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    run = {"tick": 16, "checkpoint": path, "progress": False}
    fit(small.gan(), small.batches(), 16, config={"lr": 0.1, "hidden": [3, 4], "seed": 0}, **run)
    before = path.read_bytes()
    with pytest.raises(
        CheckpointError,
        match=r"other settings \(data was None, now 'x', lr was 0\.1, now 0\.2\)\. Use the same",
    ):
        fit(small.gan(), small.batches(), 32,
            config={"lr": 0.2, "hidden": [3, 4], "seed": 0, "data": "x"}, **run)  # fmt: skip
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "data", [lambda: small.batches(101), lambda: small.batches(seed=1)], ids=["size", "seed"]
)
def test_other_data_are_refused(tmp_path: Path, data: Callable[[], Batches]) -> None:
    path = tmp_path / "checkpoint.pt"
    fit(small.gan(), small.batches(), 16, tick=16, checkpoint=path, progress=False)
    with pytest.raises(CheckpointError, match=r"does not fit this run: .*another stream"):
        fit(small.gan(), data(), 32, tick=16, checkpoint=path, progress=False)


def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    ckpt.save(path, {"weights": torch.zeros(3)})
    with pytest.raises(CheckpointError, match="does not fit this run"):
        fit(small.gan(), small.batches(), 16, tick=16, checkpoint=path, progress=False)


def test_a_run_of_another_kind_of_device_is_told(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    fit(small.gan(), small.batches(), 16, tick=16, checkpoint=path, progress=False)
    state = ckpt.load(path)
    state["parts"]["gan"]["rng"] = torch.zeros(16, dtype=torch.uint8)  # the size of CUDA's state
    ckpt.save(path, state)
    with pytest.raises(CheckpointError, match="another kind of device"):
        fit(small.gan(), small.batches(), 32, tick=16, checkpoint=path, progress=False)
