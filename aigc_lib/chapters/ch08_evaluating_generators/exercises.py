"""Checks for chapter 08, "Evaluating generators"."""

import itertools
import math
from collections.abc import Callable

import torch
from torch import Tensor

from aigc_lib.chapters.ch08_evaluating_generators.blind_test import hits_needed
from aigc_lib.exercises.compare import WrongAnswer, close, is_function
from aigc_lib.metrics.kernel import kernel_distance
from aigc_lib.metrics.prdc import expected_coverage, precision_recall


def _near(answer: object, wrong: float) -> bool:
    return isinstance(answer, (int, float, Tensor)) and abs(float(answer) - wrong) < 2e-3


def _hint(answer: object, usual: tuple[tuple[float, str], ...], otherwise: str) -> str:
    """The hint of the usual wrong number that this one is, or another hint."""
    return next((why for wrong, why in usual if _near(answer, wrong)), otherwise)


def _points(seed: int, n: int, d: int = 3) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=rng, dtype=torch.float64)


def check_1(answer: object) -> str:
    """The inception score of sure answers with shares 1/2, 1/4, 1/4."""
    entropy = 1.5 * math.log(2)
    usual = (
        (3.0, "three classes in equal numbers would score 3; these are not equal"),
        (entropy, "that is its logarithm: take exp"),
        (math.exp(1.5), "the entropy is in bits there, and exp wants nats"),
        (math.exp(-entropy), "entropy is minus the sum of p log p"),
        (10.0, "ten classes exist, but only three are drawn"),
    )
    hint = "each sample's own entropy is 0, so only the entropy of the shares remains; then exp"
    close(answer, math.exp(entropy), tol=1e-3, hint=_hint(answer, usual, hint), what="the score")
    return "exp of 1.5 log 2 is 2.83: two rare classes count for less than two common ones"


def _own_recall(real: Tensor, fake: Tensor, k: int, place: int) -> float:
    """Recall whose radius is the ``place``-th smallest distance, the sample itself included."""
    radii = torch.cdist(fake, fake).kthvalue(place, dim=1).values
    return float((torch.cdist(real, fake) <= radii).any(dim=1).double().mean())


def check_2(answer: object) -> str:
    """Recall: the share of real features inside some generated ball."""
    recall = is_function(answer, 3)
    for seed, k in ((0, 1), (1, 3), (2, 5)):
        real, fake = _points(seed, 60), 0.6 * _points(seed + 10, 40)
        right = precision_recall(real=real, fake=fake, k=k)
        found = recall(real, fake, k)
        usual = (
            (right.precision, "that is precision: recall asks how many REAL ones are reached"),
            (_own_recall(real, fake, k, k), "each sample is its own nearest: do not count it"),
            (100 * right.recall, "give a share, not per cent"),
        )
        hint = "balls around the generated ones, as large as THEIR k-th nearest generated other"
        close(found, right.recall, tol=1e-9, hint=_hint(found, usual, hint), what="the recall")
    return "the balls stand around what was generated, and real pictures are counted"


def check_3(answer: object) -> str:
    """Coverage of a perfect generator: 5 real, 5 generated, k = 2."""
    right = expected_coverage(5, 5, 2)
    usual = (
        (0.75, "1 - 2^-k is the limit of large sets; five are not many"),
        (1 - (4 / 9) ** 2, "once the first is taken, fewer real ones are left for the second"),
        (1 - 2 / 9, "the ball's own centre is not among the others: 4 real ones, not 5"),
        (1 / 6, "that is how often the ball is missed"),
        (1.0, "even a perfect generator leaves balls empty, by chance"),
    )
    hint = "a ball is empty if its 2 nearest of 4 real and 5 generated others are both real"
    close(answer, right, tol=1e-3, hint=_hint(answer, usual, hint), what="the coverage")
    return "1 - (4/9)(3/8) = 5/6; a generator that shows more has nothing to be proud of"


def _cubic(x: Tensor, y: Tensor) -> Tensor:
    return (x @ y.T / x.shape[1] + 1) ** 3


