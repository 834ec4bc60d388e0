"""Checks for chapter 16, "Financial monitoring"."""

import math

from aigc_lib.exercises.compare import close, is_function, need, numbers


def check_1(answer: object) -> str:
    """The probability of "real" from two logits."""
    real, first = numbers(answer, 2, "give two numbers: that of real, that of the first topic")
    close(real, 0.8, tol=5e-3, hint="Z / (Z + 1) with Z = 3 + 1", what="real")
    share = {"3/4 is its share among the topics: the third class counts too": 3 / 4}
    hint = "3 out of 3 + 1 + 1"
    close(first, 0.6, tol=5e-3, hint=hint, what="the first topic", mistakes=share)
    return "4/5 and 3/5: the second is 3/4, the topic if real, times 4/5"


def check_2(answer: object) -> str:
    """The running sum."""
    steps, sums = [1.0, -0.5, -2.0, 0.5, 0.5, -0.25], [1.0, 0.5, 0.0, 0.5, 1.0, 0.75]
    found = [float(value) for value in is_function(answer, 1)(list(steps))]
    afresh = "that never starts afresh: below zero it must start again at zero"
    need(found != [1.0, 0.5, -1.5, -1.0, -0.5, -0.75], afresh)
    need(len(found) == len(steps), "give one value for each step")
    for k, (value, wanted) in enumerate(zip(found, sums, strict=True), start=1):
        close(value, wanted, tol=1e-9, hint="max(0, before + step)", what=f"value {k}")
    return "one addition a report, and every possible beginning is covered"


def check_3(answer: object) -> str:
    """A threshold from an allowed rate of false alarms."""
    mistakes = {
        "that is one a day: how many reports come in 20 days?": math.log(500),
        "in nats: the natural logarithm": math.log10(10_000),
    }
    hint = "e^h = 10,000 reports"
    close(answer, math.log(10_000), tol=5e-3, hint=hint, what="h", mistakes=mistakes)
    return "9.21 nats; ten times fewer false alarms cost only 2.3 nats more"


def check_4(answer: object) -> str:
    """The tail of a binomial."""
    rings = is_function(answer, 3)
    for width, count, q in ((10, 8, 0.3), (20, 11, 1 / 3), (5, 5, 0.5), (4, 0, 0.2)):
        chances = [math.comb(width, k) * q**k * (1 - q) ** (width - k) for k in range(width + 1)]
        mistakes = {
            "that leaves out exactly `count`: it rings then, too": sum(chances[count + 1 :]),
            "that is exactly `count`: more ring as well": chances[count],
        }
        found, wanted = rings(width, count, q), sum(chances[count:])
        hint = "add up the binomial tail"
        close(found, wanted, tol=1e-9, hint=hint, what="the probability", mistakes=mistakes)
    return "the false-alarm rate of a single window; a month has many, and they overlap"


def check_5(answer: object) -> str:
    """The share of repeated test texts."""
    leaked = is_function(answer, 2)
    train = ["net profit rose to new high", "opec cuts oil price", "bank raises rate"]
    test = ["net profit rose to high", "oil price cuts by opec again", "wheat crop is poor"]
    mistakes = {
        "order does not matter, and half is enough: count words, not places": 1 / 3,
        "a share, not a number of texts": 2,
    }
    found, hint = leaked(train, test), "common words over all different words"
    close(found, 2 / 3, tol=1e-9, hint=hint, what="the share", mistakes=mistakes)
    hint = "two of four words are common to both, and exactly half is enough"
    close(leaked(["a b c"], ["a b d"]), 1, tol=1e-9, hint=hint, what="the share")
    # Three of seven: by the words of one text alone, three of five, it would be a repeat.
    found = leaked(["a b c d e"], ["a b c f g"])
    close(found, 0, tol=1e-9, hint="divide by what either has", what="the share")
    return "two of three: a test on these would measure memory"


def check_6(answer: object) -> str:
    """A calibration error by hand."""
    mean = {"that is the mean over bins: weigh each by its forecasts": 1 / 6}
    hint = "6/10 of the second bin's gap"
    close(answer, 0.2, tol=5e-4, hint=hint, what="the error", mistakes=mean)
    return "the first bin is exactly right; six tenths of a gap of a third remain"


def check_7(answer: object) -> str:
    """Rates behind a judge that errs."""
    rates = numbers(answer, 2, "give two numbers: as usual, in a surge")
    forgotten = "good reports that are called bad count as bad verdicts too"
    for rate, wanted, wrong, what in zip(
        rates, (0.4, 0.65), (0.8 / 3, 0.6), ("as usual", "in a surge"), strict=True
    ):
        hint, mistakes = "0.8 of the bad and 0.2 of the good", {forgotten: wrong}
        close(rate, wanted, tol=5e-3, hint=hint, what=what, mistakes=mistakes)
    return "40 % against 65 %, where it was 33 % against 75 %: closer, so slower to tell apart"


def check_8(answer: object) -> str:
    """The commonest answer, on a test that is cut in time."""
    time = [7, 1, 5, 3, 8, 2, 6, 4]
    mood = ["bad", "good", "bad", "good", "good", "good", "bad", "bad"]
    found, hint = is_function(answer, 3)(list(time), list(mood), 5), "3 of the 4 before are good"
    mistakes = {
        "that is the commonest mood of the test: nobody knows it beforehand": 3 / 4,
        "cut by time, not by place: the lists are in no order": 1 / 2,
        "the report of the moment `start` belongs to the test": 1 / 3,
    }
    close(found, 1 / 4, tol=1e-9, hint=hint, what="the share", mistakes=mistakes)
    return "one in four: the news turned, and the baseline did not know"


def check_9(answer: object) -> str:
    """Names compared by what a report adds to them."""
    scores = numbers(answer, 2, "give two numbers: the score of trade, that of currencies")
    hint, turned = "after the report, less after the empty one", "take off the empty one's"
    for score, wanted, what in zip(scores, (-1, 2), ("trade", "currencies"), strict=True):
        close(score, wanted, tol=5e-3, hint=hint, what=what, mistakes={turned: -wanted})
    return "-1 and 2: currencies, though trade is the more probable name after this report"
