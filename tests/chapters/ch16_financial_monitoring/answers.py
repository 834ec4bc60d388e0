"""Right and wrong answers to chapter 16's exercises, and what the hint to each wrong one says."""

import math


def cusum(steps):
    totals = [0.0]
    for step in steps:
        totals.append(totals[-1] + step)
    return [totals[t] - min(totals[: t + 1]) for t in range(1, len(totals))]


def running(steps):
    found, level = [], 0.0
    for step in steps:
        level += step
        found.append(level)
    return found


def rings(width, count, q):
    return sum(math.comb(width, k) * q**k * (1 - q) ** (width - k) for k in range(count, width + 1))


def leaked(train, test):
    old = [set(t.split()) for t in train]
    hits = 0
    for text in test:
        words = set(text.split())
        hits += max(len(words & o) / len(words | o) for o in old) >= 0.5
    return hits / len(test)


def prefix(train, test):
    return sum(any(t.split()[:2] == s.split()[:2] for s in train) for t in test) / len(test)


def likeness(alike):
    """An answer that counts two texts as the same by the sets of their words."""

    def leaked(train, test):
        old, new = ([set(t.split()) for t in texts] for texts in (train, test))
        return sum(any(alike(t, s) for s in old) for t in new) / len(new)

    return leaked


def baseline(time, mood, start):
    order = sorted(zip(time, mood, strict=True))
    known = [m for t, m in order if t < start]
    asked = [m for t, m in order if t >= start]
    return asked.count(max(set(known), key=known.count)) / len(asked)


def from_the_test(time, mood, start):
    asked = [m for t, m in zip(time, mood, strict=True) if t >= start]
    return max(asked.count(m) for m in asked) / len(asked)


def by_place(time, mood, start):
    return baseline(range(8), mood, 4)


RIGHT = {
    "16.1": (0.8, 0.6),
    "16.2": cusum,
    "16.3": 9.2103,
    "16.4": rings,
    "16.5": leaked,
    "16.6": 0.2,
    "16.7": (0.4, 0.65),
    "16.8": baseline,
    "16.9": (-1, 2),
}
WRONG = [
    ("16.1", 0.8, "two numbers"),
    ("16.1", (0.8, 0.75), "third class"),
    ("16.1", (0.75, 0.6), "Z / "),
    ("16.2", running, "start again at zero"),
    ("16.2", lambda steps: [max(0.0, s) for s in steps], "before"),
    ("16.2", lambda steps: cusum(steps)[:-1], "one value for each"),
    ("16.3", math.log(500), "one a day"),
    ("16.3", 4.0, "natural logarithm"),
    ("16.3", 10_000, "e.h"),
    ("16.4", lambda w, c, q: rings(w, c + 1, q), "exactly `count`"),
    ("16.4", lambda w, c, q: rings(w, c, q) - rings(w, c + 1, q), "more ring"),
    ("16.4", lambda w, c, q: q**c, "tail"),
    ("16.5", prefix, "half is enough"),
    ("16.5", lambda a, b: 3 * leaked(a, b), "share"),
    ("16.5", lambda a, b: 1.0, "common words"),
    ("16.5", likeness(lambda t, s: len(t & s) > 0.5 * len(t | s)), "exactly half"),
    ("16.5", likeness(lambda t, s: len(t & s) >= 0.5 * len(t)), "either has"),
    ("16.5", likeness(lambda t, s: len(t & s) >= 0.5 * len(s)), "either has"),
    ("16.5", likeness(lambda t, s: len(t & s) > 0.5 * max(len(t), len(s))), "either has"),
    ("16.5", likeness(lambda t, s: len(t & s) > 0.25 * (len(t) + len(s))), "either has"),
    ("16.6", 1 / 6, "weigh"),
    ("16.6", 0.33, "6/10"),
    ("16.7", 0.4, "two numbers"),
    ("16.7", (0.8 / 3, 0.6), "good reports"),
    ("16.7", (1 / 3, 0.75), "0.2 of the good"),
    ("16.8", from_the_test, "nobody knows"),
    ("16.8", by_place, "not by place"),
    ("16.8", lambda t, m, s: baseline(t, m, s + 1), "belongs to the test"),
    ("16.8", lambda t, m, s: 0.9, "3 of the 4"),
    ("16.9", -1, "two numbers"),
    ("16.9", (1, -2), "take off"),
    ("16.9", (-1, -5), "less after the empty one"),
]