def check_4(answer: object) -> str:
    """The unbiased squared MMD for any kernel."""
    mmd = is_function(answer, 3)
    x, y = _points(3, 12), _points(4, 9) + 1
    xx, yy, xy = _cubic(x, x), _cubic(y, y), _cubic(x, y)
    right, found = kernel_distance(x, y), mmd(x, y, _cubic)
    off = [m.sum() - m.trace() for m in (xx, yy)]
    usual = (
        (float(xx.mean() + yy.mean() - 2 * xy.mean()), "pairs of an item with itself are in it"),
        (float(off[0] / 144 + off[1] / 81 - 2 * xy.mean()),
         "without the diagonal there are n (n - 1) pairs left, not n^2"),
        (float(off[0] / 132 + off[1] / 72 - xy.mean()), "the mixed term counts twice"),
        (math.sqrt(right), "the SQUARED discrepancy: an unbiased one has no root"),
    )  # fmt: skip
    hint = "mean over i != j within each set, less twice the mean over all mixed pairs"
    close(found, right, tol=1e-8, hint=_hint(found, usual, hint), what="the estimate")
    dot = float(mmd(x, y, lambda a, b: a @ b.T))
    wanted = float(off_diagonal(x @ x.T) + off_diagonal(y @ y.T) - 2 * (x @ y.T).mean())
    close(dot, wanted, tol=1e-8, hint="use the kernel that is given", what="with another kernel it")
    return "on average right at any number of samples, and for once allowed to be negative"


def off_diagonal(matrix: Tensor) -> Tensor:
    """Mean of a square matrix without its diagonal, a scalar."""
    n = len(matrix)
    return (matrix.sum() - matrix.trace()) / (n * (n - 1))


def check_5(answer: object) -> str:
    """The value that a score tends to as n grows, from a line in 1/n."""
    at_infinity = is_function(answer, 2)
    sizes = [500.0, 1000.0, 2000.0, 5000.0]
    for intercept, slope in ((5.0, 3000.0), (0.5, 800.0)):
        values = [intercept + slope / n for n in sizes]
        found = at_infinity(sizes, values)
        usual = (
            (slope, "that is the line's slope; its value at 1/n = 0 is asked for"),
            (values[-1], "that is the value at the largest n: the bias there is small, not 0"),
            (sum(values) / 4, "the mean of the values keeps their bias"),
            (_line(sizes, values), "that line is in n; the bias is straight in 1/n"),
        )
        hint = "least squares: value = a + b / n, and return a"
        close(found, intercept, tol=1e-3, hint=_hint(found, usual, hint), what="the limit")
    noisy = [11.1, 7.9, 6.6, 5.5]
    wanted = _line([1 / n for n in sizes], noisy)
    close(at_infinity(sizes, noisy), wanted, tol=1e-3, what="with noise in the values the limit",
          hint="use all the points: least squares, not the line through two of them")  # fmt: skip
    return "the bias dies out like 1/n, so a straight line finds what is left without it"


def _line(x: list[float], y: list[float]) -> float:
    """Value at 0 of the least-squares line."""
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    top = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return mean_y - mean_x * top / sum((a - mean_x) ** 2 for a in x)


def _usual_thresholds(n: int, level: float) -> dict[int, str]:
    def first(rare: Callable[[int], float], limit: float) -> int:
        return next(c for c in range(n + 1) if rare(c) <= limit)

    def more(c: int) -> float:
        return float(sum(math.comb(n, i) for i in range(c + 1, n + 1)) / 2**n)

    return {
        first(more, level): "it must be rare to reach the number, not only to exceed it: use >=",
        first(lambda c: more(c - 1), level / 2): "only too MANY hits speak against luck: one side",
    }


def check_6(answer: object) -> str:
    """The fewest hits that guessing reaches with probability of at most the level."""
    needed = is_function(answer, 2)
    for n, level in itertools.product((10, 20, 50, 100), (0.05, 0.01)):
        right, found = hits_needed(n, level), needed(n, level)
        hint = "sum the binomial's upper tail exactly and take the first number within the level"
        if isinstance(found, (int, float)) and not isinstance(found, bool):
            hint = _usual_thresholds(n, level).get(int(found), hint)
        close(found, right, tol=1e-9, hint=hint, what=f"for {n} pictures at {level} the number")
    return "15 of 20, 59 of 100: the more pictures, the smaller the share that convinces"


FAULTS = {
    "A": ("few", "near-perfect precision and almost no recall: what does that leave?"),
    "B": ("copies", "all but one column are those of real pictures; look at that one"),
    "C": ("blur", "every picture is off, and no neighbour is near: not a question of classes"),
    "D": ("missing", "each picture is fine, a share of the real ones is not reached"),
}


def check_7(answer: object) -> str:
    """Which fault each of four sets has, from its row of scores."""
    if not isinstance(answer, dict) or set(answer) != set(FAULTS):
        raise WrongAnswer(f"give a dictionary with the keys {sorted(FAULTS)}")
    words = {fault for fault, _ in FAULTS.values()}
    unknown = set(map(str, answer.values())) - words
    if unknown:
        raise WrongAnswer(f"the faults are {sorted(words)}, not {sorted(unknown)}")
    for name, (fault, hint) in FAULTS.items():
        if answer[name] != fault:
            raise WrongAnswer(f"{name} is not {answer[name]!r}: {hint}")
    return "no single column separates all four; the pattern over the columns does"
