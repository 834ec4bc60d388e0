"""Checks for chapter 14, "Film scenes from a description"."""

import math

import numpy as np
import torch

from aigc_lib.exercises.compare import close, equal, is_function, same_tensor


def check_1(answer: object) -> str:
    """Draws needed for a description."""
    every = {"that many if *every* word must be right; the background is free here": 160}
    hint = "1/p, with p = 1/10 * 1/2 * 1/2"
    close(answer, 40.0, tol=1e-6, hint=hint, what="the number of draws", mistakes=every)
    return "1/p = 40 pictures on average: choosing gets dear with every word that must be right"


def check_2(answer: object) -> str:
    """The draws that make success likely."""
    draws = is_function(answer, 2)
    for p, sure in ((0.5, 0.9), (0.1, 0.95), (1 / 160, 0.5), (0.02, 0.99)):
        wanted, mean = math.ceil(math.log(1 - sure) / math.log(1 - p) - 1e-9), math.ceil(1 / p)
        mistakes = {"that is the mean number; here a success must be likely enough": mean}
        what = f"the number for p = {p:.3g} and {sure:.0%}"
        equal(draws(p, sure), wanted, hint="solve 1 - (1-p)^n", what=what, mistakes=mistakes)
    return "with 1/p draws one has still failed in about one case of three"


def check_3(answer: object) -> str:
    """The middle of a filled hole."""
    close(answer, 70.0, tol=1e-6, hint="each unknown is the mean of its two neighbours")
    return "on a line the smoothest filling is a straight ramp"


def check_4(answer: object) -> str:
    """A one-dimensional Poisson blend."""
    source = torch.tensor([5.0, 7.0, 6.0, 9.0, 9.0], dtype=torch.float64)
    found = is_function(answer, 3)(source.clone(), 10.0, 30.0)
    smooth, shift = torch.tensor([[10, 15, 20, 25, 30], [5, 9, 13, 17, 21]], dtype=torch.float64)
    mistakes = {
        "that is the smooth filling: where are the source's ups and downs?": smooth,
        "the left end fits, the right one does not: the shift must change": source + 5,
    }
    hint = "source + a straight line"
    same_tensor(found, source + shift, hint=hint, what="the blend", mistakes=mistakes)
    return "the blend is the source plus what is harmonic; on a line, plus a ramp"


def check_5(answer: object) -> str:
    """Flicker of a short film."""
    # Here: the module needs SciPy, which the library alone does not bring.
    from aigc_lib.chapters.ch14_film_scenes.poisson_blending import flicker

    measure = is_function(answer, 1)
    rng = np.random.default_rng(0)
    hint = "sum of steps over |last - first|"
    for frames in (rng.normal(size=(5, 4, 4, 3)), np.arange(24.0).reshape(4, 6)):
        steps = np.abs(np.diff(frames, axis=0)).mean()
        mistakes = {"that is a step's length: divide the path by the way that it gets": steps}
        found, wanted = measure(frames.copy()), flicker(frames)
        close(found, wanted, tol=1e-9, hint=hint, what="the flicker", mistakes=mistakes)
    return "never below 1, by the triangle inequality"


def check_6(answer: object) -> str:
    """A leak between training and test."""
    leaks = is_function(answer, 2)
    train = torch.tensor([[0, 1, 0, 0], [2, 3, 1, 1], [4, 0, 0, 1]])
    cases = (
        ([[0, 1, 1, 1], [0, 2, 0, 0]], 1),
        ([[1, 1, 0, 0], [0, 3, 1, 1]], 0),
        ([[2, 3, 0, 0], [4, 0, 0, 1], [4, 0, 1, 0]], 3),
    )
    hint = "count test rows whose pair stands in training"
    for test, wanted in cases:
        found = int(leaks(train.clone(), torch.tensor(test)))
        whole = sum(row in train.tolist() for row in test)
        rows = {"whole rows are compared; the claim is about *pairs* (columns 0, 1)": whole}
        equal(found, wanted, hint=hint, what="the number here", mistakes=rows)
    return "a test row with a known pair proves nothing about new ones, whatever its side and size"
