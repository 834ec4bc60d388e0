"""Proofs, in numbers, of chapter 18: the contrastive loss, its bound and optimum, and fusion."""

import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.optimize import minimize

from aigc_lib.chapters.ch18_words_with_pictures.contrastive import info_nce

TABLES = [
    [[0.20, 0.05, 0.05], [0.05, 0.25, 0.10], [0.02, 0.08, 0.20]],
    [[0.01, 0.40, 0.02], [0.10, 0.01, 0.02], [0.02, 0.02, 0.40]],
]


def loss_of(joint, scores, n):
    """The expected loss, by a loop over every pair and all choices of the n - 1 other texts."""
    joint, total = np.array(joint), 0.0
    texts = joint.sum(0)
    for x, y in itertools.product(*map(range, joint.shape)):
        for others in itertools.product(range(joint.shape[1]), repeat=n - 1):
            chance = joint[x, y] * math.prod(texts[k] for k in others)
            rest = sum(math.exp(scores[x][k]) for k in others)
            own = math.exp(scores[x][y])
            total -= chance * math.log(own / (own + rest))
    return total


def information_of(joint):
    """H(X) + H(Y) - H(X, Y)."""
    joint = np.array(joint)
    entropy = lambda p: -sum(v * math.log(v) for v in np.ravel(p))  # noqa: E731
    return entropy(joint.sum(0)) + entropy(joint.sum(1)) - entropy(joint)


@pytest.mark.label("eq-infonce")
def test_the_loss_is_the_mean_price_of_the_own_text_and_of_the_own_picture():
    rng = torch.Generator().manual_seed(0)
    x, y = (F.normalize(torch.randn(5, 3, generator=rng).double(), dim=1) for _ in range(2))
    s, tau = (x @ y.T).tolist(), 0.2

    def price(own, row):
        return -math.log(math.exp(own / tau) / sum(math.exp(v / tau) for v in row))

    pictures = sum(price(s[i][i], s[i]) for i in range(5)) / 5
    texts = sum(price(s[i][i], [s[j][i] for j in range(5)]) for i in range(5)) / 5
    assert float(info_nce(x, y, tau)) == pytest.approx((pictures + texts) / 2, abs=1e-10)
    assert pictures != pytest.approx(texts, abs=1e-3)


@pytest.mark.label("thm-nce-bound")
@pytest.mark.parametrize("joint", TABLES)
@pytest.mark.parametrize("n", [2, 3, 4])
def test_no_scores_promise_more_than_the_mutual_information(joint, n):
    information = information_of(joint)
    rng = np.random.default_rng(0)
    ratio = np.log(np.array(joint) / np.outer(np.sum(joint, 1), np.sum(joint, 0)))
    tried = [ratio, 2 * ratio, 0 * ratio, *(rng.normal(size=(3, 3)) * k for k in (0.3, 1, 5))]
    bounds = [math.log(n) - loss_of(joint, scores, n) for scores in tried]
    assert max(bounds) == bounds[0]
    assert 0.2 * information < bounds[0] < min(information, math.log(n))
    # The bound grows with the batch.
    assert bounds[0] > math.log(2) - loss_of(joint, ratio, 2) - 1e-12


@pytest.mark.label("thm-nce-optimum")
@pytest.mark.parametrize("joint", TABLES)
def test_descent_finds_the_log_density_ratio_up_to_a_row_constant(joint):
    joint = np.array(joint)

    def cost(flat):
        return loss_of(joint, flat.reshape(3, 3), 3)

    found = minimize(cost, np.zeros(9), method="BFGS", options={"gtol": 1e-7}).x.reshape(3, 3)
    conditional = joint / joint.sum(1, keepdims=True)
    ratio = np.log(conditional / joint.sum(0))
    apart = found - ratio
    assert np.abs(apart - apart.mean(1, keepdims=True)).max() < 1e-3
    assert cost((ratio + np.array([[1.0], [-2.0], [5.0]])).ravel()) == pytest.approx(
        cost(ratio.ravel()), abs=1e-9
    )
    assert cost(np.log(conditional).ravel()) > cost(ratio.ravel()) + 1e-4  # p(y) is missed
    # In both directions a constant for each row would spoil the other direction: one for all.
    both = lambda s: cost(s.ravel()) + loss_of(joint.T, s.T, 3)  # noqa: E731
    assert both(ratio + 3.0) == pytest.approx(both(ratio), abs=1e-9)
    assert both(ratio + np.array([[1.0], [-2.0], [5.0]])) > both(ratio) + 1e-2


