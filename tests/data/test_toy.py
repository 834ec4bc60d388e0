"""aigc_lib.data.toy: mixtures against SciPy and counting by hand, and their endless draws."""

import math
from itertools import islice

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from aigc_lib.core import checkpoint as ckpt
from aigc_lib.data.toy import Draws, Mixture, grid, line, ring


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# ------------------------------------------------------------------------------- the mixtures


def test_a_ring_lies_evenly_on_a_circle() -> None:
    centres = ring(8, 2.0).centres.double().numpy()
    assert centres[0] == pytest.approx([2, 0])
    np.testing.assert_allclose(np.hypot(*centres.T), 2, rtol=1e-6)
    turns = np.diff(np.unwrap(np.arctan2(centres[:, 1], centres[:, 0])))
    np.testing.assert_allclose(turns, math.pi / 4, rtol=1e-5)  # counter-clockwise
    assert ring().sd == 0.02


def test_a_grid_is_square_and_centred() -> None:
    places = {tuple(place) for place in grid(5, 2.0).centres.tolist()}
    assert places == {(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}
    even = {tuple(place) for place in grid(2, 3.0).centres.tolist()}
    assert even == {(-1.5, -1.5), (-1.5, 1.5), (1.5, -1.5), (1.5, 1.5)}
    assert grid().sd == 0.05


def test_a_line_is_one_gaussian() -> None:
    x = line(3.0, 0.5).sample(20_000, rng())
    assert x.shape == (20_000, 1)
    assert stats.kstest(x[:, 0].numpy(), "norm", args=(3.0, 0.5)).pvalue > 1e-4
    assert stats.kstest(x[:, 0].numpy(), "norm", args=(3.0, 0.55)).pvalue < 1e-4  # can tell


def test_samples_have_the_parts_and_moments_of_the_mixture() -> None:
    mixture, n = Mixture(torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 20.0]]), 0.5), 30_000
    x = mixture.sample(n, rng())
    assert x.shape == (n, 2)
    assert x.dtype == torch.float32
    points = x.double().numpy()
    part = np.where(points[:, 0] > 5, 1, np.where(points[:, 1] > 10, 2, 0))
    counts = np.bincount(part, minlength=3)
    assert 1e-4 < stats.chisquare(counts).pvalue < 1 - 1e-4  # neither uneven nor too even
    for k, centre in enumerate(mixture.centres.double().numpy()):
        off = points[part == k] - centre
        error = 0.5 / math.sqrt(len(off))
        assert np.abs(off.mean(axis=0)).max() < 5 * error
        cov = np.cov(off.T)
        np.testing.assert_allclose(np.diag(cov), 0.25, rtol=5 * math.sqrt(2 / len(off)))
        assert abs(cov[0, 1]) < 5 * 0.25 / math.sqrt(len(off))
        assert stats.kstest(off[:, 0] / 0.5, "norm").pvalue > 1e-4


def test_samples_follow_from_the_generator() -> None:
    assert torch.equal(grid().sample(50, rng(1)), grid().sample(50, rng(1)))
    assert not torch.equal(grid().sample(50, rng(1)), grid().sample(50, rng(2)))
    drawn = rng(1)
    first, second = (grid().sample(50, drawn) for _ in range(2))
    assert len(torch.cat([first, second]).unique(dim=0)) == 100


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("mixture", [line(1.0, 0.3), ring(5, 2.0, 0.4), grid(3, 1.0, 0.7)])
def test_log_density_against_scipy(mixture: Mixture, dtype: torch.dtype) -> None:
    d = mixture.centres.shape[1]
    x = torch.empty(40, d, dtype=dtype).uniform_(-4, 4, generator=rng())
    parts = [stats.multivariate_normal(m, mixture.sd**2) for m in mixture.centres.double().numpy()]
    density = np.mean([part.pdf(x.double().numpy()) for part in parts], axis=0)
    found = mixture.log_density(x)
    assert found.shape == (40,)
    assert found.dtype == dtype
    rtol = 1e-6 if dtype == torch.float64 else 1e-4  # the centres are float32
    np.testing.assert_allclose(found.double().numpy(), np.log(density), rtol=rtol, atol=rtol)


