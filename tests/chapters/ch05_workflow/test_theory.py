"""Proofs, in numbers, of the labelled equations of chapter 05."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy.optimize import brentq
from scipy.stats import binom, norm

from aigc_lib.chapters.ch05_workflow import few_shot
from aigc_lib.core.stats import wilson


@pytest.mark.label("eq-head-gradient")
@pytest.mark.parametrize("right", range(4))
def test_gradients_of_the_head_are_the_finite_differences(right: int) -> None:
    rng = np.random.default_rng(right)
    weight, bias, h = rng.normal(size=(4, 3)), rng.normal(size=4), rng.normal(size=3)

    def loss(weight: np.ndarray, h: np.ndarray, logits: np.ndarray | None = None) -> float:
        logits = weight @ h + bias if logits is None else logits
        return float(np.logaddexp.reduce(logits) - logits[right])

    logits = weight @ h + bias
    p = np.exp(logits) / np.exp(logits).sum()
    error = p - np.eye(4)[right]
    assert loss(weight, h) == pytest.approx(-math.log(p[right]), rel=1e-12)

    def slope(change, shape: tuple[int, ...]) -> np.ndarray:
        found, step = np.zeros(shape), 1e-5
        for place in np.ndindex(*shape):
            d = np.zeros(shape)
            d[place] = step
            found[place] = (change(d) - change(-d)) / (2 * step)
        return found

    for stated, found in (
        (error, slope(lambda d: loss(weight, h, logits + d), (4,))),
        (np.outer(error, h), slope(lambda d: loss(weight + d, h), (4, 3))),
        (weight.T @ error, slope(lambda d: loss(weight, h + d), (3,))),
    ):
        np.testing.assert_allclose(found, stated, atol=1e-9)
        assert np.abs(stated).max() > 0.01  # else any factor would pass


def after(kind, gradients: list[float], w: float, **settings: float) -> list[float]:
    """The weight after each step of a PyTorch optimiser that is given these gradients."""
    weight = torch.tensor([w], dtype=torch.float64, requires_grad=True)
    optimizer, path = kind([weight], **settings), []
    for gradient in gradients:
        weight.grad = torch.tensor([gradient], dtype=torch.float64)
        optimizer.step()
        path.append(weight.item())
    return path


GRADIENTS = [0.7, -2.0, 0.1, 3.0, -0.4]


@pytest.mark.label("eq-l2-is-decay")
def test_with_plain_descent_a_penalty_is_a_decay() -> None:
    eta, strength = 0.1, 0.3
    penalty = after(torch.optim.SGD, GRADIENTS, 2.0, lr=eta, weight_decay=strength)
    w, decay = 2.0, []
    for g in GRADIENTS:
        w = (1 - eta * strength) * w - eta * g
        decay.append(w)
    np.testing.assert_allclose(penalty, decay, rtol=1e-12)
    # lambda w is the slope of lambda/2 w^2.
    slope = (strength / 2 * 2.001**2 - strength / 2 * 1.999**2) / 0.002
    assert slope == pytest.approx(strength * 2.0, rel=1e-9)
    assert abs(decay[-1] - after(torch.optim.SGD, GRADIENTS, 2.0, lr=eta)[-1]) > 0.1


def adam_by_hand(gradients: list[float], w: float, eta: float, l2: float, decay: float):
    """Adam as in the paper: the averages written as sums over all steps, in NumPy."""
    seen, path = [], []
    for t, g in enumerate(gradients, 1):
        seen.append(g + l2 * w)
        weights1 = 0.1 * 0.9 ** np.arange(t)[::-1]
        weights2 = 0.001 * 0.999 ** np.arange(t)[::-1]
        m = weights1 @ np.array(seen) / weights1.sum()  # weights sum to 1 - beta^t
        v = weights2 @ np.array(seen) ** 2 / weights2.sum()
        w = (1 - eta * decay) * w - eta * m / math.sqrt(v)
        path.append(w)
    return path


@pytest.mark.label("eq-adamw")
def test_adamw_is_adam_with_the_decay_outside() -> None:
    settings = {"lr": 0.1, "weight_decay": 0.5, "eps": 0.0}
    by_hand = adam_by_hand(GRADIENTS, 2.0, 0.1, l2=0, decay=0.5)
    np.testing.assert_allclose(after(torch.optim.AdamW, GRADIENTS, 2.0, **settings), by_hand, 1e-10)
    inside = adam_by_hand(GRADIENTS, 2.0, 0.1, l2=0.5, decay=0)
    np.testing.assert_allclose(after(torch.optim.Adam, GRADIENTS, 2.0, **settings), inside, 1e-10)
    assert abs(by_hand[-1] - inside[-1]) > 0.05


@pytest.mark.label("thm-adam-l2")
def test_adam_takes_the_same_steps_for_every_strength() -> None:
    settings = {"lr": 0.1, "eps": 0.0}
    paths = [
        after(torch.optim.Adam, [0.0] * 5, 1.0, weight_decay=strength, **settings)
        for strength in (1e-6, 0.01, 1.0, 1e3)
    ]
    for path in paths:
        np.testing.assert_allclose(path, paths[0], rtol=1e-9)
    # The two numbers that the page states, by its own arithmetic.
    m = (0.09 + 0.1 * 0.9) / 0.19
    v = (0.000999 + 0.001 * 0.81) / 0.001999
    assert m == pytest.approx(0.94737, abs=5e-6)
    assert math.sqrt(v) == pytest.approx(0.95129, abs=5e-6)
    assert m / math.sqrt(v) == pytest.approx(0.99588, abs=5e-6)
    assert paths[0][:2] == pytest.approx([0.9, 0.9 - 0.1 * m / math.sqrt(v)], rel=1e-9)
    assert paths[0][1] == pytest.approx(0.8004, abs=5e-5)
    # SGD and AdamW do follow the strength.
    for kind in (torch.optim.SGD, torch.optim.AdamW):
        weak, strong = (
            after(kind, [0.0] * 2, 1.0, lr=0.1, weight_decay=s)[-1] for s in (0.01, 1.0)
        )
        assert weak == pytest.approx(0.999**2, rel=1e-12)
        assert strong == pytest.approx(0.81, rel=1e-12)


@pytest.mark.label("eq-dropout-moments")
@pytest.mark.parametrize("q", [0.2, 0.5, 0.8])
def test_moments_over_all_masks(q: float) -> None:
    rng = np.random.default_rng(5)
    w, x = rng.normal(size=6), rng.normal(size=6)
    mean = square = total = 0.0
    for mask in itertools.product((0, 1), repeat=6):
        kept = sum(mask)
        probability = (1 - q) ** kept * q ** (6 - kept)
        value = float((w * x * mask).sum()) / (1 - q)
        total += probability
        mean += probability * value
        square += probability * value**2
    assert total == pytest.approx(1, rel=1e-12)
    assert mean == pytest.approx(float(w @ x), rel=1e-10)
    variance = q / (1 - q) * float((w**2) @ (x**2))
    assert square - mean**2 == pytest.approx(variance, rel=1e-9)


@pytest.mark.label("eq-dropout-moments")
def test_pytorchs_dropout_is_the_inverted_one() -> None:
    torch.manual_seed(0)
    layer, x = torch.nn.Dropout(0.3), torch.tensor([2.0, -1.0, 0.5])
    draws = layer(x.expand(40_000, 3)).double().sum(1)
    error = math.sqrt(0.3 / 0.7 * 5.25 / 40_000)
    assert abs(float(draws.mean()) - 1.5) < 4 * error < 0.05
    assert float(draws.var()) == pytest.approx(0.3 / 0.7 * 5.25, rel=0.05)
    assert torch.equal(layer.eval()(x), x)


@pytest.mark.label("eq-wilson")
@pytest.mark.parametrize(("right", "n"), [(0, 7), (3, 7), (19, 20), (20, 20), (620, 640)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_the_ends_are_z_deviations_away(right: int, n: int, confidence: float) -> None:
    z, share = norm.ppf((1 + confidence) / 2), right / n

    def excess(p: float) -> float:
        return (share - p) ** 2 - z**2 * p * (1 - p) / n

    low, high = wilson(right, n, confidence)
    # Outside the interval the excess is positive, inside negative: search for the change of sign.
    searched_low = brentq(excess, 1e-12, share - 1e-12, xtol=1e-14) if right else 0.0
    searched_high = brentq(excess, share + 1e-12, 1 - 1e-12, xtol=1e-14) if right < n else 1.0
    assert low == pytest.approx(searched_low, abs=1e-10)
    assert high == pytest.approx(searched_high, abs=1e-10)
    assert 0 <= low <= share <= high <= 1


@pytest.mark.label("eq-wilson")
def test_coverage_by_enumeration() -> None:
    z = norm.ppf(0.975)

    def coverage(n: int, p: float, interval) -> float:
        holds = [interval(k)[0] <= p <= interval(k)[1] for k in range(n + 1)]
        return float(binom.pmf(np.arange(n + 1), n, p) @ np.array(holds, dtype=float))

    def familiar(k: int, n: int) -> tuple[float, float]:
        half = z * math.sqrt(k / n * (1 - k / n) / n)
        return k / n - half, k / n + half

    at = coverage(20, 0.95, lambda k: familiar(k, 20)), coverage(
        20, 0.95, lambda k: wilson(k, 20)
    )  # fmt: skip
    assert at == pytest.approx((0.64, 0.92), abs=0.005)  # as the page says
    grid = np.linspace(0.02, 0.98, 193)
    for n in (10, 20, 50):
        ours = np.array([coverage(n, p, lambda k, n=n: wilson(k, n)) for p in grid])
        theirs = np.array([coverage(n, p, lambda k, n=n: familiar(k, n)) for p in grid])
        assert 0.935 < ours.mean() < 0.965
        assert theirs.mean() < ours.mean() - 0.02
        assert ours.min() > 0.8 > theirs.min()


@pytest.mark.label("eq-best-of-many")
@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_mean_of_the_best_over_all_outcomes(k: int) -> None:
    n, p = 5, 0.7
    mass = binom.pmf(np.arange(n + 1), n, p)
    best = 0.0
    for counts in itertools.product(range(n + 1), repeat=k):
        best += math.prod(mass[c] for c in counts) * max(counts) / n
    assert few_shot.expected_best(k, n, p) == pytest.approx(best, rel=1e-10)
    if k == 1:
        assert best == pytest.approx(p, rel=1e-12)
    else:
        assert best > p + 0.08


@pytest.mark.label("thm-winners-curse")
@pytest.mark.parametrize("n", [1, 2, 3, 7, 40])
@pytest.mark.parametrize(("mu", "tau", "sigma"), [(0.0, 1.0, 1.0), (0.9, 0.02, 0.05), (3, 2, 0.1)])
def test_what_is_left_of_the_best_of_many(n: int, mu: float, tau: float, sigma: float) -> None:
    # On a grid of quality and noise: setting 1 wins if the scores of all others are below its own.
    z = np.linspace(-8, 8, 801)
    quality, noise = mu + tau * z[:, None], sigma * z[None, :]
    score, total = quality + noise, math.hypot(tau, sigma)
    weight = norm.pdf(z)[:, None] * norm.pdf(z)[None, :] * (z[1] - z[0]) ** 2
    wins = n * weight * norm.cdf((score - mu) / total) ** (n - 1)
    assert wins.sum() == pytest.approx(1, abs=1e-6)
    # The mean of the largest, from the probability that it exceeds a number.
    fine = np.linspace(0, 12, 24_001)
    exceeds = 1 - norm.cdf(fine) ** n - norm.cdf(-fine) ** n
    largest = float(np.trapezoid(exceeds, fine))
    seen, left = float((wins * score).sum()), float((wins * quality).sum())
    assert seen == pytest.approx(mu + largest * total, abs=1e-5 * total)
    kept = tau**2 / total**2
    assert left == pytest.approx(mu + kept * largest * total, abs=1e-5 * total)
    if n > 1:
        assert left < seen - 0.001 * total  # the curse
        assert left > mu + 0.01 * tau  # and what the search is worth


@pytest.mark.label("thm-winners-curse")
def test_the_largest_of_many_normal_numbers() -> None:
    known = {1: 0.0, 2: 1 / math.sqrt(math.pi), 3: 1.5 / math.sqrt(math.pi)}
    for n, value in known.items():
        assert few_shot.expected_max(n) == pytest.approx(value, abs=1e-9)
    draws = np.random.default_rng(0).normal(size=(20_000, 40)).max(1)
    assert few_shot.expected_max(40) == pytest.approx(draws.mean(), abs=4 * draws.std() / 141)
    for n in (2, 10, 1000, 10**6):
        assert 0.45 < few_shot.expected_max(n) / math.sqrt(2 * math.log(n)) <= 1
    # The numbers that the page states.
    stated = {10: 1.54, 40: 2.16, 1000: 3.24}
    for n, value in stated.items():
        assert few_shot.expected_max(n) == pytest.approx(value, abs=0.005)
