"""Proofs, in numbers, of chapter 12's statements."""

import itertools
import math

import pytest
import torch
from scipy import integrate

from aigc_lib.chapters.ch12_reinforcement_learning import losses, text_losses

RNG = torch.Generator().manual_seed(12)
SCORES = torch.randn(5, generator=RNG, dtype=torch.float64)
REWARDS = torch.randn(5, generator=RNG, dtype=torch.float64) + 2
EYE = torch.eye(5, dtype=torch.float64)


def exact_gradient() -> torch.Tensor:
    """Of the mean reward, by central differences: it knows nothing of logarithms."""
    small, found = 1e-6, []
    for k in range(5):
        ends = [float((SCORES + s * small * EYE[k]).softmax(0) @ REWARDS) for s in (1, -1)]
        found.append((ends[0] - ends[1]) / (2 * small))
    return torch.tensor(found, dtype=torch.float64)


@pytest.mark.label("thm-log-derivative")
def test_the_gradient_is_a_mean_over_what_the_policy_does() -> None:
    scores = SCORES.clone().requires_grad_()
    mean = torch.zeros(5, dtype=torch.float64)
    for action, p in enumerate(SCORES.softmax(0)):
        log_p = scores.log_softmax(0)[action]
        (slope,) = torch.autograd.grad(log_p, scores)
        mean += p * REWARDS[action] * slope
    torch.testing.assert_close(mean, exact_gradient(), rtol=1e-7, atol=1e-9)
    assert mean.norm() > 0.1


@pytest.mark.label("thm-baseline")
@pytest.mark.parametrize("baseline", [-3.0, 0.0, 2.2])
def test_a_baseline_changes_no_mean_and_the_best_one_is_the_weighted_reward(
    baseline: float,
) -> None:
    policy = SCORES.softmax(0)
    pushes = EYE - policy  # grad log pi of each action
    estimates = (REWARDS - baseline)[:, None] * pushes
    torch.testing.assert_close(policy @ estimates, exact_gradient(), rtol=1e-7, atol=1e-9)

    def scatter(b: float) -> float:
        found = (REWARDS - b)[:, None] * pushes
        return float(policy @ (found - policy @ found).square().sum(1))

    lengths = pushes.square().sum(1)
    best = float((policy * lengths * REWARDS).sum() / (policy * lengths).sum())
    assert scatter(best) <= scatter(baseline)
    assert scatter(best) < min(scatter(best - 0.1), scatter(best + 0.1))


@pytest.mark.label("eq-gae")
@pytest.mark.parametrize("terminated", [True, False])
def test_advantages_are_sums_of_surprises(terminated: bool) -> None:
    rewards, values = torch.randn(2, 6, generator=RNG, dtype=torch.float64)
    after = torch.cat([values[1:], torch.tensor([0.7], dtype=torch.float64)])
    ends = torch.zeros(6, dtype=torch.bool)
    last = ends.clone()
    last[-1] = True
    how = (last, ends) if terminated else (ends, last)
    found = losses.advantages(rewards, values, after, *how, 0.9, 0.8)
    worth = after.clone()
    if terminated:
        worth[-1] = 0
    surprise = rewards + 0.9 * worth - values
    wanted = [sum((0.9 * 0.8) ** k * surprise[t + k] for k in range(6 - t)) for t in range(6)]
    torch.testing.assert_close(found, torch.stack(wanted))


@pytest.mark.label("eq-ppo-clip")
def test_the_gradient_stops_where_the_ratio_has_gone_far_enough() -> None:
    for advantage, ratio in itertools.product((-1.5, 2.0), (0.5, 0.79, 0.81, 1.0, 1.19, 1.21, 2.0)):
        log_p = torch.tensor([math.log(ratio)], dtype=torch.float64, requires_grad=True)
        gain = torch.tensor([advantage], dtype=torch.float64)
        loss = losses.ppo_loss(log_p, torch.zeros(1, dtype=torch.float64), gain, clip=0.2)
        (slope,) = torch.autograd.grad(loss, log_p)
        far = ratio > 1.2 if advantage > 0 else ratio < 0.8
        assert float(slope) == pytest.approx(0.0 if far else -ratio * advantage)


def objective(policy: torch.Tensor, reference: torch.Tensor, beta: float) -> float:
    return float(policy @ (REWARDS - beta * (policy / reference).log()))


@pytest.mark.label("thm-anchored-optimum")
@pytest.mark.parametrize("beta", [0.3, 1.0, 4.0])
def test_no_policy_beats_the_tilted_reference(beta: float) -> None:
    reference = SCORES.softmax(0)
    weights = reference * (REWARDS / beta).exp()
    best = weights / weights.sum()
    top = objective(best, reference, beta)
    assert top == pytest.approx(beta * math.log(float(weights.sum())))
    for _ in range(200):
        other = torch.randn(5, generator=RNG, dtype=torch.float64).softmax(0)
        gap = top - objective(other, reference, beta)
        assert gap == pytest.approx(beta * float(other @ (other / best).log()))
        assert gap > 0


