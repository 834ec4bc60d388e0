"""The statements of chapter 14, by routes that share no code with the library."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from aigc_lib.chapters.ch14_film_scenes import poisson_blending
from aigc_lib.diffusion.guidance import denoiser
from aigc_lib.diffusion.samplers import even_times, sample
from aigc_lib.diffusion.training import Diffusion, loss_of

RNG = np.random.default_rng(0)


@pytest.mark.label("thm-rejection")
@pytest.mark.parametrize("p", [0.05, 0.3, 1.0])
def test_draws_until_one_fits(p: float) -> None:
    fits = RNG.random((4_000, 400)) < p
    assert fits.any(axis=1).all()
    needed = fits.argmax(axis=1) + 1
    error = 5 * math.sqrt(1 - p) / p / math.sqrt(len(needed))
    assert needed.mean() == pytest.approx(1 / p, abs=error + 1e-12)
    for n in (1, 4, 16):
        share = fits[:, :n].any(axis=1).mean()
        assert share == pytest.approx(1 - (1 - p) ** n, abs=0.04)


def velocity(y: torch.Tensor, t: float, m: float, s: float) -> torch.Tensor:
    """The chapter's closed form."""
    slope = (t * s**2 - (1 - t)) / ((1 - t) ** 2 + t**2 * s**2)
    return m + slope * (y - t * m)