@pytest.mark.label("thm-temperature-floor")
@pytest.mark.parametrize(("n", "tau"), [(2, 1.0), (4, 0.5), (8, 2.0)])
def test_the_loss_has_a_floor_and_pushes_by_its_probabilities(n, tau):
    floor = math.log(1 + (n - 1) * math.exp(-n / ((n - 1) * tau)))
    own = torch.arange(n)

    def loss(s):
        return F.cross_entropy(s / tau, own)

    # The corners of a regular simplex, which lie in n - 1 dimensions, reach it.
    corners = F.normalize(torch.eye(n, dtype=torch.float64) - 1 / n, dim=1)
    assert int(torch.linalg.matrix_rank(corners)) == n - 1
    assert float(loss(corners @ corners.T)) == pytest.approx(floor, abs=1e-12)
    rng = torch.Generator().manual_seed(0)
    for dim in (2, n, 20):
        for near in (1.0, 0.1):
            for _ in range(50):
                x = torch.randn(n, dim, generator=rng, dtype=torch.float64)
                y = x + near * torch.randn(n, dim, generator=rng, dtype=torch.float64)
                s = F.normalize(x, dim=1) @ F.normalize(y, dim=1).T
                assert float(loss(s)) > floor - 1e-12
    chosen = (s / tau).exp() / (s / tau).exp().sum(1, keepdim=True)
    for i, j in itertools.product(range(n), repeat=2):
        step = torch.zeros_like(s)
        step[i, j] = 1e-6
        slope = float(loss(s + step) - loss(s - step)) / 2e-6
        wanted = (float(chosen[i, j]) - (i == j)) / (n * tau)
        assert slope == pytest.approx(wanted, abs=1e-7)


@pytest.mark.label("thm-late-fusion")
def test_the_product_of_posteriors_over_the_prior_is_the_joint_posterior():
    rng = np.random.default_rng(0)
    prior = rng.dirichlet(np.ones(3))
    x_of, t_of = rng.dirichlet(np.ones(4), 3), rng.dirichlet(np.ones(5), 3)
    joint = prior[:, None, None] * x_of[:, :, None] * t_of[:, None]  # (K, X, T)
    assert joint.sum() == pytest.approx(1)
    for x, t in itertools.product(range(4), range(5)):
        exact = joint[:, x, t] / joint[:, x, t].sum()
        by_x = joint[:, x].sum(1) / joint[:, x].sum()
        by_t = joint[:, :, t].sum(1) / joint[:, :, t].sum()
        fused = by_x * by_t / prior
        assert fused / fused.sum() == pytest.approx(exact, abs=1e-12)
        wrong = by_x * by_t
        assert np.abs(wrong / wrong.sum() - exact).max() > 1e-4


@pytest.mark.label("thm-late-blind")
def test_posteriors_of_agreement_are_the_same_for_all():
    kinds = 4
    joint = np.zeros((2, kinds, kinds))  # agree or not, kind of picture, kind of text
    for x, t in itertools.product(range(kinds), repeat=2):
        joint[1, x, t] = 0.5 / kinds * (x == t)
        joint[0, x, t] = 0.5 / (kinds * (kinds - 1)) * (x != t)
    by_x = joint.sum(2)[1] / joint.sum((0, 2))
    by_t = joint.sum(1)[1] / joint.sum((0, 1))
    assert by_x == pytest.approx(0.5)
    assert by_t == pytest.approx(0.5)
    # Read together they tell everything.
    both = joint[1] / joint.sum(0)
    assert both == pytest.approx(np.eye(kinds))
