"""Proofs, in numbers, of chapter 07's statements on augmentation and its leak."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from aigc_lib.gan.augment import flip

UNIT = np.eye(5)


def blur(seed: int) -> np.ndarray:
    """A random change of five pictures: column j holds the chances of what picture j becomes."""
    rng = np.random.default_rng(seed)
    return 0.5 * UNIT + 0.5 * rng.dirichlet(np.ones(5), size=5).T


def game(shown_real: np.ndarray, shown_fake: np.ndarray) -> float:
    """The loss of the best discriminator, found by looking for it."""

    def loss(logits: np.ndarray) -> float:
        real, fake = np.logaddexp(0, -logits), np.logaddexp(0, logits)
        return float(shown_real @ real + shown_fake @ fake)

    found = minimize(loss, np.zeros(len(shown_real)), method="BFGS", options={"gtol": 1e-10})
    return float(found.fun)


def closed(shown_real: np.ndarray, shown_fake: np.ndarray) -> float:
    """The same from the best answer, p / (p + q)."""
    d = shown_real / (shown_real + shown_fake)
    return float(-shown_real @ np.log(d) - shown_fake @ np.log(1 - d))


def best_generator(real: np.ndarray, change: np.ndarray, start: int) -> np.ndarray:
    """The distribution whose changed pictures are hardest to tell from ``real``."""

    def distribution(scores: np.ndarray) -> np.ndarray:
        e = np.exp(scores - scores.max())
        return np.asarray(e / e.sum())

    found = minimize(
        lambda scores: -closed(real, change @ distribution(scores)),
        np.random.default_rng(start).normal(size=5),
        method="BFGS",
        options={"gtol": 1e-9, "maxiter": 5000},
    )
    return distribution(found.x)


@pytest.mark.label("eq-augmentation-leak")
@pytest.mark.parametrize("seed", range(3))
def test_changing_real_pictures_alone_leaks_and_changing_both_does_not(seed: int) -> None:
    p, change = np.random.default_rng(seed).dirichlet(3 * np.ones(5)), blur(seed)
    changed = change @ p
    assert closed(changed, p) == pytest.approx(game(changed, p), abs=1e-8)
    alone = best_generator(changed, UNIT, start=seed + 10)
    np.testing.assert_allclose(alone, changed, atol=1e-4)
    assert np.abs(alone - p).max() > 0.02
    both = best_generator(changed, change, start=seed + 10)
    np.testing.assert_allclose(both, p, atol=1e-3)
    assert closed(changed, change @ p) == pytest.approx(2 * math.log(2), abs=1e-12)
    rng = np.random.default_rng(seed + 20)
    for _ in range(50):  # anything else does worse
        assert closed(changed, change @ rng.dirichlet(np.ones(5))) < 2 * math.log(2) - 1e-6


@pytest.mark.label("eq-augmentation-leak")
def test_a_change_that_destroys_leaves_the_generator_free() -> None:
    half = np.zeros((5, 5))  # mirrors pictures 0 and 1, and 2 and 3, with probability 1/2
    for a, b in ((0, 1), (2, 3)):
        half[np.ix_([a, b], [a, b])] = 0.5
    half[4, 4] = 1
    p = np.array([0.5, 0.1, 0.0, 0.3, 0.1])
    for q in (p, p[[1, 0, 2, 3, 4]], p[[1, 0, 3, 2, 4]], np.array([0.2, 0.4, 0.15, 0.15, 0.1])):
        assert closed(half @ p, half @ q) == pytest.approx(2 * math.log(2), abs=1e-12)
    assert closed(half @ p, half @ p[[2, 1, 0, 3, 4]]) < 2 * math.log(2) - 1e-3


@pytest.mark.label("eq-flip-leak")
@pytest.mark.parametrize("r", [0.0, 0.25, 0.5, 0.8])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_what_a_flip_leaves_of_a_share(share: float, r: float) -> None:
    change = np.array([[1 - r, r], [r, 1 - r]])
    counted = float((change @ np.array([share, 1 - share]))[0])
    assert r + (1 - 2 * r) * share == pytest.approx(counted, abs=1e-12)
    if r == 0.5:
        assert counted == 0.5
        assert abs(np.linalg.det(change)) < 1e-12
    else:
        assert (counted - r) / (1 - 2 * r) == pytest.approx(share, abs=1e-12)
        assert np.linalg.det(change) == pytest.approx(1 - 2 * r, abs=1e-12)


@pytest.mark.label("eq-flip-leak")
@pytest.mark.parametrize("r", [0.25, 0.5])
def test_the_librarys_flip_does_that(r: float) -> None:
    n, share = 20_000, 0.7
    left = torch.tensor([[[[1.0, -1.0]]]])
    crowd = torch.cat([left] * int(n * share) + [left.flip(3)] * int(n * (1 - share) + 0.5))
    after = flip(crowd, torch.Generator().manual_seed(0), probability=r)
    found = float((after == left).flatten(1).all(1).double().mean())
    error = 4 * math.sqrt(r * (1 - r) / n)
    assert found == pytest.approx(r + (1 - 2 * r) * share, abs=error)
    assert error < 0.015
