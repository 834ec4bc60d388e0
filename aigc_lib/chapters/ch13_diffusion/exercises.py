"""Checks for chapter 13, "Diffusion and flow matching"."""

from typing import Any

import torch
from torch import Tensor

from aigc_lib.exercises.compare import close, is_function, need, numbers, same_tensor


def check_1(answer: Any) -> str:
    """x_t and velocity on the straight path, for x = 1, z = -0.5 and t = 0.6."""
    ask = "give two numbers: where the pixel is, and its velocity"
    place, velocity = numbers(answer, 2, ask)
    mistakes = {"time runs from noise to picture: at t = 0.6 the picture has a share of 0.6": 0.1}
    hint = "x_t = t x + (1 - t) z"
    close(place, 0.4, tol=1e-6, hint=hint, what="x_t", mistakes=mistakes)
    mistakes = {
        "that leads from the picture back to the noise": -1.5,
        "the way from z to x_t is only a part of it: the velocity leads all the way": 0.9,
        "subtract the noise, whose value is negative": 0.5,
    }
    close(velocity, 1.5, tol=1e-6, hint="x - z", what="the velocity", mistakes=mistakes)
    return "0.6 * 1 + 0.4 * (-0.5) = 0.4, and at every time it moves with 1 - (-0.5) = 1.5"


def check_2(answer: object) -> str:
    """Picture and noise from a velocity on the straight path."""
    recover = is_function(answer, 3)
    rng = torch.Generator().manual_seed(2)
    x, z = torch.randn(2, 6, generator=rng, dtype=torch.float64)
    for t in (0.3, 0.0, 1.0):
        found = recover(x - z, t * x + (1 - t) * z, t)
        two = isinstance(found, tuple) and len(found) == 2
        need(two, "return two things: the picture, the noise")
        whole = t * x + (1 - t) * z + t * (x - z)
        mistakes = {
            "that is the noise: return the picture first": z,
            "at time t the way that is left to the picture is 1 - t of the whole, not t": whole,
        }
        hint = "from x_t, go on for the time that is left"
        same_tensor(found[0], x, hint=hint, what=f"the picture at t = {t}", mistakes=mistakes)
        hint = "from x_t, go back for the time that has passed"
        same_tensor(found[1], z, hint=hint, what=f"the noise at t = {t}")
    return "x = x_t + (1 - t) v and z = x_t - t v: nothing is divided, so it works at both ends"


def check_3(answer: object) -> str:
    """The perfect denoiser of a finite data set, at one point."""
    denoise = is_function(answer, 4)
    rng = torch.Generator().manual_seed(3)
    pictures = torch.randn(7, 5, generator=rng, dtype=torch.float64)
    for a, b in ((0.3, 0.7), (0.6, 0.8), (0.05, 0.9)):
        x_t = a * pictures[2] + b * torch.randn(5, generator=rng, dtype=torch.float64)

        def mean(square: Tensor) -> Tensor:
            return (-square / 2).softmax(0) @ pictures

        square = (x_t - a * pictures).square().sum(1)
        mistakes = {
            "compare x_t with a times each picture, not with the picture": mean(
                (x_t - pictures).square().sum(1) / b**2
            ),
            "the noise has the deviation b: divide the squared distances by b^2": mean(square),
            "divide by b^2, and not by b": mean(square / b),
            "that is the nearest picture alone; all count, by their probability": pictures[
                square.argmin()
            ],
            "that is the mean of all pictures alike": pictures.mean(0),
        }
        hint = "softmax of -|x_t - a x_k|^2 / (2 b^2)"
        found, what = denoise(x_t, pictures, a, b), "the denoised point"
        same_tensor(found, mean(square / b**2), hint=hint, what=what, mistakes=mistakes)
    return "a mean of the pictures, each weighted by how probable it is behind x_t"


def check_4(answer: object) -> str:
    """D(2, t) for data N(0, 1) at a = 1/2, b^2 = 3/4."""
    mistakes = {
        "x_t / a undoes the shrinking, and takes all of the noise for picture": 4.0,
        "x_t itself is no guess of the picture: most of it is noise": 2.0,
        "that is the score; solve (a D - x_t) / b^2 = -2 for D": -2.0,
        "the noise's variance b^2 is 3/4; its deviation is not": 4 - 4 * 0.75**0.5,
    }
    hint = "p_t is N(0, 1), so its score at 2 is -2; then use Tweedie's formula"
    close(answer, 1.0, tol=1e-6, hint=hint, what="the denoiser's answer", mistakes=mistakes)
    return "(D / 2 - 2) / (3/4) = -2, so D = 1: half of x_t, which is a x_t"


def check_5(answer: object) -> str:
    """Where the bound's weight passes the velocity's, on the straight path."""
    mistakes = {
        "there the noise's weight reaches the velocity's; ask for bound and velocity": 1.0,
        "they are equal where t = 1 - t": 1 / 3,
        "at t = 0 the bound weighs nothing and the velocity 1": 0.0,
    }
    hint = "set t / (1 - t)^3 equal to 1 / (1 - t)^2"
    close(answer, 0.5, tol=0.02, hint=hint, what="the time", mistakes=mistakes)
    return "at t = 1/2: before it the velocity's loss cares more, after it the bound does"


