"""Right and wrong answers to chapter 18's exercises, and what the hint to each wrong one says."""

import math

import torch
import torch.nn.functional as F


def loss(x, y, temperature, same, *, rows=0.5, columns=0.5):
    scores = x @ y.T / temperature
    own = torch.arange(len(scores))
    scores = scores.masked_fill(same & ~torch.eye(len(scores), dtype=torch.bool), -math.inf)
    return rows * F.cross_entropy(scores, own) + columns * F.cross_entropy(scores.T, own)


def name(pictures, words, *, unit=True):
    if unit:
        pictures, words = F.normalize(pictures, dim=1), F.normalize(words, dim=1)
    return (pictures @ words.T).argmax(1)


def fuse(p, q, prior, *, power=1, even=True):
    product = p * q / prior**power
    return product / product.sum(1, keepdim=True) if even else product


RIGHT = {
    "18.1": (0.5, 0.75),
    "18.2": loss,
    "18.3": math.log1p(511 * math.exp(-512 / (511 * 0.5))),
    "18.4": (math.log(256) - 2, 1097),
    "18.5": name,
    "18.6": fuse,
    "18.7": 6,
    "18.8": (0.726, 0.008),  # as far as three decimals say
}
WRONG = [
    ("18.1", (0.75, 0.5), "the other way round"),
    ("18.1", (0.3, 0.75), "in each row"),
    ("18.1", (0.5, 0.5), "in each column"),
    ("18.1", 0.5, "two numbers"),
    ("18.2", lambda *a: loss(*a, rows=1, columns=0), "one direction"),
    ("18.2", lambda *a: loss(*a, rows=0, columns=1), "direction alone"),
    ("18.2", lambda *a: loss(*a, rows=1, columns=1), "mean of the two"),
    ("18.2", lambda x, y, t, same: loss(x, y, 1.0, same), "divide the scores"),
    ("18.2", lambda x, y, t, same: loss(x, y, 1 / t, same), "do not multiply"),
    ("18.2", lambda x, y, t, same: loss(x, y, t, same & False), "still counts as wrong"),
    ("18.2", lambda x, y, t, same: 1.0, "whose right answers"),
    ("18.3", math.log(512), "guesses"),
    ("18.3", math.log1p(511 * math.exp(-4)), "cannot all be opposite"),
    ("18.3", 0.0, "finite"),
    ("18.3", math.log1p(511 * math.exp(-512 / 511)), "divide by the temperature"),
    ("18.3", 1.0, "into the floor"),
    ("18.4", (math.log(256), 1097), "log N alone"),
    ("18.4", (3.545, 1096), "round up"),
    ("18.4", (3.545, 128), "in nats"),
    ("18.4", (2.0, 1097), "less the loss"),
    ("18.4", 3.5, "two numbers"),
    ("18.5", lambda p, w: name(p, w, unit=False), "lengths still count"),
    ("18.5", lambda p, w: (F.normalize(p, dim=1) @ F.normalize(w, dim=1).T).argmin(1), "farthest"),
    ("18.5", lambda p, w: torch.zeros(len(p), dtype=torch.long), "largest cosine"),
    ("18.6", lambda *a: fuse(*a, power=0), "the prior is in both"),
    ("18.6", lambda p, q, prior: (p + q) / 2, "independent evidence"),
    ("18.6", lambda *a: fuse(*a, even=False), "sum to 1"),
    ("18.6", lambda *a: (w := fuse(*a, even=False)) / w.sum(), "not all rows together"),
    ("18.6", lambda *a: fuse(*a, power=2), "not twice"),
    ("18.6", lambda p, q, prior: p, "Bayes"),
    ("18.7", 3, "go on"),
    ("18.7", 7, "more than one in five"),
    ("18.7", 5, "does not know"),
    ("18.7", 4, "each threshold"),
    ("18.8", (0.72, 0.0083), "wrong claims are confirmed too"),
    ("18.8", (0.726, 0.006), "a share of all claims"),
    ("18.8", (0.726, 0.03), "how often what passes"),
    ("18.8", (0.726, 0.2), "Bayes"),
    ("18.8", (0.726, 0.0092), "Bayes"),
    ("18.8", 0.7, "two numbers"),
]
