"""Right and wrong answers to chapter 08's exercises, and what the hint to each wrong one says."""

import math

import torch


def recall(real, fake, k, own=False):
    place = k if own else k + 1
    radii = torch.cdist(fake, fake).kthvalue(place, dim=1).values
    return (torch.cdist(real, fake) <= radii).any(dim=1).double().mean()


def swapped(real, fake, k):
    return recall(fake, real, k)


def real_radii(real, fake, k):
    radii = torch.cdist(real, real).kthvalue(k + 1, dim=1).values
    return (torch.cdist(real, fake) <= radii[:, None]).any(dim=1).double().mean()


def mmd(x, y, kernel, diagonal=False, pairs=True, mixed=2.0):
    total = -mixed * kernel(x, y).mean()
    for z in (x, y):
        k, n = kernel(z, z), len(z)
        within = k.sum() if diagonal else k.sum() - k.trace()
        total = total + within / (n * (n - 1) if pairs and not diagonal else n * n)
    return total


def at_infinity(sizes, values):
    x = 1 / torch.tensor(sizes, dtype=torch.float64)
    y = torch.tensor(values, dtype=torch.float64)
    slope = ((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum()
    return y.mean() - slope * x.mean()


def slope(sizes, values):
    return (values[0] - values[-1]) / (1 / sizes[0] - 1 / sizes[-1])


def two_points(sizes, values):
    return values[-1] - slope(sizes, values) / sizes[-1]


def line_in_n(sizes, values):
    return at_infinity([1 / n for n in sizes], values)


def needed(n, level, strict=False):
    def tail(c):
        return sum(math.comb(n, i) for i in range(c, n + 1)) / 2**n

    return next(c for c in range(n + 1) if tail(c + strict) <= level)


def normal(n, level):
    z = {0.05: 1.645, 0.01: 2.326}[level]
    return n / 2 + z * math.sqrt(n) / 2


DIAGNOSIS = {"A": "few", "B": "copies", "C": "blur", "D": "missing"}
RIGHT = {
    "08.1": 2 * math.sqrt(2),
    "08.2": recall,
    "08.3": 5 / 6,
    "08.4": mmd,
    "08.5": at_infinity,
    "08.6": needed,
    "08.7": DIAGNOSIS,
}
WRONG = [
    ("08.1", 3, "not equal"),
    ("08.1", 1.5 * math.log(2), "take exp"),
    ("08.1", math.exp(1.5), "nats"),
    ("08.1", 2**-1.5, "minus the sum"),
    ("08.1", 7.0, "own entropy is 0"),
    ("08.2", swapped, "that is precision"),
    ("08.2", lambda real, fake, k: recall(real, fake, k, own=True), "its own nearest"),
    ("08.2", lambda real, fake, k: 100 * recall(real, fake, k), "per cent"),
    ("08.2", real_radii, "THEIR k-th nearest"),
    ("08.3", 0.75, "limit of large sets"),
    ("08.3", 1 - 16 / 81, "fewer real ones"),
    ("08.3", 7 / 9, "4 real ones"),
    ("08.3", 1 / 6, "missed"),
    ("08.3", 1.0, "by chance"),
    ("08.4", lambda x, y, k: mmd(x, y, k, diagonal=True), "with itself"),
    ("08.4", lambda x, y, k: mmd(x, y, k, pairs=False), "pairs left"),
    ("08.4", lambda x, y, k: mmd(x, y, k, mixed=1), "counts twice"),
    ("08.4", lambda x, y, k: mmd(x, y, k).sqrt(), "SQUARED"),
    ("08.4", lambda x, y, k: mmd(x, y, lambda a, b: (a @ b.T / 3 + 1) ** 3), "that is given"),
    ("08.5", slope, "slope"),
    ("08.5", lambda sizes, values: values[-1], "largest n"),
    ("08.5", lambda sizes, values: sum(values) / len(values), "keeps their bias"),
    ("08.5", line_in_n, "in n"),
    ("08.5", two_points, "use all the points"),
    ("08.6", lambda n, level: needed(n, level, strict=True), "use >="),
    ("08.6", lambda n, level: needed(n, level / 2), "one side"),
    ("08.6", normal, "exactly"),
    ("08.6", lambda n, level: n, "exactly"),
    ("08.7", "copies", "dictionary"),
    ("08.7", {**DIAGNOSIS, "A": "collapse"}, "the faults are"),
    ("08.7", {**DIAGNOSIS, "A": "missing", "D": "few"}, "A is not 'missing'"),
    ("08.7", {**DIAGNOSIS, "C": "missing", "D": "blur"}, "no neighbour is near"),
    ("08.7", {**DIAGNOSIS, "B": "missing", "D": "copies"}, "look at that one"),
]
