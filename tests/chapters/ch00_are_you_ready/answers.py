"""Right and wrong answers to the self-test, and what the hint to each wrong one says."""

import math

import torch


def count(words):
    return {word: words.count(word) for word in words}


def slope(f, x):
    return torch.autograd.grad(f(x.requires_grad_()), x)[0]


RIGHT = {
    "00.1": count,
    "00.2": (64, 784),
    "00.3": lambda x: (x.T / x.sum(1)).T,
    "00.4": 5 * math.log(2),
    "00.5": lambda values, p: sum(v * q for v, q in zip(values, p, strict=True)),
    "00.6": 1 / 2,
    "00.7": slope,
}
WRONG = [
    ("00.1", lambda words: len(words), "a dictionary"),
    ("00.1", lambda words: dict.fromkeys(words, 1), "it gives"),
    ("00.2", 784, "a tuple"),
    ("00.2", (50176,), "begins at axis 1"),
    ("00.2", (64, 28, 28), "a single one"),
    ("00.2", (64, 28), "how many numbers"),
    ("00.3", lambda x: x / x.sum(), "whole tensor"),
    ("00.3", lambda x: x / x.sum(0), "each column"),
    ("00.3", lambda x: x / x.sum(1), "keepdim"),
    ("00.3", lambda x: x, "its sum"),
    ("00.4", math.log2(32), "bits"),
    ("00.4", -math.log(32), "sign"),
    ("00.4", 1 / 32, "natural logarithm"),
    ("00.5", lambda values, p: sum(values) / len(values), "plain mean"),
    ("00.5", lambda values, p: max(values), "its probability"),
    ("00.6", 1.0, "twice"),
    ("00.6", math.log(2), "outer slope"),
    ("00.7", lambda f, x: x**3, "values of the function"),
    ("00.7", lambda f, x: 3 * x, "backward"),
]
