"""Gradient penalties against finite differences of hand-written critics, in float64."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from aigc_lib.gan.losses import (
    HINGE,
    NON_SATURATING,
    Penalty,
    gradient_penalty,
    r1_penalty,
    with_r1,
)
from aigc_lib.nets.mlp import MLPDiscriminator

SHAPES = [(6, 3), (6, 2, 2, 3)]  # points, and images (N, C, H, W)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def samples(shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    generator = rng(5)
    real, fake = (torch.randn(shape, generator=generator).double() for _ in range(2))
    return real, fake + 1


class Critic(nn.Module):
    """v . tanh(W x + b): bent enough for its slope to differ from point to point."""

    def __init__(self, features: int, hidden: int = 4) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.w = nn.Parameter(torch.randn(hidden, features).double())
        self.b = nn.Parameter(torch.randn(hidden).double())
        self.v = nn.Parameter(torch.randn(hidden).double())
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(x.detach().clone())
        return (torch.tanh(x.flatten(1) @ self.w.T + self.b) @ self.v)[:, None]


def output(x: np.ndarray, w: np.ndarray, b: np.ndarray, v: np.ndarray) -> np.ndarray:
    """The same critic in NumPy: (N, features) -> (N,)."""
    return np.tanh(x @ w.T + b) @ v


def slopes(x: np.ndarray, *weights: np.ndarray, h: float = 1e-4) -> np.ndarray:
    """Its gradient at each point, (N, features), by differences of the fourth order."""
    columns = []
    for direction in np.eye(x.shape[1]) * h:
        near = output(x + direction, *weights) - output(x - direction, *weights)
        far = output(x + 2 * direction, *weights) - output(x - 2 * direction, *weights)
        columns.append((8 * near - far) / (12 * h))
    return np.stack(columns, axis=1)


def two_sided(x: np.ndarray, *weights: np.ndarray) -> float:
    return float(np.mean((np.linalg.norm(slopes(x, *weights), axis=1) - 1) ** 2))


def zero_centred(x: np.ndarray, *weights: np.ndarray) -> float:
    return float(np.mean((slopes(x, *weights) ** 2).sum(axis=1)) / 2)


CASES = [(gradient_penalty, two_sided), (r1_penalty, zero_centred)]


@pytest.mark.parametrize("shape", SHAPES, ids=["points", "images"])
@pytest.mark.parametrize(("penalty", "reference"), CASES, ids=["two-sided", "R1"])
def test_value_and_gradient_of_the_weights(
    penalty: Penalty, reference: Callable[..., float], shape: tuple[int, ...]
) -> None:
    real, fake = samples(shape)
    critic = Critic(math.prod(shape[1:]))
    value = penalty(critic, real, fake, rng(), weight=7.0)
    (at,) = critic.seen
    x = at.flatten(1).numpy()
    weights = [p.detach().numpy().copy() for p in (critic.w, critic.b, critic.v)]
    assert value.shape == ()
    assert value.item() == pytest.approx(7 * reference(x, *weights), rel=1e-9)
    found = torch.autograd.grad(value, [critic.w, critic.b, critic.v])
    for weight, gradient in zip(weights, found, strict=True):
        for place in np.ndindex(*weight.shape):
            kept, ends = weight[place], []
            for step in (1e-4, -1e-4):
                weight[place] = kept + step
                ends.append(reference(x, *weights))
            weight[place] = kept
            wanted = 7 * (ends[0] - ends[1]) / 2e-4
            assert float(gradient[place]) == pytest.approx(wanted, rel=1e-5, abs=1e-5)
    assert min(float(g.abs().max()) for g in found) > 0.1  # none of them is trivially 0


@pytest.mark.parametrize("shape", SHAPES, ids=["points", "images"])
def test_where_the_slope_is_taken(shape: tuple[int, ...]) -> None:
    real, fake = samples(shape)
    critic = Critic(math.prod(shape[1:]))
    gradient_penalty(critic, real, fake, rng())
    share = ((critic.seen[0] - real) / (fake - real)).flatten(1)
    torch.testing.assert_close(share, share[:, :1].expand_as(share))  # one place a sample
    assert len(share[:, 0].unique()) == len(real)  # each sample its own
    assert 0 <= float(share.min()) < float(share.max()) < 1
    r1_penalty(critic, real, fake, rng())
    assert torch.equal(critic.seen[1], real)


def test_the_places_are_uniform_between_real_and_generated() -> None:
    n, critic = 20_000, Critic(1)
    gradient_penalty(critic, torch.zeros(n, 1).double(), torch.ones(n, 1).double(), rng())
    places = critic.seen[0]
    assert abs(float(places.mean()) - 1 / 2) < 5 * math.sqrt(1 / 12 / n)
    assert abs(float(places.var()) - 1 / 12) < 5 * math.sqrt(1 / 180 / n)
    # Uniform numbers (0, 1) fill ten equal bins alike; 9 degrees of freedom.
    counts = torch.histc(places, 10, 0, 1)
    assert 0.5 < float(((counts - n / 10) ** 2 / (n / 10)).sum()) < 40


def test_the_generator_alone_decides_the_places() -> None:
    real, fake = samples((6, 3))
    drawn = rng(3)
    values = []
    for generator in (rng(3), rng(3), rng(4), drawn, drawn):
        torch.rand(1)  # PyTorch's own random numbers do not matter
        values.append(gradient_penalty(Critic(3), real, fake, generator).item())
    assert values[0] == values[1] == values[3]
    assert len({values[0], values[2], values[4]}) == 3
    before = drawn.get_state()
    r1_penalty(Critic(3), real, fake, drawn)
    assert torch.equal(drawn.get_state(), before)


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0, 3.0])
def test_a_linear_critic_gives_the_closed_form(slope: float) -> None:
    real, fake = samples((6, 2))
    critic = nn.Linear(2, 1).double()
    with torch.no_grad():
        critic.weight.copy_(slope * torch.tensor([[0.6, 0.8]]))
    for penalty, wanted, per_slope in (
        (gradient_penalty, 10 * (slope - 1) ** 2, 20 * (slope - 1)),
        (r1_penalty, 5 * slope**2, 10 * slope),
    ):
        value = penalty(critic, real, fake, rng())  # the default weight, 10
        assert value.item() == pytest.approx(wanted, rel=1e-6, abs=1e-10)
        critic.weight.grad = None
        value.backward()
        assert bool(critic.weight.grad.isfinite().all())  # also at 0, where a norm has no slope
        if slope:
            along = float(critic.weight.grad @ torch.tensor([0.6, 0.8]).double())
            assert along == pytest.approx(per_slope, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("penalty", [gradient_penalty, r1_penalty])
def test_the_samples_and_their_graphs_are_left_alone(penalty: Penalty) -> None:
    real, fake = samples((6, 3))
    made = nn.Parameter(fake)
    fake = made * 1.0  # as from a generator
    penalty(Critic(3), real, fake, rng()).backward()
    assert made.grad is None
    assert not real.requires_grad
    assert real.grad is None


@pytest.mark.parametrize("penalty", [gradient_penalty, r1_penalty])
def test_single_precision_images_and_the_librarys_discriminator(penalty: Penalty) -> None:
    torch.manual_seed(0)
    critic = MLPDiscriminator((8,), (3, 4, 5))
    value = penalty(critic, torch.rand(6, 3, 4, 5), torch.rand(6, 3, 4, 5), rng())
    value.backward()
    assert value.dtype == torch.float32
    # The last layer's bias moves the logit everywhere alike: no slope depends on it.
    *others, last = critic.parameters()
    assert all(float(p.grad.abs().max()) > 0 for p in others if p.ndim > 1)
    assert last.grad is None or float(last.grad.abs().max()) == 0


def test_with_r1_keeps_the_game_and_says_how_often() -> None:
    real, fake = samples((6, 3))
    game = with_r1(3.0, 16, HINGE)
    assert game.discriminator is HINGE.discriminator
    assert game.generator is HINGE.generator
    assert game.penalty_every == 16
    found = game.penalty(Critic(3), real, fake, rng())
    assert torch.equal(found, r1_penalty(Critic(3), real, fake, rng(), weight=3.0))
    assert with_r1(1.0)._replace(penalty=None) == NON_SATURATING
    assert NON_SATURATING.penalty is None


@pytest.mark.parametrize(("weight", "every"), [(-1.0, 1), (math.nan, 1), (1.0, 0), (1.0, -4)])
def test_bad_strengths_are_refused(weight: float, every: int) -> None:
    with pytest.raises(ValueError, match="need weight >= 0 and every >= 1, got"):
        with_r1(weight, every)
