"""Checks for the self-test, "Are you ready?"."""

import math
from collections import Counter
from typing import Any

import torch
from torch import Tensor

from aigc_lib.exercises.compare import WrongAnswer, close, equal, is_function, need, same_tensor


def check_1(answer: object) -> str:
    """Counting words with plain Python."""
    count = is_function(answer, 1)
    for words in (["to", "be", "or", "not", "to", "be"], [], ["x"] * 4):
        found: Any = count(list(words))
        ask = "return a dictionary: found['to'] is how often 'to' stands there"
        need(isinstance(found, dict), ask)
        need(dict(found) == dict(Counter(words)), f"for {words} it gives {dict(found)}")
    return "dictionaries and loops: all the Python that most cells need"


def check_2(answer: Any) -> str:
    """The shape of a flattened batch."""
    ask = "give a tuple of whole numbers, such as (3, 4)"
    need(isinstance(answer, (tuple, list, torch.Size)), ask)
    mistakes = {
        "flatten(1) begins at axis 1: the first axis, the pictures, stays": (64 * 28 * 28,),
        "all axes from 1 on become a single one": (64, 28, 28),
    }
    hint = "one row for each of the 64 pictures; how many numbers has a picture?"
    shape = tuple(int(n) for n in answer)
    equal(shape, (64, 784), hint=hint, what="the shape", mistakes=mistakes)
    return "one row of 784 numbers for each picture"


def check_3(answer: object) -> str:
    """Broadcasting: rows that sum to one."""
    shares = is_function(answer, 1)
    x = torch.tensor([[1.0, 3.0, 4.0], [2.0, 2.0, 1.0]])
    try:
        found = shares(x.clone())
    except RuntimeError as error:
        raise WrongAnswer(
            f"PyTorch says: {str(error).splitlines()[0]} (sum(1) has shape (2,): keepdim=True "
            "keeps the axis)"
        ) from None
    mistakes = {
        "the whole tensor sums to 1; each row should": x / x.sum(),
        "each column sums to 1; each row should": x / x.sum(0),
    }
    hint = "divide each row by its sum"
    same_tensor(found, x / x.sum(1, keepdim=True), hint=hint, mistakes=mistakes)
    return "shapes (2, 3) and (2, 1) go together: the single column is used for all three"


def check_4(answer: object) -> str:
    """Logarithms turn products into sums."""
    hint = "multiply the three probabilities, take the natural logarithm, and turn the sign"
    close(answer, math.log(32), tol=1e-3, hint=hint)
    return "log 2 + log 4 + log 4 = log 32: the logarithm makes a sum of the product"


def check_5(answer: object) -> str:
    """The mean of a random number."""
    found = is_function(answer, 2)([1.0, 2.0, 10.0], [0.5, 0.3, 0.2])
    plain = {"that is the plain mean of the values: not all are equally likely": 13 / 3}
    hint = "each value counts with its probability"
    close(found, 3.1, tol=1e-9, hint=hint, what="the mean", mistakes=plain)
    return "the expectation: what the average of many draws comes near to"


def check_6(answer: object) -> str:
    """A derivative by hand."""
    hint = "the outer slope is 1 / (1 + e^x), the inner one e^x; multiply, and put in 0"
    close(answer, 0.5, tol=1e-6, hint=hint, what="the slope")
    return "e^x / (1 + e^x) is 1/2 at 0: the chain rule, which is all that training computes with"


def check_7(answer: object) -> str:
    """A derivative by autograd."""
    slope = is_function(answer, 2)

    def cubed(x: Tensor) -> Tensor:
        return (x**3).sum()

    x = torch.tensor([1.0, -2.0, 0.5])
    hint = "set requires_grad, call backward() on f(x), return x.grad"
    values = {"these are the values of the function: call backward(), and read x.grad": x**3}
    same_tensor(slope(cubed, x.clone()), 3 * x**2, hint=hint, mistakes=values)
    again = "a second call must not add to the first gradient"
    same_tensor(slope(cubed, x.clone()), 3 * x**2, hint=again)
    return "no formula was needed: PyTorch applies the chain rule backwards through what you ran"