@pytest.mark.label("eq-dpo-margin")
def test_the_best_policy_carries_the_reward_that_made_it() -> None:
    reference, beta = SCORES.softmax(0), 0.6
    weights = reference * (REWARDS / beta).exp()
    best = weights / weights.sum()
    implied = beta * (best / reference).log()
    for a, b in itertools.combinations(range(5), 2):
        assert float(implied[a] - implied[b]) == pytest.approx(float(REWARDS[a] - REWARDS[b]))
    one = torch.tensor([2]), torch.tensor([4])
    loss = losses.dpo_loss(
        *(best.log()[i] for i in one), *(reference.log()[i] for i in one), beta=beta
    )
    margin = float(REWARDS[2] - REWARDS[4])
    assert float(loss) == pytest.approx(-math.log(1 / (1 + math.exp(-margin))))


@pytest.mark.label("eq-text-divergence")
def test_the_divergence_of_texts_is_the_mean_sum_over_places() -> None:
    """Two models of texts of two tokens out of three, as tables."""
    p1, q1 = torch.randn(2, 3, generator=RNG, dtype=torch.float64).softmax(1)
    p2, q2 = torch.randn(2, 3, 3, generator=RNG, dtype=torch.float64).softmax(2)
    p, q = p1[:, None] * p2, q1[:, None] * q2
    whole = float((p * (p / q).log()).sum())
    texts = torch.tensor(list(itertools.product(range(3), repeat=2)))
    log_p = torch.stack([torch.stack([p1, p2[a]]) for a, _ in texts]).log()
    log_q = torch.stack([torch.stack([q1, q2[a]]) for a, _ in texts]).log()
    places = text_losses.place_divergences(log_p, log_q).sum(1)
    assert float(p.flatten() @ places) == pytest.approx(whole)


@pytest.mark.label("thm-best-of-n")
@pytest.mark.parametrize("n", [1, 2, 4, 16])
def test_the_best_of_n_is_at_most_so_far_from_the_writer(n: int) -> None:
    """If no two earn the same and each is rare, the best has density n u^(n - 1) for 1."""

    def cost(u: float) -> float:
        density = n * u ** (n - 1)
        return density * math.log(density) if density > 0 else 0.0

    limit = math.log(n) - (n - 1) / n
    found, _ = integrate.quad(cost, 0, 1)
    assert found == pytest.approx(limit, abs=1e-7)
    apart = []
    for texts in (2, 10, 100, 1000):  # equally likely, each with a reward of its own
        upto = torch.arange(texts + 1, dtype=torch.float64) / texts
        best = upto[1:] ** n - upto[:-1] ** n
        apart.append(float((best * (best * texts).log()).nan_to_num(0.0).sum()))
    assert all(kl <= limit + 1e-12 for kl in apart)
    assert all(
        a <= b + 1e-12 for a, b in itertools.pairwise(apart)
    )  # the rarer each text, the nearer to the limit
    assert apart[-1] == pytest.approx(limit, abs=0.02)
    if n == 2:
        assert apart[0] == pytest.approx(0.131, abs=5e-4)  # two texts: not 0.193
    # With ties, a fair choice among the best is nearer still: two rewards, each half of many texts.
    low = 0.5**n
    tied = low * math.log(low / 0.5) + (1 - low) * math.log((1 - low) / 0.5)
    assert tied <= limit + 1e-12


WORLD = torch.tensor([[[0.7, 0.3], [0.2, 0.8]], [[0.5, 0.5], [0.9, 0.1]]], dtype=torch.float64)
PAY = torch.tensor([[1.0, -0.5], [0.3, 2.0]], dtype=torch.float64)  # of (state, action)
CHOICES = torch.tensor([[0.2, -0.4], [0.9, 0.1]], dtype=torch.float64)  # scores, a row a state


@pytest.mark.label("thm-policy-gradient")
@pytest.mark.parametrize("gamma", [1.0, 0.8])
def test_the_gradient_over_several_steps_weighs_each_choice_by_what_followed(gamma: float) -> None:
    """Three steps in a world of two states: value by recursion and finite differences, against
    the mean over all runs."""

    def value(scores: torch.Tensor) -> float:
        policy, v = scores.softmax(1), torch.zeros(2, dtype=torch.float64)
        for _ in range(3):  # backwards: what is earned now, and what is to come
            v = (policy * (PAY + gamma * WORLD @ v)).sum(1)
        return float(v[0])

    exact = torch.zeros_like(CHOICES)
    for i, j in itertools.product(range(2), repeat=2):
        ends = []
        for sign in (1, -1):
            moved = CHOICES.clone()
            moved[i, j] += sign * 1e-6
            ends.append(value(moved))
        exact[i, j] = (ends[0] - ends[1]) / 2e-6

    policy, baseline = CHOICES.softmax(1), torch.tensor([[0.4, -2.0], [5.0, 1.0], [0.0, 3.0]])
    for used in (torch.zeros_like(baseline), baseline):  # b(t, s) drops out of the mean
        found = torch.zeros_like(CHOICES)
        for run in itertools.product(range(2), repeat=6):  # action, state that follows, three times
            state, chance, steps = 0, 1.0, []
            for action, after in zip(run[::2], run[1::2], strict=True):
                chance *= float(policy[state, action] * WORLD[state, action, after])
                steps.append((state, action, float(PAY[state, action])))
                state = after
            for t, (state, action, _) in enumerate(steps):
                to_go = sum(gamma ** (k - t) * steps[k][2] for k in range(t, 3))
                push = torch.eye(2, dtype=torch.float64)[action] - policy[state]
                found[state] += chance * gamma**t * (to_go - float(used[t, state])) * push
        torch.testing.assert_close(found, exact, rtol=1e-7, atol=1e-8)
    assert float(exact.norm()) > 0.1
