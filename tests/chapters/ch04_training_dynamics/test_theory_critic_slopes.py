"""Proofs, in numbers, of chapter 04's statements about penalties and the slope of networks."""

import math
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from aigc_lib.chapters.ch04_training_dynamics import dirac
from aigc_lib.gan import losses
from aigc_lib.nets.mlp import point_discriminator


@pytest.mark.label("eq-linear-critic")
@pytest.mark.parametrize("seed", range(3))
def test_penalties_of_a_linear_and_a_quadratic_critic(seed: int) -> None:
    rng = np.random.default_rng(seed)
    w, samples = rng.normal(size=4), rng.normal(size=(32, 4))
    real, fake = torch.from_numpy(samples), torch.from_numpy(rng.normal(size=(32, 4)))
    noise, size = torch.Generator().manual_seed(seed), float(np.linalg.norm(w))

    def value(kind: losses.Penalty, w: np.ndarray) -> float:
        weights = torch.from_numpy(w)[:, None]
        return float(kind(lambda x: x @ weights + 0.3, real, fake, noise))

    for kind, wanted, gradient in (
        (partial(losses.gradient_penalty, weight=7.0), 7 * (size - 1) ** 2,
         14 * (1 - 1 / size) * w),
        (partial(losses.r1_penalty, weight=3.0), 1.5 * size**2, 3 * w),
    ):  # fmt: skip
        assert value(kind, w) == pytest.approx(wanted, rel=1e-10)
        steps = 1e-5 * np.eye(4)
        found = [(value(kind, w + e) - value(kind, w - e)) / 2e-5 for e in steps]
        np.testing.assert_allclose(found, gradient, rtol=1e-6, atol=1e-8)
        at = torch.from_numpy(w).requires_grad_()
        bias = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
        total = kind(lambda x, a=at, b=bias: x @ a[:, None] + b, real, fake, noise)
        automatic, of_bias = torch.autograd.grad(total, (at, bias), allow_unused=True)
        np.testing.assert_allclose(automatic.numpy(), gradient, rtol=1e-9)
        assert of_bias is None or float(of_bias) == 0

    c = torch.tensor(1.3, dtype=torch.float64, requires_grad=True)
    square = (samples**2).sum(axis=1).mean()
    bowl = losses.r1_penalty(
        lambda x: c / 2 * x.square().sum(1, keepdim=True), real, fake, noise, 3.0
    )
    assert float(bowl.detach()) == pytest.approx(1.5 * 1.3**2 * square, rel=1e-10)
    (automatic,) = torch.autograd.grad(bowl, c)
    assert float(automatic) == pytest.approx(3 * 1.3 * square, rel=1e-10)


@pytest.mark.label("eq-penalty-trap")
@pytest.mark.parametrize("weight", [1.5, 2.0, 10.0])
def test_the_gradient_penalty_rests_at_the_wrong_place(weight: float) -> None:
    loss = losses.WGAN_GP._replace(penalty=partial(losses.gradient_penalty, weight=weight))

    def move(theta: float, omega: float) -> np.ndarray:
        states = dirac.simulate(loss, (theta, omega), 1.0, 1)
        return (states[1] - states[0]).numpy()

    rest = np.array([2 * weight, 1e-7])
    assert np.abs(move(*rest)).max() < 1e-5
    eps = 1e-8  # stay on the side omega > 0
    columns = [(move(*(rest + e)) - move(*(rest - e))) / (2 * eps) for e in eps * np.eye(2)]
    root = math.sqrt(weight**2 - 1)
    found = np.sort(np.linalg.eigvals(np.array(columns).T).real)
    np.testing.assert_allclose(found, [-weight - root, -weight + root], rtol=1e-5)
    for omega in (0.01, 0.5, 1.0, 1.7):  # no rest where the generator is right
        wanted = [omega, -2 * weight * (omega - 1)]
        np.testing.assert_allclose(move(0.0, omega), wanted, atol=1e-12)
        assert np.abs(move(0.0, omega)).max() > 0.009
    path = dirac.simulate(loss, (2 * weight - 0.3, 0.05), 0.02, int(800 * weight), True)
    assert float(path[-1, 0]) == pytest.approx(2 * weight, abs=0.02)
    assert (path[:, 1] > 0).all()


