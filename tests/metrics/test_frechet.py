"""aigc_lib.metrics.frechet against SciPy, torch-fidelity, torchmetrics and sums by hand."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from torch import Tensor, nn
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torchmetrics.image.fid import FrechetInceptionDistance

from aigc_lib.metrics.frechet import Statistics, frechet_distance, statistics
from tests.support.features import gaussian

SEEDS = st.integers(0, 2**31 - 1)


def by_scipy(a: Tensor, b: Tensor, ddof: int = 1, root: bool = True) -> float:
    """The textbook formula on samples, in NumPy; its parameters make the known wrong variants."""
    x, y = a.numpy(), b.numpy()
    c1, c2 = np.cov(x, rowvar=False, ddof=ddof), np.cov(y, rowvar=False, ddof=ddof)
    cross = sqrtm(c1 @ c2) if root else c1 @ c2
    shift = ((x.mean(0) - y.mean(0)) ** 2).sum()
    return float(shift + np.trace(c1) + np.trace(c2) - 2 * np.trace(cross).real)


def distance(a: Tensor, b: Tensor) -> float:
    return frechet_distance(statistics(a), statistics(b))


# ---------------------------------------------------------------------------------- the distance


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, d=st.integers(2, 12))
def test_distance_equals_scipys_matrix_square_root(seed: int, d: int) -> None:
    a, b = gaussian(seed, 60, d), gaussian(seed + 1, 80, d)
    assert distance(a, b) == pytest.approx(by_scipy(a, b), rel=1e-7)


@pytest.mark.parametrize("wrong", [{"ddof": 0}, {"root": False}])
def test_the_reference_tells_wrong_variants_apart(wrong: dict[str, int]) -> None:
    a, b = gaussian(0, 60, 5), gaussian(1, 80, 5)
    assert distance(a, b) != pytest.approx(by_scipy(a, b, **wrong), rel=1e-3)


def test_distance_in_one_dimension() -> None:
    a = Statistics(torch.tensor([1.0]).double(), torch.tensor([[4.0]]).double(), 10)
    b = Statistics(torch.tensor([-2.0]).double(), torch.tensor([[25.0]]).double(), 10)
    assert frechet_distance(a, b) == pytest.approx(3**2 + (5 - 2) ** 2, abs=1e-12)


@given(
    variances=st.lists(
        st.tuples(st.floats(0, 100), st.floats(0, 100), st.floats(-5, 5)), min_size=1, max_size=6
    )
)
@settings(max_examples=50, deadline=None)
def test_distance_of_diagonal_gaussians(variances: list[tuple[float, float, float]]) -> None:
    one, two, shift = torch.tensor(variances, dtype=torch.float64).unbind(dim=1)
    a = Statistics(torch.zeros_like(shift), one.diag(), 10)
    b = Statistics(shift, two.diag(), 10)
    wanted = sum(s**2 + (math.sqrt(v) - math.sqrt(w)) ** 2 for v, w, s in variances)
    assert frechet_distance(a, b) == pytest.approx(wanted, rel=1e-9, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_distance_is_symmetric_zero_on_itself_and_positive(seed: int) -> None:
    a, b = gaussian(seed, 40, 6), gaussian(seed + 1, 40, 6)
    assert distance(a, b) == pytest.approx(distance(b, a), rel=1e-10)
    scale = float(statistics(a).cov.trace())
    assert 0 <= distance(a, a) < 1e-12 * scale
    assert distance(a, b) > 1e-3


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, factor=st.floats(0.1, 10))
def test_distance_under_translation_rotation_and_scaling(seed: int, factor: float) -> None:
    a, b = gaussian(seed, 50, 5), gaussian(seed + 1, 50, 5)
    delta = gaussian(seed + 2, 1, 5)
    assert distance(a, a + delta) == pytest.approx(float(delta.square().sum()), rel=1e-9)
    q, _ = torch.linalg.qr(gaussian(seed + 3, 5, 5))
    assert distance(a @ q, b @ q) == pytest.approx(distance(a, b), rel=1e-9)
    assert distance(factor * a, factor * b) == pytest.approx(factor**2 * distance(a, b), rel=1e-9)


def test_distance_with_fewer_samples_than_dimensions() -> None:
    # In an orthonormal basis that holds both samples the covariances are small and regular enough
    # for an independent sum: tr sqrt(C1 C2) is the nuclear norm of A^T B, for C = A A^T.
    a, b = gaussian(0, 12, 40), gaussian(1, 15, 40)
    x = (a - a.mean(0)).numpy().T / math.sqrt(11)
    y = (b - b.mean(0)).numpy().T / math.sqrt(14)
    wanted = float((a.mean(0) - b.mean(0)).square().sum()) + (x**2).sum() + (y**2).sum()
    wanted -= 2 * np.linalg.svd(x.T @ y, compute_uv=False).sum()
    assert distance(a, b) == pytest.approx(wanted, rel=1e-6)
    assert 0 <= distance(a, a) < 1e-6


def test_distance_keeps_its_digits_where_a_covariance_is_singular() -> None:
    a = gaussian(3, 500, 8)
    flat = torch.cat([a, a[:, :3], torch.zeros(500, 5)], dim=1)
    assert distance(flat, flat) < 1e-10
    assert distance(flat, flat + 1e-3) == pytest.approx(16 * 1e-6, rel=1e-3)


def test_distance_refuses_other_features() -> None:
    with pytest.raises(ValueError, match="5 and of 6 dimensions"):
        distance(gaussian(0, 20, 5), gaussian(0, 20, 6))
    good = statistics(gaussian(0, 20, 5))
    with pytest.raises(ValueError, match="not finite"):
        frechet_distance(good, good._replace(mean=good.mean * math.nan))


# ------------------------------------------------------------------- other people's programs


class Identity(nn.Module):
    """Features as they come, for torchmetrics, which asks for their number."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.num_features = d

    def forward(self, x: Tensor) -> Tensor:
        return x[:, : self.num_features]


def by_torchmetrics(a: Tensor, b: Tensor) -> float:
    score = FrechetInceptionDistance(Identity(a.shape[1]), input_img_size=(a.shape[1],))
    score.set_dtype(torch.float64)
    score.update(a, real=True)
    score.update(b, real=False)
    return float(score.compute())


def by_fidelity(a: Tensor, b: Tensor) -> float:
    one, two = fid_features_to_statistics(a), fid_features_to_statistics(b)
    return fid_statistics_to_metric(one, two, verbose=False)["frechet_inception_distance"]


@pytest.mark.parametrize(("n", "m", "d"), [(300, 200, 16), (60, 90, 40), (20, 30, 50), (2, 2, 9)])
@pytest.mark.parametrize("other", [by_fidelity, by_torchmetrics])
def test_distance_equals_other_programs(other, n: int, m: int, d: int) -> None:
    a, b = gaussian(n, n, d), gaussian(m + 1, m, d)
    assert distance(a, b) == pytest.approx(other(a, b), rel=1e-6)
