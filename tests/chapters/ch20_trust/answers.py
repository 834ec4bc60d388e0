"""Right and wrong answers to chapter 20's exercises, and what the hint to each wrong one says."""

import math

import torch


def mark(p, green, delta):
    up = p * torch.exp(delta * green)
    return up / up.sum()


def step(x, start, slope, size, eps):
    moved = x + size * slope.sign()
    return (start + (moved - start).clamp(-eps, eps)).clamp(0, 1)


def integrate(f, x, base, steps, *, way=lambda x, base: x - base, at=None, first=0.5):
    total = torch.zeros_like(x)
    for k in range(steps):
        t = (k + first) / steps if at is None else at
        z = (base + t * (x - base)).requires_grad_(True)
        total += torch.autograd.grad(f(z), z)[0]
    return total / steps * way(x, base)


P = sum(math.comb(64, k) for k in range(44, 65)) / 2**64
RIGHT = {
    "20.1": (3.0, P),
    "20.2": mark,
    "20.3": 0.3379,
    "20.4": step,
    "20.5": 0.8890,
    "20.6": integrate,
    "20.7": (1.3077, 0.3462),
    "20.8": (math.e * 0.01 + 0.001, math.log(1.9)),
    "20.9": (1 / 6, 10 / 3),
}
WRONG = [
    ("20.1", (0.75, P), "standard deviation"),
    ("20.1", (1.5, P), "not of n"),
    ("20.1", (2.0, P), "over the root"),
    ("20.1", (3.0, 0.00135), "normal tail"),
    ("20.1", (3.0, P - math.comb(64, 44) / 2**64), "at least 44"),
    ("20.1", (3.0, 2 * P), "both tails"),
    ("20.1", (3.0, 0.1), "44 or more heads"),
    ("20.1", 3.0, "two numbers"),
    ("20.2", lambda p, g, d: p * torch.exp(d * g), "sum to 1"),
    ("20.2", lambda p, g, d: p * (1 + d * g) / (p * (1 + d * g)).sum(), "exponential"),
    ("20.2", lambda p, g, d: (p + d * g) / (p + d * g).sum(), "not to the probabilities"),
    ("20.2", lambda p, g, d: mark(p, ~g, d), "not the red"),
    ("20.2", lambda p, g, d: p, "green logits"),
    ("20.3", 0.01, "false alarms among the innocent"),
    ("20.3", 0.6621, "guilty among the accused"),
    ("20.3", 0.5, "Bayes"),
    ("20.4", lambda x, s, g, z, e: s + (x + z * g.sign() - s).clamp(-e, e), "between 0 and 1"),
    ("20.4", lambda x, s, g, z, e: (x + z * g.sign()).clamp(0, 1), "within eps"),
    (
        "20.4",
        lambda x, s, g, z, e: (x + (z * g.sign()).clamp(-e, e)).clamp(0, 1),
        "from the start, not from x",
    ),
    ("20.4", lambda x, s, g, z, e: step(x, s, -g, z, e), "shall rise"),
    (
        "20.4",
        lambda x, s, g, z, e: (s + (x + z * g - s).clamp(-e, e)).clamp(0, 1),
        "take the sign",
    ),
    ("20.4", lambda x, s, g, z, e: x, "back into the box"),
    ("20.5", 1.0269, "only an estimate"),
    ("20.5", 1.7780, "multiply by sigma"),
    ("20.5", 0.8810, "one side"),
    ("20.5", 0.5, "lower bound"),
    ("20.6", lambda f, x, b, n: integrate(f, x, b, n, way=lambda x, b: 1), "multiply by x less"),
    ("20.6", lambda f, x, b, n: integrate(f, x, b, 1, at=1.0), "at x alone"),
    ("20.6", lambda f, x, b, n: integrate(f, x, b, n, way=lambda x, b: x), "not by x"),
    ("20.6", lambda f, x, b, n: integrate(f, x, b, n, first=0.0), "not its beginning"),
    ("20.6", lambda f, x, b, n: integrate(f, x, b, n, first=1.0), "not its end"),
    ("20.6", lambda f, x, b, n: x, "mean gradient"),
    ("20.7", (1.0, 0.1), "different means"),
    ("20.7", (1.0233, 0.1047), "0.8 is not"),
    ("20.7", (1.2703, 0.3378), "n squared"),
    ("20.7", (2.0, 0.3462), "set both sides"),
    ("20.7", (1.3077, 0.1), "second equation"),
    ("20.7", 1.3, "two numbers"),
    ("20.8", (math.e * 0.01, math.log(1.9)), "on top"),
    ("20.8", (0.5, math.log(1.9)), "plus delta"),
    ("20.8", (0.02818, math.log(2)), "take delta off"),
    ("20.8", (0.02818, 1.9), "that is e.epsilon"),
    ("20.8", (0.02818, 3.0), "solve"),
    ("20.8", 1.0, "two numbers"),
    ("20.9", (0.5, 10 / 3), "as rare as B"),
    ("20.9", (6.0, 10 / 3), "one in six"),
    ("20.9", (0.9, 10 / 3), "always kept"),
    ("20.9", (1 / 6, 0.3), "share that is kept"),
    ("20.9", (1 / 6, 10.0), "now and then"),
    ("20.9", (1 / 6, 1.0), "three times"),
    ("20.9", 0.3, "two numbers"),
]
