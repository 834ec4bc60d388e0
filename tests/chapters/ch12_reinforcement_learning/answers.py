"""Right and wrong answers to chapter 12's exercises, and what the hint to each wrong one says."""

import math

import torch


def estimate(scores, actions, rewards):
    total, n = torch.zeros_like(scores), len(actions)
    for i in range(n):
        others = sum(rewards[j] for j in range(n) if j != i) / (n - 1)
        push = -scores.softmax(0)
        push[actions[i]] += 1
        total += (rewards[i] - others) * push / n
    return total


def noisy(scores, actions, rewards):
    push = torch.eye(3, dtype=scores.dtype)[actions] - scores.softmax(0)
    return (rewards[:, None] * push).mean(0)


def surprise(reward, value, after, terminated, truncated, gamma):
    return reward + gamma * after * (~terminated) - value


def is_cut(ratio, advantage, clip):
    return torch.where(advantage > 0, ratio > 1 + clip, ratio < 1 - clip)


def tilt(reference, rewards, beta):
    logs = reference.log() + rewards / beta
    weights = (logs - logs.max()).exp()
    return weights / weights.sum()


def largest(budget):
    n = 1
    while math.log(n + 1) - n / (n + 1) <= budget:
        n += 1
    return n


RIGHT = {
    "12.1": (1.5, 1.0, 2.0),
    "12.2": estimate,
    "12.3": surprise,
    "12.4": is_cut,
    "12.5": tilt,
    "12.6": 0.474,
    "12.7": largest,
}
WRONG = [
    ("12.1", (1.0, 0.0, 2.0), "from there on"),
    ("12.1", (3.0, 2.0, 2.0), "discount"),
    ("12.1", (1.5, 1.0), "three numbers"),
    ("12.1", (1.0, 1.0, 2.0), "step 1"),
    ("12.2", noisy, "mean of the others"),
    ("12.2", lambda s, a, r: noisy(s, a, r - r.mean()), "own reward"),
    ("12.2", lambda s, a, r: -estimate(s, a, r), "the sign"),
    ("12.3", lambda r, v, w, e, c, g: r + g * w * ~(e | c) - v, "a clock"),
    ("12.3", lambda r, v, w, e, c, g: r + g * w - v, "nothing more"),
    ("12.3", lambda r, v, w, e, c, g: r - v, "next value"),
    ("12.4", lambda ratio, a, clip: (ratio - 1).abs() > clip, "brought back"),
    ("12.4", lambda ratio, a, clip: is_cut(ratio, -a, clip), "its ratio goes"),
    ("12.4", lambda ratio, a, clip: ratio > 1 + clip, "both signs"),
    ("12.5", lambda p, r, beta: (r / beta).softmax(0), "leash"),
    ("12.5", lambda p, r, beta: p * (r / beta).exp(), "sum to 1"),
    (
        "12.5",
        lambda p, r, beta: p * (r / beta).exp() / (p * (r / beta).exp()).sum(),
        "overflows",
    ),
    ("12.5", lambda p, r, beta: (p.log() + r * beta).softmax(0), "it is off most"),
    ("12.6", 0.974, "minus the rejected"),
    ("12.6", 0.313, "beta is missing"),
    ("12.6", 0.69, "sigmoid"),
    ("12.7", lambda budget: math.floor(math.exp(budget)), "second term"),
    ("12.7", lambda budget: largest(budget) + 1, "too far"),
]
