"""Proofs, in numbers, of chapter 07's statements on convolutions and BatchNorm."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from aigc_lib.nets.dcgan import DCDiscriminator

SHAPES = list(itertools.product((5, 6, 8), (1, 2, 3, 4), (1, 2, 3), (0, 1)))  # n, k, s, p


def places(n: int, k: int, s: int, p: int) -> list[int]:
    """Where a kernel of k may start in n pixels with p more at each end, in steps of s: counted."""
    return [start for start in range(-p, n + p) if start + k <= n + p and (start + p) % s == 0]


@pytest.mark.label("eq-convolution-size")
@pytest.mark.parametrize(("n", "k", "s", "p"), SHAPES)
def test_the_size_of_a_convolutions_output(n: int, k: int, s: int, p: int) -> None:
    stated = (n + 2 * p - k) // s + 1
    assert stated == len(places(n, k, s, p))
    found = F.conv1d(torch.zeros(1, 1, n), torch.zeros(1, 1, k), stride=s, padding=p)
    assert found.shape[2] == stated


def matrix(n: int, kernel: np.ndarray, s: int, p: int) -> np.ndarray:
    """The matrix of a convolution of n pixels, written entry by entry from its definition."""
    starts = places(n, len(kernel), s, p)
    m = np.zeros((len(starts), n))
    for i, start in enumerate(starts):
        for t, weight in enumerate(kernel):
            if 0 <= start + t < n:
                m[i, start + t] = weight
    return m


@pytest.mark.label("eq-transposed-matrix")
@pytest.mark.parametrize(("n", "k", "s", "p"), SHAPES)
def test_a_transposed_convolution_is_the_transposed_matrix(n: int, k: int, s: int, p: int) -> None:
    rng = np.random.default_rng(n * 1000 + k * 100 + s * 10 + p)
    kernel = rng.normal(size=k)
    m = matrix(n, kernel, s, p)
    w = torch.from_numpy(kernel)[None, None]
    x = rng.normal(size=n)
    forward = F.conv1d(torch.from_numpy(x)[None, None], w, stride=s, padding=p)[0, 0]
    np.testing.assert_allclose(forward, m @ x, atol=1e-12)
    y = rng.normal(size=len(m))
    # Pixels that no kernel reaches, behind the last place, are left out by PyTorch: they are 0.
    unread = (n + 2 * p - k) % s
    back = F.conv_transpose1d(
        torch.from_numpy(y)[None, None], w, stride=s, padding=p, output_padding=unread
    )[0, 0]
    np.testing.assert_allclose(back, m.T @ y, atol=1e-12)
    # What a transpose is: <M x, y> = <x, M' y>. It is no inverse.
    assert float(forward @ torch.from_numpy(y)) == pytest.approx(float(x @ back.numpy()), abs=1e-12)


def test_a_transposed_convolution_is_no_inverse() -> None:
    m = matrix(8, np.array([1.0, 2.0, -1.0, 0.5]), 2, 1)
    assert np.abs(m.T @ m - np.eye(8)).max() > 0.5


@pytest.mark.label("eq-transposed-matrix")
def test_in_two_dimensions_it_is_the_gradient_of_a_convolution() -> None:
    torch.manual_seed(0)
    w = torch.randn(3, 2, 4, 4, dtype=torch.float64)
    x = torch.randn(1, 2, 10, 8, dtype=torch.float64, requires_grad=True)
    out = F.conv2d(x, w, stride=2, padding=1)
    y = torch.randn_like(out)
    (gradient,) = torch.autograd.grad(out, x, y)  # a Jacobian's transpose times y
    found = F.conv_transpose2d(y, w, stride=2, padding=1)
    assert torch.allclose(found, gradient, atol=1e-12)


@pytest.mark.label("eq-transposed-size")
@pytest.mark.parametrize(("n", "k", "s", "p"), SHAPES)
def test_the_size_of_a_transposed_convolutions_output(n: int, k: int, s: int, p: int) -> None:
    stamped = {i * s + t for i in range(n) for t in range(k)}
    whole = max(stamped) + 1
    stated = (n - 1) * s - 2 * p + k
    assert stated == whole - 2 * p
    if stated > 0:
        found = F.conv_transpose1d(torch.zeros(1, 1, n), torch.zeros(1, 1, k), stride=s, padding=p)
        assert found.shape[2] == stated


@pytest.mark.label("eq-checkerboard")
@pytest.mark.parametrize(("k", "s"), list(itertools.product(range(1, 9), range(1, 5))))
def test_how_often_an_output_pixel_is_reached(k: int, s: int) -> None:
    ones = F.conv_transpose1d(
        torch.ones(1, 1, 20), torch.ones(1, 1, k), stride=s, padding=0
    ).flatten()
    inside = ones[k : len(ones) - k].round().int().tolist()[: 6 * s]  # far from both ends
    assert set(inside) <= {k // s, -(-k // s)}
    assert (len(set(inside)) == 1) == (k % s == 0)
    # Of s neighbouring pixels, k mod s get one visit more.
    assert inside[:s].count(k // s + 1) == k % s


@pytest.mark.label("eq-receptive-field")
@pytest.mark.parametrize(
    "layers", [[(3, 1)], [(3, 1), (3, 1)], [(4, 2), (4, 2), (3, 2)], [(2, 3), (5, 1), (3, 2)]]
)
def test_the_receptive_field_is_where_the_gradient_is(layers: list[tuple[int, int]]) -> None:
    stated, step = 1, 1
    for k, s in layers:
        stated += (k - 1) * step
        step *= s
    x = torch.rand(1, 1, 120, dtype=torch.float64, requires_grad=True)
    h = x
    for k, s in layers:
        h = F.conv1d(h, torch.ones(1, 1, k, dtype=torch.float64), stride=s)
    (gradient,) = torch.autograd.grad(h[0, 0, h.shape[2] // 2], x)
    reached = gradient.flatten().nonzero().flatten()
    assert int(reached.max() - reached.min()) + 1 == stated


@pytest.mark.label("eq-receptive-field")
def test_the_librarys_discriminator_sees_eighteen_pixels() -> None:
    torch.manual_seed(0)
    network = DCDiscriminator(1, 4).features[:-1].double()  # without the flattening
    x = torch.rand(1, 1, 28, 28, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(network(x)[0, :, 1, 1].sum(), x)
    rows = gradient[0, 0].abs().sum(1).nonzero().flatten()
    assert int(rows.max() - rows.min()) + 1 == 18


@pytest.mark.label("eq-batch-norm-invariance")
@pytest.mark.parametrize(("scale", "shift"), [(3.0, -2.0), (0.01, 5.0)])
def test_batch_norm_forgets_scale_and_shift(scale: float, shift: float) -> None:
    torch.manual_seed(0)
    x = torch.randn(6, 3, 4, 4, dtype=torch.float64)
    layer = nn.BatchNorm2d(3, eps=1e-30).double()
    before = layer(x).detach()
    by_hand = x.numpy()
    mean = by_hand.mean(axis=(0, 2, 3), keepdims=True)
    spread = by_hand.std(axis=(0, 2, 3), keepdims=True)
    np.testing.assert_allclose(before, (by_hand - mean) / spread, atol=1e-12)
    assert torch.allclose(layer(scale * x + shift), before, atol=1e-10)
    assert torch.allclose(layer(-scale * x + shift), -before, atol=1e-10)  # a > 0 is needed
