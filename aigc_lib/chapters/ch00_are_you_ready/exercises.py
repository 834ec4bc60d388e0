"""Checks for the self-test, "Are you ready?"."""

import math
from collections import Counter

import torch
from torch import Tensor

from aigc_lib.exercises.compare import WrongAnswer, close, is_function, same_tensor


def check_1(answer: object) -> str:
    """Counting words with plain Python."""
    count = is_function(answer, 1)
    for words in (["to", "be", "or", "not", "to", "be"], [], ["x"] * 4):
        found = count(list(words))
        if not isinstance(found, dict):
            raise WrongAnswer("return a dictionary: found['to'] is how often 'to' stands there")
        if dict(found) != dict(Counter(words)):
            raise WrongAnswer(f"for {words} it gives {dict(found)}")
    return "dictionaries and loops: all the Python that most cells need"


def check_2(answer: object) -> str:
    """The shape of a flattened batch."""
    if not isinstance(answer, (tuple, list, torch.Size)):
        raise WrongAnswer("give a tuple of whole numbers, such as (3, 4)")
    shape = tuple(int(n) for n in answer)
    if shape == (64 * 28 * 28,):
        raise WrongAnswer("flatten(1) begins at axis 1: the first axis, the pictures, stays")
    if shape == (64, 28, 28):
        raise WrongAnswer("all axes from 1 on become a single one")
    if shape != (64, 784):
        raise WrongAnswer("one row for each of the 64 pictures; how many numbers has a picture?")
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
    if torch.is_tensor(found) and found.shape == x.shape:
        if torch.allclose(found, x / x.sum()):
            raise WrongAnswer("the whole tensor sums to 1; each row should")
        if torch.allclose(found, x / x.sum(0)):
            raise WrongAnswer("each column sums to 1; each row should")
    same_tensor(found, x / x.sum(1, keepdim=True), hint="divide each row by its sum")
    return "shapes (2, 3) and (2, 1) go together: the single column is used for all three"


def check_4(answer: object) -> str:
    """Logarithms turn products into sums."""
    close(
        answer,
        math.log(32),
        tol=1e-3,
        hint="multiply the three probabilities, take the natural logarithm, and turn the sign",
        what="the answer",
    )
    return "log 2 + log 4 + log 4 = log 32: the logarithm makes a sum of the product"


def check_5(answer: object) -> str:
    """The mean of a random number."""
    mean = is_function(answer, 2)
    values, p = [1.0, 2.0, 10.0], [0.5, 0.3, 0.2]
    found = float(mean(list(values), list(p)))
    if abs(found - sum(values) / 3) < 1e-9:
        raise WrongAnswer("that is the plain mean of the values: not all are equally likely")
    close(found, 3.1, tol=1e-9, hint="each value counts with its probability", what="the mean")
    return "the expectation: what the average of many draws comes near to"


def check_6(answer: object) -> str:
    """A derivative by hand."""
    close(
        answer,
        0.5,
        tol=1e-6,
        hint="the outer slope is 1 / (1 + e^x), the inner one e^x; multiply, and put in 0",
        what="the slope",
    )
    return "e^x / (1 + e^x) is 1/2 at 0: the chain rule, which is all that training computes with"


def check_7(answer: object) -> str:
    """A derivative by autograd."""
    slope = is_function(answer, 2)

    def cubed(x: Tensor) -> Tensor:
        return (x**3).sum()

    x = torch.tensor([1.0, -2.0, 0.5])
    found = slope(cubed, x.clone())
    if torch.is_tensor(found) and found.shape == x.shape and torch.allclose(found, x**3):
        raise WrongAnswer("these are the values of the function: call backward(), and read x.grad")
    same_tensor(found, 3 * x**2, hint="set requires_grad, call backward() on f(x), return x.grad")
    again = slope(cubed, x.clone())
    same_tensor(again, 3 * x**2, hint="a second call must not add to the first gradient")
    return "no formula was needed: PyTorch applies the chain rule backwards through what you ran"
