"""Right and wrong answers to chapter 19's exercises, and what the hint to each wrong one says."""

import torch


def far(x, y):
    return sum(abs(a - b) for a in x for b in y) / len(x) / len(y)


def energy(x, y):
    return 2 * far(x, y) - far(x, x) - far(y, y)


def longest(one, other):
    best = 0
    for i in range(len(one)):
        for j in range(len(other)):
            n = 0
            while i + n < len(one) and j + n < len(other) and one[i + n] == other[j + n]:
                n += 1
            best = max(best, n)
    return best


def subsequence(one, other):
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            table[i + 1][j + 1] = (
                table[i][j] + 1 if a == b else max(table[i][j + 1], table[i + 1][j])
            )
    return table[-1][-1]


def invertible(window, hop):
    total = torch.zeros(hop, dtype=window.dtype)
    for n, value in enumerate(window):
        total[n % hop] += value**2
    return bool((total > 0).all())


def fold(way, room):
    return room - (way.remainder(2 * room) - room).abs()


RIGHT = {
    "19.1": (16, 24),
    "19.2": energy,
    "19.3": 3000,
    "19.4": longest,
    "19.5": ("A", 0.06),
    "19.6": invertible,
    "19.7": fold,
    "19.8": ("tracker", 1.2),
}
WRONG = [
    ("19.1", (24, 32), "24 thirty-seconds, not 32"),
    ("19.1", (8, 24), "what is missing"),
    ("19.1", 24, "two numbers"),
    ("19.2", lambda x, y: energy(x, y) - far(x, y), "counts twice"),
    ("19.2", lambda x, y: 2 * far(x, y), "within each list"),
    ("19.2", lambda x, y: abs(sum(x) / len(x) - sum(y) / len(y)), "how the numbers are spread"),
    ("19.3", 5000, "cannot hold"),
    ("19.3", 4000, "folded at it"),
    ("19.3", 1000, "as far below"),
    ("19.4", subsequence, "without a gap"),
    ("19.4", lambda a, b: sum(x == y for x, y in zip(a, b, strict=False)), "shifted"),
    ("19.5", ("B", 0.06), "nobody copied"),
    ("19.5", ("C", 0.06), "runs are short"),
    ("19.5", ("A", 0.31), "own share"),
    ("19.5", "A", "give a pair"),
    ("19.6", lambda window, hop: hop <= len(window), "none may be 0"),
    ("19.6", lambda window, hop: bool((window > 0).all()), "none may be 0"),
    ("19.7", lambda way, room: way.remainder(room), "other side"),
    ("19.7", lambda way, room: way.clamp(0, room), "does not stop"),
    ("19.7", lambda way, room: room - fold(way, room), "starts at the wall at 0"),
    ("19.8", ("regression", 2.5), "after 20"),
    ("19.8", ("copy", 11.3), "never moves"),
    ("19.8", ("tracker", 2.1), "next frame"),
]
