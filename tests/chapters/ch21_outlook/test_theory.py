"""The labelled statements of chapter 21, each by a way that the page does not take."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from scipy.stats import norm

from aigc_lib.chapters.ch21_outlook import city, education, scene


@pytest.mark.label("thm-augmented-mean")
@pytest.mark.parametrize(("n", "m"), [(2, 1), (3, 5), (20, 180)])
def test_invented_rows_add_their_noise_and_no_knowledge(n, m):
    rng = np.random.default_rng(0)
    real = rng.exponential(2.0, (200_000, n)) if n < 10 else rng.exponential(2.0, (40_000, n))
    variance = 4.0  # of the real patients, known to whoever invents; they are no Gaussians
    centre = real.mean(1, keepdims=True)
    made = centre + rng.uniform(-1, 1, (len(real), m)) * math.sqrt(3 * variance)
    pooled = np.concatenate([real, made], 1).mean(1)
    stated = variance / n + m * variance / (n + m) ** 2
    assert pooled.mean() == pytest.approx(2.0, abs=0.02)
    assert pooled.var() == pytest.approx(stated, rel=0.03)
    assert pooled.var() > 1.03 * centre.var()  # worse than the real ones alone
    # Who takes them all for real believes in too little: his interval holds the truth too seldom.
    half = 1.96 * math.sqrt(variance / (n + m))
    held = float((np.abs(pooled - 2.0) < half).mean())
    if n >= 20:
        assert held == pytest.approx(2 * norm.cdf(half / math.sqrt(stated)) - 1, abs=0.01)
    assert held < 0.93


@pytest.mark.label("thm-pinball-quantile")
@pytest.mark.parametrize("level", [0.1, 0.5, 0.75])
def test_no_forecast_has_less_pinball_loss_than_the_quantile(level):
    rng = np.random.default_rng(1)
    for values in ([10, 12, 15, 20, 30], rng.gamma(2.0, 3.0, 41), rng.normal(size=40)):
        y = torch.tensor(np.asarray(values), dtype=torch.float64)
        grid = torch.cat([y, torch.linspace(float(y.min()) - 2, float(y.max()) + 2, 2001)])
        cost = city.pinball(y, grid[:, None].double(), torch.tensor(level)).mean(1)
        best = grid[cost <= cost.min() + 1e-9]
        below = (y[None] < best[:, None]).double().mean(1)
        upto = (y[None] <= best[:, None] + 1e-9).double().mean(1)
        assert (below <= level + 1e-6).all()  # each minimiser is a quantile
        assert (upto >= level - 1e-6).all()
        wrong = grid[cost > cost.min() + 1e-3]
        beyond = ((y[None] < wrong[:, None]).double().mean(1) > level + 1e-6) | (
            (y[None] <= wrong[:, None]).double().mean(1) < level - 1e-6
        )
        assert beyond.all()  # and what is none costs more


@pytest.mark.label("eq-pinball")
def test_the_pinball_loss_is_what_a_merchant_pays():
    missing, left = 3.0, 1.0  # what each costs; together 4, so the level is 3 / 4
    for wanted, there in ((10, 7), (7, 10), (5, 5)):
        paid = missing * max(wanted - there, 0) + left * max(there - wanted, 0)
        loss = city.pinball(
            torch.tensor(float(wanted)), torch.tensor(float(there)), torch.tensor(0.75)
        )
        assert 4 * float(loss) == pytest.approx(paid)


@pytest.mark.label("thm-rank-uniform")
def test_the_rank_of_what_came_is_even_for_honest_scenarios_only():
    rng = torch.Generator().manual_seed(0)
    days, drawn = 40_000, 9

    def ranks(spread, shift):
        mean = torch.randn(days, 1, generator=rng)  # each day is another
        y = mean + torch.randn(days, 24, generator=rng)
        own = shift + mean + spread * torch.randn(days, drawn, generator=rng)
        found = city.ranks(own[..., None].expand(-1, -1, 24), y)[:, 0] * drawn
        return torch.bincount(found.round().long(), minlength=drawn + 1) / days

    honest = ranks(1.0, 0.0)
    assert (honest - 0.1).abs().max() < 5 * math.sqrt(0.09 / days)
    sure, low = ranks(0.5, 0.0), ranks(1.0, -0.5)
    assert min(sure[0], sure[-1]) > 0.2  # too narrow: what came lies outside
    assert low[-1] > 2 * low[0]  # too low: above


@pytest.mark.label("eq-volume-weights")
def test_light_that_meets_grains_at_random_stops_with_these_weights():
    rng = torch.Generator().manual_seed(0)
    density, length = torch.tensor([[0.5, 2.0, 0.0, 1.0]]), torch.tensor([[0.4, 0.6, 1.0, 0.8]])
    # Each piece stops a photon that gets there with the probability 1 - exp(-density * length).
    stops = torch.rand(400_000, 4, generator=rng) < 1 - torch.exp(-density * length)
    first = torch.where(stops.any(1), stops.double().argmax(1), 4)
    found = torch.bincount(first, minlength=5) / len(first)
    share, through = scene.weights(density, length)
    assert found == pytest.approx(torch.cat([share[0], through]), abs=0.004)


@pytest.mark.label("thm-volume-weights")
def test_the_weights_are_those_of_the_differential_equation():
    density = torch.tensor([[0.3, 0.0, 4.0, 1.5]], dtype=torch.float64)
    length = torch.tensor([[0.5, 0.2, 0.3, 1.0]], dtype=torch.float64)
    share, through = scene.weights(density, length)
    ends = np.concatenate([[0], np.cumsum(length[0].numpy())])
    light, stopped = 1.0, []
    for k, (start, end) in enumerate(itertools.pairwise(ends)):  # T' = -density T, piece by piece
        rate = float(density[0, k])
        left = solve_ivp(lambda t, T, r=rate: -r * T, (start, end), [light], rtol=1e-10, atol=1e-12)
        stopped.append(light - left.y[0, -1])
        light = left.y[0, -1]
    assert share[0].tolist() == pytest.approx(stopped, abs=1e-8)
    assert float(through) == pytest.approx(light, abs=1e-8)
    assert float(share.sum() + through) == pytest.approx(1, abs=1e-12)
    rng = torch.Generator().manual_seed(0)
    many = scene.weights(
        torch.rand(500, 30, generator=rng) * 20, torch.rand(500, 30, generator=rng)
    )
    assert (many[0].sum(1) + many[1] - 1).abs().max() < 1e-5
    assert (many[0] >= 0).all()
    # A piece cut in two adds the same.
    halves = scene.weights(density.repeat_interleave(2, 1), length.repeat_interleave(2, 1) / 2)
    assert halves[0].view(1, 4, 2).sum(2) == pytest.approx(share, abs=1e-12)


@pytest.mark.label("thm-filtered-mix")
def test_a_filter_changes_the_mix_and_costs_drafts():
    rng = torch.Generator().manual_seed(0)
    ordered, passing = torch.tensor([0.5, 0.3, 0.2]), torch.tensor([0.9, 0.5, 0.1])
    n = 400_000
    level = torch.multinomial(ordered, n, replacement=True, generator=rng)
    kept = level[torch.rand(n, generator=rng) < passing[level]]
    mean = float(ordered @ passing)
    mix = torch.bincount(kept, minlength=3) / len(kept)
    assert mix == pytest.approx(ordered * passing / mean, abs=0.005)
    assert n / len(kept) == pytest.approx(1 / mean, rel=0.01)
    # Until one passes for each order, the mix is as ordered, and hard ones cost the drafts.
    waits = (torch.rand(20_000, 200, generator=rng) < 0.1).double().argmax(1) + 1.0
    assert float(waits.mean()) == pytest.approx(10, rel=0.05)
    assert education.carries(67, 58) == 2