def test_log_density_is_finite_where_the_density_underflows() -> None:
    far = line(0.0, 0.02).log_density(torch.tensor([[10.0]]))
    assert float(far) == pytest.approx(-(500**2) / 2 - math.log(0.02 * math.sqrt(2 * math.pi)))


def test_to_keeps_the_mixture() -> None:
    moved = ring(3, 2.0, 0.1).to("meta")
    assert moved.centres.device.type == "meta"
    assert moved.centres.shape == (3, 2)
    assert moved.sd == 0.1


# ---------------------------------------------------------------------------------- coverage


def at(mixture: Mixture, *counts: int) -> Tensor:
    """So many samples exactly on each centre."""
    return torch.cat([c.expand(n, 2) for c, n in zip(mixture.centres, counts, strict=True)])


def test_all_modes_one_missing_and_strays() -> None:
    mixture = ring(4, 2.0, 0.1)
    everything = mixture.coverage(at(mixture, 5, 6, 7, 8))
    assert (everything.modes, everything.high_quality) == (4, 1.0)
    assert everything.counts.tolist() == [5, 6, 7, 8]
    missing = mixture.coverage(at(mixture, 10, 0, 10, 10))
    assert (missing.modes, missing.counts.tolist()) == (3, [10, 0, 10, 10])
    strays = torch.tensor([[0.0, 0.0], [2.0, 0.31], [9.0, 9.0]])  # all farther than 3 sd
    mixed = mixture.coverage(torch.cat([at(mixture, 10, 0, 10, 9), strays]))
    assert (mixed.modes, mixed.counts.tolist()) == (3, [10, 0, 10, 9])
    assert mixed.high_quality == pytest.approx(29 / 32, abs=1e-12)
    nothing = mixture.coverage(torch.zeros(5, 2))
    assert (nothing.modes, nothing.high_quality, nothing.counts.tolist()) == (0, 0.0, [0] * 4)
    lost = mixture.coverage(torch.full((5, 2), math.nan))
    assert (lost.modes, lost.high_quality) == (0, 0.0)


@pytest.mark.parametrize(("few", "modes"), [(10, 4), (9, 3), (11, 4)])
def test_a_mode_counts_from_exactly_a_tenth_of_its_share(few: int, modes: int) -> None:
    mixture = ring(4, 2.0, 0.1)  # of 400 samples a fair share is 100
    assert mixture.coverage(at(mixture, few, 130, 130, 130 + 10 - few)).modes == modes


def test_three_deviations_exactly_still_count() -> None:
    mixture = Mixture(torch.tensor([[0.0, 0.0], [64.0, 0.0]]), 0.5)
    edge, beyond = 64 + 1.5, 64 + 1.5 + 2**-16
    assert mixture.coverage(torch.tensor([[edge, 0.0]])).counts.tolist() == [0, 1]
    assert mixture.coverage(torch.tensor([[beyond, 0.0]])).counts.tolist() == [0, 0]


def test_distances_keep_their_digits_however_small_the_parts() -> None:
    """Squares of the coordinates are 16,000,000 times the threshold's here."""
    mixture = Mixture(40 + torch.arange(30)[:, None].expand(30, 2).float(), 0.0033)
    x = mixture.centres + torch.tensor([0.009, 0.0])  # 2.73 sd
    assert mixture.coverage(x).counts.tolist() == [1] * 30
    assert mixture.coverage(x + torch.tensor([0.002, 0.0])).counts.tolist() == [0] * 30  # 3.33 sd


