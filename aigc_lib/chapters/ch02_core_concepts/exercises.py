"""Checks for chapter 02, "Core concepts, eight times in miniature"."""

from typing import Any

import torch

from aigc_lib.exercises.compare import close, equal, is_function, need, numbers, same_tensor


def check_1(answer: object) -> str:
    """Factorising a joint distribution into a first part and a conditional table."""
    joint = torch.tensor([[0.1, 0.3, 0.2], [0.2, 0.05, 0.15]])
    found = is_function(answer, 1)(joint.clone())
    two = isinstance(found, (tuple, list)) and len(found) == 2
    need(two, "return two things: the coin's probabilities, and the table")
    hint = "sum over what the spinner may show"
    same_tensor(found[0], joint.sum(1), hint=hint, what="the first")
    turned, table = joint / joint.sum(0), joint / joint.sum(1, keepdim=True)
    mistakes = {
        "that is the first given the second: divide each row, not each column": turned,
        "that is the joint distribution still: each row must sum to 1": joint,
    }
    hint = "divide each row by its sum"
    same_tensor(found[1], table, hint=hint, what="the table", mistakes=mistakes)
    return "the product gives the joint distribution back: nothing is lost by going in order"


def check_2(answer: object) -> str:
    """Mixing counts with the shorter context's probabilities."""
    interpolate = is_function(answer, 2)
    lower = {"a": 0.5, "b": 0.3, "c": 0.2}
    found: Any = interpolate({"a": 3, "c": 1}, dict(lower))
    whole = isinstance(found, dict) and found.keys() == lower.keys()
    need(whole, "return a dictionary with every character of `lower`, seen or not")
    unseen = "what was not seen yet is not impossible: the shorter context has a say"
    need(abs(found["b"]) >= 1e-12, unseen)
    total = sum(found.values())
    wrong_sum = f"the probabilities sum to {total:.4g}: what must the denominator be?"
    need(abs(total - 1) <= 1e-9, wrong_sum)
    for x, q in {"a": 3.5 / 5, "b": 0.3 / 5, "c": 1.2 / 5}.items():
        close(found[x], q, tol=1e-9, hint="(N(hx) + q(x)) / (N(h) + 1)", what=f"q({x})")
    empty = interpolate({}, dict(lower))
    alike = all(abs(empty[x] - q) <= 1e-9 for x, q in lower.items())
    need(alike, "in a context never seen only the shorter one has a say")
    return "the probabilities sum to 1, and a context never seen leaves all to the shorter one"


def check_3(answer: object) -> str:
    """The best guess for a pixel, and its error."""
    guess, error = numbers(answer, 2, "give a pair: (guess, error)")
    mistakes = {
        "black is the likeliest, with error 1/4; another guess has a smaller one": 0.0,
        "the middle ignores that black is likelier than white: weigh them": 0.5,
    }
    hint = "the mean of what is possible"
    close(guess, 0.25, tol=1e-6, hint=hint, what="the guess", mistakes=mistakes)
    root = {"that is the root of it: the mean squared error is asked for": 0.1875**0.5}
    hint = "3/4 of the time the guess is off by 1/4, 1/4 of the time by 3/4; square, and average"
    close(error, 0.1875, tol=1e-6, hint=hint, what="the error", mistakes=root)
    return "a dark grey that is never the truth: what is best on average need not be possible"


def check_4(answer: object) -> str:
    """The exact policy gradient of a bandit."""
    gradient = is_function(answer, 2)
    rng = torch.Generator().manual_seed(0)
    for scores, rewards in torch.randn(3, 2, 5, generator=rng, dtype=torch.float64):
        rewards += 2
        policy, leaf = scores.softmax(0), scores.clone().requires_grad_()
        (right,) = torch.autograd.grad(leaf.softmax(0) @ rewards, leaf)
        everything, plain = policy * rewards, policy * (rewards - rewards.mean())
        mistakes = {
            "that pushes every action up: subtract what the others would pay, the mean": everything,
            "the mean must be the one under the policy, not the plain one": plain,
            "the sign is the other way round: the reward is to rise": -right,
        }
        found, hint = gradient(scores.clone(), rewards.clone()), "sum pi_a (r_a - mean) (e_a - pi)"
        same_tensor(found, right, hint=hint, what="the gradient", mistakes=mistakes)
    return "each score moves by its probability times how far its reward lies above the mean"


def check_5(answer: object) -> str:
    """The worst small change of a picture."""
    pictures = torch.tensor([[-1.0, 0.0, 0.95, 0.5]])
    gradient = torch.tensor([[-3.0, 0.2, 1e-3, -7.0]])
    found = is_function(answer, 3)(pictures.clone(), gradient.clone(), 0.1)
    step, unsigned = 0.1 * gradient.sign(), (pictures + 0.1 * gradient).clamp(-1, 1)
    mistakes = {
        "some values leave [-1, 1]: what was made is no picture any more": pictures + step,
        "that lowers the loss: it makes the digits easier to read": (pictures - step).clamp(-1, 1),
        "use the sign: every pixel may change by the full size": unsigned,
    }
    wanted = torch.tensor([[-1.0, 0.1, 1.0, 0.4]])
    hint = "add size times the gradient's sign, clamp"
    same_tensor(found, wanted, hint=hint, what="the pictures", mistakes=mistakes)
    return "each pixel moves by the full size, in the direction in which the loss grows"


def check_6(answer: Any) -> str:
    """The arrows of a GAN."""
    right = {
        ("noise", "generator"),
        ("generator", "generated samples"),
        ("generated samples", "discriminator"),
        ("real data", "discriminator"),
        ("discriminator", "logit"),
    }
    pairs = isinstance(answer, (set, frozenset, list, tuple))
    need(pairs, "give a set of pairs: {('noise', ...), ...}")
    given = {tuple(arrow) for arrow in answer}
    boxes = {box for arrow in right for box in arrow}
    unknown = sorted({str(box) for arrow in given for box in arrow if box not in boxes})
    need(not unknown, f"these are none of the boxes: {unknown}")
    unseen = "the generator never sees the data; it hears of them through the gradient"
    need(("real data", "generator") not in given, unseen)
    number = "the discriminator puts out one number; which network makes the samples?"
    need(("discriminator", "generated samples") not in given, number)
    apart = "what are the generated samples told apart from?"
    need(("real data", "discriminator") in given, apart)
    need(given <= right, f"this arrow does not belong there: {min(given - right, default='')}")
    need(given == right, f"{len(right - given)} of the arrows missing: follow the samples on")
    return "noise in, samples out; samples and data in, one number out"


def check_7(answer: Any) -> str:
    """Which family for which task."""
    right = {"price": "autoregressive", "one pass": "implicit", "many steps": "score-based"}
    hints = {
        "price": "which one multiplies probabilities that it knows?",
        "one pass": "which one draws without going part by part or step by step?",
        "many steps": "which one takes noise away, a little at a time?",
    }
    asked = isinstance(answer, dict) and answer.keys() == right.keys()
    need(asked, "give a dictionary with the keys 'price', 'one pass' and 'many steps'")
    for task, family in answer.items():
        known = family in right.values()
        hint = hints[task] if known else "that is none of the families asked for"
        equal(family, right[task], hint=hint, what=task)
    return "nobody has everything: one goes part by part, one cannot price, one takes many passes"
