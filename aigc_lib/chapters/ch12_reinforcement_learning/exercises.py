"""Checks for chapter 12, "Reinforcement learning"."""

import math

import torch

from aigc_lib.exercises.compare import WrongAnswer, close, is_function, same_tensor


def check_1(answer: object) -> str:
    """Discounted returns of three steps."""
    if not isinstance(answer, (tuple, list)) or len(answer) != 3:
        raise WrongAnswer("give three numbers, one for each step")
    found = [float(x) for x in answer]
    if found == [1.0, 0.0, 2.0]:
        raise WrongAnswer("these are the rewards: what does each step earn *from there on*?")
    if found == [3.0, 2.0, 2.0]:
        raise WrongAnswer("that is without discount: a later reward counts half as much a step")
    for step, (x, wanted) in enumerate(zip(found, (1.5, 1.0, 2.0), strict=True), start=1):
        close(x, wanted, tol=1e-9, hint="start at the last step", what=f"step {step}")
    return "read from the end: each return is the reward plus half the return that follows"


def check_2(answer: object) -> str:
    """A policy gradient with the mean of the others as baseline."""
    estimate = is_function(answer, 3)
    scores = torch.tensor([0.2, -0.5, 1.0], dtype=torch.float64)
    actions, rewards = torch.tensor([0, 2, 1, 2]), torch.tensor([1.0, 5.0, 2.0, 0.0]).double()
    others = torch.tensor([7 / 3, 1.0, 2.0, 8 / 3], dtype=torch.float64)
    pushes = torch.eye(3, dtype=torch.float64)[actions] - scores.softmax(0)
    found = estimate(scores.clone(), actions.clone(), rewards.clone())
    if torch.is_tensor(found) and found.shape == scores.shape:
        if torch.allclose(found, (rewards[:, None] * pushes).mean(0)):
            raise WrongAnswer("right on average, but noisy: subtract the mean of the others")
        if torch.allclose(found, ((rewards - rewards.mean())[:, None] * pushes).mean(0)):
            raise WrongAnswer("the mean of *all* holds the own reward too: leave it out")
    same_tensor(
        found,
        ((rewards - others)[:, None] * pushes).mean(0),
        hint="the mean of (reward - mean of the others) times (one-hot - policy)",
        what="the gradient",
    )
    return "unbiased, and quieter: every draw is judged by the others"


def check_3(answer: object) -> str:
    """The one-step surprise at an episode's end."""
    surprise = is_function(answer, 6)
    reward, value, after = torch.ones(4), torch.full((4,), 5.0), torch.full((4,), 6.0)
    fell = torch.tensor([False, True, False, True])
    clock = torch.tensor([False, False, True, True])
    found = surprise(reward, value, after, fell, clock, 0.5)
    wanted = torch.tensor([-1.0, -4.0, -1.0, -4.0])
    if torch.is_tensor(found) and found.shape == wanted.shape:
        if torch.allclose(found, torch.tensor([-1.0, -4.0, -4.0, -4.0])):
            raise WrongAnswer("a clock ends the counting, not the world: the future is still worth")
        if torch.allclose(found, torch.full((4,), -1.0)):
            raise WrongAnswer("where the pole fell, nothing more can be earned")
    same_tensor(found, wanted, hint="reward + gamma * next value - value", what="the surprise")
    return "only a true end makes the future worthless"


def check_4(answer: object) -> str:
    """Where PPO's gradient is cut off."""
    is_cut = is_function(answer, 3)
    ratio = torch.tensor([0.5, 0.9, 1.1, 1.5, 0.5, 0.9, 1.1, 1.5])
    advantage = torch.tensor([1.0] * 4 + [-1.0] * 4)
    found = is_cut(ratio.clone(), advantage.clone(), 0.2)
    wanted = torch.tensor([False, False, False, True, True, False, False, False])
    if torch.is_tensor(found) and found.shape == wanted.shape:
        found = found.bool()
        if torch.equal(found, (ratio - 1).abs() > 0.2):
            raise WrongAnswer("a ratio that went the wrong way must be brought back: not cut")
        if torch.equal(found, wanted.roll(4)):
            raise WrongAnswer("a good action becomes more probable: its ratio goes *up*")
    same_tensor(found, wanted, hint="look at the minimum for both signs", what="where it is cut")
    return "cut only where the ratio has gone far enough in the direction that was asked for"


def check_5(answer: object) -> str:
    """The best policy on a leash."""
    tilt = is_function(answer, 3)
    reference = torch.tensor([0.7, 0.2, 0.1], dtype=torch.float64)
    rewards = torch.tensor([0.0, 1.0, 800.0], dtype=torch.float64)
    small = tilt(reference.clone(), rewards.clamp(max=2), 0.5)
    weights = reference * (rewards.clamp(max=2) / 0.5).exp()
    if torch.is_tensor(small) and small.shape == reference.shape:
        if torch.allclose(small, (rewards.clamp(max=2) / 0.5).softmax(0)):
            raise WrongAnswer("where is the reference? Without it there is no leash")
        if torch.allclose(small, weights):
            raise WrongAnswer("these do not sum to 1 yet")
    same_tensor(small, weights / weights.sum(), hint="reference * exp(r / beta)", what="it")
    large = tilt(reference.clone(), rewards.clone(), 0.5)
    if not bool(torch.isfinite(large).all()):
        raise WrongAnswer("a reward of 800 overflows: work with logarithms, and softmax")
    return "what the reference finds impossible stays impossible, however well it is paid"


def check_6(answer: object) -> str:
    """The loss of one preference."""
    wanted = math.log(1 + math.exp(-0.5 * (0.7 + 0.3)))
    value = float(answer)  # type: ignore[arg-type]
    if abs(value - math.log(1 + math.exp(0.5))) < 5e-3:
        raise WrongAnswer("the chosen text minus the rejected one, not the other way round")
    if abs(value - math.log(1 + math.exp(-1.0))) < 5e-3:
        raise WrongAnswer("beta is missing")
    close(value, wanted, tol=5e-3, hint="-log sigmoid(beta * difference)", what="the loss")
    return "0.474 nats, less than log 2 = 0.693: the pair is in the right order already"


def check_7(answer: object) -> str:
    """The largest n whose best-of-n stays within two nats."""
    largest = is_function(answer, 1)
    for budget in (0.1, 0.5, 2.0, 3.0):
        wanted = max(n for n in range(1, 200) if math.log(n) - (n - 1) / n <= budget)
        found = largest(budget)
        if found != wanted and found == math.floor(math.exp(budget)):
            raise WrongAnswer("log n alone is too strict: there is a second term")
        if found != wanted:
            raise WrongAnswer(f"for {budget} nats not {found}: count up until the next is too far")
    return "2 nats pay for the best of 19: a cheap leash, at nineteen times the writing"
