"""Checks for chapter 02, "Core concepts, eight times in miniature"."""

import torch

from aigc_lib.exercises.compare import WrongAnswer, close, is_function, same_tensor


def check_1(answer: object) -> str:
    """Factorising a joint distribution into a first part and a conditional table."""
    factorise = is_function(answer, 1)
    joint = torch.tensor([[0.1, 0.3, 0.2], [0.2, 0.05, 0.15]])
    found = factorise(joint.clone())
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        raise WrongAnswer("return two things: the first coin's probabilities, and the table")
    first, second = found
    same_tensor(
        first, joint.sum(1), hint="sum over what the second coin may show", what="the first"
    )
    if torch.is_tensor(second) and second.shape == joint.shape:
        if torch.allclose(second, joint / joint.sum(0)):
            raise WrongAnswer(
                "that is the first given the second: divide each row, not each column"
            )
        if torch.allclose(second, joint):
            raise WrongAnswer("that is the joint distribution still: each row must sum to 1")
    wanted = joint / joint.sum(1, keepdim=True)
    same_tensor(second, wanted, hint="divide each row by its sum", what="the table")
    return "the product gives the joint distribution back: nothing is lost by going in order"


def check_2(answer: object) -> str:
    """Mixing counts with the shorter context's probabilities."""
    back_off = is_function(answer, 2)
    lower = {"a": 0.5, "b": 0.3, "c": 0.2}
    found = back_off({"a": 3, "c": 1}, dict(lower))
    if not isinstance(found, dict) or found.keys() != lower.keys():
        raise WrongAnswer("return a dictionary with every character of `lower`, seen or not")
    wanted = {"a": 3.5 / 5, "b": 0.3 / 5, "c": 1.2 / 5}
    if abs(found["b"]) < 1e-12:
        raise WrongAnswer("what was not seen yet is not impossible: the shorter context has a say")
    total = sum(found.values())
    if abs(total - 1) > 1e-9:
        raise WrongAnswer(f"the probabilities sum to {total:.4g}: what must the denominator be?")
    for x, q in wanted.items():
        close(found[x], q, tol=1e-9, hint="(N(hx) + q(x)) / (N(h) + 1)", what=f"q({x})")
    empty = back_off({}, dict(lower))
    if any(abs(empty[x] - q) > 1e-9 for x, q in lower.items()):
        raise WrongAnswer("in a context never seen only the shorter one has a say")
    return "the probabilities sum to 1, and a context never seen leaves all to the shorter one"


def check_3(answer: object) -> str:
    """The best guess for a pixel, and its error."""
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise WrongAnswer("give a pair: (guess, error)")
    guess, error = answer
    if float(guess) == 0.0:
        raise WrongAnswer("black is the likeliest, with error 1/4; another guess has a smaller one")
    if float(guess) == 0.5:
        raise WrongAnswer("the middle ignores that black is likelier than white: weigh them")
    close(guess, 0.25, tol=1e-6, hint="the mean of what is possible", what="the guess")
    if abs(float(error) - 0.1875**0.5) < 1e-4:
        raise WrongAnswer("that is the root of it: the mean squared error is asked for")
    close(
        error,
        0.1875,
        tol=1e-6,
        hint="3/4 of the time the guess is off by 1/4, 1/4 of the time by 3/4; square, and average",
        what="the error",
    )
    return "a dark grey that is never the truth: what is best on average need not be possible"


