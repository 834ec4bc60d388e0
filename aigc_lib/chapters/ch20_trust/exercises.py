"""Checks for chapter 20, "Trust"."""

import math

import torch

from aigc_lib.exercises.compare import close, is_function, numbers, same_tensor


def check_1(answer: object) -> str:
    """The z-score and the exact p-value of a watermark."""
    found = numbers(answer, 2, "two numbers: z, then p")
    close(found[0], 3.0, tol=0.01, hint="green less half of the windows, over the root of n / 4",
          what="z", mistakes={"divide by the standard deviation, not by the variance": 0.75,
                              "the root of n / 4, not of n": 1.5})  # fmt: skip
    exact = sum(math.comb(64, k) for k in range(44, 65)) / 2**64
    mistakes = {
        "that is the normal tail; count the coin throws": 0.00135,
        "at least 44, not more than 44": exact - math.comb(64, 44) / 2**64,
        "that is both tails": 2 * exact,
    }
    close(found[1], exact, tol=2e-5, hint="the chance of 44 or more heads in 64 throws",
          what="p", mistakes=mistakes)  # fmt: skip
    return "one text in 540 without a mark looks so: enough for a hint, not for an accusation"


def check_2(answer: object) -> str:
    """The marked distribution."""
    mark = is_function(answer, 3)
    p = torch.tensor([0.5, 0.2, 0.2, 0.1], dtype=torch.float64)
    green = torch.tensor([False, True, False, True])
    up = p * torch.exp(1.5 * green)
    mistakes = {
        "it must sum to 1": up,
        "delta is added to the logits, so probabilities are multiplied by its exponential": (
            p * (1 + 1.5 * green) / (p * (1 + 1.5 * green)).sum()
        ),
        "it is added to the logits, not to the probabilities": (
            (p + 1.5 * green) / (p + 1.5 * green).sum()
        ),
        "the green ones gain, not the red ones": (
            p * torch.exp(1.5 * ~green) / (p * torch.exp(1.5 * ~green)).sum()
        ),
    }
    same_tensor(mark(p.clone(), green.clone(), 1.5), up / up.sum(), mistakes=mistakes,
                hint="add delta to the green logits, and take the softmax")  # fmt: skip
    return "a token that the model is sure of stays sure: there the mark can write nothing"


def check_3(answer: object) -> str:
    """How many of the accused are innocent."""
    share = 0.98 * 0.01 / (0.98 * 0.01 + 0.02 * 0.96)
    mistakes = {
        "that is the rate of false alarms among the innocent": 0.01,
        "that is the share of the guilty among the accused": 1 - share,
    }
    close(answer, share, tol=1e-3, hint="Bayes' rule: of 10,000 essays, who is accused?",
          what="the share", mistakes=mistakes)  # fmt: skip
    return "one in three: a rate of false alarms means little without the base rate"


def check_4(answer: object) -> str:
    """One step of projected gradient ascent."""
    step = is_function(answer, 5)
    rng = torch.Generator().manual_seed(0)
    start = torch.rand(2, 1, 3, 3, generator=rng)
    x = (start + 0.1 * (torch.rand(start.shape, generator=rng) - 0.5)).clamp(0, 1)
    slope = torch.randn(start.shape, generator=rng)
    size, eps = 0.15, 0.1
    free = x + size * slope.sign()
    right = (start + (free - start).clamp(-eps, eps)).clamp(0, 1)
    down = x - size * slope.sign()
    plain = x + size * slope
    mistakes = {
        "the brightness must stay between 0 and 1": start + (free - start).clamp(-eps, eps),
        "bring it back to within eps of the start": free.clamp(0, 1),
        "no further than eps from the start, not from x": (
            x + (free - x).clamp(-eps, eps)).clamp(0, 1),
        "the loss shall rise": (start + (down - start).clamp(-eps, eps)).clamp(0, 1),
        "take the sign of the slope": (start + (plain - start).clamp(-eps, eps)).clamp(0, 1),
    }  # fmt: skip
    found = step(x.clone(), start.clone(), slope.clone(), size, eps)
    same_tensor(found, right, mistakes=mistakes, hint="step, back into the box, back into 0..1")
    return "repeat it twenty times, with the slope taken anew, and you have PGD"


