"""Checks for chapter 05, "The workflow: five steps on one real task"."""

import math

import torch
from torch import Tensor

from aigc_lib.exercises.compare import (
    close,
    is_function,
    is_missing,
    need,
    same_shape,
    same_tensor,
)


def check_1(answer: object) -> str:
    """The gradient of the cross-entropy with respect to three logits."""
    expected = torch.tensor([0.7, -0.8, 0.1])
    mistakes = {
        "these are the probabilities: where does the right class come in?": [0.7, 0.2, 0.1],
        "that is the slope along the probabilities; go on to the logits": [0.0, -5.0, 0.0],
        "the right class is the second, position 1": [-0.3, 0.2, 0.1],
    }
    found, hint = same_shape(answer, (3,), "the gradient").float(), "prediction minus truth"
    same_tensor(found, expected, tol=1e-3, hint=hint, what="the gradient", mistakes=mistakes)
    return "prediction minus truth; its entries always sum to 0"


def check_2(answer: object) -> str:
    """Dealing groups into parts, none torn apart."""
    deal = is_function(answer, 3)
    form = torch.tensor([7, 7, 7, 2, 2, 9, 9, 9, 9, 4, 4, 5, 5, 30, 30, 30])
    form = form[torch.randperm(len(form), generator=torch.Generator().manual_seed(2))]
    torn = "a form is torn apart: all of its pictures go to the same part"
    seen = set()
    for seed in range(4):
        part = same_shape(deal(form, 4, torch.Generator().manual_seed(seed)), (16,), "the parts")
        whole = not part.is_floating_point() and part.min() >= 0 and part.max() < 4
        need(whole, "parts are whole numbers from 0 to k - 1")
        homes = [part[form == name].unique() for name in form.unique()]
        need(all(len(home) == 1 for home in homes), torn)
        held = torch.cat(homes).bincount(minlength=4)
        sizes = f"the parts hold {held.tolist()} forms; no two may differ by more than one"
        need(held.max() - held.min() <= 1, sizes)
        again = deal(form, 4, torch.Generator().manual_seed(seed))
        same = torch.equal(part, again)
        need(same, "the same seed gave other parts: draw with the generator given")
        seen.add(tuple(torch.cat(homes).tolist()))
    need(len(seen) > 1, "every seed gives the same parts: draw which form goes where")
    return "a writer who is tested was never learned from"


def check_3(answer: object) -> str:
    """Inverted dropout from given uniform numbers."""
    dropout = is_function(answer, 4)
    rng = torch.Generator().manual_seed(3)
    x, u = torch.randn(6, 5, generator=rng), torch.rand(6, 5, generator=rng)
    for q in (0.2, 0.7):
        kept: Tensor = torch.where(u < q, torch.zeros(()), x)
        mistakes = {
            "the mean is too small now: what must the kept inputs be divided by?": kept,
            "divide by the probability of being kept, not of being dropped": kept / q,
            "it drops where u >= q: the wrong ones": (x - kept) / (1 - q),
        }
        found, hint = dropout(x.clone(), q, u, True), "0 where u < q, x / (1 - q) elsewhere"
        same_tensor(found, kept / (1 - q), hint=hint, what="the output", mistakes=mistakes)
        used = same_shape(dropout(x.clone(), q, u, False), (6, 5), "the output in use")
        need(torch.equal(used, x), "in use nothing is dropped and nothing is scaled")
    return "the mean is right in training, so nothing has to be done in use"


def check_4(answer: object) -> str:
    """A weight after the first step of AdamW."""
    mistakes = {
        "that is a step of SGD; Adam divides m-hat by sqrt(v-hat)": 0.95 * 2 - 0.1 * 3,
        "no decay shows in this: was it left out, or put into the gradient, where Adam does not "
        "see it? Besides, the weight shrinks by the factor 1 - 0.1 * 0.5": 2 - 0.1,
        "the weight shrinks by the factor 1 - 0.1 * 0.5, not by 1 - 0.5": 0.5 * 2 - 0.1,
        "the decay is multiplied by the learning rate, and by the weight": 2 - 0.5 - 0.1,
        "PyTorch shrinks the weight first and then takes Adam's step": (2 - 0.1) * 0.95,
    }
    hint = "Adam's first step has the length of the learning rate; the weight shrinks besides"
    close(answer, 1.8, tol=1e-6, hint=hint, what="the weight", mistakes=mistakes)
    return "0.95 * 2 - 0.1 = 1.8: the decay follows the weight, Adam's step does not"


