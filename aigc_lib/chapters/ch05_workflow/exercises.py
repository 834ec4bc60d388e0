"""Checks for chapter 05, "The workflow: five steps on one real task"."""

import math

import torch
from torch import Tensor

from aigc_lib.exercises.compare import WrongAnswer, close, is_function, same_shape, same_tensor


def check_1(answer: object) -> str:
    """The gradient of the cross-entropy with respect to three logits."""
    expected = torch.tensor([0.7, -0.8, 0.1])
    found = same_shape(answer, (3,), "the gradient").float()
    for wrong, why in (
        ([0.7, 0.2, 0.1], "these are the probabilities: where does the right class come in?"),
        ([0.0, -5.0, 0.0], "that is the slope along the probabilities; go on to the logits"),
        ([-0.3, 0.2, 0.1], "the right class is the second, position 1"),
    ):
        if torch.allclose(found, torch.tensor(wrong), atol=1e-3):
            raise WrongAnswer(why)
    same_tensor(found, expected, tol=1e-3, what="the gradient", hint="prediction minus truth")
    return "prediction minus truth; its entries always sum to 0"


def check_2(answer: object) -> str:
    """Dealing groups into parts, none torn apart."""
    deal = is_function(answer, 3)
    form = torch.tensor([7, 7, 7, 2, 2, 9, 9, 9, 9, 4, 4, 5, 5, 30, 30, 30])
    form = form[torch.randperm(len(form), generator=torch.Generator().manual_seed(2))]
    seen = []
    for seed in range(4):
        part = same_shape(deal(form, 4, torch.Generator().manual_seed(seed)), (16,), "the parts")
        if part.is_floating_point() or part.min() < 0 or part.max() >= 4:
            raise WrongAnswer("parts are whole numbers from 0 to k - 1")
        homes = [part[form == name].unique() for name in form.unique()]
        if any(len(home) > 1 for home in homes):
            raise WrongAnswer("a form is torn apart: all of its pictures go to the same part")
        held = torch.cat(homes).bincount(minlength=4)
        if held.max() - held.min() > 1:
            raise WrongAnswer(
                f"the parts hold {held.tolist()} forms; no two may differ by more than one"
            )
        again = deal(form, 4, torch.Generator().manual_seed(seed))
        if not torch.equal(part, again):
            raise WrongAnswer("the same seed gave other parts: draw with the generator given")
        seen.append(tuple(int(home) for home in torch.cat(homes)))
    if len(set(seen)) == 1:
        raise WrongAnswer("every seed gives the same parts: draw which form goes where")
    return "a writer who is tested was never learned from"


def check_3(answer: object) -> str:
    """Inverted dropout from given uniform numbers."""
    dropout = is_function(answer, 4)
    rng = torch.Generator().manual_seed(3)
    x, u = torch.randn(6, 5, generator=rng), torch.rand(6, 5, generator=rng)
    for q in (0.2, 0.7):
        kept: Tensor = torch.where(u < q, torch.zeros(()), x)
        found = same_shape(dropout(x, q, u, True), (6, 5), "the output")
        for wrong, why in (
            (kept, "the mean is too small now: what must the kept inputs be divided by?"),
            (kept / q, "divide by the probability of being kept, not of being dropped"),
            (
                torch.where(u < q, x, torch.zeros(())) / (1 - q),
                "it drops where u >= q: the wrong ones",
            ),
        ):
            if torch.allclose(found, wrong, atol=1e-5):
                raise WrongAnswer(why)
        hint = "0 where u < q, x / (1 - q) elsewhere"
        same_tensor(found, kept / (1 - q), what="the output", hint=hint)
        used = same_shape(dropout(x, q, u, False), (6, 5), "the output in use")
        if not torch.equal(used, x):
            raise WrongAnswer("in use nothing is dropped and nothing is scaled")
    return "the mean is right in training, so nothing has to be done in use"


def check_4(answer: object) -> str:
    """A weight after the first step of AdamW."""
    hint = "Adam's first step has the length of the learning rate; the weight shrinks besides"
    for wrong, why in (
        (0.95 * 2 - 0.1 * 3, "that is a step of SGD; Adam divides m-hat by sqrt(v-hat)"),
        (2 - 0.1, "the decay is missing: the weight shrinks by the factor 1 - 0.1 * 0.5"),
        (2 - 0.5 - 0.1, "the decay is multiplied by the learning rate, and by the weight"),
        ((2 - 0.1) * 0.95, "PyTorch shrinks the weight first and then takes Adam's step"),
    ):
        if isinstance(answer, (int, float)) and abs(answer - wrong) < 1e-6:
            hint = why
    close(answer, 1.8, tol=1e-6, hint=hint, what="the weight")
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
    for losses, patience, expected, hint in cases:
        found = early_stop(losses, patience)
        if not isinstance(found, tuple) or len(found) != 2:
            raise WrongAnswer("return two positions: of the epoch kept, of the last one run")
        if tuple(found) == expected[::-1] != expected:
            raise WrongAnswer("the two positions are exchanged: first the epoch kept")
        if tuple(found) == (expected[0] + 1, expected[1] + 1):
            raise WrongAnswer("count epochs from 0")
        if tuple(found) != expected:
            raise WrongAnswer(
                f"for losses {losses} and patience {patience} it returns {found}: {hint}"
            )
    return "it keeps the best epoch, not the last one"


def check_6(answer: object) -> str:
    """The lower end of Wilson's interval for 20 right of 20."""
    expected = 1 / (1 + 1.96**2 / 20)
    hint = "put p-hat = 1 and n = 20 into the formula and take the minus sign"
    for wrong, why in (
        (1.0, "that is the familiar interval, which has no length here"),
        (100 * expected, "give a probability, not per cent"),
        (0.05 ** (1 / 20), "that is the exact one-sided bound; here Wilson's is asked for"),
        (1 / (1 + 1.645**2 / 20), "that is z for 90 %; take 1.96"),
        (1 - 1.96 / math.sqrt(20), "the root is not 1: with p-hat = 1 only z^2 / 4n^2 is left"),
    ):
        if isinstance(answer, (int, float)) and abs(answer - wrong) < 2e-4 * max(1, wrong):
            raise WrongAnswer(why)
    close(answer, expected, tol=2e-3, hint=hint, what="the lower end")
    return "20 of 20 right shows no more than 84 %"


def check_7(answer: object) -> str:
    """The drift alarm as a p-value by rank."""
    alarm_p = is_function(answer, 2)
    ordinary = [0.55, 0.60, 0.65, 0.70]
    cases = (
        (
            0.80,
            1 / 5,
            "no ordinary one is as striking, and p is still not 0: count the new one too",
        ),
        (0.50, 1.0, "every ordinary window is at least as striking"),
        (0.65, 3 / 5, "an ordinary one that is just as striking counts"),
        (0.68, 2 / 5, "one of the four is more striking, and the new one counts itself"),
    )
    for new, expected, hint in cases:
        found = alarm_p(ordinary, new)
        if abs(float(found) - expected) > 1e-6:
            raise WrongAnswer(f"for ordinary ones {ordinary} and {new} it returns {found}: {hint}")
    shuffled = [ordinary[i] for i in (2, 0, 3, 1)]
    if abs(float(alarm_p(shuffled, 0.68)) - 2 / 5) > 1e-6:
        raise WrongAnswer("the order of the ordinary pairs must not matter")
    return "with 20 ordinary pairs p can be no smaller than 1/21: a finer alarm needs more of them"
