"""Checks for chapter 21, "Outlook"."""

import torch

from aigc_lib.exercises.compare import close, equal, is_function, need, numbers, same_tensor


def check_1(answer: object) -> str:
    """What a merchant pays, from the pinball loss."""
    bill = is_function(answer, 4)
    y, q = torch.tensor([10.0, 4.0, 7.0]), torch.tensor([6.0, 9.0, 7.0])
    for missing, left in ((1.5, 1.0), (1.0, 4.0)):
        paid = missing * (y - q).clamp(min=0) + left * (q - y).clamp(min=0)
        mistakes = {
            "what is missing costs `missing`, what is left costs `left`": missing
            * (q - y).clamp(min=0)
            + left * (y - q).clamp(min=0),
            "that is the pinball loss: it takes the two costs to sum to 1": paid / (missing + left),
            "that is the absolute error: the two sides cost differently": (y - q).abs(),
        }
        same_tensor(bill(y.clone(), q.clone(), missing, left), paid, what="the bill",
                    hint="two cases: y above q, y below", mistakes=mistakes)  # fmt: skip
    return "it is the sum of the costs times the pinball loss, so the same quantile is best"


def check_2(answer: object) -> str:
    """How many bikes to provide."""
    mistakes = {
        "that is the median: both sides would have to cost the same": 16,
        "that is the mean, which no pinball loss asks for": 18,
        "that lies between two mornings: what is the least that is enough on 60 of 100?": 19,
        "that is beyond it: 21 is enough on five of seven mornings": 22,
        "a missing bike is the dearer one: the level is 1.5 / (1.5 + 1)": 14,
    }
    close(answer, 21, tol=1e-9, hint="which level, and which count is that quantile?",
          what="the number of bikes", mistakes=mistakes)  # fmt: skip
    return "the order is a quantile, and the costs say which"


def check_3(answer: object) -> str:
    """The variance of a mean of real and invented patients, and what a naive analyst believes."""
    found = numbers(answer, 2, "two variances: the true one, and the believed one")
    mistakes = {
        "that is the real patients' alone; the invented ones add noise of their own": 1 / 30,
        "all 90 as if they were real: that is what the naive analyst believes": 1 / 90,
    }
    close(found[0], 1 / 30 + 60 / 90**2, tol=1e-4, hint="the statement, with n = 30 and m = 60",
          what="the true variance", mistakes=mistakes)  # fmt: skip
    close(found[1], 1 / 90, tol=1e-4, hint="one over the number of rows",
          what="the believed variance")  # fmt: skip
    return "the interval that he reports is 1.9 times too short"


def check_4(answer: object) -> str:
    """Who is nearer to a real patient than any stranger is."""
    share = is_function(answer, 3)
    rng = torch.Generator().manual_seed(0)
    real, strangers = torch.randn(20, 3, generator=rng), torch.randn(30, 3, generator=rng)
    least, home = torch.cdist(strangers, real).min(1)
    first, second = least.topk(2, largest=False).indices
    start = real[home[first]]
    beyond = start + (0.7 + 0.3 * least[second] / least[first]) * (strangers[first] - start)
    made = torch.cat([real[:6] + 0.01, strangers[:9] + 0.05, torch.full((2, 3), 9.0), beyond[None]])
    near = torch.cdist(made, real).amin(1)
    mistakes = {
        "nearer than *every* stranger is asked for, not than all but one in fifty": float(
            (near < least.quantile(0.02)).double().mean()
        ),
        "compare with the strangers' least distance, not with their mean": float(
            (near < least.mean()).double().mean()
        ),
        "that is the share that is not too close": 1 - float((near < least.min()).double().mean()),
    }
    close(float(share(made, real, strangers)), float((near < least.min()).double().mean()),
          hint="distances to the nearest real patient, of both groups", what="the share",
          mistakes=mistakes)  # fmt: skip
    return "strangers say how near one comes without copying"


def check_5(answer: object) -> str:
    """What a filter does to the mix of levels."""
    found = numbers(
        answer, 2, "two numbers: drafts for one that passes, and the share of hard ones"
    )
    close(found[0], 3 / 1.8, tol=0.006, hint="the mean chance of passing, and its inverse",
          what="the number of drafts", mistakes={"that is the chance of passing": 0.6})  # fmt: skip
    mistakes = {
        "a third was ordered; the filter lets fewer hard ones through": 1 / 3,
        "that is their chance of passing, not their share among those that pass": 0.3,
    }
    close(found[1], 1 / 6, tol=0.004, hint="Bayes' rule", what="the share of hard ones",
          mistakes=mistakes)  # fmt: skip
    return "a filter that keeps only right answers makes the book easier than was ordered"


def check_6(answer: object) -> str:
    """How far away the light of a ray comes from, by the weights along it."""
    depth = is_function(answer, 2)
    density = torch.tensor([[0.0, 2.0, 5.0, 1.0], [0.5, 0.5, 0.5, 0.5]])
    length = torch.tensor([[0.4, 0.2, 0.5, 0.3], [0.1, 0.6, 0.3, 0.4]])
    stopped = 1 - torch.exp(-density * length)
    before = torch.exp(-torch.cumsum(density * length, 1) + density * length)
    ends = torch.cumsum(length, 1)
    middle = ends - length / 2
    mistakes = {
        "what stood before a piece has taken light away already": (stopped * middle).sum(1),
        "only what stands before a piece dims it, not the piece itself": (
            stopped * torch.exp(-torch.cumsum(density * length, 1)) * middle
        ).sum(1),
        "take the middle of each piece, not its far end": (stopped * before * ends).sum(1),
    }
    same_tensor(depth(density.clone(), length.clone()), (stopped * before * middle).sum(1),
                hint="the weights, times the middles of the pieces, summed along the ray",
                what="the depths", mistakes=mistakes)  # fmt: skip
    return "so a field draws a map of depths as well as a picture"


def check_7(answer: object) -> str:
    """Numbers of a report that its table does not have."""
    stray = is_function(answer, 2)
    text = "Of 1,250 bikes, 312 went on Friday; that is 25.0 per cent, 40 more than in 2010."
    table = {"all": 1250, "Friday": 312, "more": 40}
    found = stray(text, table)
    need(isinstance(found, list), "return a list of numbers")
    need(1.0 not in found and 250.0 not in found, "1,250 is one number: the comma groups it")
    need(0.0 not in found, "25.0 is one number: the point belongs to it")
    equal(sorted(found), [25.0, 2010.0], hint="find the numbers, keep those without a figure",
          what="the stray numbers")  # fmt: skip
    return "the year and the share may be true, but nothing here says so: a person must look"


def check_8(answer: object) -> str:
    """Decibels of half the mean square error."""
    mistakes = {
        "halving the mean square, not the root of it": 6.02,
        "less error is more decibels": -3.01,
    }
    close(answer, 3.0103, tol=0.01, hint="ten times the logarithm of two", what="the gain",
          mistakes=mistakes)  # fmt: skip
    return "a gain in decibels says by which factor the error fell, not how large it was"
