"""Right and wrong answers to the exercises of chapter 14."""

import math

import numpy as np
import torch

from aigc_lib.chapters.ch14_film_scenes import poisson_blending


def draws(p, sure):
    return math.ceil(math.log(1 - sure) / math.log(1 - p) - 1e-9)


def join(source, left, right):
    ends = torch.tensor([left - source[0], right - source[-1]])
    return source + torch.linspace(float(ends[0]), float(ends[1]), len(source)).double()


def pairs_known(train, test):
    known = {tuple(row) for row in train[:, :2].tolist()}
    return sum(tuple(row) in known for row in test[:, :2].tolist())


def rows_known(train, test):
    known = {tuple(row) for row in train.tolist()}
    return sum(tuple(row) in known for row in test.tolist())


RIGHT = {
    "14.1": 40,
    "14.2": draws,
    "14.3": 70.0,
    "14.4": join,
    "14.5": poisson_blending.flicker,
    "14.6": pairs_known,
}
WRONG = [
    ("14.1", 160, "background is free"),
    ("14.1", 20, "half the right number"),
    ("14.2", lambda p, sure: math.ceil(1 / p), "mean number"),
    ("14.2", lambda p, sure: 1, "solve"),
    ("14.3", 65.0, "mean of its two neighbours"),
    ("14.4", lambda s, a, b: torch.linspace(a, b, len(s)).double(), "ups and downs"),
    ("14.4", lambda s, a, b: s + (a - s[0]), "left end fits"),
    ("14.4", lambda s, a, b: s, "straight line"),
    ("14.5", lambda f: float(np.abs(np.diff(f, axis=0)).mean()), "step's length"),
    ("14.5", lambda f: 1.0, "sum of steps"),
    ("14.6", rows_known, "whole rows"),
    ("14.6", lambda train, test: 9, "count test rows"),
]
