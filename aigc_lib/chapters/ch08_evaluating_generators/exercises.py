"""Checks for chapter 08, "Evaluating generators"."""

import itertools
import math
from typing import Any

import torch
from torch import Tensor

from aigc_lib.chapters.ch08_evaluating_generators.blind_test import hits_needed
from aigc_lib.exercises.compare import close, equal, is_function, need
from aigc_lib.metrics.kernel import kernel_distance
from aigc_lib.metrics.prdc import expected_coverage, precision_recall


def _points(seed: int, n: int) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(n, 3, generator=rng, dtype=torch.float64)


def check_1(answer: object) -> str:
    """The inception score of sure answers with shares 1/2, 1/4, 1/4."""
    entropy = 1.5 * math.log(2)
    mistakes = {
        "three classes in equal numbers would score 3; these are not equal": 3.0,
        "that is its logarithm: take exp": entropy,
        "the entropy is in bits there, and exp wants nats": math.exp(1.5),
        "entropy is minus the sum of p log p": math.exp(-entropy),
        "ten classes exist, but only three are drawn": 10.0,
    }
    hint = "each sample's own entropy is 0, so only the entropy of the shares remains; then exp"
    close(answer, math.exp(entropy), tol=1e-3, hint=hint, what="the score", mistakes=mistakes)
    return "exp of 1.5 log 2 is 2.83: two rare classes count for less than two common ones"


def check_2(answer: object) -> str:
    """Recall: the share of real features inside some generated ball."""
    recall = is_function(answer, 3)
    hint = "balls around the generated ones, as large as THEIR k-th nearest generated other"
    for seed, k in ((0, 1), (1, 3), (2, 5)):
        real, fake = _points(seed, 60), 0.6 * _points(seed + 10, 40)
        right = precision_recall(real=real, fake=fake, k=k)
        radii = torch.cdist(fake, fake).kthvalue(k, dim=1).values
        own = (torch.cdist(real, fake) <= radii).any(dim=1).double().mean()
        mistakes = {
            "that is precision: recall asks how many REAL ones are reached": right.precision,
            "each sample is its own nearest: do not count it": own,
            "give a share, not per cent": 100 * right.recall,
        }
        found = recall(real, fake, k)
        close(found, right.recall, tol=1e-9, hint=hint, what="the recall", mistakes=mistakes)
    return "the balls stand around what was generated, and real pictures are counted"


def check_3(answer: object) -> str:
    """Coverage of a perfect generator: 5 real, 5 generated, k = 2."""
    mistakes = {
        "1 - 2^-k is the limit of large sets; five are not many": 0.75,
        "once the first is taken, fewer real ones are left for the second": 1 - (4 / 9) ** 2,
        "the ball's own centre is not among the others: 4 real ones, not 5": 1 - 2 / 9,
        "that is how often the ball is missed": 1 / 6,
        "even a perfect generator leaves balls empty, by chance": 1.0,
    }
    right = expected_coverage(5, 5, 2)
    hint = "a ball is empty if its 2 nearest of 4 real and 5 generated others are both real"
    close(answer, right, tol=1e-3, hint=hint, what="the coverage", mistakes=mistakes)
    return "1 - (4/9)(3/8) = 5/6; a generator that shows more has nothing to be proud of"


def _cubic(x: Tensor, y: Tensor) -> Tensor:
    return (x @ y.T / x.shape[1] + 1) ** 3


def check_4(answer: object) -> str:
    """The unbiased squared MMD for any kernel."""
    mmd = is_function(answer, 3)
    x, y = _points(3, 12), _points(4, 9) + 1
    xx, yy, mixed = _cubic(x, x), _cubic(y, y), _cubic(x, y).mean()
    right, squares = kernel_distance(x, y), -2 * mixed
    for within in (xx, yy):
        squares += (within.sum() - within.trace()) / within.numel()
    mistakes = {
        "pairs of an item with itself are in it": xx.mean() + yy.mean() - 2 * mixed,
        "without the diagonal there are n (n - 1) pairs left, not n^2": squares,
        "the mixed term counts twice": right + mixed,
        "the SQUARED discrepancy: an unbiased one has no root": math.sqrt(right),
    }
    hint = "mean over i != j within each set, less twice the mean over all mixed pairs"
    found = mmd(x, y, _cubic)
    close(found, right, tol=1e-8, hint=hint, what="the estimate", mistakes=mistakes)
    dot = mmd(x, y, lambda a, b: a @ b.T)
    wanted = float(off_diagonal(x @ x.T) + off_diagonal(y @ y.T) - 2 * (x @ y.T).mean())
    close(dot, wanted, tol=1e-8, hint="use the kernel that is given", what="with another kernel it")
    return "on average right at any number of samples, and for once allowed to be negative"