@pytest.mark.label("thm-flow-mean")
@pytest.mark.parametrize(("m", "s"), [(0.4, 0.2), (-1.0, 1.5)])
def test_the_mean_speed_is_the_regression_and_leads_to_the_data(m: float, s: float) -> None:
    x, z = m + s * RNG.standard_normal(200_000), RNG.standard_normal(200_000)
    for t in (0.2, 0.5, 0.9):
        place = (1 - t) * z + t * x
        fitted = np.linalg.lstsq(np.stack([place, np.ones_like(place)], 1), x - z, rcond=None)[0]
        for y in (-0.5, 0.3):
            wanted = float(velocity(torch.tensor(y), t, m, s))
            assert fitted @ [y, 1] == pytest.approx(wanted, abs=0.03)
        best = np.square(x - z - velocity(torch.tensor(place), t, m, s).numpy()).mean()
        for other in (0.1 + 0 * place, 0.1 * place):
            off = velocity(torch.tensor(place), t, m, s).numpy() + other
            assert np.square(x - z - off).mean() > best

    def network(x: torch.Tensor, t: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        return velocity(x, float(t[0]), m, s)

    # The library's loss of that velocity is the variance that no function of the place can remove.
    pixels = torch.from_numpy(m + s * RNG.standard_normal((400, 3, 8, 8))).float()
    t = np.linspace(0, 1, 10_001)
    rest = 1 + s**2 - (t * s**2 - (1 - t)) ** 2 / ((1 - t) ** 2 + t**2 * s**2)

    def each(x: torch.Tensor, t: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        parts = [velocity(a, float(b), m, s) for a, b in zip(x, t, strict=True)]
        return torch.stack(parts)

    model = Diffusion(nn.Linear(1, 1))
    model.predict = each
    losses = [float(loss_of(model, pixels, torch.zeros(400, 1).long())) for _ in range(3)]
    assert np.mean(losses) == pytest.approx(rest.mean(), rel=0.06)

    # The library's sampler, with the exact velocity, must carry noise to m + s z.
    noise = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(5))
    ends = sample(denoiser(network, torch.zeros(4, 1).long()), noise, even_times(2_000))
    torch.testing.assert_close(ends, (m + s * noise).clamp(-1, 1), atol=6e-3, rtol=0)


def scene(size: int = 9) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two random pictures and a mask in two pieces, one with a bay."""
    target, source = RNG.random((2, size, size, 3))
    mask = np.zeros((size, size), bool)
    mask[2:6, 2:5], mask[3, 4], mask[7, 6:8] = True, False, True
    return target, source, mask


@pytest.mark.label("thm-poisson")
def test_the_blend_is_the_least_squares_fit_of_the_differences() -> None:
    target, source, mask = scene()
    size = len(mask)
    inside = [tuple(p) for p in np.argwhere(mask)]
    number = {p: k for k, p in enumerate(inside)}
    edges = [
        (p, q)
        for p in np.ndindex(size, size)
        for q in ((p[0] + 1, p[1]), (p[0], p[1] + 1))
        if max(q) < size and (p in number or q in number)
    ]
    matrix, right = np.zeros((len(edges), len(inside))), np.zeros((len(edges), 3))
    for row, (p, q) in enumerate(edges):
        right[row] = source[p] - source[q]
        for pixel, sign in ((p, 1), (q, -1)):
            if pixel in number:
                matrix[row, number[pixel]] = sign
            else:
                right[row] -= sign * target[pixel]
    best, _, rank, _ = np.linalg.lstsq(matrix, right, rcond=None)
    assert rank == len(inside)  # one minimum only
    blended = poisson_blending.poisson(target, source, mask)
    np.testing.assert_allclose(blended[mask], best[[number[p] for p in inside]], atol=1e-10)
    assert (blended[~mask] == target[~mask]).all()
    h = blended - source
    for r, c in inside:
        around = h[[r - 1, r + 1, r, r], [c, c, c - 1, c + 1]].mean(axis=0)
        np.testing.assert_allclose(h[r, c], around, atol=1e-10)


@pytest.mark.label("thm-maximum-principle")
def test_a_harmonic_filling_has_no_value_beyond_its_rim() -> None:
    for _ in range(20):
        picture = RNG.random((12, 12, 2))
        mask = np.zeros((12, 12), bool)
        mask[1:-1, 1:-1] = RNG.random((10, 10)) < 0.6
        if not mask.any():
            continue
        padded = np.pad(mask, 1)
        near = padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
        rim = picture[near & ~mask]
        filled = poisson_blending.laplace(picture, mask)[mask]
        assert (filled.max(axis=0) <= rim.max(axis=0) + 1e-9).all()
        assert (filled.min(axis=0) >= rim.min(axis=0) - 1e-9).all()


def test_a_linear_picture_is_filled_exactly() -> None:
    rows, columns = np.mgrid[:10, :10].astype(float)
    picture = (3 * rows - 2 * columns + 1)[..., None]
    mask = np.zeros((10, 10), bool)
    mask[2:8, 3:9] = True
    holed = picture.copy()
    holed[mask] = np.nan
    np.testing.assert_allclose(
        poisson_blending.laplace(np.nan_to_num(holed), mask), picture, atol=1e-10
    )
    # x^2 - y^2 is harmonic on the grid, too: its four neighbours have its mean.
    saddle = (rows**2 - columns**2)[..., None]
    filled = poisson_blending.laplace(np.where(mask[..., None], 0, saddle), mask)
    np.testing.assert_allclose(filled, saddle, atol=1e-10)


@pytest.mark.label("thm-flicker")
def test_flicker_is_one_exactly_if_no_pixel_turns_back() -> None:
    for _ in range(10):
        frames = RNG.standard_normal((6, 3, 4))
        path = sum(np.abs(frames[t] - frames[t - 1]).sum() for t in range(1, 6))
        assert poisson_blending.flicker(frames) == pytest.approx(
            path / np.abs(frames[-1] - frames[0]).sum()
        )
        assert poisson_blending.flicker(frames) > 1
        steps = RNG.random((6, 3, 4)) * np.sign(RNG.standard_normal((3, 4)))
        forward = steps.cumsum(axis=0)
        assert poisson_blending.flicker(forward) == pytest.approx(1)
        forward[2, 0, 0] = forward[5, 0, 0] + np.sign(steps[0, 0, 0])  # beyond its end, and back
        assert poisson_blending.flicker(forward) > 1 + 1e-6