@pytest.mark.parametrize("mixture", [ring(), grid()])
def test_real_samples_pass_at_the_rate_of_two_dimensions(mixture: Mixture) -> None:
    n, wanted = 40_000, 1 - math.exp(-9 / 2)  # P(chi-squared with 2 degrees of freedom < 9)
    found = mixture.coverage(mixture.sample(n, rng(3)))
    assert found.modes == len(mixture.centres)
    assert abs(found.high_quality - wanted) < 4 * math.sqrt(wanted * (1 - wanted) / n)
    assert int(found.counts.sum()) == round(found.high_quality * n)


# ------------------------------------------------------------------------------------- draws


def test_draws_never_repeat_and_follow_from_the_seed() -> None:
    draws = list(islice(Draws(grid(), 16, seed=3), 20))
    assert all(x.shape == (16, 2) and x.dtype == torch.float32 for x in draws)
    assert len(torch.cat(draws).unique(dim=0)) == 320
    assert torch.equal(draws[7], list(islice(Draws(grid(), 16, seed=3), 8))[7])
    assert not torch.equal(draws[0], next(Draws(grid(), 16, seed=4)))


@pytest.mark.parametrize("taken", [0, 1, 7])
def test_draws_resume_bit_for_bit_from_a_file(tmp_path, taken: int) -> None:
    first = Draws(ring(), 5, seed=1)
    for _ in range(taken):
        next(first)
    ckpt.save(tmp_path / "draws.pt", {"draws": first.state_dict()})
    second = Draws(ring(), 5, seed=1)
    next(second)  # wherever it was before
    second.load_state_dict(ckpt.load(tmp_path / "draws.pt")["draws"])
    for _ in range(4):
        assert torch.equal(next(first), next(second))


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (Draws(ring(), 5, seed=2), r"seed 2 \(here 1\)"),
        (Draws(ring(), 6, seed=1), r"batch 6 \(here 5\)"),
        (Draws(ring(sd=0.1), 5, seed=1), r"sd 0.1 \(here 0.02\)"),
        (Draws(ring(radius=1.0), 5, seed=1), "other centres"),
        (Draws(ring(7), 5, seed=1), "other centres"),
    ],
)
def test_the_state_of_other_draws_is_refused_and_changes_nothing(other: Draws, said: str) -> None:
    draws, twin = Draws(ring(), 5, seed=1), Draws(ring(), 5, seed=1)
    with pytest.raises(ValueError, match=said):
        draws.load_state_dict(other.state_dict())
    assert torch.equal(next(draws), next(twin))
    with pytest.raises(ValueError, match="seed None"):
        draws.load_state_dict({"epoch": 0, "position": 3})


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Mixture(torch.zeros(3), 0.1), r"centres \(K, d\) and sd > 0, got \(3,\), 0.1"),
        (lambda: Mixture(torch.zeros(0, 2), 0.1), r"got \(0, 2\)"),
        (lambda: Mixture(torch.zeros(3, 2), 0.0), "sd > 0"),
        (lambda: Mixture(torch.zeros(3, 2), math.nan), "sd > 0"),
        (lambda: ring(0), "modes must be at least 1, got 0"),
        (lambda: grid(0), "side must be at least 1, got 0"),
        (lambda: ring(sd=-0.1), "sd > 0"),
        (lambda: ring().coverage(torch.zeros(0, 2)), r"need points \(n, 2\).*got \(0, 2\)"),
        (lambda: ring().coverage(torch.zeros(5, 1)), r"need points \(n, 2\).*got \(5, 1\)"),
        (lambda: ring().coverage(torch.zeros(2)), r"got \(2,\)"),
        (lambda: ring().log_density(torch.zeros(5, 1)), r"need points \(n, 2\).*got \(5, 1\)"),
        (lambda: line().log_density(torch.zeros(5)), r"need points \(n, 1\).*got \(5,\)"),
        (lambda: Draws(ring(), 0, seed=0), "batch must be at least 1, got 0"),
    ],
)
def test_what_does_not_fit_is_refused(make, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()