def check_4(answer: object) -> str:
    """The exact policy gradient of a bandit."""
    gradient = is_function(answer, 2)
    for seed in range(3):
        rng = torch.Generator().manual_seed(seed)
        scores = torch.randn(5, generator=rng, dtype=torch.float64)
        rewards = torch.randn(5, generator=rng, dtype=torch.float64) + 2
        policy = scores.softmax(0)
        leaf = scores.clone().requires_grad_()
        (leaf.softmax(0) @ rewards).backward()
        assert leaf.grad is not None
        found = gradient(scores.clone(), rewards.clone())
        if torch.is_tensor(found) and found.shape == scores.shape:
            if torch.allclose(found, policy * rewards):
                raise WrongAnswer(
                    "that pushes every action up: subtract what the others would pay, the mean"
                )
            if torch.allclose(found, policy * (rewards - rewards.mean())):
                raise WrongAnswer("the mean must be the one under the policy, not the plain one")
            if torch.allclose(found, -leaf.grad):
                raise WrongAnswer("the sign is the other way round: the reward is to rise")
        same_tensor(found, leaf.grad, hint="sum pi_a (r_a - mean) (e_a - pi)", what="the gradient")
    return "each score moves by its probability times how far its reward lies above the mean"


def check_5(answer: object) -> str:
    """The worst small change of a picture."""
    attack = is_function(answer, 3)
    pictures = torch.tensor([[-1.0, 0.0, 0.95, 0.5]])
    gradient = torch.tensor([[-3.0, 0.2, 1e-3, -7.0]])
    found = attack(pictures.clone(), gradient.clone(), 0.1)
    wanted = torch.tensor([[-1.0, 0.1, 1.0, 0.4]])
    if torch.is_tensor(found) and found.shape == pictures.shape:
        if torch.allclose(found, pictures + 0.1 * gradient.sign()):
            raise WrongAnswer("some values leave [-1, 1]: what was made is no picture any more")
        if torch.allclose(found, (pictures - 0.1 * gradient.sign()).clamp(-1, 1)):
            raise WrongAnswer("that lowers the loss: it makes the digits easier to read")
        if torch.allclose(found, (pictures + 0.1 * gradient).clamp(-1, 1)):
            raise WrongAnswer("use the sign: every pixel may change by the full size")
    same_tensor(
        found, wanted, hint="add size times the gradient's sign, clamp", what="the pictures"
    )
    return "each pixel moves by the full size, in the direction in which the loss grows"


def check_6(answer: object) -> str:
    """The arrows of a GAN."""
    right = {
        ("noise", "generator"),
        ("generator", "generated samples"),
        ("generated samples", "discriminator"),
        ("real data", "discriminator"),
        ("discriminator", "logit"),
    }
    boxes = {box for arrow in right for box in arrow}
    if not isinstance(answer, (set, frozenset, list, tuple)):
        raise WrongAnswer("give a set of pairs: {('noise', ...), ...}")
    given = {tuple(arrow) for arrow in answer}
    unknown = {box for arrow in given for box in arrow} - boxes
    if unknown:
        raise WrongAnswer(f"these are none of the boxes: {sorted(map(str, unknown))}")
    if ("real data", "generator") in given:
        raise WrongAnswer(
            "the generator never sees the data; it hears of them through the gradient"
        )
    if ("discriminator", "generated samples") in given:
        raise WrongAnswer("the discriminator puts out one number; which network makes the samples?")
    if ("real data", "discriminator") not in given:
        raise WrongAnswer("what are the generated samples told apart from?")
    if given - right:
        raise WrongAnswer(f"this arrow does not belong there: {sorted(given - right)[0]}")
    if given != right:
        raise WrongAnswer(f"{len(right - given)} of the arrows missing: follow the samples on")
    return "noise in, samples out; samples and data in, one number out"


def check_7(answer: object) -> str:
    """Which family for which task."""
    right = {"price": "autoregressive", "one pass": "implicit", "many steps": "score-based"}
    hints = {
        "price": "which one multiplies probabilities that it knows?",
        "one pass": "which one draws without going part by part or step by step?",
        "many steps": "which one takes noise away, a little at a time?",
    }
    if not isinstance(answer, dict) or answer.keys() != right.keys():
        raise WrongAnswer("give a dictionary with the keys 'price', 'one pass' and 'many steps'")
    for task, family in answer.items():
        if family not in right.values():
            raise WrongAnswer(f"{family!r} is none of the families asked for")
        if family != right[task]:
            raise WrongAnswer(f"{task}: {hints[task]}")
    return "nobody has everything: one goes part by part, one cannot price, one takes many passes"