def off_diagonal(matrix: Tensor) -> Tensor:
    """Mean of a square matrix without its diagonal, a scalar."""
    n = len(matrix)
    return (matrix.sum() - matrix.trace()) / (n * (n - 1))


def _line(x: list[float], y: list[float]) -> float:
    """Value at 0 of the least-squares line."""
    columns = torch.tensor([[1.0, value] for value in x], dtype=torch.float64)
    values = torch.tensor(y, dtype=torch.float64)[:, None]
    return float(torch.linalg.lstsq(columns, values).solution[0])


def check_5(answer: object) -> str:
    """The value that a score tends to as n grows, from a line in 1/n."""
    at_infinity = is_function(answer, 2)
    sizes = [500.0, 1000.0, 2000.0, 5000.0]
    hint = "least squares: value = a + b / n, and return a"
    for intercept, slope in ((5.0, 3000.0), (0.5, 800.0)):
        values = [intercept + slope / n for n in sizes]
        mistakes = {
            "that is the line's slope; its value at 1/n = 0 is asked for": slope,
            "that is the value at the largest n: the bias there is small, not 0": values[-1],
            "the mean of the values keeps their bias": sum(values) / 4,
            "that line is in n; the bias is straight in 1/n": _line(sizes, values),
        }
        found = at_infinity(sizes, values)
        close(found, intercept, tol=1e-3, hint=hint, what="the limit", mistakes=mistakes)
    noisy = [11.1, 7.9, 6.6, 5.5]
    found, wanted = at_infinity(sizes, noisy), _line([1 / n for n in sizes], noisy)
    hint = "use all the points: least squares, not the line through two of them"
    close(found, wanted, tol=1e-3, hint=hint, what="with noise in the values the limit")
    return "the bias dies out like 1/n, so a straight line finds what is left without it"


def check_6(answer: object) -> str:
    """The fewest hits that guessing reaches with probability of at most the level."""
    needed = is_function(answer, 2)
    hint = "sum the binomial's upper tail exactly and take the first number within the level"
    for n, level in itertools.product((10, 20, 50, 100), (0.05, 0.01)):
        tails = [sum(math.comb(n, i) for i in range(c, n + 1)) / 2**n for c in range(n + 2)]
        more = next(c for c in range(n + 1) if tails[c + 1] <= level)
        half = next(c for c in range(n + 1) if tails[c] <= level / 2)
        mistakes = {
            "it must be rare to reach the number, not only to exceed it: use >=": more,
            "only too MANY hits speak against luck: one side": half,
        }
        found, what = needed(n, level), f"for {n} pictures at {level} the number"
        close(found, hits_needed(n, level), tol=1e-9, hint=hint, what=what, mistakes=mistakes)
    return "15 of 20, 59 of 100: the more pictures, the smaller the share that convinces"


FAULTS = {
    "A": ("few", "near-perfect precision and almost no recall: what does that leave?"),
    "B": ("copies", "all but one column are those of real pictures; look at that one"),
    "C": ("blur", "every picture is off, and no neighbour is near: not a question of classes"),
    "D": ("missing", "each picture is fine, a share of the real ones is not reached"),
}


def check_7(answer: Any) -> str:
    """Which fault each of four sets has, from its row of scores."""
    keys = isinstance(answer, dict) and set(answer) == set(FAULTS)
    need(keys, f"give a dictionary with the keys {sorted(FAULTS)}")
    words = {fault for fault, _ in FAULTS.values()}
    unknown = sorted(set(map(str, answer.values())) - words)
    need(not unknown, f"the faults are {sorted(words)}, not {unknown}")
    for name, (fault, hint) in FAULTS.items():
        equal(answer[name], fault, hint=hint, what=name)
    return "no single column separates all four; the pattern over the columns does"
