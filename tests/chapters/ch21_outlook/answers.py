"""Right and wrong answers to chapter 21's exercises, and what the hint to each wrong one says."""

import re

import torch


def pinball(y, q, level):
    return torch.maximum(level * (y - q), (level - 1) * (y - q))


def share(made, real, strangers, *, of=torch.min, invert=False):
    near, least = (torch.cdist(some, real).amin(1) for some in (made, strangers))
    found = float((near < of(least)).double().mean())
    return 1 - found if invert else found


def weights(density, length, *, dimmed=1, own=0):
    through = torch.cumsum(density * length, 1) - (1 - own) * density * length
    return (1 - torch.exp(-density * length)) * torch.exp(-dimmed * through)


def stray(text, table, *, pattern=r"\d+(?:,\d{3})*(?:\.\d+)?"):
    found = [float(n.replace(",", "")) for n in re.findall(pattern, text)]
    return [n for n in found if n not in table.values()]


RIGHT = {
    "21.1": pinball,
    "21.2": 20,
    "21.3": (1 / 20 + 180 / 200**2, 1 / 200),
    "21.4": share,
    "21.5": (3 / 1.8, 1 / 6),
    "21.6": weights,
    "21.7": stray,
    "21.8": 3.01,
}
WRONG = [
    ("21.1", lambda y, q, level: pinball(q, y, level), "too low a forecast costs the level"),
    ("21.1", lambda y, q, level: (y - q).abs(), "absolute error"),
    ("21.1", lambda y, q, level: level * (y - q), "two cases"),
    ("21.2", 15, "the median"),
    ("21.2", 17.4, "the mean"),
    ("21.2", 30, "beyond it"),
    ("21.2", 12, "the dearer one"),
    ("21.3", (1 / 20, 1 / 200), "alone"),
    ("21.3", (1 / 200, 1 / 200), "as if they were real"),
    ("21.3", (0.0545, 1 / 20), "number of rows"),
    ("21.3", 0.0545, "two variances"),
    ("21.4", lambda *three: share(*three, of=torch.mean), "least distance"),
    ("21.4", lambda *three: share(*three, invert=True), "not too close"),
    ("21.5", (0.6, 1 / 6), "chance of passing"),
    ("21.5", (3 / 1.8, 1 / 3), "a third was ordered"),
    ("21.5", (3 / 1.8, 0.3), "not their share"),
    ("21.6", lambda *two: weights(*two, dimmed=0), "taken light away"),
    ("21.6", lambda *two: weights(*two, own=1), "not the piece itself"),
    ("21.7", lambda *two: stray(*two, pattern=r"\d+"), "the comma groups it"),
    ("21.7", lambda *two: stray(*two, pattern=r"\d+(?:,\d{3})*"), "the point belongs"),
    ("21.7", lambda *two: [], "without a figure"),
    ("21.7", lambda *two: 2, "a list"),
    ("21.8", 6.02, "mean square"),
    ("21.8", -3.01, "more decibels"),
    ("21.8", 2.0, "ten times"),
]
