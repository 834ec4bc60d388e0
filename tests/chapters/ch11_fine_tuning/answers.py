"""Right and wrong answers to chapter 11's exercises, and what the hint to each wrong one says."""

import torch
import torch.nn.functional as F


def layer(x, w, bias, a, b, alpha):
    return F.linear(x, w, bias) + alpha / len(a) * F.linear(F.linear(x, a), b)


def gradients(x, g, a, b, scale):
    a, b = a.requires_grad_(), b.requires_grad_()
    (g @ (scale * (b @ (a @ x)))).backward()
    return a.grad, b.grad


def loss(logits, tokens, start):
    p = logits.log_softmax(1)
    return -sum(p[t - 1, tokens[t]] for t in range(start, len(tokens))) / (len(tokens) - start)


def rank_for(update, share):
    squares = torch.linalg.svdvals(update) ** 2
    for rank in range(1, len(squares) + 1):
        if squares[:rank].sum() >= share * squares.sum():
            return rank
    return len(squares)


def by_length(update, share):
    values = torch.linalg.svdvals(update)
    return 1 + int((values.cumsum(0) < share * values.sum()).sum())


def choose(rows, before, budget):
    allowed = [row for row in rows if row["old"] <= before + budget]
    return min(allowed, key=lambda row: row["new"])["name"]


RIGHT = {
    "11.1": 4 * (96 + 288),
    "11.2": layer,
    "11.3": gradients,
    "11.4": 4 * 1_000_000 + 12 * 50_000,
    "11.5": loss,
    "11.6": rank_for,
    "11.7": choose,
}
WRONG = [
    ("11.1", 96 * 288, "frozen matrix"),
    ("11.1", 4 * 96 * 288, "do not multiply"),
    ("11.1", 4 * 96, "rank times inputs"),
    ("11.2", lambda x, w, c, a, b, alpha: layer(x, w, c, a, b, 2 * alpha), "divide alpha"),
    ("11.2", lambda x, w, c, a, b, alpha: layer(x, w, c, a, b, 2.0), "where is alpha"),
    ("11.2", lambda x, w, c, a, b, alpha: layer(x, w, c, a, b, alpha) + 2 * c, "counts once"),
    ("11.2", lambda x, w, c, a, b, alpha: layer(x, w, c, a, b, alpha).T, "shape"),
    ("11.3", lambda x, g, a, b, s: gradients(x, g, a, b, 1.0), "factor"),
    ("11.3", lambda x, g, a, b, s: gradients(x, g, a, b, s)[0], "two tensors"),
    ("11.3", lambda x, g, a, b, s: tuple(-t for t in gradients(x, g, a, b, s)), "sign"),
    ("11.4", 16_000_000, "full fine-tuning"),
    ("11.4", 4_000_000, "at rest"),
    ("11.4", 800_000, "frozen numbers"),
    ("11.4", 4_400_000, "two means"),
    ("11.4", 4_800_000, "count once"),
    ("11.4", 5_000_000, "4 bytes a number"),
    ("11.5", lambda z, t, n: F.cross_entropy(z[n:], t[n:]), "look left"),
    ("11.5", lambda z, t, n: loss(z, t, 1), "on the prompt too"),
    ("11.5", lambda z, t, n: loss(z, t, n + 1), "first token"),
    ("11.5", lambda z, t, n: loss(z, t, n - 1), "last token of the prompt"),
    ("11.5", lambda z, t, n: 2 * loss(z, t, n), "the sum"),
    ("11.6", by_length, "square"),
    ("11.6", lambda u, share: rank_for(u, share) - 1, "one too few"),
    ("11.6", lambda u, share: rank_for(u, share) + 2, "add up squares"),
    ("11.7", lambda rows, before, budget: "a", "forgotten more"),
    ("11.7", lambda rows, before, budget: "d", "best on the new"),
    ("11.7", lambda rows, before, budget: "c", "is not 'c'"),
]
