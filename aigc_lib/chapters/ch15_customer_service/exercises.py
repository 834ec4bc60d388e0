"""Checks of chapter 15's exercises."""

import math

from aigc_lib.exercises.compare import WrongAnswer, close, is_function


def check_1(answer: object) -> str:
    """A BM25 score by hand."""
    worth, factor = math.log(8.5 / 1.5), 2 * 2.5 / (2 + 1.5)
    try:
        value = float(answer)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        value = math.nan
    if abs(value - worth) < 5e-3:
        raise WrongAnswer("that is the worth of the word; the document has it twice")
    if abs(value - 2 * worth) < 5e-3:
        raise WrongAnswer("twice is not worth double: repetition saturates")
    if abs(value - math.log(9) * factor) < 5e-3:
        raise WrongAnswer("the worth is log((N - n + 0.5) / (n + 0.5)), not log(N / n)")
    close(answer, worth * factor, tol=5e-3, hint="worth times f (k1 + 1) / (f + k1)")
    return "2.48 nats: the second occurrence added less than half of what the first one brought"


def check_2(answer: object) -> str:
    """Fusion of two rankings."""
    fuse = is_function(answer, 2)
    for one, other in (([3, 1, 2], [2, 3, 1]), ([0, 1, 2, 3], [3, 2, 1, 0]), ([5], [5])):
        gained = {d: 1 / (61 + one.index(d)) + 1 / (61 + other.index(d)) for d in one}
        wanted = sorted(one, key=lambda d: (-gained[d], d))
        found = fuse(list(one), list(other))
        if not isinstance(found, list) or sorted(found) != sorted(one):
            raise WrongAnswer("return one list with every document once")
        if found == wanted[::-1] and len(one) > 1:
            raise WrongAnswer("the best comes first: the *largest* sum of reciprocals")
        if found != wanted:
            raise WrongAnswer(f"for {one} and {other} not {found}: add 1 / (60 + place) of both")
    return "places are added, scores forgotten: it cannot tell a good first place from a poor one"


def check_3(answer: object) -> str:
    """The threshold as an order statistic."""
    choose = is_function(answer, 2)
    scores = [0.9, 0.1, 0.4, 0.7, 0.3, 0.8, 0.2, 0.6, 0.5]
    for rate, wanted in ((0.1, 0.1), (0.3, 0.3), (0.25, 0.2), (0.05, -math.inf)):
        found = float(choose(list(scores), rate))
        if found == wanted:
            continue
        if rate == 0.05:
            raise WrongAnswer("nine scores cannot promise 5 %: return minus infinity")
        if rate == 0.1 and found != 0.1:
            raise WrongAnswer("a tenth of *ten*, n + 1, is one: take the smallest score")
        raise WrongAnswer(f"for the rate {rate} not {found}: the k-th smallest, k = rate * (n + 1)")
    return "a new question is one of n + 1 equals, and k of those places lie below the threshold"


def check_4(answer: object) -> str:
    """How many questions a promise needs."""
    close(
        answer, 29, tol=0.5, what="the number",
        hint="the rate is above a tenth if no score fell there: 0.9 to the power n",
    )  # fmt: skip
    return "29: that all of them lie above the lowest tenth has the probability 0.9^29 = 4.7 %"


def check_5(answer: object) -> str:
    """Numbers that the source does not have."""
    false_numbers = is_function(answer, 2)
    source = "Max 50,000 SEK per person, 30% of the labour, 4.5 m from the boundary."
    cases = {
        "You get 50000 SEK.": [],
        "You get 50,500 SEK and 30 %.": [50500.0],
        "Keep 4.5 m away, or 45 m.": [45.0],
        "Ask us.": [],
        "2 of 30 in 3 days": [2.0, 3.0],
    }
    for reply, wanted in cases.items():
        found = list(false_numbers(reply, source))
        if found != wanted and reply.startswith("You get 50000"):
            raise WrongAnswer("50,000 and 50000 are the same number")
        if found != wanted and 45.0 in wanted:
            raise WrongAnswer("4.5 is a number, and 45 another")
        if found != wanted:
            raise WrongAnswer(f"for {reply!r} not {found}: compare each number with the source's")
    return "five lines that read every price before a customer does"


def check_6(answer: object) -> str:
    """A paired comparison."""
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise WrongAnswer("give two values: per cent, and True or False")
    if isinstance(answer[0], (int, float)) and abs(answer[0] - 14) < 1e-6:
        raise WrongAnswer("14 questions are not 14 per cent: divide by all 200")
    close(answer[0], 7.0, tol=1e-6, what="the difference in per cent", hint="(b - c) / n")
    if bool(answer[1]):
        raise WrongAnswer("the standard error is 2.9 points: 7 is more than 1.96 of them from zero")
    return "7 points, with an interval from 1.4 to 12.6: 34 questions decide, 166 say nothing"
