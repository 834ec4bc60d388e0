"""Checks for chapter 01, "What is generative AI?"."""

import math
from typing import Any

import torch

from aigc_lib.exercises.compare import close, equal, is_function, need


def check_1(answer: object) -> str:
    """Drawing a category from its probabilities with one uniform number."""
    draw = is_function(answer, 2)
    p, wanted = [0.5, 0.25, 0.25], {0.0: 0, 0.49: 0, 0.51: 1, 0.74: 1, 0.76: 2, 0.999: 2}
    found = [draw(p, u) for u in wanted]
    need(found != [0] * 6, "it always gives the most likely one: that is no drawing")
    hint = "lay the probabilities end to end from 0 to 1, and see into which piece u falls"
    for u, got in zip(wanted, found, strict=True):
        fits = got is not None and float(got) == wanted[u]
        need(fits, f"for p = {p} and u = {u} it gives {got}: {hint}")
    others = draw([0.1, 0.2, 0.7], 0.2), draw([1.0], 0.3)
    need(others == (1, 0), "it must work for any number of categories")
    return "a uniform number falls into a piece with the probability that is the piece's length"


def check_2(answer: object) -> str:
    """The most likely table of next letters."""
    found = is_function(answer, 1)("abacab")
    nested = isinstance(found, dict) and all(isinstance(row, dict) for row in found.values())
    need(nested, "return a dictionary of dictionaries: found['a']['b'] is a probability")
    ab, ac, ba = (found.get(x, {}).get(y, 0.0) for x, y in ("ab", "ac", "ba"))
    need(ab != 2, "these are counts: divide each row by its sum")
    by_all = abs(ab - 2 / 5) < 1e-9 or abs(ab - 2 / 6) < 1e-9
    need(not by_all, "divide by how often the letter is followed by any, not by all letters")
    fits = abs(ab - 2 / 3) <= 1e-9 and abs(ac - 1 / 3) <= 1e-9
    need(fits, "in 'abacab' an a is followed by b twice and by c once")
    need(abs(ba - 1) <= 1e-9, "the last b has nothing after it: it must not be counted")
    return "shares are the most likely table: no other makes the text more probable"


def check_3(answer: object) -> str:
    """The nats of an even guess among 75 characters."""
    hint = "each of the 75 has probability 1/75; take the negative natural logarithm"
    close(answer, math.log(75), tol=1e-2, hint=hint, what="the loss")
    return "log 75 = 4.32 nats: whoever does better knows something about the text"


def check_4(answer: object) -> str:
    """The cross-entropy of two lists of probabilities."""
    cross_entropy = is_function(answer, 2)
    p, q = torch.tensor([0.5, 0.5, 0.0]), torch.tensor([0.7, 0.2, 0.1])
    expected = -0.5 * (math.log(0.7) + math.log(0.2))
    mistakes = {
        "that is the entropy of p: where does q come in?": math.log(2),
        "that is the KL divergence: the cross-entropy is larger": expected - math.log(2),
    }
    hint, what = "the mean of -log q under p", "the cross-entropy"
    close(cross_entropy(p, q), expected, hint=hint, what=what, mistakes=mistakes)
    finite = math.isfinite(float(cross_entropy(p, torch.tensor([0.5, 0.5, 0.0]))))
    need(finite, "what never happens costs nothing, even where q is 0 too: 0, not 0 * inf")
    return "the model pays -log q for what comes, as often as it comes"


def check_5(answer: object) -> str:
    """The longest run of a sample that stands in the training text."""
    longest = is_function(answer, 2)
    text = "to be, or not to be: that is the question"
    lengths = {"that is the answer": 12, "xyz": 0, text: 41, "": 0, "aato bezz": 5, "not, to": 3}
    for sample, length in lengths.items():
        hint = f"the longest stretch of neighbouring characters in the text has {length}"
        equal(longest(sample, text), length, hint=hint, what=f"that of {sample!r}")
    return "one stretch of 5 is chance, one of 50 is a quotation"


def check_6(answer: Any) -> str:
    """What a lower loss on held-out text shows."""
    right = {"predicts better", "learned from the text"}
    known = right | {"writes the truth", "understands", "writes nothing offensive"}
    ask = "give a set of the statements, word for word"
    need(isinstance(answer, (set, frozenset, list, tuple)), ask)
    given = set(answer)
    unknown = sorted(map(str, given - known))
    need(not unknown, f"these are none of the statements: {unknown}")
    lies = "the loss asks what is likely to come next; lies are likely too"
    need("writes the truth" not in given, lies)
    more = "the number says how well the next character is predicted, and no more"
    need(given <= right, more)
    need(given == right, "something is missing: what did the bars compare?")
    return "it predicts better, so it has learned; all else needs a measurement of its own"
