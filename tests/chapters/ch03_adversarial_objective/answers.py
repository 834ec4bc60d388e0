"""Right and wrong answers to chapter 03's exercises, and what the hint to each wrong one says."""

import math

import torch
import torch.nn.functional as F

P, Q = 1.0, math.exp(-1 / 8) / 2
JSD = (0.5 * math.log(2 / 3) + 0.5 * math.log(2) + math.log(4 / 3)) / 2


def swapped(real, fake, *, d_turn=1, g_loss=F.softplus):
    d_loss = F.softplus(d_turn * real).mean() + F.softplus(-d_turn * fake).mean()
    return d_loss, g_loss(fake).mean()


def literal(real, fake):
    d = torch.sigmoid(fake)
    d_loss = -torch.log(1 - torch.sigmoid(real)).mean() - torch.log(d).mean()
    return d_loss, -torch.log(1 - d).mean()


def gradient(z, a, b, w, c, *, saturating=False, slope=True, mean=True):
    d = torch.sigmoid(w * (a * z + b) + c)
    weight = (-d if saturating else d - 1) * (w if slope else 1)
    reduce = torch.mean if mean else torch.sum
    return reduce(weight * z).item(), reduce(weight).item()


def hellinger(real, fake):
    return (1 - torch.exp(-real)).mean() - (torch.exp(fake) - 1).mean()


EVEN = ([0.75, 0.25], [0.25, 0.75])
APART = ([0.5, 0.5, 0.0], [0.5, 0.0, 0.5])
RIGHT = {
    "03.1": P / (P + Q),
    "03.2": JSD,
    "03.3": (0.02, -0.02, -0.98),
    "03.4": swapped,
    "03.5": gradient,
    "03.6": hellinger,
    "03.7": (EVEN, APART),
}
WRONG = [
    ("03.1", Q / (P + Q), "how likely real is"),
    ("03.1", 1 / (1 + math.exp(-1 / 8)), "factor 1 / "),
    ("03.1", 1 / (1 + math.exp(-1 / 4) / 2), "sd.2 is 4"),
    ("03.1", P / Q, "ratio"),
    ("03.1", 100 * P / (P + Q), "per cent"),
    ("03.2", math.log(2), "mean"),
    ("03.2", 2 * JSD, "counted twice"),
    ("03.2", JSD / math.log(2), "bits"),
    ("03.2", 0.5, "3/4"),
    ("03.3", (0.02, -0.98, -0.02), "exchanged"),
    ("03.3", (-0.98, -0.02, -0.98), "softplus"),
    ("03.3", (-0.02, -0.02, -0.98), "sign"),
    ("03.3", (0.02, -1 / 0.98, -50.0), "multiply by D"),
    ("03.3", (0.02, -0.02, -50.0), "multiply by D"),
    ("03.3", (0.02, -0.02), "three numbers"),
    ("03.3", 0.02, "three numbers"),
    ("03.4", lambda r, f: swapped(r, f, d_turn=-1), "usual labels"),
    ("03.4", lambda r, f: swapped(r, f, g_loss=lambda t: F.softplus(-t)), "helps the disc"),
    ("03.4", lambda r, f: swapped(r, f, g_loss=lambda t: -F.softplus(-t)), "saturating"),
    ("03.4", lambda r, f: swapped(f, r), "usual labels"),
    ("03.4", lambda r, f: swapped(r, f, g_loss=torch.sigmoid), "answer of real"),
    ("03.4", literal, "softplus"),
    ("03.5", lambda *a: gradient(*a, saturating=True), "saturating"),
    ("03.5", lambda *a: gradient(*a, slope=False), "factor w"),
    ("03.5", lambda *a: gradient(*a, mean=False), "mean over the noise"),
    ("03.5", lambda *a: tuple(-x for x in gradient(*a)), "sign"),
    ("03.5", lambda *a: gradient(*a)[::-1], "chain rule"),
    ("03.5", lambda *a: 0.0, "two numbers"),
    ("03.6", lambda r, f: -hellinger(r, f), "not a loss"),
    ("03.6", lambda r, f: (1 - torch.exp(-r)).mean() - (1 - torch.exp(-f)).mean(), "second mean"),
    ("03.6", lambda r, f: r.mean() - (f / (1 - f)).mean(), "activation"),
    ("03.6", lambda r, f: hellinger(f, r), r"f\*\(T\)"),
    ("03.7", (APART, EVEN), "comes first"),
    ("03.7", (EVEN, EVEN), "above 0.34"),
    ("03.7", (APART, APART), "below 0.14"),
    ("03.7", (EVEN, ([0.9, 0.1], [0.1, 0.9])), "not 0.75"),
    ("03.7", (EVEN, ([0.5, 0.6], [0.0, 1.0])), "sum to 1"),
    ("03.7", (EVEN, ([0.5, 0.5], [0.5, 0.0, 0.5])), "same number"),
    ("03.7", [0.5, 0.5], "give"),
]
