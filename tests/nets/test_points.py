"""aigc_lib.nets.mlp: the layers in order, spectral norm, the spread, and what is refused."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import leaky_relu

from aigc_lib.nets.mlp import point_discriminator, point_generator


def test_generator_is_the_formula() -> None:
    torch.manual_seed(1)
    generator, z = point_generator(3, (5, 4), 2), torch.randn(8, 3)
    (w1, b1), (w2, b2), (w3, b3) = zip(*[iter(generator.parameters())] * 2, strict=True)
    h = leaky_relu(leaky_relu(z @ w1.T + b1, 0.2) @ w2.T + b2, 0.2)
    torch.testing.assert_close(generator(z), h @ w3.T + b3)


def test_discriminator_is_the_formula() -> None:
    torch.manual_seed(1)
    discriminator, x = point_discriminator(2, (5, 4)), torch.randn(8, 2)
    (w1, b1), (w2, b2), (w3, b3) = zip(*[iter(discriminator.parameters())] * 2, strict=True)
    h = leaky_relu(leaky_relu(x @ w1.T + b1, 0.2) @ w2.T + b2, 0.2)
    logits = discriminator(x)
    torch.testing.assert_close(logits, h @ w3.T + b3)
    assert logits.shape == (8, 1)


def test_a_generator_reaches_points_anywhere() -> None:
    torch.manual_seed(0)
    points = point_generator(dim=1)(1000 * torch.randn(500, 2)).detach()
    assert points.shape == (500, 1)
    assert float(points.max()) > 5  # no tanh at the end
    assert float(points.min()) < -5


def test_parameters_are_counted_by_hand() -> None:
    generator, discriminator = point_generator(), point_discriminator()
    assert sum(p.numel() for p in generator.parameters()) == 3 * 128 + 129 * 128 + 129 * 2
    assert sum(p.numel() for p in discriminator.parameters()) == 3 * 128 + 129 * 128 + 129
    spread = point_discriminator(spread=True)
    assert sum(p.numel() for p in spread.parameters()) == 3 * 128 + 129 * 128 + 130


def test_spread_is_the_standard_deviation_of_the_last_features() -> None:
    torch.manual_seed(1)
    net, x = point_discriminator(2, (5,), spread=True), torch.randn(8, 2)
    w1, b1, w2, b2 = net.parameters()
    h = leaky_relu(x @ w1.T + b1, 0.2).detach().numpy()
    spread = h.std(axis=0, ddof=1).mean()
    wanted = np.hstack([h, np.full((8, 1), spread)]) @ w2.T.detach().numpy() + b2.detach().numpy()
    np.testing.assert_allclose(net(x).detach().numpy(), wanted, rtol=1e-5, atol=1e-6)


def singular_values(net: nn.Module) -> list[float]:
    weights = [m.weight.detach().numpy() for m in net.modules() if isinstance(m, nn.Linear)]
    return [float(np.linalg.svd(w, compute_uv=False)[0]) for w in weights]


@pytest.mark.parametrize("spread", [False, True])
def test_spectral_norm_brings_every_layer_to_one(spread: bool) -> None:
    torch.manual_seed(0)
    net = point_discriminator(2, (32, 32), spectral=True, spread=spread)
    for p in net.parameters():
        nn.init.normal_(p, std=3.0)
    assert max(singular_values(point_discriminator(2, (32, 32)))) > 1.05  # not of itself
    for _ in range(300):  # power iteration: a little nearer at each call in training
        net(torch.randn(8, 2))
    assert singular_values(net) == pytest.approx([1, 1, 1], rel=1e-3)


def test_spectral_norm_makes_the_slope_at_most_one() -> None:
    torch.manual_seed(0)
    net = point_discriminator(2, (32, 32), spectral=True)
    for p in net.parameters():
        nn.init.normal_(p, std=3.0)
    for _ in range(300):
        net(torch.randn(8, 2))
    net.eval()
    a, b = 5 * torch.randn(2, 2000, 2)
    with torch.no_grad():
        slope = (net(a) - net(b)).abs().squeeze(1) / (a - b).norm(dim=1)
    assert 0.01 < float(slope.max()) <= 1 + 1e-3


def test_the_estimate_moves_in_training_alone() -> None:
    torch.manual_seed(0)
    net, x = point_discriminator(2, (32, 32), spectral=True), torch.randn(8, 2)
    assert not torch.equal(net(x), net(x))
    net.eval()
    assert torch.equal(net(x), net(x))


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: point_generator(0), "latent_dim"),
        (lambda: point_generator(2, ()), "hidden"),
        (lambda: point_generator(2, (8,), 0), "dim"),
        (lambda: point_discriminator(0), "dim"),
        (lambda: point_discriminator(2, (8, 0)), "hidden"),
        (lambda: point_discriminator(2, ()), "hidden"),
    ],
)
def test_sizes_that_are_not_positive_are_refused_by_name(make, name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be positive, got"):
        make()
