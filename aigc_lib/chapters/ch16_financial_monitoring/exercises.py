"""Checks for chapter 16, "Financial monitoring"."""

import math

from aigc_lib.exercises.compare import WrongAnswer, close, is_function


def _pair(answer: object, what: str) -> tuple[float, float]:
    """Two numbers; WrongAnswer says what they are to be."""
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise WrongAnswer(f"give two numbers: {what}")
    return float(answer[0]), float(answer[1])


def check_1(answer: object) -> str:
    """The probability of "real" from two logits."""
    real, first = _pair(answer, "that of real, that of the first topic")
    if abs(first - 3 / 4) < 1e-9:
        raise WrongAnswer("3/4 is its share among the topics: the third class counts too")
    close(real, 0.8, tol=5e-3, hint="Z / (Z + 1) with Z = 3 + 1", what="real")
    close(first, 0.6, tol=5e-3, hint="3 out of 3 + 1 + 1", what="the first topic")
    return "4/5 and 3/5: the second is 3/4, the topic if real, times 4/5"


def check_2(answer: object) -> str:
    """The running sum."""
    cusum = is_function(answer, 1)
    steps = [1.0, -0.5, -2.0, 0.5, 0.5, -0.25]
    found = [float(value) for value in cusum(list(steps))]
    if found == [1.0, 0.5, -1.5, -1.0, -0.5, -0.75]:
        raise WrongAnswer("that never starts afresh: below zero it must start again at zero")
    if len(found) != len(steps):
        raise WrongAnswer("give one value for each step")
    for k, (value, wanted) in enumerate(
        zip(found, [1.0, 0.5, 0.0, 0.5, 1.0, 0.75], strict=True), start=1
    ):
        close(value, wanted, tol=1e-9, hint="max(0, before + step)", what=f"value {k}")
    return "one addition a report, and every possible beginning is covered"


def check_3(answer: object) -> str:
    """A threshold from an allowed rate of false alarms."""
    value = float(answer)  # type: ignore[arg-type]
    if abs(value - math.log(500)) < 5e-3:
        raise WrongAnswer("that is one a day: how many reports come in 20 days?")
    if abs(value - math.log10(10_000)) < 5e-3:
        raise WrongAnswer("in nats: the natural logarithm")
    close(value, math.log(10_000), tol=5e-3, hint="e^h = 10,000 reports", what="h")
    return "9.21 nats; ten times fewer false alarms cost only 2.3 nats more"


def check_4(answer: object) -> str:
    """The tail of a binomial."""
    rings = is_function(answer, 3)
    for width, count, q in ((10, 8, 0.3), (20, 11, 1 / 3), (5, 5, 0.5), (4, 0, 0.2)):
        chances = [math.comb(width, k) * q**k * (1 - q) ** (width - k) for k in range(width + 1)]
        wanted, found = sum(chances[count:]), float(rings(width, count, q))
        if abs(found - sum(chances[count + 1 :])) < 1e-9:
            raise WrongAnswer("that leaves out exactly `count`: it rings then, too")
        if abs(found - chances[count]) < 1e-9 and abs(found - wanted) > 1e-9:
            raise WrongAnswer("that is exactly `count`: more ring as well")
        close(found, wanted, tol=1e-9, hint="add up the binomial tail", what="the probability")
    return "the false-alarm rate of a single window; a month has many, and they overlap"


def check_5(answer: object) -> str:
    """The share of repeated test texts."""
    leaked = is_function(answer, 2)
    train = ["net profit rose to new high", "opec cuts oil price", "bank raises rate"]
    test = ["net profit rose to high", "oil price cuts by opec again", "wheat crop is poor"]
    found = float(leaked(train, test))
    if abs(found - 1 / 3) < 1e-9:
        raise WrongAnswer("order does not matter, and half is enough: count words, not places")
    if abs(found - 2) < 1e-9:
        raise WrongAnswer("a share, not a number of texts")
    close(found, 2 / 3, tol=1e-9, hint="common words over all different words", what="the share")
    found = float(leaked(["a b"], ["a c d e"]))
    close(found, 0, tol=1e-9, hint="divide by what either has", what="the share")
    return "two of three: a test on these would measure memory"


def check_6(answer: object) -> str:
    """A calibration error by hand."""
    value = float(answer)  # type: ignore[arg-type]
    if abs(value - 1 / 6) < 5e-4:
        raise WrongAnswer("that is the mean over bins: weigh each by its forecasts")
    close(value, 0.2, tol=5e-4, hint="6/10 of the second bin's gap", what="the error")
    return "the first bin is exactly right; six tenths of a gap of a third remain"


def check_7(answer: object) -> str:
    """Rates behind a judge that errs."""
    usual, high = _pair(answer, "as usual, in a surge")
    if abs(usual - 0.8 / 3) < 5e-3 or abs(high - 0.6) < 5e-3:
        raise WrongAnswer("good reports that are called bad count as bad verdicts too")
    close(usual, 0.4, tol=5e-3, hint="0.8 of the bad and 0.2 of the good", what="as usual")
    close(high, 0.65, tol=5e-3, hint="0.8 of the bad and 0.2 of the good", what="in a surge")
    return "40 % against 65 %, where it was 33 % against 75 %: closer, so slower to tell apart"
