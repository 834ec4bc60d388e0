"""Right and wrong answers to chapter 09's exercises, and what the hint to each wrong one says."""

import math

import torch


def gap(x):
    return 2.0 ** (math.floor(math.log2(x)) - 7)


def mean_loss(step, steps):
    total = 0.0
    for _ in range(steps):
        total = total + step().detach()
    return (total / steps).item()


def reading(step, steps):
    return sum(step().item() for _ in range(steps)) / steps


def unread(step, steps):
    return sum(step() for _ in range(steps)) / steps


def last(step, steps):
    return [step() for _ in range(steps)][-1].item()


def total(step, steps):
    return sum(step() for _ in range(steps)).item()


def accumulate(loss, w, parts, weights=None):
    n = sum(len(x) for x, _ in parts)
    found = torch.zeros_like(w)
    for x, y in parts:
        weight = len(x) / n if weights is None else weights
        found = found + weight * torch.autograd.grad(loss(w, x, y), w)[0]
    return found


def summed(loss, w, parts):
    return accumulate(loss, w, parts, 1.0)


def averaged(loss, w, parts):
    return accumulate(loss, w, parts, 1 / len(parts))


def only_last(loss, w, parts):
    return torch.autograd.grad(loss(w, *parts[-1]), w)[0]


def negative(loss, w, parts):
    return -accumulate(loss, w, parts)


def smallest(n, m, peak, bandwidth, bytes_each=4, off=0):
    ridge = bytes_each / 2 * peak / bandwidth
    top = n * m - ridge * (n + m)
    return None if top <= 0 else math.ceil(ridge * n * m / top) + off


def without_bytes(n, m, peak, bandwidth):
    return smallest(n, m, peak, bandwidth, bytes_each=1)


def one_less(n, m, peak, bandwidth):
    return smallest(n, m, peak, bandwidth, off=-1)


def weights_only(n, m, peak, bandwidth):
    return math.ceil(2 * peak / bandwidth)


def never_none(n, m, peak, bandwidth):
    found = smallest(n, m, peak, bandwidth)
    return 10**9 if found is None else found


ALL = {
    "weights of both players",
    "moments of both optimisers",
    "averaged generator",
    "state of the noise's generator",
    "place in the data",
    "number of images seen",
}
FLOPS = 2 * 64 * 32 * 64 * 16 * 49

RIGHT = {
    "09.1": FLOPS,
    "09.2": 1 / (0.1 + 0.9 / 8),
    "09.3": gap,
    "09.4": mean_loss,
    "09.5": accumulate,
    "09.6": smallest,
    "09.7": ALL,
}
WRONG = [
    ("09.1", FLOPS // 2, "are two operations"),
    ("09.1", FLOPS // 64, "whole batch"),
    ("09.1", FLOPS * 4, "pixels that go out"),
    ("09.1", FLOPS // 16, "whole kernel"),
    ("09.1", FLOPS // 4, "4 high and 4 wide"),
    ("09.1", FLOPS // 32, "all 32 input channels"),
    ("09.1", 7, r"2 \* batch"),
    ("09.2", 8.0, "only the parallel share"),
    ("09.2", 7.2, "times add up"),
    ("09.2", 10.0, "limit for any number"),
    ("09.2", 1 / (0.9 + 0.1 / 8), "share that runs in parallel"),
    ("09.2", 3.0, "with p = 0.9"),
    ("09.3", lambda x: 2 * gap(x), "7 are left"),
    ("09.3", lambda x: gap(x) / 2, "largest rounding error"),
    ("09.3", lambda x: x * 2**-7, "same gap"),
    ("09.3", lambda x: 2.0 ** (math.floor(math.log2(x)) - 10), "float16's"),
    ("09.3", lambda x: 2.0 ** (math.ceil(math.log2(x)) - 7), "round the exponent down"),
    ("09.3", lambda x: 1e-3, "2 to the power"),
    ("09.4", reading, "read 5 times"),
    ("09.4", unread, "return a number"),
    ("09.4", last, "the last loss only"),
    ("09.4", total, "divide by their number"),
    ("09.5", summed, "the loss is a mean"),
    ("09.5", averaged, "weight each by its own"),
    ("09.5", only_last, "must add up"),
    ("09.5", negative, "other way round"),
    ("09.6", without_bytes, "four bytes"),
    ("09.6", one_less, "round up"),
    ("09.6", weights_only, "are moved too"),
    ("09.6", never_none, "return None"),
    ("09.6", lambda n, m, peak, bandwidth: 3, "solve"),
    ("09.7", "weights", "give a set"),
    ("09.7", ALL - {"moments of both optimisers"}, "empty averages"),
    ("09.7", ALL - {"place in the data"}, "another"),
    ("09.7", ALL - {"weights of both players"}, "nothing to go on with"),
    ("09.7", ALL | {"latest batch"}, "used up"),
    ("09.7", ALL | {"sample pictures"}, "follow from the generator"),
    ("09.7", ALL | {"the weather"}, "not in the list"),
]
