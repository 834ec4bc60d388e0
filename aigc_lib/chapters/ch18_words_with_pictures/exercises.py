"""Checks for chapter 18, "Words with pictures"."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from aigc_lib.exercises.compare import close, equal, is_function, need, numbers, same_tensor


def check_1(answer: object) -> str:
    """Recall at 1 in both directions."""
    found = numbers(answer, 2, "two numbers: for the pictures, then for the texts")
    need(found != [0.75, 0.5], "that is the other way round: a picture's scores are a row")
    close(found[0], 0.5, hint="in each row, is the largest number on the diagonal?",
          what="the pictures' recall")  # fmt: skip
    close(found[1], 0.75, hint="in each column, is the largest number on the diagonal?",
          what="the texts' recall")  # fmt: skip
    return "the two directions are two questions: one crowded text can win many rows"


def check_2(answer: object) -> str:
    """The contrastive loss in which an equal text is no wrong text."""
    loss = is_function(answer, 4)
    rng = torch.Generator().manual_seed(0)
    for kinds, temperature in (([0, 1, 2, 1, 3], 0.1), ([0, 0, 1], 0.5)):
        text = torch.tensor(kinds)
        same, own = text[:, None] == text, torch.eye(len(text), dtype=torch.bool)
        x, y = (F.normalize(torch.randn(len(text), 4, generator=rng), dim=1) for _ in range(2))

        def priced(scores: Tensor, out: Tensor, *ways: int) -> float:
            left = scores.masked_fill(out, -torch.inf)
            return -sum(float(left.log_softmax(way).diagonal().mean()) for way in ways)

        scores, out = x @ y.T / temperature, same & ~own
        mistakes = {
            "that is one direction: pictures must find texts and texts pictures":
                priced(scores, out, 1),
            "that is the texts' direction alone": priced(scores, out, 0),
            "an equal text still counts as wrong": priced(scores, out & False, 0, 1) / 2,
            "divide the scores by the temperature": priced(x @ y.T, out, 0, 1) / 2,
            "divide by the temperature, do not multiply":
                priced(x @ y.T * temperature, out, 0, 1) / 2,
            "take the mean of the two directions": priced(scores, out, 0, 1),
        }  # fmt: skip
        found = loss(x.clone(), y.clone(), temperature, same.clone())
        hint = "two cross-entropies whose right answers are 0, 1, 2, ..."
        close(found, priced(scores, out, 0, 1) / 2, hint=hint, what="the loss", mistakes=mistakes)
    return "an equal text is no wrong answer: nothing pushes a cat away from another cat"


def check_3(answer: object) -> str:
    """The least loss at temperature 0.5."""
    mistakes = {
        "that is the loss of one who guesses: log N": math.log(512),
        "512 points cannot all be opposite to each other": math.log1p(511 * math.exp(-4)),
        "no: the exponential is finite, so the others keep a share": 0.0,
        "divide by the temperature too": math.log1p(511 * math.exp(-512 / 511)),
    }
    floor = math.log1p(511 * math.exp(-512 / (511 * 0.5)))
    close(answer, floor, tol=0.01, hint="put N = 512 and the temperature into the floor",
          what="the least loss", mistakes=mistakes)  # fmt: skip
    return "even perfect encoders pay 4.25 of 6.24 nats there: the friend should lower it"


def check_4(answer: object) -> str:
    """What a loss says about mutual information."""
    found = numbers(answer, 2, "two numbers: nats at least, and the least batch")
    close(found[0], math.log(256) - 2, tol=0.01, hint="the bound: log N less the loss",
          what="the information", mistakes={"that is log N alone": math.log(256)})  # fmt: skip
    close(found[1], 1097, tol=0.5, hint="the bound is never above log N",
          what="the batch", mistakes={"the loss never quite reaches 0: round up": 1096,
                                      "in nats: e^7, not 2^7": 128})  # fmt: skip
    return "a contrastive loss cannot certify more than log N nats, however well it is trained"


def check_5(answer: object) -> str:
    """Zero-shot classification."""
    name = is_function(answer, 2)
    rng = torch.Generator().manual_seed(1)
    pictures, words = torch.randn(6, 4, generator=rng), torch.randn(3, 4, generator=rng)
    words = words * torch.tensor([[0.1], [1.0], [9.0]])
    cosine = F.normalize(pictures, dim=1) @ F.normalize(words, dim=1).T
    mistakes = {
        "the lengths still count: bring pictures and words to length 1": (pictures @ words.T)
        .argmax(1),
        "that is the farthest word": cosine.argmin(1),
    }  # fmt: skip
    found = name(pictures.clone(), words.clone())
    same_tensor(found, cosine.argmax(1), hint="the word with the largest cosine",
                what="the classes", mistakes=mistakes)  # fmt: skip
    return "classes are words, so a new class costs a word and no training"


def check_6(answer: object) -> str:
    """Late fusion with a prior."""
    fuse = is_function(answer, 3)
    p = torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    q = torch.tensor([[0.6, 0.1, 0.3], [0.2, 0.7, 0.1]])
    prior = torch.tensor([0.6, 0.2, 0.2])
    even, twice, right = p * q, p * q / prior**2, p * q / prior
    mistakes = {
        "the prior is in both answers: divide by it once": even / even.sum(1, keepdim=True),
        "that is the mean; independent evidence multiplies": (p + q) / 2,
        "each row must sum to 1": right,
        "each row must sum to 1, not all rows together": right / right.sum(),
        "divide by the prior once, not twice": twice / twice.sum(1, keepdim=True),
    }
    found = fuse(p.clone(), q.clone(), prior.clone())
    same_tensor(found, right / right.sum(1, keepdim=True), what="the fused answer",
                hint="Bayes' rule with two pieces of evidence", mistakes=mistakes)  # fmt: skip
    return "words that only repeat the prior then change nothing"


def check_7(answer: object) -> str:
    """Which claims may be stated."""
    mistakes = {
        "at 0.90 one of four would be wrong: go on, the share may fall again": 3,
        "of seven, two are wrong: more than one in five": 7,
        "wrong claims cannot be left out: the judge does not know which they are": 5,
    }
    equal(answer, 6, hint="for each threshold: how many are stated, how many of them are wrong?",
          what="the number of stated claims", mistakes=mistakes)  # fmt: skip
    return "0.80 is the lowest threshold with at most one wrong in five: one of six"


def check_8(answer: object) -> str:
    """What verification makes of errors."""
    found = numbers(answer, 2, "two numbers: the share stated, and of these the share wrong")
    stated = 0.8 * 0.9 + 0.2 * 0.03
    close(found[0], stated, tol=0.002, hint="right and confirmed, or wrong and confirmed",
          what="the share stated",
          mistakes={"wrong claims are confirmed too, now and then": 0.72})  # fmt: skip
    mistakes = {
        "that is a share of all claims; divide by those that are stated": 0.006,
        "that is how often a wrong claim passes, not how often what passes is wrong": 0.03,
    }
    close(found[1], 0.006 / stated, tol=5e-4, hint="Bayes' rule", what="the share wrong",
          mistakes=mistakes)  # fmt: skip
    return "from one in five to less than one in a hundred, for a tenth of the right ones"
