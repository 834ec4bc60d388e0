"""Checks for chapter 01, "What is generative AI?"."""

import math

import torch

from aigc_lib.exercises.compare import WrongAnswer, close, is_function


def check_1(answer: object) -> str:
    """Drawing a category from its probabilities with one uniform number."""
    draw = is_function(answer, 2)
    p = [0.5, 0.25, 0.25]
    cases = ((0.0, 0), (0.49, 0), (0.51, 1), (0.74, 1), (0.76, 2), (0.999, 2))
    found = [draw(p, u) for u, _ in cases]
    if found == [int(torch.tensor(p).argmax())] * len(cases):
        raise WrongAnswer("it always gives the most likely one: that is no drawing")
    for (u, wanted), got in zip(cases, found, strict=True):
        if got is None or float(got) != wanted:
            raise WrongAnswer(
                f"for p = {p} and u = {u} it gives {got}: lay the probabilities end to end from 0 "
                "to 1, and see into which piece u falls"
            )
    if draw([0.1, 0.2, 0.7], 0.2) != 1 or draw([1.0], 0.3) != 0:
        raise WrongAnswer("it must work for any number of categories")
    return "a uniform number falls into a piece with the probability that is the piece's length"


def check_2(answer: object) -> str:
    """The most likely table of next letters."""
    table = is_function(answer, 1)
    found = table("abacab")
    if not isinstance(found, dict) or not all(isinstance(row, dict) for row in found.values()):
        raise WrongAnswer("return a dictionary of dictionaries: found['a']['b'] is a probability")
    if found.get("a", {}).get("b") == 2:
        raise WrongAnswer("these are counts: divide each row by its sum")
    row = found.get("a", {})
    if abs(row.get("b", 0.0) - 2 / 5) < 1e-9 or abs(row.get("b", 0.0) - 2 / 6) < 1e-9:
        raise WrongAnswer("divide by how often the letter is followed by any, not by all letters")
    if abs(row.get("b", 0.0) - 2 / 3) > 1e-9 or abs(row.get("c", 0.0) - 1 / 3) > 1e-9:
        raise WrongAnswer("in 'abacab' an a is followed by b twice and by c once")
    if abs(found.get("b", {}).get("a", 0.0) - 1.0) > 1e-9:
        raise WrongAnswer("the last b has nothing after it: it must not be counted")
    return "shares are the most likely table: no other makes the text more probable"


def check_3(answer: object) -> str:
    """The nats of an even guess among 75 characters."""
    close(
        answer,
        math.log(75),
        tol=1e-2,
        hint="each of the 75 has probability 1/75; take the negative natural logarithm",
        what="the loss",
    )
    return "log 75 = 4.32 nats: whoever does better knows something about the text"


def check_4(answer: object) -> str:
    """The cross-entropy of two lists of probabilities."""
    cross_entropy = is_function(answer, 2)
    p, q = torch.tensor([0.5, 0.5, 0.0]), torch.tensor([0.7, 0.2, 0.1])
    expected = -0.5 * (math.log(0.7) + math.log(0.2))
    found = float(cross_entropy(p, q))
    for wrong, why in (
        (math.log(2), "that is the entropy of p: where does q come in?"),
        (expected - math.log(2), "that is the KL divergence: the cross-entropy is larger"),
        (expected / math.log(2), "it is in bits; use the natural logarithm (nats)"),
        (-expected, "the sign is the other way round"),
    ):
        if math.isclose(found, wrong, abs_tol=1e-4):
            raise WrongAnswer(why)
    close(found, expected, hint="the mean of -log q under p", what="the cross-entropy")
    if not math.isfinite(float(cross_entropy(p, torch.tensor([0.5, 0.5, 0.0])))):
        raise WrongAnswer("what never happens costs nothing, even where q is 0 too: 0, not 0 * inf")
    return "the model pays -log q for what comes, as often as it comes"


def check_5(answer: object) -> str:
    """The longest run of a sample that stands in the training text."""
    longest = is_function(answer, 2)
    text = "to be, or not to be: that is the question"
    for sample, expected in (
        ("that is the answer", 12),
        ("xyz", 0),
        (text, len(text)),
        ("", 0),
        ("aato bezz", 5),
        ("not, to", 3),
    ):
        found = longest(sample, text)
        if found != expected:
            raise WrongAnswer(
                f"for the sample {sample!r} it gives {found}; the longest stretch of neighbouring "
                f"characters that stands in the text has {expected}"
            )
    return "one stretch of 5 is chance, one of 50 is a quotation"


def check_6(answer: object) -> str:
    """What a lower loss on held-out text shows."""
    right = {"predicts better", "learned from the text"}
    known = right | {"writes the truth", "understands", "writes nothing offensive"}
    if not isinstance(answer, (set, frozenset, list, tuple)):
        raise WrongAnswer("give a set of the statements, word for word")
    given = set(answer)
    if given - known:
        raise WrongAnswer(f"these are none of the statements: {sorted(map(str, given - known))}")
    if "writes the truth" in given:
        raise WrongAnswer("the loss asks what is likely to come next; lies are likely too")
    if given - right:
        raise WrongAnswer("the number says how well the next character is predicted, and no more")
    if given != right:
        raise WrongAnswer("something is missing: what did the bars compare?")
    return "it predicts better, so it has learned; all else needs a measurement of its own"
