"""Pages keep to one device: what a GPU would refuse is refused here, without one."""

import json
import re
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
import torch
from torch import nn

from aigc_lib.core import runtime
from tests.support.pretended_device import DEVICE, pretended_device
from tools.notebook import NOTEBOOKS, code_cells, source

# Up to the first cell that trains for long: set-up, formulas, and all that is tried on the way.
BEFORE_TRAINING = {"06-first-gan": "train-run"}


def cells(name: str, stop: str) -> list[tuple[str, str]]:
    """Id and source of a chapter's code cells before one of them."""
    nb = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf8"))
    found = [(cell["id"], source(cell)) for cell in code_cells(nb)]
    return found[: [i for i, _ in found].index(stop)]


def run(cells: list[tuple[str, str]]) -> dict[str, str]:
    """Run cells on the pretended device; what each of them raised."""
    space: dict[str, Any] = {"__name__": "__main__"}
    raised = {}
    with pretended_device():
        for name, text in cells:
            plain = re.sub(r"^(\s*)[%!].*", r"\1pass", text, flags=re.MULTILINE)
            try:
                exec(compile(plain, name, "exec"), space)
            except (RuntimeError, TypeError) as error:
                raised[name] = str(error)
    return raised


@pytest.mark.slow
@pytest.mark.parametrize("name", BEFORE_TRAINING)
def test_a_page_keeps_to_one_device(name: str) -> None:
    mpl.use("Agg")
    assert run(cells(name, BEFORE_TRAINING[name])) == {}


@pytest.mark.slow
def test_a_network_left_on_the_cpu_is_found() -> None:
    """The mistake that once stopped chapter 6 on a GPU, planted again."""
    mpl.use("Agg")
    sound = cells("06-first-gan", "lab-3-run")
    planted = [(i, text.replace("article_d.to(device)\n", "")) for i, text in sound]
    assert planted != sound
    (found,) = run(planted).items()
    assert found[0] == "lab-2-run"
    assert "same device" in found[1]


def test_the_device_is_the_pretended_one() -> None:
    with pretended_device() as device:
        assert runtime.device() == device == DEVICE
        assert torch.zeros(2, device=device).device == DEVICE
        assert torch.zeros(2).device.type == "cpu"
        assert (torch.zeros(2).to(device) + 1)[0].device == DEVICE
        assert torch.zeros(2, device=device).cpu().device.type == "cpu"
        assert nn.Linear(2, 2).to(device).weight.device == DEVICE


def test_a_network_trains_there_to_the_same_weights() -> None:
    def train(device: torch.device) -> torch.Tensor:
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)).to(device)
        adam = torch.optim.Adam(net.parameters())
        for _ in range(3):
            adam.zero_grad()
            net(torch.randn(8, 3).to(device)).square().mean().backward()
            adam.step()
        return net[0].weight.detach().cpu()

    with pretended_device() as device:
        there = train(device)
    assert torch.equal(there, train(torch.device("cpu")))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda here, there: here + there,
        lambda here, there: torch.cat([here, there]),
        lambda here, there: nn.Linear(3, 1)(there),
        lambda here, there: here[there.argmax(1)],
        lambda here, there: there.numpy(),
        lambda here, there: np.asarray(there),
        lambda here, there: torch.randn(2, device=DEVICE, generator=torch.Generator()),
    ],
)
def test_what_a_gpu_refuses_is_refused(wrong: Any) -> None:
    with pretended_device() as device, pytest.raises((RuntimeError, TypeError)):
        wrong(torch.randn(3, 3), torch.randn(3, 3, device=device))


def test_what_a_gpu_allows_is_allowed() -> None:
    with pretended_device() as device:
        there, here = torch.randn(3, 3, device=device), torch.randn(3, 3)
        assert (there * torch.tensor(2.0)).device == DEVICE  # a number may come from the CPU
        assert there[torch.tensor([0, 1])].device == DEVICE  # and an index
        here.copy_(there)
        assert here.device.type == "cpu"
        generator = torch.Generator(device=device)
        assert torch.randn(2, device=device, generator=generator).device == DEVICE
