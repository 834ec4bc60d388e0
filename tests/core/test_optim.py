"""core.optim: Adam against one written in NumPy, the moving average against its closed form."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from aigc_lib.core import optim


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Linear(5, 2)).double()


def one_weight(value: float = 0.0) -> nn.Linear:
    layer = nn.Linear(1, 1, bias=False).double()
    nn.init.constant_(layer.weight, value)
    return layer


class NumpyAdam:
    """Kingma and Ba, 2015, algorithm 1, line by line."""

    def __init__(self, start: list[np.ndarray], lr: float, beta1: float, beta2: float) -> None:
        self.w = [w.copy() for w in start]
        self.m = [np.zeros_like(w) for w in start]
        self.v = [np.zeros_like(w) for w in start]
        self.lr, self.beta1, self.beta2, self.t = lr, beta1, beta2, 0

    def step(self, gradients: list[np.ndarray]) -> None:
        self.t += 1
        for i, g in enumerate(gradients):
            self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * g
            self.v[i] = self.beta2 * self.v[i] + (1 - self.beta2) * g**2
            m = self.m[i] / (1 - self.beta1**self.t)
            v = self.v[i] / (1 - self.beta2**self.t)
            self.w[i] = self.w[i] - self.lr * m / (np.sqrt(v) + 1e-8)


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("betas", [(0.5, 0.99), (0.0, 0.9)])
def test_adam_is_the_published_algorithm(fused: bool, betas: tuple[float, float]) -> None:
    net = network()
    adam = optim.adam(net, 0.01, betas, fused)
    assert adam.param_groups[0]["fused"] is fused
    mine = NumpyAdam([p.detach().numpy() for p in net.parameters()], 0.01, *betas)
    noise = torch.Generator().manual_seed(1)
    for _ in range(20):
        x = torch.randn(8, 3, generator=noise).double()
        adam.zero_grad()
        net(x).square().mean().backward()
        mine.step([p.grad.numpy() for p in net.parameters()])
        adam.step()
        for found, wanted in zip(net.parameters(), mine.w, strict=True):
            np.testing.assert_allclose(found.detach().numpy(), wanted, rtol=1e-10, atol=1e-12)
    moved = [
        float((a - b).detach().abs().max())
        for a, b in zip(net.parameters(), network().parameters(), strict=True)
    ]
    assert 0.01 < max(moved) < 0.4  # and it did learn: at most lr a step, or little more


def test_the_default_is_fused_with_the_betas_of_the_game() -> None:
    group = optim.adam(network(), 1e-3).param_groups[0]
    assert (group["fused"], group["betas"], group["lr"]) == (True, (0.5, 0.99), 1e-3)


def test_frozen_parameters_stay() -> None:
    net = network()
    net[0].requires_grad_(False)
    before = net[0].weight.clone()
    adam = optim.adam(net, 0.1)
    net(torch.ones(4, 3).double()).sum().backward()
    adam.step()
    assert torch.equal(net[0].weight, before)
    assert len(adam.param_groups[0]["params"]) == 4


@pytest.mark.parametrize("lr", [0.0, -1e-3, math.nan])
def test_a_step_size_that_is_not_positive_is_refused(lr: float) -> None:
    with pytest.raises(ValueError, match="lr must be positive, got"):
        optim.adam(network(), lr)


@pytest.mark.parametrize("betas", [(1.0, 0.9), (0.5, -0.1)])
def test_bad_betas_are_refused(betas: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="Invalid beta"):
        optim.adam(network(), 1e-3, betas)


@pytest.mark.parametrize("net", [nn.ReLU(), network().requires_grad_(False)])
def test_a_network_with_nothing_to_train_is_refused(net: nn.Module) -> None:
    with pytest.raises(ValueError, match="no parameter that requires a gradient"):
        optim.adam(net, 1e-3)


# ------------------------------------------------------------------------------ the moving average

FAR = 10**12  # so many images seen that the ramp does not bind


@settings(max_examples=30, deadline=None)
@given(
    batch=st.integers(1, 500),
    half_life=st.floats(10, 1e5),
    steps=st.integers(1, 40),
    start=st.floats(-10, 10),
    weight=st.floats(-10, 10),
)
def test_average_after_k_constant_steps(
    batch: int, half_life: float, steps: int, start: float, weight: float
) -> None:
    ema = optim.EMA(one_weight(start), half_life)
    for _ in range(steps):
        ema.update(one_weight(weight), batch, FAR)
    kept = math.exp(-math.log(2) * batch * steps / half_life)
    wanted = weight + (start - weight) * kept
    assert ema.network.weight.item() == pytest.approx(wanted, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("batch", [1, 10, 50, 100])
def test_after_a_half_life_an_old_value_counts_one_half(batch: int) -> None:
    ema = optim.EMA(one_weight(1.0), half_life=100)
    for _ in range(100 // batch):
        ema.update(one_weight(0.0), batch, FAR)
    assert ema.network.weight.item() == pytest.approx(0.5, abs=1e-12)


def test_average_is_the_weighted_sum_of_all_that_was_seen() -> None:
    weights = np.random.default_rng(0).normal(size=30)
    ema = optim.EMA(one_weight(weights[0]), half_life=70)
    for weight in weights[1:]:
        ema.update(one_weight(float(weight)), 10, FAR)
    decay = 2 ** (-10 / 70)
    shares = np.array([(1 - decay) * decay ** (29 - i) for i in range(30)])
    shares[0] = decay**29
    assert shares.sum() == pytest.approx(1)
    assert ema.network.weight.item() == pytest.approx(float(shares @ weights), abs=1e-12)


def test_ramp_shortens_the_half_life_early_on() -> None:
    ema = optim.EMA(one_weight(5.0), half_life=1000, ramp=0.1)
    ema.update(one_weight(1.0), 100, images_seen=0)
    assert ema.network.weight.item() == 1.0  # the random start is forgotten altogether
    ema.update(one_weight(0.0), 100, images_seen=1000)  # half-life 0.1 * 1000: one batch
    assert ema.network.weight.item() == pytest.approx(0.5)
    for seen in (10_000, 50_000):  # at the full half-life, and not above it
        ema.network.weight.data.fill_(1.0)
        ema.update(one_weight(0.0), 100, images_seen=seen)
        assert ema.network.weight.item() == pytest.approx(2**-0.1)


def test_averages_buffers_too_and_copies_counters() -> None:
    net, other = network(0), network(1)
    other[1].running_mean.fill_(3.0)
    other[1].num_batches_tracked.fill_(7)
    ema = optim.EMA(net, half_life=100)
    ema.update(other, 100, FAR)
    torch.testing.assert_close(ema.network[1].running_mean, torch.full((5,), 1.5).double())
    assert ema.network[1].num_batches_tracked == 7
    for average, a, b in zip(
        ema.network.parameters(), net.parameters(), other.parameters(), strict=True
    ):
        torch.testing.assert_close(average, (a + b) / 2)


def test_the_average_is_a_frozen_copy_apart_from_the_network() -> None:
    net = network().train()
    ema = optim.EMA(net, half_life=100)
    assert not ema.network.training
    assert net.training
    assert not any(p.requires_grad for p in ema.network.parameters())
    assert all(p.requires_grad for p in net.parameters())
    before = net[0].weight.clone()
    ema.update(network(1), 50, FAR)
    assert torch.equal(net[0].weight, before)


def test_state_goes_from_one_average_to_another() -> None:
    one, two = optim.EMA(network(0), 100), optim.EMA(network(1), 100)
    one.update(network(2), 30, FAR)
    two.load_state_dict(one.state_dict())
    for name, tensor in one.network.state_dict().items():
        assert torch.equal(tensor, two.network.state_dict()[name])


@pytest.mark.parametrize(("half_life", "ramp"), [(0, 0.1), (-5, 0.1), (100, 0), (math.nan, 0.1)])
def test_a_half_life_or_ramp_that_is_not_positive_is_refused(half_life: float, ramp: float) -> None:
    with pytest.raises(ValueError, match="half_life and ramp must be positive, got"):
        optim.EMA(network(), half_life, ramp)
