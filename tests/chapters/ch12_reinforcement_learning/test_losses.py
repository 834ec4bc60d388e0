"""The arithmetic of reinforcement learning, against enumeration and slow plain Python."""

import math

import pytest
import torch
from torch import Tensor

from aigc_lib.chapters.ch12_reinforcement_learning.losses import (
    advantages,
    dpo_loss,
    entropies,
    kl_estimate,
    log_prob,
    ppo_loss,
)

GAMMA, LAM = 0.9, 0.8


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


def grad(value: Tensor, at: Tensor) -> Tensor:
    return torch.autograd.grad(value, at)[0]


def column(rewards, values, next_values, terminated, truncated, gamma, lam) -> list[float]:
    """Advantages of one environment, from the definition: a sum for every step, no recursion."""
    found = []
    for t in range(len(rewards)):
        total, weight = 0.0, 1.0
        for k in range(t, len(rewards)):
            future = 0.0 if terminated[k] else gamma * next_values[k]
            total += weight * (rewards[k] + future - values[k])
            weight *= gamma * lam
            if terminated[k] or truncated[k]:
                break
        found.append(total)
    return found


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("gamma", "lam"), [(GAMMA, LAM), (1.0, 1.0), (0.99, 0.0), (0.0, 0.5)])
def test_advantages_are_those_of_the_definition(seed, gamma, lam):
    time, envs = 60, 4
    rewards, values, next_values = normal(3, time, envs, seed=seed)
    terminated, truncated = torch.rand(2, time, envs, generator=generator(seed + 9)) < 0.12
    assert (terminated & truncated).any() or seed != 0  # both at once occurs too
    assert (terminated & ~truncated).any()
    assert (truncated & ~terminated).any()
    parts = (rewards, values, next_values, terminated, truncated)
    found = advantages(*parts, gamma, lam)
    for env in range(envs):
        wanted = column(*(x[:, env].tolist() for x in parts), gamma, lam)
        assert found[:, env].tolist() == pytest.approx(wanted, abs=1e-12)
    one = advantages(*(x[:, 0] for x in parts), gamma, lam)  # without an axis of environments
    assert torch.equal(one, found[:, 0])


def discounted_returns(rewards: Tensor) -> Tensor:
    """What each step of one episode earned from there on, as a sum for every step."""
    n = len(rewards)
    return torch.stack([sum(GAMMA ** (k - t) * rewards[k] for k in range(t, n)) for t in range(n)])


def test_lambda_one_is_the_return_minus_the_value():
    rewards, values = normal(2, 12, seed=1)
    next_values = torch.cat([values[1:], torch.tensor([3.0])])
    never, last = torch.zeros(12, dtype=torch.bool), torch.arange(12) == 11
    found = advantages(rewards, values, next_values, last, never, GAMMA, 1.0)
    assert torch.allclose(found, discounted_returns(rewards) - values)
    # A truncated episode earns, after its last step, what its final observation is worth.
    found = advantages(rewards, values, next_values, never, last, GAMMA, 1.0)
    rewards[-1] += GAMMA * 3.0
    assert torch.allclose(found, discounted_returns(rewards) - values)


def test_truncation_bootstraps_and_termination_does_not():
    one, no, yes = torch.ones(1), torch.tensor([False]), torch.tensor([True])
    ends = {"terminated": (yes, no), "truncated": (no, yes), "both": (yes, yes), "none": (no, no)}
    found = {
        name: float(advantages(one, 2 * one, 10 * one, *end, 0.5, 0.7))
        for name, end in ends.items()
    }
    assert found == {"terminated": -1, "truncated": 4, "both": -1, "none": 4}


@pytest.mark.parametrize("end", ["terminated", "truncated"])
def test_nothing_crosses_the_end_of_an_episode(end):
    rewards, values, next_values = normal(3, 10, 2)
    ends = {name: torch.zeros(10, 2, dtype=torch.bool) for name in ("terminated", "truncated")}
    ends[end][4, 0] = True
    before = advantages(rewards, values, next_values, *ends.values(), GAMMA, LAM)
    rewards[5:], values[5:], next_values[5:] = math.nan, math.nan, math.nan
    after = advantages(rewards, values, next_values, *ends.values(), GAMMA, LAM)
    assert torch.equal(after[:5, 0], before[:5, 0])
    assert after[5:, 0].isnan().all()
    assert after[:, 1].isnan().all()  # the other environment's episode goes on


def test_the_log_probability_of_the_actions_taken():
    logits, actions = normal(5, 3), torch.tensor([0, 2, 1, 1, 0])
    wanted = [math.log(math.exp(row[a]) / sum(map(math.exp, row)))
              for row, a in zip(logits.tolist(), actions.tolist(), strict=True)]  # fmt: skip
    assert log_prob(logits, actions).tolist() == pytest.approx(wanted)


def slow_ppo(new: list[float], old: list[float], gains: list[float], clip: float) -> float:
    total = 0.0
    for a, b, gain in zip(new, old, gains, strict=True):
        ratio = math.exp(a - b)
        total += min(ratio * gain, min(max(ratio, 1 - clip), 1 + clip) * gain)
    return -total / len(new)


@pytest.mark.parametrize("clip", [0.1, 0.2, 0.5])
def test_the_loss_of_ppo_is_that_of_the_definition(clip):
    new, old, gains = normal(3, 500, seed=5)
    wanted = slow_ppo(new.tolist(), old.tolist(), gains.tolist(), clip)
    assert float(ppo_loss(new, old, gains, clip)) == pytest.approx(wanted, abs=1e-12)


def test_at_ratio_one_it_pushes_like_reinforce():
    old, gains = normal(2, 50, seed=6)
    new = old.clone().requires_grad_()
    assert torch.allclose(grad(ppo_loss(new, old, gains), new), -gains / 50)


