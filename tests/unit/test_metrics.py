"""aigc_lib.metrics against references that share no code with it (scipy, scikit-learn, sums)."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from sklearn.neighbors import NearestNeighbors
from torch import Tensor, nn

from aigc_lib import metrics
from aigc_lib.metrics import Statistics, frechet_distance, statistics

SEEDS = st.integers(0, 2**31 - 1)


def gaussian(seed: int, n: int, d: int) -> Tensor:
    """Samples (n, d) of some correlated Gaussian with its own mean."""
    rng = np.random.default_rng(seed)
    samples = rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + rng.normal(size=d)
    return torch.from_numpy(samples)


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


# ---------------------------------------------------------------------- statistics and features


def test_statistics_equal_numpys() -> None:
    x = gaussian(7, 30, 4)
    mean, cov, n = statistics(x.float())
    assert mean.dtype == cov.dtype == torch.float64
    assert n == 30
    single = x.float().double().numpy()
    np.testing.assert_allclose(mean, single.mean(0), rtol=1e-12)
    np.testing.assert_allclose(cov, np.cov(single, rowvar=False), rtol=1e-12)
    assert not np.allclose(cov, np.cov(single, rowvar=False, ddof=0), rtol=1e-3)


def test_statistics_far_from_the_origin() -> None:
    # E[x^2] - E[x]^2 would lose everything here.
    x = gaussian(8, 30, 4)
    torch.testing.assert_close(statistics(x + 1e7).cov, statistics(x).cov, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (torch.zeros(1, 3), "at least 2 samples, not 1"),
        (torch.zeros(0, 3), "at least 2 samples, not 0"),
        (torch.zeros(5), r"must be \(n, d\)"),
        (torch.tensor([[1.0], [math.nan], [2.0], [math.inf]]), "2 of 4 samples"),
    ],
)
def test_statistics_refuse(features: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        statistics(features)


def test_features_do_not_depend_on_the_batch() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten()).eval()
    images = torch.randint(256, (23, 1, 8, 8), dtype=torch.uint8)
    whole = metrics.extract(network, images, batch=23)
    assert whole.shape == (23, 3 * 6 * 6)
    assert whole.dtype == torch.float64
    assert not whole.requires_grad
    for batch in (1, 5, 22, 500):
        torch.testing.assert_close(metrics.extract(network, images, batch), whole)
    with torch.no_grad():
        wanted = network(images.float() / 255 * 2 - 1).double()
    torch.testing.assert_close(whole, wanted, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(metrics.extract(network, images.float() / 127.5 - 1), whole)


IMAGES = torch.zeros(4, 1, 2, 2)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (IMAGES[0], r"must be \(N, C, H, W\)"),
        (IMAGES[:0], "N >= 1"),
        (IMAGES.long(), "not torch.int64"),
        (IMAGES + 255, r"must lie in \[-1, 1\]"),
        (IMAGES * math.nan, "NaN"),
    ],
)
def test_extract_refuses_images(images: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        metrics.extract(nn.Flatten().eval(), images)


def test_extract_refuses_networks() -> None:
    with pytest.raises(ValueError, match="training mode"):
        metrics.extract(nn.Flatten(), IMAGES)
    with pytest.raises(ValueError, match="training mode"):
        metrics.extract(nn.Flatten().forward, IMAGES)
    with pytest.raises(ValueError, match=r"features must be \(4, d\), not \(4, 1, 2, 2\)"):
        metrics.extract(lambda x: x, IMAGES)
    with pytest.raises(ValueError, match="batch must be at least 1"):
        metrics.extract(lambda x: x.flatten(1), IMAGES, batch=0)


# ------------------------------------------------------------------------------------ the floor


def test_floor_is_near_what_theory_predicts() -> None:
    # For two sets of n samples of N(0, I_d) the means alone give 2 d / n. A covariance error S
    # costs |S|^2 / 4, and E |S|^2 = 2 (d^2 + d) / n: (d^2 + d) / (2 n) more, to first order.
    d, n = 6, 500
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(4000, d)))
    values = metrics.floor(x, n, repeats=40)
    wanted = 2 * d / n + (d * d + d) / (2 * n)
    assert len(values) == 40
    assert sum(values) / 40 == pytest.approx(wanted, rel=0.15)
    # Four times the samples, about a quarter of the floor.
    fewer = metrics.floor(x, n // 4, repeats=40)
    assert 3.2 < sum(fewer) / sum(values) < 5.0


def test_floor_takes_disjoint_sets_and_repeats_from_its_seed() -> None:
    x = gaussian(1, 100, 3)
    assert metrics.floor(x, 50, 3, seed=1) == metrics.floor(x, 50, 3, seed=1)
    assert metrics.floor(x, 50, 3, seed=1) != metrics.floor(x, 50, 3, seed=2)
    assert len(set(metrics.floor(x, 50, 3))) == 3
    # Four scalars split into two pairs in 3 ways; sets that overlap give other values.
    line = torch.tensor([[0.0], [1.0], [10.0], [100.0]])
    pairs = [((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2))]
    allowed = [distance(line[list(p)], line[list(q)]) for p, q in pairs]
    for value in metrics.floor(line, 2, repeats=20):
        assert any(value == pytest.approx(one) for one in allowed)


def test_floor_refuses() -> None:
    with pytest.raises(ValueError, match="need 102 features, not 100"):
        metrics.floor(gaussian(1, 100, 3), 51)
    with pytest.raises(ValueError, match="n >= 2"):
        metrics.floor(gaussian(1, 100, 3), 1)
    with pytest.raises(ValueError, match="repeats >= 1"):
        metrics.floor(gaussian(1, 100, 3), 10, repeats=0)


# -------------------------------------------------------------------------- classes, confidence


def test_class_counts() -> None:
    classes = torch.tensor([3, 0, 3, 2])
    assert metrics.class_counts(classes, k=5).tolist() == [1, 0, 1, 2, 0]
    logits = nn.functional.one_hot(classes, 5).float() - 7
    assert metrics.class_counts(logits, k=5).tolist() == [1, 0, 1, 2, 0]
    assert metrics.class_counts(torch.tensor([], dtype=torch.int64)).tolist() == [0] * 10
    for bad in (torch.tensor([5]), torch.tensor([-1]), torch.zeros(2, 4), logits * math.nan):
        with pytest.raises(ValueError, match=r"classes must be|logits must be"):
            metrics.class_counts(bad, k=5)


def test_total_variation() -> None:
    uniform = torch.ones(10)
    one_class = torch.zeros(10, dtype=torch.int64)
    one_class[3] = 50
    assert metrics.total_variation(one_class, uniform) == pytest.approx(0.9)
    assert metrics.total_variation(7 * uniform, uniform) == pytest.approx(0, abs=1e-15)
    # The largest difference of probabilities that any set of classes can have, tried on all sets.
    p, q = [4, 1, 0, 5], [1, 2, 2, 1]
    sets = [[i for i in range(4) if bits >> i & 1] for bits in range(16)]
    wanted = max(abs(sum(p[i] for i in s) / 10 - sum(q[i] for i in s) / 6) for s in sets)
    assert metrics.total_variation(torch.tensor(p), torch.tensor(q)) == pytest.approx(wanted)
    with pytest.raises(ValueError, match="must both be"):
        metrics.total_variation(torch.ones(3), torch.ones(4))
    for bad in (torch.zeros(3), torch.tensor([1, -1, 2])):
        with pytest.raises(ValueError, match="counts >= 0"):
            metrics.total_variation(bad, torch.ones(3))


def test_confident_share() -> None:
    # With logits (x, 0) the probability of the first class is the sigmoid of x.
    x = [math.log(p / (1 - p)) for p in (0.95, 0.85, 0.5, 0.08, 0.11)]
    logits = torch.tensor([[value, 0.0] for value in x])
    assert metrics.confident_share(logits) == pytest.approx(2 / 5)
    assert metrics.confident_share(logits, 0.8) == pytest.approx(4 / 5)
    assert metrics.confident_share(logits, 0.5) == 1
    assert metrics.confident_share(logits, 1) == 0
    for bad in (logits[:0], logits[0], logits * math.nan):
        with pytest.raises(ValueError, match="logits must be"):
            metrics.confident_share(bad)
    with pytest.raises(ValueError, match="threshold"):
        metrics.confident_share(logits, 90)


# ------------------------------------------------------------------------------------ neighbours


@pytest.mark.parametrize("chunk", [1, 7, 64, 1000])
def test_nearest_equals_scikit_learn(chunk: int) -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = (
        torch.randint(256, (n, 2, 5, 5), dtype=torch.uint8, generator=generator) for n in (20, 64)
    )
    flat = [t.flatten(1).double().numpy() / 127.5 - 1 for t in (a, b)]
    far, index = NearestNeighbors(n_neighbors=1).fit(flat[1]).kneighbors(flat[0])
    found, how_far = metrics.nearest(a, b, chunk)
    assert found.tolist() == index[:, 0].tolist()
    np.testing.assert_allclose(how_far, far[:, 0], rtol=1e-5)


def test_nearest_finds_copies_and_what_is_almost_one() -> None:
    generator = torch.Generator().manual_seed(1)
    b = torch.randint(256, (300, 1, 28, 28), dtype=torch.uint8, generator=generator)
    index, how_far = metrics.nearest(b[[250, 3]], b, chunk=100)
    assert index.tolist() == [250, 3]
    assert how_far.tolist() == [0, 0]
    near = b[[250]].clone()
    near[0, 0, 0, 0] ^= 1  # one grey level in one pixel
    assert metrics.nearest(near, b)[1].item() == pytest.approx(1 / 127.5, rel=1e-3)


def test_nearest_refuses() -> None:
    with pytest.raises(ValueError, match="cannot compare"):
        metrics.nearest(torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 3, 3))
    with pytest.raises(ValueError, match="cannot compare"):
        metrics.nearest(torch.zeros(1, 1, 2, 2), torch.zeros(0, 1, 2, 2))
