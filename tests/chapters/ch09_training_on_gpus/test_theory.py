"""Proofs, in numbers, of chapter 09's statements on work, bytes, rounding and many workers."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from aigc_lib.nets.dcgan import DCDiscriminator, DCGenerator

# ------------------------------------------------------------------------------------ work


def counted(module: nn.Module, x: torch.Tensor) -> int:
    """What PyTorch's own counter says."""
    with FlopCounterMode(display=False) as counter:
        module(x)
    return int(counter.get_total_flops())


@pytest.mark.label("eq-conv-flops")
@pytest.mark.parametrize(("k", "s", "p"), [(1, 1, 0), (3, 1, 1), (4, 2, 1), (3, 2, 1)])
def test_operations_of_a_convolution_by_counting_them_all(k: int, s: int, p: int) -> None:
    n, c_in, c_out, size = 2, 3, 5, 7
    layer = nn.Conv2d(c_in, c_out, k, stride=s, padding=p, bias=False)
    out = layer(torch.zeros(n, c_in, size, size)).shape[2]
    stated = 2 * n * c_in * c_out * k**2 * out**2
    by_hand = 0
    for _ in itertools.product(range(n), range(c_out), range(out), range(out)):
        by_hand += sum(2 for _ in itertools.product(range(c_in), range(k), range(k)))
    assert by_hand == stated == counted(layer, torch.zeros(n, c_in, size, size))


@pytest.mark.label("eq-conv-flops")
def test_a_transposed_convolution_counts_the_pixels_that_come_in() -> None:
    layer = nn.ConvTranspose2d(6, 4, 4, stride=2, padding=1, bias=False)
    stated = 2 * 3 * 6 * 4 * 4**2 * 7**2  # the 7 x 7 that come in, not the 14 x 14 that go out
    assert counted(layer, torch.zeros(3, 6, 7, 7)) == stated


