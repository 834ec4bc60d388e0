"""aigc_lib.nets.mlp: shapes, sizes, the layers in order, and what is refused."""

import numpy as np
import pytest
import torch
from torch.nn.functional import leaky_relu

from aigc_lib.nets.mlp import MLPDiscriminator, MLPGenerator


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 5, 4)])
def test_generator_shapes_and_range(shape: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    generator = MLPGenerator(7, (9, 11), shape)
    images = generator(100 * torch.randn(6, 7)).detach()
    assert images.shape == (6, *shape)
    assert float(images.abs().max()) <= 1
    # It reaches nearly the whole of the range, and both ends of it.
    assert float(images.min()) < -0.9
    assert float(images.max()) > 0.9
    assert generator.latent_dim == 7


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 5, 4)])
def test_discriminator_gives_a_logit_an_image(shape: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    discriminator = MLPDiscriminator((9, 11), shape)
    logits = discriminator(100 * torch.randn(6, *shape)).detach()
    assert logits.shape == (6, 1)
    assert float(logits.abs().max()) > 1  # no sigmoid at the end
    assert not torch.allclose(logits[0], logits[1])


def test_parameters_are_counted_by_hand() -> None:
    generator, discriminator = MLPGenerator(100, (128,)), MLPDiscriminator((128,))
    assert sum(p.numel() for p in generator.parameters()) == 101 * 128 + 129 * 784
    assert sum(p.numel() for p in discriminator.parameters()) == 785 * 128 + 129
    wide = MLPGenerator()
    assert sum(p.numel() for p in wide.parameters()) == 65 * 256 + 257 * 512 + 513 * 784


def test_generator_is_the_formula() -> None:
    torch.manual_seed(1)
    generator, z = MLPGenerator(3, (5, 4), (1, 2, 3)), torch.randn(8, 3)
    (w1, b1), (w2, b2), (w3, b3) = zip(*[iter(generator.parameters())] * 2, strict=True)
    h = leaky_relu(leaky_relu(z @ w1.T + b1, 0.2) @ w2.T + b2, 0.2)
    wanted = torch.tanh(h @ w3.T + b3).reshape(8, 1, 2, 3)
    torch.testing.assert_close(generator(z), wanted)


def test_discriminator_is_the_formula() -> None:
    torch.manual_seed(1)
    discriminator, x = MLPDiscriminator((5, 4), (1, 2, 3)), torch.randn(8, 1, 2, 3)
    (w1, b1), (w2, b2), (w3, b3) = zip(*[iter(discriminator.parameters())] * 2, strict=True)
    h = leaky_relu(leaky_relu(x.reshape(8, 6) @ w1.T + b1, 0.2) @ w2.T + b2, 0.2)
    torch.testing.assert_close(discriminator(x), h @ w3.T + b3)


def test_dropout_acts_in_training_alone() -> None:
    torch.manual_seed(0)
    net, x = MLPDiscriminator((64,), dropout=0.5), torch.randn(4, 1, 28, 28)
    assert not torch.equal(net(x), net(x))
    net.eval()
    assert torch.equal(net(x), net(x))
    plain = MLPDiscriminator((64,))
    assert torch.equal(plain(x), plain(x))


def test_minibatch_spread_is_the_formula() -> None:
    torch.manual_seed(1)
    net, x = MLPDiscriminator((5,), (1, 2, 3), minibatch_spread=True), torch.randn(8, 1, 2, 3)
    w1, b1, w2, b2 = net.parameters()
    h = leaky_relu(x.reshape(8, 6) @ w1.T + b1, 0.2).detach().numpy()
    spread = np.sqrt(((h - h.mean(axis=0)) ** 2).sum(axis=0) / 7).mean()
    wanted = np.hstack([h, np.full((8, 1), spread)]) @ w2.T.detach().numpy() + b2.detach().numpy()
    np.testing.assert_allclose(net(x).detach().numpy(), wanted, rtol=1e-5, atol=1e-6)
    assert w2.shape == (1, 6)


def test_minibatch_spread_of_equal_images_has_finite_gradients() -> None:
    x = torch.ones(4, 1, 28, 28, requires_grad=True)  # a collapsed generator gives such a batch
    net = MLPDiscriminator((16,), minibatch_spread=True)
    net(x).sum().backward()
    assert bool(x.grad.isfinite().all())
    assert all(bool(p.grad.isfinite().all()) for p in net.parameters())


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: MLPGenerator(0), "latent_dim"),
        (lambda: MLPGenerator(-1), "latent_dim"),
        (lambda: MLPGenerator(8, (16, 0)), "hidden"),
        (lambda: MLPGenerator(8, ()), "hidden"),
        (lambda: MLPGenerator(8, (16,), (1, 0, 28)), "image_shape"),
        (lambda: MLPDiscriminator((0,)), "hidden"),
        (lambda: MLPDiscriminator((8,), (0, 28, 28)), "image_shape"),
    ],
)
def test_sizes_that_are_not_positive_are_refused_by_name(make: object, name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be positive, got"):
        make()


@pytest.mark.parametrize("dropout", [-0.1, 1.0, 2.0, float("nan")])
def test_a_dropout_outside_its_range_is_refused(dropout: float) -> None:
    with pytest.raises(ValueError, match=r"dropout must lie in \[0, 1\), got"):
        MLPDiscriminator(dropout=dropout)
