"""Right and wrong answers to chapter 15's exercises, and what the hint to each wrong one says."""

import math
import re


def fuse(one, other):
    places = {d: (one.index(d), other.index(d)) for d in one}
    return sorted(one, key=lambda d: (-sum(1 / (61 + p) for p in places[d]), d))


def choose_threshold(scores, rate):
    k = 0
    while (k + 1) / (len(scores) + 1) <= rate + 1e-12:
        k += 1
    return sorted(scores)[k - 1] if k else -math.inf


def read(text):
    return [float(n.replace(",", "")) for n in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", text)]


def false_numbers(reply, source):
    return [n for n in read(reply) if n not in read(source)]


RIGHT = {
    "15.1": math.log(8.5 / 1.5) * 5 / 3.5,
    "15.2": fuse,
    "15.3": choose_threshold,
    "15.4": 29,
    "15.5": false_numbers,
    "15.6": (7.0, False),
    # Fewer than 20 of 100 uniform numbers lie below a quarter, counted by the binomial law.
    "15.7": sum(math.comb(100, j) * 0.25**j * 0.75 ** (100 - j) for j in range(20)),
}
WRONG = [
    ("15.1", math.log(8.5 / 1.5), "has it twice"),
    ("15.1", 2 * math.log(8.5 / 1.5), "saturates"),
    ("15.1", math.log(9) * 5 / 3.5, "not log"),
    ("15.1", "2.48", "must be one number"),
    ("15.2", lambda a, b: fuse(a, b)[::-1], "best comes first"),
    ("15.2", lambda a, b: a[:1], "every document once"),
    ("15.2", lambda a, b: b, "of both"),
    ("15.3", lambda s, r: sorted(s)[int(r * len(s))], "k-th smallest"),
    ("15.3", lambda s, r: sorted(s)[int(r * len(s)) + 1], "the smallest score"),
    ("15.3", lambda s, r: sorted(s)[max(1, int(r * 10 + 1e-9)) - 1], "minus infinity"),
    ("15.3", lambda s, r: choose_threshold(s, r) if r < 0.2 else 0.9, "k-th smallest"),
    ("15.4", 28, "0.9 to the power"),
    ("15.4", 290, "0.9 to the power"),
    ("15.5", lambda r, s: [float(n) for n in re.findall(r"\d+", r) if n not in s], "same number"),
    ("15.5", lambda r, s: [n for n in false_numbers(r, s) if n != 45], "and 45 another"),
    ("15.5", lambda r, s: [n for n in false_numbers(r, s) if n > 40], "compare each"),
    ("15.6", (14.0, False), "divide by all 200"),
    ("15.6", (7.0, True), "2.9 points"),
    ("15.6", 7.0, "two values"),
    ("15.6", (17.0, False), "the difference"),
    ("15.7", 1.0, "share that is missed"),
    ("15.7", 0.9, "above 75"),
    ("15.7", 0.33, "beta distribution"),
]
