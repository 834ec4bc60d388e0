"""Checks for chapter 17, "Recommendation"."""

import math

import torch

from aigc_lib.exercises.compare import close, is_function, need, numbers, same_shape, same_tensor


def check_1(answer: object) -> str:
    """NDCG@5 of a list with hits on the places 1 and 4, three wanted."""
    worth = [1 / math.log2(place + 1) for place in range(1, 6)]
    gain = worth[0] + worth[3]
    mistakes = {
        "only three were wanted: the best list has three hits, not five": gain / sum(worth),
        "that is the gain; divide it by what the best list gets": gain,
        "that is the recall: here places matter": 2 / 3,
    }
    wanted, hint = gain / sum(worth[:3]), "place r is worth 1 / log2(r + 1)"
    close(answer, wanted, tol=2e-3, hint=hint, what="the NDCG", mistakes=mistakes)
    return "0.671: the second hit came late, and the third not at all"


def check_2(answer: object) -> str:
    """History and what comes later, with equal times together."""
    halves = is_function(answer, 1)
    for times in ([1, 2, 3, 4, 5, 6], [1, 2, 5, 5, 5, 9], [3, 3, 3, 4]):
        time = torch.tensor(times)
        middle = len(time) // 2
        found, past = halves(time.clone()), time < time[middle]
        two = isinstance(found, (tuple, list)) and len(found) == 2
        need(two, "return two tensors: the history, and what comes later")
        mistakes = {
            "the rating at the cut is not history: it is to be found": time <= time[middle],
            "two ratings of the same second ended up on different sides": torch.arange(len(time))
            < middle,
        }
        hint = "compare the times with the cut"
        same_tensor(found[0], past, hint=hint, what="the history", mistakes=mistakes)
        same_tensor(found[1], ~past, hint="all that is not history", what="the later part")
    return "what was sent with one click is on one side: nothing of it tells the rest"


def check_3(answer: object) -> str:
    """Popularity at a moment."""
    film, stars = torch.tensor([[0, 1, 1, 2, 1, 0], [5, 4, 2, 4, 5, 4]])
    found = is_function(answer, 5)(film.clone(), stars.clone(), torch.arange(1, 7), 5, 4)
    mistakes = {
        "a like of the future is counted: leave out what is later": [2, 2, 1, 0],
        "two stars are no like: count from four stars on": [1, 3, 1, 0],
        "the moment itself is included": [1, 1, 1, 0],
    }
    likes, wanted = same_shape(found, (4,), "the popularity"), torch.tensor([1.0, 2.0, 1.0, 0.0])
    hint = "bincount, with minlength=n"
    same_tensor(likes.float(), wanted, hint=hint, what="the popularity", mistakes=mistakes)
    return "what is counted at a moment must not know what comes after it"


def check_4(answer: object) -> str:
    """The floor of NDCG@10 for 30 of 2,000."""
    once = {"ten places, but each of them hits with which probability?": 10 / 2000}
    hint = "by symmetry every place hits with the same probability, and both sums are equal"
    close(answer, 0.015, hint=hint, what="the floor", mistakes=once)
    return "0.015: where at least ten are wanted, the floor is their share of the shop"


def check_5(answer: object) -> str:
    """The generator's reward for a film with p = 0.03 and q = 0.01."""
    mistakes = {
        "that is the logit f; the reward is log(1 + e^f)": math.log(3),
        "the ratio is the other way round: real over generated": math.log(4 / 3),
    }
    hint = "the best logit is log(p / q)"
    close(answer, math.log(4), tol=2e-3, hint=hint, what="the reward", mistakes=mistakes)
    return "log 4 = 1.386: named too rarely, so it pays; at p = q it would be log 2"


def check_6(answer: object) -> str:
    """A baseline on a split: how often the favourite of the past hits somebody's future."""
    past = [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 0), (2, 3), (3, 1), (3, 2), (4, 0)]
    later = [(0, 2), (0, 4), (1, 4), (2, 1), (2, 4), (4, 4), (5, 4)]
    rows = [(u, f, 5, 3) for u, f in past] + [(u, f, 4, 4) for u, f in later] + [(3, 0, 3, 5)]
    found = is_function(answer, 5)(*torch.tensor(rows).T.clone(), 3)
    mistakes = {
        "likes of the future made a film popular: count up to `until` only": 1.0,
        "nobody is told of a film again that was rated by `until`": 0.0,
        "who likes nothing later cannot be hit: leave them out": 2 / 6,
    }
    hint = "five people like something later, and two of them what they were told"
    close(found, 0.4, tol=1e-6, hint=hint, what="the share", mistakes=mistakes)
    return "two of five: this is the number that a recommender has to beat"


def check_7(answer: object) -> str:
    """A paired bootstrap interval."""
    rng = torch.Generator().manual_seed(0)
    hard, noise = torch.rand(2, 60, generator=rng, dtype=torch.float64)
    a, b = hard + 0.02, hard + 0.04 * noise
    rows = torch.randint(60, (500, 60), generator=rng)
    ends = torch.tensor([0.025, 0.975], dtype=torch.float64)
    low, high = (a - b)[rows].mean(1).quantile(ends).tolist()
    found = is_function(answer, 3)(a.clone(), b.clone(), rows.clone())
    lower, upper = numbers(found, 2, "return two numbers, the lower end and the upper end")
    wide = "too wide: are the same people drawn for both methods?"
    need(upper - lower <= 3 * (high - low), wide)
    turned = {"the sign is the other way round: a minus b": -high}
    hint = "quantiles 0.025 and 0.975 of the means"
    close(lower, low, hint=hint, what="lower end", mistakes=turned)
    close(upper, high, hint=hint, what="upper end")
    return "what makes a request hard is the same for both, and drops out"


def check_8(answer: object) -> str:
    """A newcomer's point among fixed films, by weighted least squares."""
    rng = torch.Generator().manual_seed(0)
    films = torch.randn(9, 3, generator=rng, dtype=torch.float64)
    liked, weight, ridge = torch.tensor([0, 4, 5]), 0.5, 2.0
    mine, eye = films[liked], torch.eye(3).double()
    silence = weight * films.T @ films
    aim = mine.sum(0)
    found = is_function(answer, 4)(films.clone(), liked.clone(), weight, ridge)
    mistakes = {
        "silence is forgotten: all films pull towards zero, with the weight": mine.T @ mine,
        "what was liked must pull towards one as well": silence,
    }
    need(
        isinstance(found, torch.Tensor) and found.shape == (3,),
        "return one tensor, a number for each column of `points`",
    )
    for said, left in mistakes.items():
        wrong = torch.linalg.solve(left + ridge * eye, aim)
        need(not torch.allclose(found.double(), wrong, atol=1e-5), said)
    right = torch.linalg.solve(mine.T @ mine + silence + ridge * eye, aim)
    need(torch.allclose(found.double(), right, atol=1e-5), "set the gradient to zero and solve")
    return "one system of three equations: nothing has to be trained for somebody new"
