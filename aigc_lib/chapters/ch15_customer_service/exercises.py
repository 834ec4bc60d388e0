"""Checks of chapter 15's exercises."""

import math

from aigc_lib.exercises.compare import close, equal, is_function, need, numbers


def check_1(answer: object) -> str:
    """A BM25 score by hand."""
    worth, factor = math.log(8.5 / 1.5), 2 * 2.5 / (2 + 1.5)
    mistakes = {
        "that is the worth of the word; the document has it twice": worth,
        "twice is not worth double: repetition saturates": 2 * worth,
        "the worth is log((N - n + 0.5) / (n + 0.5)), not log(N / n)": math.log(9) * factor,
    }
    hint = "worth times f (k1 + 1) / (f + k1)"
    close(answer, worth * factor, tol=5e-3, hint=hint, mistakes=mistakes)
    return "2.48 nats: the second occurrence added less than half of what the first one brought"


def check_2(answer: object) -> str:
    """Fusion of two rankings."""
    fuse = is_function(answer, 2)
    for one, other in (([3, 1, 2], [2, 3, 1]), ([0, 1, 2, 3], [3, 2, 1, 0]), ([5], [5])):
        gained = {d: 1 / (61 + one.index(d)) + 1 / (61 + other.index(d)) for d in one}
        wanted = sorted(one, key=lambda d: (-gained[d], d))
        found = fuse(list(one), list(other))
        once = isinstance(found, list) and sorted(found) == sorted(one)
        need(once, "return one list with every document once")
        mistakes = {"the best comes first: the *largest* sum of reciprocals": wanted[::-1]}
        hint, what = "add 1 / (60 + place) of both", f"the fusion of {one} and {other}"
        equal(found, wanted, hint=hint, what=what, mistakes=mistakes)
    return "places are added, scores forgotten: it cannot tell a good first place from a poor one"


def check_3(answer: object) -> str:
    """The threshold as an order statistic."""
    choose = is_function(answer, 2)
    scores = [0.9, 0.1, 0.4, 0.7, 0.3, 0.8, 0.2, 0.6, 0.5]
    usual = "the k-th smallest, k = rate * (n + 1)"
    hints = {
        (0.1, 0.1): "a tenth of *ten*, n + 1, is one: take the smallest score",
        (0.3, 0.3): usual,
        (0.25, 0.2): usual,
        (0.05, -math.inf): "nine scores cannot promise 5 %: return minus infinity",
    }
    for (rate, wanted), hint in hints.items():
        found = float(choose(list(scores), rate))
        equal(found, wanted, hint=hint, what=f"the threshold for the rate {rate}")
    return "a new question is one of n + 1 equals, and k of those places lie below the threshold"


def check_4(answer: object) -> str:
    """How many questions a promise needs."""
    hint = "the rate is above a tenth if no score fell there: 0.9 to the power n"
    close(answer, 29, tol=0.5, hint=hint, what="the number")
    return "29: that all of them lie above the lowest tenth has the probability 0.9^29 = 4.7 %"


def check_5(answer: object) -> str:
    """Numbers that the source does not have."""
    false_numbers = is_function(answer, 2)
    source = "Max 50,000 SEK per person, 30% of the labour, 4.5 m from the boundary."
    usual = "compare each number with the source's"
    cases = {
        "You get 50000 SEK.": ([], "50,000 and 50000 are the same number"),
        "You get 50,500 SEK and 30 %.": ([50500.0], usual),
        "Keep 4.5 m away, or 45 m.": ([45.0], "4.5 is a number, and 45 another"),
        "Ask us.": ([], usual),
        "2 of 30 in 3 days": ([2.0, 3.0], usual),
    }
    for reply, (wanted, hint) in cases.items():
        found = list(false_numbers(reply, source))
        equal(found, wanted, hint=hint, what=f"the list for {reply!r}")
    return "five lines that read every price before a customer does"


def check_6(answer: object) -> str:
    """A paired comparison."""
    ask = "give two values: per cent, and True or False"
    percent, certain = numbers(answer, 2, ask)
    mistakes = {"14 questions are not 14 per cent: divide by all 200": 14.0}
    what = "the difference in per cent"
    close(percent, 7.0, tol=1e-6, hint="(b - c) / n", what=what, mistakes=mistakes)
    few = "the standard error is 2.9 points: 7 is more than 1.96 of them from zero"
    need(not certain, few)
    return "7 points, with an interval from 1.4 to 12.6: 34 questions decide, 166 say nothing"


def check_7(answer: object) -> str:
    """The law of a desk's coverage."""
    from scipy.stats import beta

    hint = "the coverage is a draw from a beta distribution; its cdf at 0.75 is the answer"
    mistakes = {
        "that law is of the share that is missed; the coverage is one minus it": float(
            beta.cdf(0.75, 20, 81)
        ),
        "that is how likely it is to be above 75 %": float(beta.sf(0.75, 81, 20)),
    }
    close(answer, float(beta.cdf(0.75, 81, 20)), tol=2e-3, hint=hint, mistakes=mistakes)
    return "10 %: a promise on average over all desks, and one desk in ten stays 5 points below it"
