"""aigc_lib.nets.dcgan: the layers written out, sizes, labels, and the layout in memory."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from aigc_lib.nets.dcgan import DCDiscriminator, DCGenerator


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def settled(network: nn.Module) -> nn.Module:
    """Weights, biases and running statistics that are not the start's simple ones."""
    torch.manual_seed(3)
    for tensor in (*network.parameters(), *network.buffers()):
        if tensor.is_floating_point():
            nn.init.uniform_(tensor, 0.01, 0.3)
            if tensor.ndim > 1:
                tensor.data -= 0.15
    return network


def normalized(x: Tensor, layer: nn.BatchNorm2d, training: bool) -> Tensor:
    """Batch normalisation of (N, C, H, W), from its formula."""
    if training:
        mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
    else:
        mean, var = layer.running_mean, layer.running_var
    scale = layer.weight / torch.sqrt(var + 1e-5)
    return (x - mean[:, None, None]) * scale[:, None, None] + layer.bias[:, None, None]


def transposed(x: Tensor, weight: Tensor) -> Tensor:
    """Stride 2, kernel 4, padding 1: stamp the kernel at every second pixel, cut one pixel off."""
    n, _, height, width = x.shape
    canvas = torch.zeros(n, weight.shape[1], 2 * height + 2, 2 * width + 2)
    for i in range(height):
        for j in range(width):
            stamp = torch.einsum("nc,cdhw->ndhw", x[:, :, i, j], weight)
            canvas[:, :, 2 * i : 2 * i + 4, 2 * j : 2 * j + 4] += stamp
    return canvas[:, :, 1:-1, 1:-1]


@pytest.mark.parametrize("classes", [0, 5])
@pytest.mark.parametrize("training", [True, False])
def test_generator_is_the_formula(training: bool, classes: int) -> None:
    net = settled(DCGenerator(3, 2, 4, classes)).train(training)
    z, labels = torch.randn(6, 3), torch.tensor([0, 4, 2, 2, 1, 4]) if classes else None
    linear, _, bn1, _, up1, bn2, _, up2, bn3, _, last, _ = net.layers
    seen = torch.cat([z, net.embedding.weight[labels]], 1) if classes else z
    h = (seen @ linear.weight.T).reshape(6, 8, 7, 7)
    h = normalized(h, bn1, training).relu()
    h = normalized(transposed(h, up1.weight), bn2, training).relu()
    h = normalized(transposed(h, up2.weight), bn3, training).relu()
    patches = F.pad(h, (1, 1, 1, 1)).unfold(2, 3, 1).unfold(3, 3, 1)  # (N, C, H, W, 3, 3)
    wanted = torch.einsum("nchwij,dcij->ndhw", patches, last.weight) + last.bias[:, None, None]
    wanted = wanted.tanh()
    found = net(z, labels) if classes else net(z)
    assert found.shape == (6, 2, 28, 28)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    assert float(found.detach().std()) > 0.01


def strided(x: Tensor, layer: nn.Conv2d) -> Tensor:
    """Stride 2, padding 1, as matrix products of unfolded patches."""
    size, weight = layer.kernel_size[0], layer.weight
    patches = F.pad(x, (1, 1, 1, 1)).unfold(2, size, 2).unfold(3, size, 2)  # (N, C, H', W', k, k)
    return torch.einsum("nchwij,dcij->ndhw", patches, weight) + layer.bias[:, None, None]


@pytest.mark.parametrize("classes", [0, 5])
@pytest.mark.parametrize("spread", [False, True])
def test_discriminator_is_the_formula(classes: int, spread: bool) -> None:
    net = settled(DCDiscriminator(3, 4, classes, minibatch_spread=spread))
    x, labels = torch.randn(6, 3, 28, 28), torch.tensor([0, 4, 2, 2, 1, 4]) if classes else None
    first, _, second, _, third, *_ = net.features
    h = x
    for layer, side in ((first, 14), (second, 7), (third, 4)):
        h = F.leaky_relu(strided(h, layer), 0.2)
        assert h.shape[2:] == (side, side)
    h = h.flatten(1)
    if spread:
        h = torch.cat([h, h.var(0).sqrt().mean().expand(6, 1)], 1)
    wanted = h @ net.head.weight.T + net.head.bias
    if classes:
        products = [net.projection.weight[y] @ f for y, f in zip(labels, h, strict=True)]
        wanted = wanted + torch.stack(products)[:, None]
    found = net(x, labels) if classes else net(x)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)
    assert found.shape == (6, 1)
    assert float(found.detach().std()) > 0.1


