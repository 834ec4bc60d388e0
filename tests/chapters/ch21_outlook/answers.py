"""Right and wrong answers to chapter 21's exercises, and what the hint to each wrong one says."""

import re

import torch


def bill(y, q, missing, left):
    return torch.maximum(missing * (y - q), left * (q - y))


def share(made, real, strangers, *, of=torch.min, invert=False):
    near, least = (torch.cdist(some, real).amin(1) for some in (made, strangers))
    found = float((near < of(least)).double().mean())
    return 1 - found if invert else found


def depth(density, length, *, dimmed=1, own=0, before=0.5):
    through = torch.cumsum(density * length, 1) - (1 - own) * density * length
    weights = (1 - torch.exp(-density * length)) * torch.exp(-dimmed * through)
    return (weights * (torch.cumsum(length, 1) - before * length)).sum(1)


def stray(text, table, *, pattern=r"\d+(?:,\d{3})*(?:\.\d+)?"):
    found = [float(n.replace(",", "")) for n in re.findall(pattern, text)]
    return [n for n in found if n not in table.values()]


RIGHT = {
    "21.1": bill,
    "21.2": 21,
    "21.3": (1 / 30 + 60 / 90**2, 1 / 90),
    "21.4": share,
    "21.5": (3 / 1.8, 1 / 6),
    "21.6": depth,
    "21.7": stray,
    "21.8": 3.01,
}
ROUNDED = [("21.3", (0.0407, 0.0111)), ("21.5", (1.67, 0.167))]  # as one writes by hand
WRONG = [
    ("21.1", lambda y, q, m, k: bill(q, y, m, k), "what is missing costs"),
    ("21.1", lambda y, q, m, k: bill(y, q, m, k) / (m + k), "the pinball loss"),
    ("21.1", lambda y, q, m, k: (y - q).abs(), "absolute error"),
    ("21.1", lambda y, q, m, k: m * (y - q), "two cases"),
    ("21.2", 16, "the median"),
    ("21.2", 18, "the mean"),
    ("21.2", 22, "beyond it"),
    ("21.2", 14, "the dearer one"),
    ("21.2", 19, "between two mornings"),
    ("21.3", (1 / 30, 1 / 90), "alone"),
    ("21.3", (1 / 90, 1 / 90), "as if they were real"),
    ("21.3", (1 / 30 + 60 / 90**2, 1 / 30), "number of rows"),
    ("21.3", 0.0407, "two variances"),
    ("21.4", lambda *three: share(*three, of=torch.mean), "least distance"),
    ("21.4", lambda *three: share(*three, invert=True), "not too close"),
    ("21.4", lambda *three: share(*three, of=lambda least: least.quantile(0.02)), "one in fifty"),
    ("21.5", (0.6, 1 / 6), "chance of passing"),
    ("21.5", (3 / 1.8, 1 / 3), "a third was ordered"),
    ("21.5", (3 / 1.8, 0.3), "not their share"),
    ("21.6", lambda *two: depth(*two, dimmed=0), "taken light away"),
    ("21.6", lambda *two: depth(*two, own=1), "not the piece itself"),
    ("21.6", lambda *two: depth(*two, before=0), "not its far end"),
    ("21.6", lambda d, k: depth(d, torch.full_like(k, 0.4)), "summed along the ray"),
    ("21.7", lambda *two: stray(*two, pattern=r"\d+"), "the comma groups it"),
    ("21.7", lambda *two: stray(*two, pattern=r"\d+(?:,\d{3})*"), "the point belongs"),
    ("21.7", lambda *two: [], "without a figure"),
    ("21.7", lambda *two: 2, "a list"),
    ("21.8", 6.02, "mean square"),
    ("21.8", -3.01, "more decibels"),
    ("21.8", 2.0, "ten times"),
]