@pytest.mark.label("eq-spectral-norm")
@pytest.mark.parametrize("seed", range(3))
def test_the_largest_stretch_and_power_iteration(seed: int) -> None:
    rng = np.random.default_rng(seed)
    w = rng.normal(size=(7, 5))
    sizes = np.sqrt(np.linalg.eigvalsh(w.T @ w))[::-1]
    x = rng.normal(size=(20_000, 5))
    stretch = np.linalg.norm(x @ w.T, axis=1) / np.linalg.norm(x, axis=1)
    assert stretch.max() <= sizes[0]
    assert stretch.max() > 0.97 * sizes[0]
    v, errors, elsewhere = np.ones(5) / math.sqrt(5), [], []
    first = np.linalg.eigh(w.T @ w)[1][:, -1]
    for _ in range(60):
        errors.append(sizes[0] - np.linalg.norm(w @ v))
        elsewhere.append(np.linalg.norm(v - (v @ first) * first) / abs(v @ first))
        v = w.T @ w @ v
        v /= np.linalg.norm(v)
    shrink = [after / before for before, after in pairwise(elsewhere) if after > 1e-6]
    assert max(shrink) <= (sizes[1] / sizes[0]) ** 2 + 1e-6
    assert all(after <= before + 1e-12 for before, after in pairwise(errors))
    late = [k for k, e in enumerate(errors) if 1e-9 < e < 1e-3 * sizes[0]]
    assert len(late) > 2
    rate = (errors[late[-1]] / errors[late[0]]) ** (1 / (late[-1] - late[0]))
    assert rate == pytest.approx((sizes[1] / sizes[0]) ** 4, rel=0.1)
    # From a start that points almost along the second direction, the error at first hardly falls.
    slow = np.diag([2.0, 1.0])
    ends = [np.array([start, 1.0]) for start in (0.01, 0.04)]  # before a round and after it
    before, after = (2 - np.linalg.norm(slow @ u) / np.linalg.norm(u) for u in ends)
    assert 1 > after / before > 0.99
    layer = nn.Linear(5, 7, bias=False).double()
    layer.weight.data = torch.from_numpy(w)
    nn.utils.parametrizations.spectral_norm(layer, n_power_iterations=200)
    np.testing.assert_allclose(layer.weight.detach().numpy(), w / sizes[0], rtol=1e-6)


@pytest.mark.label("eq-lipschitz-product")
@pytest.mark.parametrize("spectral", [False, True])
def test_no_pair_of_points_is_stretched_beyond_the_product(spectral: bool) -> None:
    torch.manual_seed(0)
    network = point_discriminator(2, (16, 16), spectral=spectral).double().eval()
    weights = [layer.weight.detach().numpy() for layer in network if isinstance(layer, nn.Linear)]
    bound = math.prod(np.linalg.norm(w, 2) for w in weights)
    x, y = 3 * torch.randn(2, 20_000, 2, dtype=torch.float64)
    y[:10_000] = x[:10_000] + 1e-4 * y[:10_000]  # near pairs, too
    with torch.no_grad():
        rise = (network(x) - network(y)).abs().flatten() / (x - y).norm(dim=1)
    assert 0.01 * bound < float(rise.max()) <= bound
    # One unit a layer, all in line: the bound is reached.
    line = nn.Sequential(nn.Linear(1, 1), nn.LeakyReLU(0.2), nn.Linear(1, 1)).double()
    a, b = (abs(float(line[i].weight.detach())) for i in (0, 2))
    ends = torch.tensor([[1e3], [2e3]]).double() * line[0].weight.detach().sign()
    with torch.no_grad():
        top = float((line(ends[1:]) - line(ends[:1])).abs()) / 1e3
    assert top == pytest.approx(a * b, rel=1e-9)
