"""Checks for chapter 14, "Film scenes from a description"."""

import math

import numpy as np
import torch

from aigc_lib.exercises.compare import WrongAnswer, close, is_function, same_tensor


def check_1(answer: object) -> str:
    """Draws needed for a description."""
    value = float(answer)  # type: ignore[arg-type]
    if abs(value - 160) < 0.5:
        raise WrongAnswer("that many if *every* word must be right; the background is free here")
    close(value, 40.0, tol=1e-6, hint="1/p, with p = 1/10 * 1/2 * 1/2", what="the number of draws")
    return "1/p = 40 pictures on average: choosing gets dear with every word that must be right"


def check_2(answer: object) -> str:
    """The draws that make success likely."""
    draws = is_function(answer, 2)
    for p, sure in ((0.5, 0.9), (0.1, 0.95), (1 / 160, 0.5), (0.02, 0.99)):
        wanted = math.ceil(math.log(1 - sure) / math.log(1 - p) - 1e-9)
        found = draws(p, sure)
        if found == math.ceil(1 / p) and found != wanted:
            raise WrongAnswer("that is the mean number; here a success must be likely enough")
        if found != wanted:
            raise WrongAnswer(f"for p = {p:.3g} and {sure:.0%} not {found}: solve 1 - (1-p)^n")
    return "with 1/p draws one has still failed in about one case of three"


def check_3(answer: object) -> str:
    """The middle of a filled hole."""
    close(answer, 70.0, tol=1e-6, hint="each unknown is the mean of its two neighbours")
    return "on a line the smoothest filling is a straight ramp"


def check_4(answer: object) -> str:
    """A one-dimensional Poisson blend."""
    join = is_function(answer, 3)
    source = torch.tensor([5.0, 7.0, 6.0, 9.0, 9.0], dtype=torch.float64)
    wanted = source + torch.linspace(10 - 5, 30 - 9, 5, dtype=torch.float64)
    found = join(source.clone(), 10.0, 30.0)
    if torch.is_tensor(found) and found.shape == source.shape:
        if torch.allclose(found, torch.linspace(10, 30, 5, dtype=torch.float64)):
            raise WrongAnswer("that is the smooth filling: where are the source's ups and downs?")
        if torch.allclose(found, source + 5):
            raise WrongAnswer("the left end fits, the right one does not: the shift must change")
    same_tensor(found, wanted, hint="source + a straight line", what="the blend")
    return "the blend is the source plus what is harmonic; on a line, plus a ramp"


def check_5(answer: object) -> str:
    """Flicker of a short film."""
    # Here: the module needs SciPy, which the library alone does not bring.
    from aigc_lib.chapters.ch14_film_scenes.poisson_blending import flicker

    measure = is_function(answer, 1)
    rng = np.random.default_rng(0)
    for frames in (rng.normal(size=(5, 4, 4, 3)), np.arange(24.0).reshape(4, 6)):
        found, wanted = float(measure(frames.copy())), flicker(frames)
        steps = np.abs(np.diff(frames, axis=0)).mean()
        if abs(found - steps) < 1e-9 and abs(found - wanted) > 1e-9:
            raise WrongAnswer("that is a step's length: divide the path by the way that it gets")
        close(found, wanted, tol=1e-9, hint="sum of steps over |last - first|", what="the flicker")
    return "never below 1, by the triangle inequality"


def check_6(answer: object) -> str:
    """A leak between training and test."""
    leaks = is_function(answer, 2)
    train = torch.tensor([[0, 1, 0, 0], [2, 3, 1, 1], [4, 0, 0, 1]])
    cases = (
        (torch.tensor([[0, 1, 1, 1], [0, 2, 0, 0]]), 1),
        (torch.tensor([[1, 1, 0, 0], [0, 3, 1, 1]]), 0),
        (torch.tensor([[2, 3, 0, 0], [4, 0, 0, 1], [4, 0, 1, 0]]), 3),
    )
    for test, wanted in cases:
        found = int(leaks(train.clone(), test.clone()))
        whole = sum(any(torch.equal(a, b) for b in train) for a in test)
        if found != wanted and found == whole:
            raise WrongAnswer("whole rows are compared; the claim is about *pairs* (columns 0, 1)")
        if found != wanted:
            raise WrongAnswer(f"count test rows whose pair stands in training: not {found} here")
    return "a test row with a known pair proves nothing about new ones, whatever its side and size"