def check_5(answer: object) -> str:
    """A certified radius."""
    mistakes = {
        "0.98 is only an estimate: take its lower bound": 1.0269,
        "that is the quantile; multiply by sigma": 1.7780,
        "one side is enough: put 0.001 into the lower bound, not half of it": 0.8810,
    }
    close(answer, 0.88902, tol=0.003, hint="sigma times the normal quantile of the lower bound",
          what="the radius", mistakes=mistakes)  # fmt: skip
    return "a promise for every attack, also for those that nobody has thought of yet"


def check_6(answer: object) -> str:
    """Integrated gradients."""
    integrate = is_function(answer, 4)
    x, base = torch.tensor([1.0, 2.0, -1.0]), torch.tensor([0.0, 1.0, 1.0])

    def f(z: torch.Tensor) -> torch.Tensor:
        return z[0] * z[1] ** 2 + torch.exp(z[2])

    def slope(t: float) -> torch.Tensor:
        z = (base + t * (x - base)).requires_grad_(True)
        return torch.autograd.grad(f(z), z)[0]

    def mean_from(first: float) -> torch.Tensor:
        return torch.stack([slope((k + first) / 4) for k in range(4)]).mean(0)

    mean, here = mean_from(0.5), slope(1.0)
    mistakes = {
        "take the middle of each part, not its beginning": mean_from(0.0) * (x - base),
        "take the middle of each part, not its end": mean_from(1.0) * (x - base),
        "multiply by x less the baseline": mean,
        "that is the gradient at x alone: go along the whole path": here * (x - base),
        "multiply by x less the baseline, not by x": mean * x,
    }
    same_tensor(integrate(f, x.clone(), base.clone(), 4), mean * (x - base), tol=1e-4,
                hint="the mean gradient on the way, times the way", mistakes=mistakes)  # fmt: skip
    return "their sum is what f gained on the way"


def check_7(answer: object) -> str:
    """Where the loop settles."""
    found = numbers(answer, 2, "two numbers: the mean variance, then the mean of the squared mean")
    mistakes = {
        "the two groups have different means: this adds to the variance": 1.0,
        "0.2 of the data is real, so 0.8 is not": 1.0233,
        "divide the spread of the means by n (n - 1), not by n squared": 1.2703,
    }
    close(found[0], 1.3077, tol=2e-3, hint="set both sides of the recursion equal and solve",
          what="the variance", mistakes=mistakes)  # fmt: skip
    close(found[1], 0.3462, tol=2e-3, hint="put the variance into the second equation",
          what="the squared mean")  # fmt: skip
    return "not quite the truth, 1 and 0, but it stays there for ever"


def check_8(answer: object) -> str:
    """What differential privacy promises."""
    found = numbers(answer, 2, "two numbers: the hit rate, then epsilon")
    close(found[0], math.exp(1) * 0.01 + 0.001, tol=2e-4, what="the hit rate",
          hint="e^epsilon times the alarms, plus delta",
          mistakes={"delta comes on top": math.exp(1) * 0.01})  # fmt: skip
    mistakes = {"take delta off first": math.log(2), "that is e^epsilon": 1.9}
    close(found[1], math.log(1.9), tol=2e-3, hint="solve e^epsilon x 0.01 + 0.001 = 0.02",
          what="epsilon", mistakes=mistakes)  # fmt: skip
    return "at epsilon 5 the bound is 99.3 %: next to nothing is promised, yet it may protect"


def check_9(answer: object) -> str:
    """What evening out costs."""
    found = numbers(
        answer, 2, "two numbers: the share of A's kept, then pictures drawn for one kept"
    )
    mistakes = {"that is what A would need to be as rare as B": 0.5,
                "A is six times as frequent as C: keep one in six": 6.0}  # fmt: skip
    close(found[0], 1 / 6, tol=2e-3, hint="C is always kept, and A as often as C is drawn",
          what="the share of A's", mistakes=mistakes)  # fmt: skip
    close(found[1], 1 / 0.3, tol=0.01, hint="of all drawn, three times the share of C is kept",
          what="the price", mistakes={"that is the share that is kept": 0.3,
                                      "A and B are kept, too, now and then": 10.0})  # fmt: skip
    return "cheap here; with a class that the generator never draws, impossible"
