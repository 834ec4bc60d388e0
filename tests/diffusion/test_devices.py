"""Nothing is made on another device than the inputs': a GPU is pretended, without a value on it."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from aigc_lib.diffusion import guidance, samplers, training
from aigc_lib.diffusion.schedules import COSINE, STRAIGHT, Schedule
from aigc_lib.nets.unet import UNet
from tests.support import noisy

SCHEDULES = pytest.mark.parametrize("schedule", [STRAIGHT, COSINE], ids=["straight", "cosine"])


@pytest.fixture(autouse=True)
def _pretend() -> Iterator[None]:
    """Tensors have shapes and devices only; an operation on two devices raises all the same."""
    with FakeTensorMode():
        yield


def network() -> UNet:
    with torch.device("cuda"):
        return UNet(noisy.WORDS, 1, (8, 16), 8)


def inputs() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    words = torch.zeros(4, 2, dtype=torch.long, device="cuda")
    return torch.empty(4, 1, 8, 8, device="cuda"), torch.empty(4, device="cuda"), words


def test_the_network_stays_on_its_device_and_mixing_is_found() -> None:
    net, given = network(), inputs()
    assert net(*given).device.type == "cuda"
    for i in range(3):  # the pretence does see what a GPU would
        wrong = [part.cpu() if i == j else part for j, part in enumerate(given)]
        with pytest.raises(RuntimeError, match="same device"):
            net(*wrong)


@SCHEDULES
@pytest.mark.parametrize("target", ["picture", "noise", "velocity"])
def test_the_loss(schedule: Schedule, target: str) -> None:
    x, _, words = inputs()
    model = SimpleNamespace(
        predict=network(), rng=torch.Generator(), null=torch.zeros_like(words[0]), drop=0.1,
        target=target, schedule=schedule,
    )  # fmt: skip
    assert training.loss_of(model, x, words).device.type == "cuda"


@SCHEDULES
@pytest.mark.parametrize("method", ["euler", "ancestral", "heun", "multistep"])
def test_sampling(schedule: Schedule, method: str) -> None:
    x, _, words = inputs()
    denoise = guidance.denoiser(
        network(), words, torch.zeros_like(words[0]), 2.0, schedule=schedule
    )
    times = [0.0, 0.3, 0.6, 1.0]
    found = samplers.sample(denoise, x, times, method=method, schedule=schedule)
    assert found.device.type == "cuda"
    assert found.shape == x.shape