@pytest.mark.label("eq-conv-flops")
def test_the_books_networks() -> None:
    w, n = 32, 2
    generator = 2 * n * (64 * 2 * w * 49 + 2 * w * w * 16 * 49 + w * w // 2 * 16 * 196
                         + w // 2 * 9 * 784)  # fmt: skip
    assert counted(DCGenerator(64, width=w), torch.zeros(n, 64)) == generator
    discriminator = 2 * n * (w * 16 * 196 + w * 2 * w * 16 * 49 + 2 * w * 4 * w * 9 * 16
                             + 4 * w * 16)  # fmt: skip
    assert counted(DCDiscriminator(width=w), torch.zeros(n, 1, 28, 28)) == discriminator


@pytest.mark.label("eq-intensity")
@pytest.mark.parametrize(("b", "n", "m"), [(1, 64, 3136), (64, 64, 3136), (4096, 100, 128)])
def test_operations_a_byte_of_a_linear_layer(b: int, n: int, m: int) -> None:
    layer, x = nn.Linear(n, m, bias=False), torch.zeros(b, n)
    moved = sum(t.numel() * t.element_size() for t in (x, layer.weight, layer(x)))
    stated = b * n * m / (2 * (b * n + n * m + b * m))
    assert counted(layer, x) / moved == pytest.approx(stated, rel=1e-12)
    # Between its two limits, which a small and a large batch approach.
    assert stated < min(b / 2, n * m / (2 * (n + m)))


@pytest.mark.label("eq-intensity")
def test_the_limits_of_a_small_and_a_large_batch() -> None:
    def intensity(b: float, n: float, m: float) -> float:
        return b * n * m / (2 * (b * n + n * m + b * m))

    assert intensity(1, 1e6, 1e6) == pytest.approx(1 / 2, rel=1e-5)
    assert intensity(1e9, 64, 128) == pytest.approx(64 * 128 / (2 * (64 + 128)), rel=1e-5)


@pytest.mark.label("eq-roofline")
@pytest.mark.parametrize("seed", range(3))
def test_no_schedule_beats_the_roofline(seed: int) -> None:
    """Pieces of work need bytes first; a machine that overlaps both as well as can be."""
    rng = np.random.default_rng(seed)
    peak, bandwidth, pieces = 7.0, 3.0, 2000
    for scale in (0.1, 1.0, 10.0):
        flops, data = scale * rng.uniform(1, 2, pieces), rng.uniform(1, 2, pieces)
        loaded = done = 0.0
        for f, q in zip(flops, data, strict=True):
            loaded += q / bandwidth
            done = max(done, loaded) + f / peak
        speed, intensity = flops.sum() / done, flops.sum() / data.sum()
        roof = min(peak, intensity * bandwidth)
        assert speed <= roof * (1 + 1e-12)
        assert speed > 0.9 * roof  # and it is nearly reached: the bound is not an idle one


# -------------------------------------------------------------------------------- rounding


def all_bfloat16() -> torch.Tensor:
    """Every positive bfloat16 number that is normal and finite, in order, as float64."""
    bits = torch.arange(0x0080, 0x7F80, dtype=torch.int32).to(torch.int16)
    return bits.view(torch.bfloat16).double()


@pytest.mark.label("eq-bfloat16")
def test_the_gaps_between_all_bfloat16_numbers() -> None:
    numbers = all_bfloat16()
    assert len(numbers) == 254 * 128
    gaps = (numbers[1:] - numbers[:-1]).numpy()
    exponents = np.floor(np.log2(numbers[:-1].numpy()))
    np.testing.assert_array_equal(gaps, 2.0 ** (exponents - 7))


@pytest.mark.label("eq-bfloat16")
def test_rounding_misses_by_at_most_the_256th_part() -> None:
    numbers = all_bfloat16()
    middle = (numbers[1:] + numbers[:-1]) / 2  # the worst there is
    for x in (middle, middle * (1 - 1e-6), middle * (1 + 1e-6)):
        wrong = (x.float().bfloat16().double() - x).abs() / x
        assert float(wrong.max()) <= 2**-8
    worst = (middle.float().bfloat16().double() - middle).abs() / middle
    assert float(worst.max()) > 0.99 * 2**-8
    # The relative error of a float16 is 8 times less, but it ends at 65,504.
    assert torch.finfo(torch.float16).eps * 8 == torch.finfo(torch.bfloat16).eps == 2**-7
    assert float(torch.tensor(7e4).half()) == math.inf
    assert float(torch.tensor(7e4).bfloat16()) == pytest.approx(7e4, rel=2**-8)


# --------------------------------------------------------------------------- many workers


def gradient(w: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Of the mean logistic loss, by central differences."""

    def loss(v: np.ndarray) -> float:
        return float(np.logaddexp(0, -y * (x @ v)).mean())

    steps = 1e-6 * np.eye(len(w))
    return np.array([(loss(w + h) - loss(w - h)) / 2e-6 for h in steps])


@pytest.mark.label("eq-average-gradient")
def test_the_mean_of_the_parts_gradients_is_the_whole_ones() -> None:
    rng = np.random.default_rng(0)
    x, y, w = rng.normal(size=(24, 5)), rng.choice([-1.0, 1.0], 24), rng.normal(size=5)
    whole = gradient(w, x, y)
    for parts in (2, 4, 8):
        split = zip(np.split(x, parts), np.split(y, parts), strict=True)
        np.testing.assert_allclose(np.mean([gradient(w, *p) for p in split], 0), whole, atol=1e-8)
    # Parts of different sizes must be weighted by them.
    pieces = [(x[:4], y[:4]), (x[4:], y[4:])]
    plain = np.mean([gradient(w, *p) for p in pieces], axis=0)
    weighted = np.average([gradient(w, *p) for p in pieces], axis=0, weights=[4, 20])
    np.testing.assert_allclose(weighted, whole, atol=1e-8)
    assert np.abs(plain - whole).max() > 1e-3


@pytest.mark.label("eq-average-gradient")
def test_not_so_with_batch_norm() -> None:
    torch.manual_seed(0)
    layer, x = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 1)), torch.randn(16, 3)

    def of(part: torch.Tensor) -> torch.Tensor:
        return torch.autograd.grad(layer(part).sigmoid().mean(), layer[1].weight)[0]

    halves = (of(x[:8]) + of(x[8:])) / 2
    assert float((halves - of(x)).abs().max()) > 1e-3


@pytest.mark.label("eq-amdahl")
@pytest.mark.parametrize(("tasks", "serial"), [(240, 60), (240, 0), (0, 10), (480, 20)])
def test_amdahl_by_dealing_tasks_to_workers(tasks: int, serial: int) -> None:
    share = tasks / (tasks + serial)
    for workers in (1, 2, 3, 4, 8):
        ends = [0] * workers
        for _ in range(tasks):  # each to the worker who is free first
            ends[ends.index(min(ends))] += 1
        found = (tasks + serial) / (serial + max(ends))
        stated = 1 / ((1 - share) + share / workers)
        assert found == pytest.approx(stated, rel=1e-12)
        assert stated <= (1 / (1 - share) if serial else math.inf)