def test_parameters_are_counted_by_hand() -> None:
    w = 64
    up = 2 * w * w * 16 + w * (w // 2) * 16  # two transposed convolutions
    norms, last = 2 * (2 * w + w + w // 2), (w // 2) * 9 + 1
    assert count(DCGenerator()) == 64 * 2 * w * 49 + up + norms + last
    labelled = 128 * 2 * w * 49 + up + norms + last + 10 * 64
    assert count(DCGenerator(classes=10)) == labelled
    body = (w * 16 + w) + (2 * w * w * 16 + 2 * w) + (4 * w * 2 * w * 9 + 4 * w)
    assert count(DCDiscriminator()) == body + 4097 == 431_553
    assert count(DCDiscriminator(classes=10)) == body + 4097 + 10 * 4096
    assert count(DCDiscriminator(minibatch_spread=True)) == body + 4098
    assert count(DCDiscriminator(batch_norm=True)) == body + 4097 + 2 * (2 * w + 4 * w)
    assert count(DCDiscriminator(spectral=True)) == body + 4097


def test_weights_start_as_documented() -> None:
    torch.manual_seed(0)
    generator, discriminator = DCGenerator(classes=10), DCDiscriminator(classes=10, batch_norm=True)
    for layer in (*generator.modules(), *discriminator.modules()):
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            mean, sd = 0.0, 0.02
        elif isinstance(layer, nn.BatchNorm2d):
            mean, sd = 1.0, 0.02
        elif isinstance(layer, nn.Embedding):
            mean, sd = 0.0, 1.0 if layer is generator.embedding else 0.02
        else:
            continue
        weight, n = layer.weight.detach(), layer.weight.numel()
        assert abs(float(weight.mean()) - mean) < 5 * sd / math.sqrt(n)
        assert abs(float(weight.std()) / sd - 1) < 5 / math.sqrt(2 * n)
        if getattr(layer, "bias", None) is not None:
            assert not layer.bias.any()


def test_batch_norm_stands_after_the_later_convolutions_even_if_sizes_coincide() -> None:
    for channels, width in ((1, 8), (3, 3), (2, 1)):
        layers = list(DCDiscriminator(channels, width, batch_norm=True).features)
        norms = [i for i, layer in enumerate(layers) if isinstance(layer, nn.BatchNorm2d)]
        assert norms == [3, 6]
        assert [layers[i].num_features for i in norms] == [2 * width, 4 * width]


def test_a_logit_depends_on_its_own_image_alone_unless_asked_otherwise() -> None:
    torch.manual_seed(0)
    x = torch.randn(5, 1, 28, 28)
    other = torch.cat([x[:1], torch.randn(4, 1, 28, 28)])
    for options, alone in (
        ({}, True), ({"batch_norm": True}, False), ({"minibatch_spread": True}, False),
    ):  # fmt: skip
        net = settled(DCDiscriminator(width=4, **options))
        assert torch.allclose(net(x)[0], net(other)[0], rtol=1e-5, atol=1e-5) == alone


def test_spectral_norm_brings_every_layer_to_one() -> None:
    torch.manual_seed(0)
    net = DCDiscriminator(width=4, classes=3, spectral=True)
    for p in net.parameters():
        nn.init.normal_(p, std=2.0)
    images, labels = torch.randn(2, 1, 28, 28), torch.tensor([0, 2])
    for _ in range(200):
        net(images, labels)
    found = []
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear | nn.Embedding):
            matrix = layer.weight.detach().flatten(1).numpy()
            found.append(np.linalg.svd(matrix, compute_uv=False)[0])
    assert found == pytest.approx([1] * 5, rel=5e-3)


# -------------------------------------------------------------------------------------- labels


def test_the_labels_matter() -> None:
    generator, discriminator = settled(DCGenerator(3, 1, 4, 2)), settled(DCDiscriminator(1, 4, 2))
    nn.init.normal_(generator.embedding.weight)
    z, zero, one = torch.randn(4, 3), torch.zeros(4).long(), torch.ones(4).long()
    generator.eval()
    x = generator(z, zero)
    assert not torch.allclose(x, generator(z, one), atol=1e-3)
    assert not torch.allclose(discriminator(x, zero), discriminator(x, one), atol=1e-3)


@pytest.mark.parametrize(
    ("make", "given"),
    [
        (DCGenerator, torch.zeros(4, 64)),
        (DCDiscriminator, torch.zeros(4, 1, 28, 28)),
    ],
)
def test_labels_that_do_not_fit_are_refused(make: type[nn.Module], given: Tensor) -> None:
    with pytest.raises(ValueError, match="without classes: call it without labels"):
        make(width=4)(given, torch.zeros(4).long())
    net = make(width=4, classes=3)
    with pytest.raises(ValueError, match=r"for 3 classes: give labels \(4,\), not none"):
        net(given)
    for labels in (torch.zeros(3).long(), torch.zeros(4, 1).long(), torch.tensor(1)):
        with pytest.raises(ValueError, match=r"give labels \(4,\), not shape"):
            net(given, labels)
    with pytest.raises(IndexError):
        net(given, torch.full((4,), 3))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: DCGenerator(0), "latent_dim must be positive"),
        (lambda: DCGenerator(channels=0), "channels must be positive"),
        (lambda: DCGenerator(width=-2), "width must be positive"),
        (lambda: DCGenerator(width=5), "width must be even, got 5"),
        (lambda: DCGenerator(classes=-1), r"classes must be 0 \(no labels\) or more, got -1"),
        (lambda: DCDiscriminator(0), "channels must be positive"),
        (lambda: DCDiscriminator(width=0), "width must be positive"),
        (lambda: DCDiscriminator(classes=-1), "classes must be 0"),
        (lambda: DCDiscriminator()(torch.zeros(4, 3, 28, 28)), r"images must be \(N, 1, 28, 28\)"),
        (lambda: DCDiscriminator()(torch.zeros(4, 1, 32, 32)), r"got \(4, 1, 32, 32\)"),
        (lambda: DCDiscriminator()(torch.zeros(4, 784)), r"got \(4, 784\)"),
    ],
)
def test_what_does_not_fit_is_refused(make, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()
