"""Checks for chapter 17, "Recommendation"."""

import math

import torch

from aigc_lib.exercises.compare import WrongAnswer, close, is_function, same_tensor


def check_1(answer: object) -> str:
    """NDCG@5 of a list with hits on the places 1 and 4, three wanted."""
    worth = [1 / math.log2(place + 1) for place in range(1, 6)]
    value = float(answer)  # type: ignore[arg-type]
    if abs(value - (worth[0] + worth[3]) / sum(worth)) < 1e-3:
        raise WrongAnswer("only three were wanted: the best list has three hits, not five")
    if abs(value - (worth[0] + worth[3])) < 1e-3:
        raise WrongAnswer("that is the gain; divide it by what the best list gets")
    if abs(value - 2 / 3) < 1e-3:
        raise WrongAnswer("that is the recall: here places matter")
    wanted = (worth[0] + worth[3]) / sum(worth[:3])
    close(answer, wanted, tol=2e-3, hint="place r is worth 1 / log2(r + 1)", what="the NDCG")
    return "0.671: the second hit came late, and the third not at all"


def check_2(answer: object) -> str:
    """History and what comes later, with equal times together."""
    halves = is_function(answer, 1)
    for times in ([1, 2, 3, 4, 5, 6], [1, 2, 5, 5, 5, 9], [3, 3, 3, 4]):
        time = torch.tensor(times)
        cut = time[len(time) // 2]
        found = halves(time.clone())
        if not isinstance(found, (tuple, list)) or len(found) != 2:
            raise WrongAnswer("return two tensors: the history, and what comes later")
        past, later = found
        shown, first = torch.as_tensor(past), torch.arange(len(time)) < len(time) // 2
        if torch.equal(shown, time <= cut):  # the cut itself is a time, so this is never right
            raise WrongAnswer("the rating at the cut is not history: it is to be found")
        if torch.equal(shown, first) and not torch.equal(time < cut, first):
            raise WrongAnswer("two ratings of the same second ended up on different sides")
        same_tensor(past, time < cut, hint="compare the times with the cut", what="the history")
        same_tensor(later, time >= cut, hint="all that is not history", what="the later part")
    return "what was sent with one click is on one side: nothing of it tells the rest"


def check_3(answer: object) -> str:
    """Popularity at a moment."""
    popularity = is_function(answer, 5)
    film, stars = torch.tensor([0, 1, 1, 2, 1, 0]), torch.tensor([5, 4, 2, 4, 5, 4])
    time = torch.tensor([1, 2, 3, 4, 5, 6])
    found = popularity(film.clone(), stars.clone(), time.clone(), 5, 4)
    if torch.is_tensor(found) and found.shape == (4,):
        found = found.float()
        if torch.equal(found, torch.tensor([2.0, 2.0, 1.0, 0.0])):
            raise WrongAnswer("a like of the future is counted: leave out what is later")
        if torch.equal(found, torch.tensor([1.0, 3.0, 1.0, 0.0])):
            raise WrongAnswer("two stars are no like: count from four stars on")
        if torch.equal(found, torch.tensor([1.0, 1.0, 1.0, 0.0])):
            raise WrongAnswer("the moment itself is included")
    wanted = torch.tensor([1.0, 2.0, 1.0, 0.0])
    same_tensor(found, wanted, hint="bincount, with minlength=n", what="the popularity")
    return "a film's later fame is the easiest leak of all"


def check_4(answer: object) -> str:
    """The floor of NDCG@10 for 30 of 2,000."""
    value = float(answer)  # type: ignore[arg-type]
    if abs(value - 10 / 2000) < 1e-6:
        raise WrongAnswer("ten places, but each of them hits with which probability?")
    hint = "by symmetry every place hits with the same probability, and both sums are equal"
    close(answer, 0.015, tol=1e-4, hint=hint, what="the floor")
    return "0.015: where at least ten are wanted, the floor is their share of the shop"


def check_5(answer: object) -> str:
    """The generator's reward for a film with p = 0.03 and q = 0.01."""
    value = float(answer)  # type: ignore[arg-type]
    if abs(value - math.log(3)) < 2e-3:
        raise WrongAnswer("that is the logit f; the reward is log(1 + e^f)")
    if abs(value - math.log(4 / 3)) < 2e-3:
        raise WrongAnswer("the ratio is the other way round: real over generated")
    close(answer, math.log(4), tol=2e-3, hint="the best logit is log(p / q)", what="the reward")
    return "log 4 = 1.386: named too rarely, so it pays; at p = q it would be log 2"


def check_6(answer: object) -> str:
    """The loss of pairs, stable."""
    pairs = is_function(answer, 2)
    good, bad = torch.tensor([2.0, 0.0, 1.0]), torch.tensor([1.0, 0.5, 1.0])
    wanted = -torch.sigmoid(good - bad).log().mean()
    found = pairs(good.clone(), bad.clone())
    if torch.is_tensor(found) and found.shape == ():
        if torch.allclose(found, -torch.sigmoid(bad - good).log().mean()):
            raise WrongAnswer("the liked film is to win: check which is subtracted")
        if torch.allclose(found, 3 * wanted):
            raise WrongAnswer("that is the sum over the pairs: take the mean")
    same_tensor(found, wanted, hint="-log sigmoid(good - bad), on average", what="the loss")
    lost = pairs(torch.tensor([0.0]), torch.tensor([1000.0]))
    if not bool(torch.isfinite(lost).all()):
        raise WrongAnswer("it overflows where the liked film loses by 1,000: use softplus")
    close(lost, 1000.0, tol=1.0, hint="it should be about 1,000 there", what="the loss")
    return "and its slope never exceeds 1, however badly a pair stands"


def check_7(answer: object) -> str:
    """A paired bootstrap interval."""
    paired = is_function(answer, 3)
    rng = torch.Generator().manual_seed(0)
    hard = torch.rand(60, generator=rng, dtype=torch.float64)
    a, b = hard + 0.02, hard + 0.04 * torch.rand(60, generator=rng, dtype=torch.float64)
    rows = torch.randint(60, (500, 60), generator=rng)
    means = (a - b)[rows].mean(1)
    low, high = means.quantile(torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    found = paired(a.clone(), b.clone(), rows.clone())
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        raise WrongAnswer("return two numbers, the lower end and the upper end")
    ends = [float(x) for x in found]
    if ends[1] - ends[0] > 3 * (high - low):
        raise WrongAnswer("too wide: are the same people drawn for both methods?")
    if abs(ends[0] + high) < 1e-6:
        raise WrongAnswer("the sign is the other way round: a minus b")
    for value, wanted, what in zip(ends, (low, high), ("lower end", "upper end"), strict=True):
        close(value, wanted, tol=1e-4, hint="quantiles 0.025 and 0.975 of the means", what=what)
    return "what makes a request hard is the same for both, and drops out"
