"""activation_memory: the bytes that autograd keeps, against counting by hand."""

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from aigc_lib.chapters.ch09_training_on_gpus.activation_memory import saved_bytes


def test_a_chain_of_exponentials_keeps_each_result() -> None:
    x = torch.zeros(1000, requires_grad=True)
    for depth in (1, 3):  # the derivative of exp is its own result

        def chain(depth: int = depth) -> torch.Tensor:
            y = x
            for _ in range(depth):
                y = y.exp()
            return y

        assert saved_bytes(chain) == depth * 1000 * 4


def test_memory_that_is_shared_counts_once() -> None:
    x = torch.ones(1000, requires_grad=True)
    assert saved_bytes(lambda: x * x) == 4000  # both factors are x
    assert saved_bytes(lambda: x + x) == 0  # a sum keeps nothing
    with torch.no_grad():
        assert saved_bytes(lambda: x * x) == 0


def test_a_linear_layer_keeps_its_input_and_its_weight() -> None:
    layer = nn.Linear(30, 20)
    x = torch.zeros(64, 30, requires_grad=True)
    assert saved_bytes(lambda: layer(x)) == 4 * (64 * 30 + 30 * 20)
    assert saved_bytes(lambda: layer(x.detach())) == 4 * 64 * 30  # no gradient for x, no weight


def test_half_the_precision_is_half_the_memory() -> None:
    x = torch.zeros(1000, requires_grad=True)
    half = x.detach().bfloat16().requires_grad_()
    assert 2 * saved_bytes(half.exp) == saved_bytes(x.exp)


def test_checkpointing_keeps_the_inputs_of_its_parts() -> None:
    parts = [nn.Sequential(nn.Linear(50, 50), nn.Tanh(), nn.Linear(50, 50)) for _ in range(4)]
    x = torch.zeros(512, 50, requires_grad=True)

    def plain() -> torch.Tensor:
        y = x
        for part in parts:
            y = part(y)
        return y

    def saving() -> torch.Tensor:
        y = x
        for part in parts:
            y = checkpoint(part, y, use_reentrant=False)
        return y

    assert saved_bytes(saving) < saved_bytes(plain) / 2
    one, two = (torch.autograd.grad(f().sum(), x)[0] for f in (plain, saving))
    assert torch.equal(one, two)
    assert saved_bytes(saving) == pytest.approx(4 * 512 * 50 * 4, rel=0.3)
