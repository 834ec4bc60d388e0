"""Checks for chapter 12, "Reinforcement learning"."""

import math

import torch
from torch import Tensor

from aigc_lib.exercises.compare import close, equal, is_function, need, numbers, same_tensor


def check_1(answer: object) -> str:
    """Discounted returns of three steps."""
    found = numbers(answer, 3, "give three numbers, one for each step")
    rewards = "these are the rewards: what does each step earn *from there on*?"
    need(found != [1.0, 0.0, 2.0], rewards)
    plain = "that is without discount: a later reward counts half as much a step"
    need(found != [3.0, 2.0, 2.0], plain)
    for step, (x, wanted) in enumerate(zip(found, (1.5, 1.0, 2.0), strict=True), start=1):
        close(x, wanted, tol=1e-9, hint="start at the last step", what=f"step {step}")
    return "read from the end: each return is the reward plus half the return that follows"


def check_2(answer: object) -> str:
    """A policy gradient with the mean of the others as baseline."""
    scores = torch.tensor([0.2, -0.5, 1.0], dtype=torch.float64)
    actions, rewards = torch.tensor([0, 2, 1, 2]), torch.tensor([1.0, 5.0, 2.0, 0.0]).double()
    pushes = torch.eye(3, dtype=torch.float64)[actions] - scores.softmax(0)

    def estimate(baseline: Tensor | float) -> Tensor:
        return (rewards - baseline) @ pushes / 4

    mistakes = {
        "right on average, but noisy: subtract the mean of the others": estimate(0.0),
        "the mean of *all* holds the own reward too: leave it out": estimate(rewards.mean()),
    }
    found = is_function(answer, 3)(scores.clone(), actions.clone(), rewards.clone())
    wanted = estimate((rewards.sum() - rewards) / 3)
    hint = "the mean of (reward - mean of the others) times (one-hot - policy)"
    same_tensor(found, wanted, hint=hint, what="the gradient", mistakes=mistakes)
    return "unbiased, and quieter: every draw is judged by the others"


def check_3(answer: object) -> str:
    """The one-step surprise at an episode's end."""
    reward, value, after = torch.ones(4), torch.full((4,), 5.0), torch.full((4,), 6.0)
    fell = torch.tensor([False, True, False, True])
    clock = torch.tensor([False, False, True, True])
    found = is_function(answer, 6)(reward, value, after, fell, clock, 0.5)
    mistakes = {
        "a clock ends the counting, not the world: the future is still worth": [-1, -4, -4, -4],
        "where the pole fell, nothing more can be earned": [-1, -1, -1, -1],
    }
    wanted, hint = torch.tensor([-1.0, -4.0, -1.0, -4.0]), "reward + gamma * next value - value"
    same_tensor(found, wanted, hint=hint, what="the surprise", mistakes=mistakes)
    return "only a true end makes the future worthless"


def check_4(answer: object) -> str:
    """Where PPO's gradient is cut off."""
    ratio = torch.tensor([0.5, 0.9, 1.1, 1.5, 0.5, 0.9, 1.1, 1.5])
    advantage = torch.tensor([1.0] * 4 + [-1.0] * 4)
    found = is_function(answer, 3)(ratio.clone(), advantage.clone(), 0.2)
    cut = found.bool() if torch.is_tensor(found) else found
    wanted = torch.tensor([False, False, False, True, True, False, False, False])
    mistakes = {
        "a ratio that went the wrong way must be brought back: not cut": (ratio - 1).abs() > 0.2,
        "a good action becomes more probable: its ratio goes *up*": wanted.roll(4),
    }
    hint = "look at the minimum for both signs"
    same_tensor(cut, wanted, hint=hint, what="where it is cut", mistakes=mistakes)
    return "cut only where the ratio has gone far enough in the direction that was asked for"


def check_5(answer: object) -> str:
    """The best policy on a leash."""
    tilt = is_function(answer, 3)
    reference = torch.tensor([0.7, 0.2, 0.1], dtype=torch.float64)
    rewards = torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64)
    weights = reference * (rewards / 0.5).exp()
    mistakes = {
        "where is the reference? Without it there is no leash": (rewards / 0.5).softmax(0),
        "these do not sum to 1 yet": weights,
    }
    found, wanted = tilt(reference.clone(), rewards.clone(), 0.5), weights / weights.sum()
    same_tensor(found, wanted, hint="reference * exp(r / beta)", what="it", mistakes=mistakes)
    large = tilt(reference.clone(), 400 * rewards, 0.5)
    overflow = "a reward of 800 overflows: work with logarithms, and softmax"
    need(torch.isfinite(large).all(), overflow)
    return "what the reference finds impossible stays impossible, however well it is paid"


def check_6(answer: object) -> str:
    """The loss of one preference."""
    turned = math.log(1 + math.exp(0.5))
    mistakes = {
        "the chosen text minus the rejected one, not the other way round": turned,
        "beta is missing": math.log(1 + math.exp(-1.0)),
    }
    wanted, hint = math.log(1 + math.exp(-0.5 * (0.7 + 0.3))), "-log sigmoid(beta * difference)"
    close(answer, wanted, tol=5e-3, hint=hint, what="the loss", mistakes=mistakes)
    return "0.474 nats, less than log 2 = 0.693: the pair is in the right order already"


def check_7(answer: object) -> str:
    """The largest n whose best-of-n stays within two nats."""
    largest = is_function(answer, 1)
    for budget in (0.1, 0.5, 2.0, 3.0):
        wanted = max(n for n in range(1, 200) if math.log(n) - (n - 1) / n <= budget)
        strict = math.floor(math.exp(budget))
        mistakes = {"log n alone is too strict: there is a second term": strict}
        hint, what = "count up until the next is too far", f"the number for {budget} nats"
        equal(largest(budget), wanted, hint=hint, what=what, mistakes=mistakes)
    return "2 nats pay for the best of 19: a cheap leash, at nineteen times the writing"