def check_6(answer: object) -> str:
    """A step of DDIM on any schedule."""
    step = is_function(answer, 6)
    rng = torch.Generator().manual_seed(6)
    x, clean = torch.randn(2, 4, generator=rng, dtype=torch.float64)
    for a, b, a_next, b_next in ((0.3, 0.7, 0.5, 0.5), (0.6, 0.8, 0.8, 0.6), (0.0, 1.0, 0.1, 0.9)):
        noise = (x - a * clean) / b
        mistakes = {
            "the noise in x is (x - a clean) / b: divide by b": a_next * clean + b_next * b * noise,
            "take the picture out of x before you call the rest noise": a_next * clean + b_next * x,
            "the picture's share grows too: it is a_next from now on": a * clean + b_next * noise,
        }
        hint = "a_next times the picture, and b_next times the noise that is in x"
        found, wanted = step(x, clean, a, b, a_next, b_next), a_next * clean + b_next * noise
        same_tensor(found, wanted, hint=hint, what="the next point", mistakes=mistakes)
    return "picture and noise of this moment, mixed anew: Euler's step on the straight path"


def check_7(answer: object) -> str:
    """The sum of the bound's terms, from SNR at T + 1 times and errors at the first T."""
    total = is_function(answer, 2)
    snr = torch.tensor([0.0, 0.5, 2.0, 11.0], dtype=torch.float64)
    error = torch.tensor([1.3, 0.9, 0.4], dtype=torch.float64)
    wanted = float((snr.diff() * error).sum()) / 2
    mistakes = {
        "the step that begins at t uses the guess made at t: errors and steps are out of order": (
            float((snr.diff() * error.flip(0)).sum()) / 2
        ),
        "what counts is how much the SNR grows, not what it is": float((snr[1:] * error).sum()) / 2,
        "that weighs every step alike, as the simple loss does": float(error.sum()),
    }
    hint = "half of each growth of the SNR, times the error at the beginning of that step"
    close(total(snr, error), wanted, tol=1e-6, hint=hint, what="the sum", mistakes=mistakes)
    return "(0.5 * 1.3 + 1.5 * 0.9 + 9 * 0.4) / 2 = 2.8 nats, most of them from the last step"


def check_8(answer: Any) -> str:
    """Calls of the network that Euler and Heun need for an error of 0.001."""
    euler, heun = numbers(answer, 2, "give two numbers of calls: Euler's, then Heun's")
    mistakes = {"an error of order 1 falls with the steps, not with their square": 72.0}
    hint = "Euler's error is 0.64 / steps"
    close(euler, 640, tol=1.5, hint=hint, what="Euler's number", mistakes=mistakes)
    mistakes = {
        "that is the number of steps; each costs two calls": 36.0,
        "Heun's error falls with the square of the steps": 320.0,
    }
    hint = "Heun's error is 1.28 / steps^2; round the steps up, and count two calls each"
    close(heun, 72, tol=1.5, hint=hint, what="Heun's number", mistakes=mistakes)
    return "640 against 72: the better order pays for its second call many times over"


def check_9(answer: Any) -> str:
    """The weight that was chosen on the validation data, and its score on the test data."""
    weight, reported = numbers(answer, 2, "give two numbers: the weight, and what you report of it")
    mistakes = {
        "2 is best on the test data: whoever chooses there has nothing left to test on": 2.0,
        "without guidance the distance is larger, on both": 1.0,
    }
    hint = "the lowest number of the validation column"
    close(weight, 1.5, tol=1e-6, hint=hint, what="the weight", mistakes=mistakes)
    mistakes = {
        "that is the number by which it was chosen, and so it flatters": 7.2,
        "that is the test score of another weight": 7.1,
    }
    hint = "its own number in the test column"
    close(reported, 7.5, tol=1e-6, hint=hint, what="the number to report", mistakes=mistakes)
    return "choose on one set, report the other, though another weight happens to do better there"


def check_10(answer: Any) -> str:
    """Guidance 0.5 in the other convention, and the deviation it leaves."""
    weight, sd = numbers(answer, 2, "give two numbers: the weight, and the deviation")
    mistakes = {
        "in that form 0 is no guidance, and here it is 1": 0.5,
        "compare the factors of told: 1 + 0.5 there, w here": -0.5,
    }
    hint = "untold + w (told - untold) has the factor w before told"
    close(weight, 1.5, tol=1e-6, hint=hint, what="the weight", mistakes=mistakes)
    mistakes = {
        "that is the sharpened density's; guidance leads elsewhere": (1.5 / 0.25 - 0.5) ** -0.5,
        "that is the class's own deviation: no guidance": 0.5,
        "that would be the weight 0.5": 0.5**0.5,
    }
    hint = "the class's deviation to the power w, times that of all to the power 1 - w"
    close(sd, 0.5**1.5, tol=1e-3, hint=hint, what="the deviation", mistakes=mistakes)
    return "w = 1.5, and 0.5^1.5 = 0.354: samples of a class keep 71 % of its deviation"
