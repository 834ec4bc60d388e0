"""Right and wrong answers to chapter 01's exercises, and what the hint to each wrong one says."""

import math
from collections import Counter, defaultdict
from itertools import pairwise

import torch


def draw(p, u):
    total = 0.0
    for i, share in enumerate(p):
        total += share
        if u < total:
            return i
    return len(p) - 1


def counts(text):
    found = defaultdict(Counter)
    for a, b in pairwise(text):
        found[a][b] += 1
    return found


def table(text):
    return {
        a: {b: n / sum(row.values()) for b, n in row.items()} for a, row in counts(text).items()
    }


def by_all(text):
    return {a: {b: n / (len(text) - 1) for b, n in row.items()} for a, row in counts(text).items()}


def in_a_ring(text):
    return table(text + text[0])


def cross_entropy(p, q):
    return -sum(a * math.log(b) for a, b in zip(p.tolist(), q.tolist(), strict=True) if a)


def longest(sample, text):
    best = 0
    for i in range(len(sample)):
        while sample[i : i + best + 1] in text and i + best < len(sample):
            best += 1
    return best


def common_letters(sample, text):
    return sum(c in text for c in sample)


RIGHT = {
    "01.1": draw,
    "01.2": table,
    "01.3": math.log(75),
    "01.4": cross_entropy,
    "01.5": longest,
    "01.6": {"predicts better", "learned from the text"},
}
WRONG = [
    ("01.1", lambda p, u: max(range(len(p)), key=p.__getitem__), "no drawing"),
    ("01.1", lambda p, u: int(u * len(p)), "end to end"),
    ("01.1", lambda p, u: None, "end to end"),
    ("01.1", lambda p, u: 0 if u < 0.5 else 1 if u < 0.75 else 2, "any number"),
    ("01.2", lambda text: {a: dict(row) for a, row in counts(text).items()}, "these are counts"),
    ("01.2", by_all, "not by all letters"),
    ("01.2", lambda text: {b: {a: 1.0} for a, b in pairwise(text)}, "twice and by c once"),
    ("01.2", lambda text: [0.5], "dictionary of dictionaries"),
    ("01.2", lambda text: table(text) | {"b": {"a": 0.5, "": 0.5}}, "nothing after it"),
    ("01.3", math.log2(75), "bits"),
    ("01.3", -math.log(75), "sign"),
    ("01.3", 1 / 75, "negative natural logarithm"),
    ("01.4", lambda p, q: cross_entropy(p, p), "entropy of p"),
    ("01.4", lambda p, q: cross_entropy(p, q) - cross_entropy(p, p), "KL divergence"),
    ("01.4", lambda p, q: cross_entropy(p, q) / math.log(2), "bits"),
    ("01.4", lambda p, q: -cross_entropy(p, q), "sign"),
    ("01.4", lambda p, q: -(p * torch.log(q)).sum(), "costs nothing"),
    ("01.4", lambda p, q: 0.0, "mean of -log q"),
    ("01.5", common_letters, "neighbouring"),
    ("01.5", lambda sample, text: int(sample in text), "has 12"),
    ("01.6", {"predicts better"}, "missing"),
    ("01.6", {"predicts better", "writes the truth"}, "lies are likely"),
    ("01.6", {"predicts better", "understands"}, "no more"),
    ("01.6", {"is good"}, "none of the statements"),
    ("01.6", "predicts better", "give a set"),
]