def check_5(answer: object) -> str:
    """Which epoch early stopping keeps, and where it stops."""
    early_stop = is_function(answer, 2)
    cases = (
        ([5.0, 4.0, 3.0, 2.0], 2, (3, 3), "the losses fall to the end: it runs to the end"),
        ([5.0, 3.0, 4.0, 3.5, 1.0], 2, (1, 3), "2 epochs without a better one: it stops there"),
        ([5.0, 3.0, 4.0, 2.0, 2.5, 3.0, 1.0], 3, (6, 6), "a better epoch starts the count anew"),
        ([3.0, 3.0, 3.0, 1.0], 2, (0, 2), "an equal loss is not better"),
        ([4.0, 5.0, 2.0], 1, (0, 1), "with patience 1 the first epoch that is no better ends it"),
    )
    for losses, patience, (kept, last), hint in cases:
        found = early_stop(losses, patience)
        pair = isinstance(found, (tuple, list)) and len(found) == 2
        need(pair, "return a tuple of two positions: of the epoch kept, of the last one run")
        found = tuple(found)
        mistakes = {
            (last, kept): "the two positions are exchanged: first the epoch kept",
            (kept + 1, last + 1): "count epochs from 0",
        }
        why = mistakes.get(found, hint)
        wrong = f"for losses {losses} and patience {patience} it returns {found}, not right: {why}"
        need(found == (kept, last), wrong)
    return "it keeps the best epoch, not the last one"


def check_6(answer: object) -> str:
    """The lower end of Wilson's interval for 20 right of 20."""
    expected = 1 / (1 + 1.96**2 / 20)
    familiar = 1 - 1.96 / math.sqrt(20)
    mistakes = {
        "1 is the upper end, and both ends of the familiar interval; take the minus sign": 1.0,
        "give a probability, not per cent": 100 * expected,
        "that is the exact one-sided bound; here Wilson's is asked for": 0.05 ** (1 / 20),
        "that is z for 90 %; take 1.96": 1 / (1 + 1.645**2 / 20),
        "the root is not 1: with p-hat = 1 only z^2 / 4n^2 is left": familiar,
    }
    hint = "put p-hat = 1 and n = 20 into the formula and take the minus sign"
    close(answer, expected, tol=2e-3, hint=hint, what="the lower end", mistakes=mistakes)
    return "20 of 20 right shows no more than 84 %"


def check_7(answer: object) -> str:
    """The drift alarm as a p-value by rank."""
    alarm_p = is_function(answer, 2)
    ordinary = [0.55, 0.60, 0.65, 0.70]
    hints = {
        (0.80, 1): "of the 5, the new one included, only the new one is so large; p is 1/5",
        (0.50, 5): "every ordinary window is at least as striking",
        (0.65, 3): "an ordinary one that is just as striking counts",
        (0.68, 2): "one of the four is more striking, and the new one counts itself",
    }
    for (new, rank), hint in hints.items():
        found = alarm_p(ordinary, new)
        need(not is_missing(found), "it returns nothing; the last line of the function is a return")
        wrong = f"for ordinary ones {ordinary} and {new} it returns {found}: {hint}"
        need(abs(float(found) - rank / 5) <= 1e-6, wrong)
    shuffled = float(alarm_p([0.65, 0.55, 0.70, 0.60], 0.68))
    need(abs(shuffled - 2 / 5) <= 1e-6, "the order of the ordinary pairs must not matter")
    return "with 20 ordinary pairs p can be no smaller than 1/21: a finer alarm needs more of them"


def check_8(answer: object) -> str:
    """The plan whose winner is truly best: many trials, or many pictures to choose by."""
    best_plan = is_function(answer, 3)
    plans = [(1000, 50), (30, 500), (5, 2000)]
    cases = (
        (0.1, 0.95, 0, "settings this different are told apart by few pictures: more trials win"),
        (0.01, 0.95, 1, "with 50 pictures most of the winner's lead is luck: noise counts"),
        (0.002, 0.95, 2, "where settings hardly differ, nearly everything is luck"),
        (0.03, 0.5, 1, "the noise of one score depends on the share: p (1 - p) / pictures"),
    )
    for spread, share, right, hint in cases:
        found = best_plan(list(plans), spread, share)
        need(not is_missing(found), "it returns nothing; the last line of the function is a return")
        pair = isinstance(found, (tuple, list)) and tuple(found) in plans
        need(pair, "return one of the plans, a pair of trials and pictures")
        wrong = f"for a spread of {spread} and a share of {share} it returns {found}: {hint}"
        need(tuple(found) == plans[right], wrong)
    need(best_plan([(5, 9)], 0.1, 0.9) == (5, 9), "a single plan is the best one")
    return "trials find good settings, pictures recognise them: a search pays for both"


def check_9(answer: object) -> str:
    """Whether a smaller file may replace a larger one."""
    ship = is_function(answer, 3)
    cases = (
        ((0, 1000, 0.01), True, "none of 1,000 was broken: the upper end is 0.4 %"),
        ((3, 640, 0.01), False, "3 of 640 is less than 1 %, but the upper end is 1.4 %"),
        ((0, 100, 0.01), False, "none of 100 was broken, and still it may be 3.7 %"),
        ((3, 640, 0.02), True, "the upper end, 1.4 %, is below the 2 % that are allowed"),
    )
    for given, right, hint in cases:
        found = ship(*given)
        need(not is_missing(found), "it returns nothing; the last line of the function is a return")
        wrong = f"for {given} it returns {found}: {hint}"
        need(bool(found) == right, wrong)
    return "no broken answer among few pictures shows little: the interval decides"