@pytest.mark.parametrize(
    ("ratio", "gain", "pushed"),
    [
        (1.3, 1.0, False),  # more probable already, as asked
        (0.7, 1.0, True),  # it was to become more probable: pulled back
        (1.3, -1.0, True),
        (0.7, -1.0, False),
        (1.1, 1.0, True),
        (0.9, -1.0, True),
    ],
)
def test_the_clip_stops_only_what_went_the_right_way_too_far(ratio, gain, pushed):
    new = torch.tensor([math.log(ratio)], requires_grad=True)
    found = float(grad(ppo_loss(new, torch.zeros(1), torch.tensor([gain]), 0.2), new))
    assert found == pytest.approx(-ratio * gain if pushed else 0.0)


def test_judges_get_no_gradient():
    new, old, gains = parts = [x.requires_grad_() for x in normal(3, 5).unbind()]
    learns, *rest = torch.autograd.grad(ppo_loss(new, old, gains), parts, allow_unused=True)
    assert learns.abs().sum() > 0
    assert rest == [None, None]
    ends = torch.zeros(2, 5, dtype=torch.bool)
    assert not advantages(*parts, *ends, GAMMA, LAM).requires_grad


def test_entropies():
    logits = normal(6, 5, seed=7).requires_grad_()
    p = logits.softmax(-1)
    assert torch.allclose(entropies(logits), -(p * p.log()).sum(-1))
    assert float(entropies(torch.zeros(3, dtype=torch.float64))) == pytest.approx(math.log(3))
    never = torch.tensor([0.0, 0.0, -math.inf], requires_grad=True)
    found = entropies(never)
    assert float(found.detach()) == pytest.approx(math.log(2))
    assert grad(found, never).tolist() == pytest.approx([0, 0, 0], abs=1e-6)


def test_the_estimate_of_kl_is_unbiased_and_steady():
    log_p, log_q = normal(2, 6, seed=8).log_softmax(-1)
    p = log_p.exp()
    exact = float((p * (log_p - log_q)).sum())
    assert exact > 0.1
    assert float((p * kl_estimate(log_p, log_q)).sum()) == pytest.approx(exact)
    assert (log_p - log_q).min() < 0 <= kl_estimate(log_p, log_q).min()
    assert (kl_estimate(log_p, log_p) == 0).all()
    # Of close distributions it is much steadier than the mere difference.
    near = (log_p + 0.01 * log_q).log_softmax(-1)
    assert float(kl_estimate(log_p, near).std()) < 0.1 * float((log_p - near).std())


def test_the_gradient_of_the_estimate_is_that_of_the_other_divergence():
    logits, log_q = normal(6, seed=1).requires_grad_(), normal(6, seed=2).log_softmax(-1)
    log_p = logits.log_softmax(-1)
    p = log_p.exp()
    wanted = grad((p * (log_p - log_q)).sum(), logits)
    log_p = logits.log_softmax(-1)
    other = grad((log_q.exp() * (log_q - log_p)).sum(), logits)
    sampled = grad((p.detach() * kl_estimate(logits.log_softmax(-1), log_q)).sum(), logits)
    assert torch.allclose(sampled, other)
    assert (sampled - wanted).abs().max() > 0.01


def test_dpo():
    parts = normal(4, 30, seed=9)
    total = 0.0
    for pc, pr, rc, rr in parts.T.tolist():
        total -= math.log(1 / (1 + math.exp(-0.3 * ((pc - rc) - (pr - rr)))))
    assert float(dpo_loss(*parts, 0.3)) == pytest.approx(total / 30)
    same = normal(2, 5)
    assert float(dpo_loss(*same, *same)) == pytest.approx(math.log(2))
    far = dpo_loss(torch.tensor([-1e4]), torch.zeros(1), torch.zeros(1), torch.zeros(1), 1.0)
    assert float(far) == pytest.approx(1e4)  # no overflow


def test_dpo_makes_the_chosen_answer_more_probable():
    parts = [x.requires_grad_() for x in normal(4, 8, seed=9).unbind()]
    loss = dpo_loss(*parts, 0.3)
    up, down, *rest = torch.autograd.grad(loss, parts, allow_unused=True)
    assert (up < 0).all()
    assert torch.allclose(down, -up)
    assert rest == [None, None]
    # Strongest where the policy is wrong: its weight is sigmoid of minus the margin (section 4).
    pc, pr, rc, rr = parts
    assert torch.allclose(up, -0.3 / 8 * torch.sigmoid(-0.3 * ((pc - rc) - (pr - rr))))


def test_what_cannot_be_is_refused():
    x, no = torch.ones(3), torch.zeros(3, dtype=torch.bool)
    with pytest.raises(ValueError, match="gamma"):
        advantages(x, x, x, no, no, 1.1, 0.9)
    with pytest.raises(ValueError, match="lam"):
        advantages(x, x, x, no, no, 0.9, -0.1)
    with pytest.raises(ValueError, match="same"):
        advantages(x, x[:, None], x, no, no, 0.9, 0.9)
    with pytest.raises(TypeError, match="bool"):
        advantages(x, x, x, x, no, 0.9, 0.9)
    with pytest.raises(ValueError, match="same"):
        ppo_loss(x, x, x[:, None])
    with pytest.raises(ValueError, match="clip"):
        ppo_loss(x, x, x, 0.0)
    with pytest.raises(ValueError, match="same"):
        kl_estimate(x, x[:2])
    with pytest.raises(ValueError, match="beta"):
        dpo_loss(x, x, x, x, 0.0)
    with pytest.raises(ValueError, match="same"):
        dpo_loss(x, x, x, x[:2])
