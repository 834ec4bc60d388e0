"""Proofs, in numbers, of chapter 20: watermarks, certificates, axioms, collapse, privacy."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from torch import nn

from aigc_lib.chapters.ch20_trust import (
    collapse,
    fairness,
    private,
    robustness,
    saliency,
    watermark,
)
from aigc_lib.data.texts import load_text
from aigc_lib.nets.classifier import ImageClassifier
from aigc_lib.pretrained.loaders import load_classifier, load_writer


@pytest.mark.label("thm-watermark-level")
@pytest.mark.parametrize("gamma", [0.25, 0.5])
def test_text_without_the_mark_has_binomial_counts_over_keys(gamma):
    """Many texts, a key each: the whole distribution of p, and the level, not only its mean."""
    writer, text = load_writer("shakespeare"), load_text("shakespeare", "valid")
    seen, alarms, levels = [], 0, 0.0
    rng = np.random.default_rng(0)
    for k in range(1_000):
        start = 300 * k
        tokens = writer.tokenizer.encode(text[start : start + 104])
        found = watermark.count(tokens, watermark.Mark(key=7 + 1_000 * k, gamma=gamma))
        # Randomised between the steps, an exact p-value is uniform.
        step = stats.binom.pmf(found.green, found.n, gamma)
        seen.append(found.p - rng.random() * step)
        alarms += found.p <= 0.05
        levels += watermark.level(found.n, gamma, 0.05)
    assert stats.kstest(seen, "uniform").pvalue > 1e-3
    assert abs(alarms - levels) < 3.5 * math.sqrt(levels)
    assert 20 < levels < 50  # of 1,000: never above 0.05, because counts go in steps


@pytest.mark.label("thm-watermark-level")
def test_repeated_windows_break_the_level():
    """With one character of context, windows repeat; counted each time, alarms are too many."""
    writer, text = load_writer("shakespeare"), load_text("shakespeare", "valid")
    alarms = {True: 0, False: 0}
    for k in range(400):
        tokens = writer.tokenizer.encode(text[800 * k : 800 * k + 300])
        for once in alarms:
            mark = watermark.Mark(key=99 + k, context=1)
            alarms[once] += watermark.count(tokens, mark, once=once).p <= 0.05
    assert alarms[False] > 40  # of 400, where 20 would be right
    assert 5 < alarms[True] < 36


@pytest.mark.label("thm-watermark-price")
@pytest.mark.parametrize("delta", [0.5, 2.0, 5.0])
def test_the_mark_raises_green_and_costs_at_most_an_eighth_of_delta_squared(delta):
    rng = np.random.default_rng(0)
    dearest = 0.0
    for _ in range(300):
        p = rng.dirichlet(np.full(6, 0.4)) + 1e-9
        p, green = p / p.sum(), rng.random(6) < 0.5
        logits = np.log(p) + delta * green
        q = np.exp(logits) / np.exp(logits).sum()
        share = torch.tensor(p[green].sum(), dtype=torch.float64)
        assert float(watermark.raised(share, delta)) == pytest.approx(q[green].sum(), abs=1e-9)
        exact = float((q * np.log(q / p)).sum())
        assert float(watermark.cost(share, delta)) == pytest.approx(exact, abs=1e-9)
        dearest = max(dearest, exact)
    assert 0.3 * delta**2 / 8 < dearest <= delta**2 / 8


@pytest.mark.label("thm-linear-attack")
def test_no_change_of_that_size_lowers_a_linear_margin_further():
    rng = torch.Generator().manual_seed(0)
    w, x = torch.randn(6, generator=rng), torch.rand(6, generator=rng)
    margin = lambda v: float(w @ v)  # noqa: E731
    worst = margin(x) - 0.1 * float(w.abs().sum())
    corners = [margin(x + 0.1 * torch.tensor(s)) for s in itertools.product((-1.0, 1.0), repeat=6)]
    assert min(corners) == pytest.approx(worst, abs=1e-6)
    # A gradient step in the sign finds it at once.
    logits = lambda v: torch.stack([v.flatten(1) @ w, 0 * v.flatten(1) @ w], 1)  # noqa: E731
    picture = (0.4 + 0.2 * x).view(1, 1, 2, 3)
    found = robustness.attack(logits, picture, torch.tensor([0]), 0.1, 1, seed=None, size=1)
    lost = margin(picture.flatten()) - margin(found.flatten())
    assert lost == pytest.approx(0.1 * float(w.abs().sum()), abs=1e-5)


@pytest.mark.label("thm-smoothing")
def test_the_certificate_is_tight_for_a_plane():
    """For a linear classifier the radius is the distance to the boundary, and not a bit more."""
    w, sigma = np.array([3.0, 4.0]), 0.5
    for distance in (0.1, 0.4, 1.0):
        x = distance * w / 5
        p = stats.norm.cdf(w @ x / (sigma * 5))  # the chance that a noisy copy is on the right side
        radius = sigma * stats.norm.ppf(p)
        assert radius == pytest.approx(distance, abs=1e-9)
        just_out = x - 1.001 * radius * w / 5
        assert stats.norm.cdf(w @ just_out / (sigma * 5)) < 0.5


@pytest.mark.label("thm-smoothing")
def test_no_other_classifier_loses_more_than_the_plane():
    """Regions of the line, integrated: after a shift their mass stays above the bound."""
    grid, sigma = np.linspace(-8, 8, 16_001), 1.0
    dx = grid[1] - grid[0]
    rng = np.random.default_rng(0)
    tightest = 1.0
    for _ in range(300):
        region = np.interp(grid, np.linspace(-8, 8, 33), rng.normal(size=33)) > 0
        p = float((stats.norm.pdf(grid) * region).sum() * dx)
        shift = rng.uniform(0, 1.5)
        moved = float((stats.norm.pdf(grid - shift) * region).sum() * dx)
        bound = stats.norm.cdf(stats.norm.ppf(min(max(p, 1e-9), 1 - 1e-9)) - shift / sigma)
        assert moved >= bound - 1e-3
        tightest = min(tightest, moved - bound)
    assert tightest < 0.05


def test_the_lower_bound_holds_as_often_as_it_says():
    for p in (0.6, 0.9):
        n, alpha, sigma = 200, 0.05, 1.0
        true = sigma * stats.norm.ppf(p)
        wrong = sum(
            stats.binom.pmf(k, n, p)
            for k in range(n + 1)
            if robustness.certified_radius(k, n, sigma, alpha) > true
        )
        assert 0.01 < wrong <= alpha


@pytest.mark.label("thm-completeness")
def test_attributions_add_up_to_the_difference_of_the_logits():
    network = load_classifier("mnist").double()
    x = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0)).double() * 2 - 1
    y = torch.tensor([1, 5])
    start = torch.full_like(x, -1.0)
    gained = (network(x) - network(start)).gather(1, y[:, None])[:, 0]
    off = [
        float((saliency.integrated(network, x, y, steps).flatten(1).sum(1) - gained).abs().max())
        for steps in (8, 96)
    ]
    assert off[1] < 0.02 * float(gained.abs().max())
    assert off[1] < off[0] / 1.5  # the network has corners: halves of the error are not certain
    plain = (saliency.slope(network, x, y) * (x - start)).flatten(1).sum(1)
    assert float((plain - gained).abs().max()) > 1.0  # slope times input does not add up


@pytest.mark.label("thm-collapse")
@pytest.mark.parametrize(("n", "real"), [(10, 0), (10, 2), (20, 10)])
def test_the_loop_of_gaussians_follows_its_recursion(n, real):
    chains = 40_000
    loop = collapse.gaussian_loop(n, 8, chains, real, seed=1)
    for k, (variance, square) in enumerate(collapse.expected_moments(n, 8, real)):
        for wanted, found in ((variance, loop.variance[k]), (square, loop.mean[k] ** 2)):
            error = float(found.std()) / math.sqrt(chains)
            assert abs(float(found.mean()) - wanted) < 4.5 * error + 1e-12, (k, wanted)


@pytest.mark.label("thm-collapse")
def test_without_real_data_the_variance_dies_and_one_real_number_keeps_it():
    n, generations = 10, 150
    alone = collapse.gaussian_loop(n, generations, 4_000, seed=2).variance
    drift = (alone[-1].log().mean() / generations).item()
    assert drift == pytest.approx(collapse.log_drift(n), abs=0.002)
    assert float(alone[-1].median()) < 1e-6
    helped = collapse.gaussian_loop(n, generations, 4_000, real=1, seed=2).variance
    assert 0.3 < float(helped[-1].median()) < 3
    # The recursion's matrix shrinks as soon as one number is real.
    for real in (1, 2, 9):
        late = collapse.expected_moments(n, 3_000, real)
        assert np.allclose(late[-1], late[-2], atol=1e-9)


@pytest.mark.label("thm-renyi")
@pytest.mark.parametrize(("q", "sigma", "order"), [(0.2, 1.0, 2), (0.05, 0.8, 5), (1.0, 2.0, 3)])
def test_the_divergence_of_a_noisy_step_by_integration(q, sigma, order):
    def both(z):
        without = stats.norm.pdf(z, 0, sigma)
        return without, (1 - q) * without + q * stats.norm.pdf(z, 1, sigma)

    ends = (-12 * sigma, 12 * sigma + order)
    forth = integrate.quad(lambda z: both(z)[1] ** order / both(z)[0] ** (order - 1), *ends)[0]
    back = integrate.quad(lambda z: both(z)[0] ** order / both(z)[1] ** (order - 1), *ends)[0]
    exact = math.log(forth) / (order - 1)
    assert private.renyi(q, sigma, order) == pytest.approx(exact, rel=1e-5)
    assert math.log(back) / (order - 1) <= exact + 1e-9


@pytest.mark.label("thm-membership")
def test_no_test_of_a_private_answer_beats_the_bound():
    """Randomised response is (epsilon, 0)-private; all tests of two answers, and of a thousand."""
    eps = 0.7
    yes = math.exp(eps) / (1 + math.exp(eps))
    for alarm in (0.0, 0.3, 1.0):  # say "member" on "yes" always, on "no" with this chance
        hits, alarms = yes + (1 - yes) * alarm, (1 - yes) + yes * alarm
        assert hits <= private.most_hits(alarms, eps, 0.0) + 1e-12
    assert yes == pytest.approx(private.most_hits(1 - yes, eps, 0.0))
    # The Gaussian mechanism's best test lies below the bound of its accountant.
    eps = private.epsilon(1.0, 2.0, 1, 1e-3)
    for alarms in (0.001, 0.01, 0.1, 0.5):
        best = stats.norm.sf(stats.norm.isf(alarms) - 1 / 2.0)
        assert best <= private.most_hits(alarms, eps, 1e-3)
        assert best > alarms


@pytest.mark.label("thm-even-shares")
def test_no_rule_keeps_more_and_has_the_wanted_shares():
    shares = torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64)
    wanted = torch.tensor([0.2, 0.4, 0.4], dtype=torch.float64)
    keep = fairness.acceptance(shares, wanted)
    kept = shares * keep
    assert torch.allclose(kept / kept.sum(), wanted)
    assert float(kept.sum()) == pytest.approx(float((shares / wanted).min()))
    from scipy.optimize import linprog

    # Maximise the kept mass subject to the shares, over all chances in 0..1.
    rows = [[float(shares[j] * (int(i == j) - wanted[i])) for j in range(3)] for i in range(3)]
    best = linprog(-shares.numpy(), A_eq=rows, b_eq=np.zeros(3), bounds=[(0, 1)] * 3)
    assert -best.fun == pytest.approx(float(kept.sum()), abs=1e-9)


def test_randomised_weights_are_new_and_the_network_is_left_alone():
    network = load_classifier("mnist")
    before = {k: v.clone() for k, v in network.state_dict().items()}
    fresh = saliency.randomised(network, 0)
    assert isinstance(fresh, ImageClassifier)
    assert not any(
        torch.equal(a, b)
        for a, b in zip(fresh.parameters(), network.parameters(), strict=True)
        if a.ndim > 1
    )
    assert all(torch.equal(v, before[k]) for k, v in network.state_dict().items())
    assert sum(isinstance(m, nn.ReLU) and bool(m._backward_hooks) for m in network.modules()) == 0
