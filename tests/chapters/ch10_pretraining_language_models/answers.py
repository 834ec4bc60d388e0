"""Right and wrong answers to chapter 10's exercises, and what the hint to each wrong one says."""

import math

import torch


def encode(word, merges):
    text = " ".join(map(str, word)).split()
    for i, (left, right) in enumerate(merges):
        out = []
        for token in text:
            if out and (out[-1], token) == (str(left), str(right)):
                out[-1] = str(256 + i)
            else:
                out.append(token)
        text = out
    return [int(token) for token in text]


def only_once(word, merges):
    word = list(word)
    for i, pair in enumerate(merges):
        for place in range(len(word) - 1):
            if (word[place], word[place + 1]) == pair:
                word[place : place + 2] = [256 + i]
                break
    return word


def backwards(word, merges):
    for i, pair in enumerate(merges[::-1]):
        place = 0
        while place < len(word) - 1:
            if (word[place], word[place + 1]) == pair:
                word[place : place + 2] = [256 + i]
            place += 1
    return word


def near(q, k, v, window):
    rows = []
    for t in range(len(q)):
        seen = range(max(0, t - window + 1), t + 1)
        scores = torch.stack([q[t] @ k[s] / math.sqrt(q.shape[1]) for s in seen])
        rows.append((scores.softmax(0)[:, None] * v[seen.start : t + 1]).sum(0))
    return torch.stack(rows)


def masked(q, k, v, low, high, scale=2.0):
    scores = q @ k.T / scale
    seen = torch.ones(5, 5).triu(low).tril(high).bool()
    return scores.masked_fill(~seen, -math.inf).softmax(-1) @ v


def keep(p, share):
    kept, total = torch.zeros_like(p), 0.0
    for i in p.argsort(descending=True):
        if total >= share:
            break
        kept[i] = p[i]
        total += float(p[i])
    return kept / kept.sum()


def heat(p, t):
    weights = p.pow(1 / t)
    return weights / weights.sum()


def count(vocabulary, context, layers, width):
    block = 12 * width**2 + 9 * width + 4 * width
    return (vocabulary + context) * width + layers * block + 2 * width


def penalise(logits, seen, strength):
    return torch.tensor([
        x if i not in seen else min(x / strength, x * strength)
        for i, x in enumerate(logits.tolist())
    ])  # fmt: skip


def divide(logits, seen, strength):
    logits[list(set(seen))] /= strength
    return logits


def each_time(logits, seen, strength):
    signs = logits > 0
    for token in seen:
        logits[token] *= 1 / strength if signs[token] else strength
    return logits


def everything(logits, seen, strength):
    return torch.where(logits > 0, logits / strength, logits * strength)


RIGHT = {
    "10.1": (1.4 / math.log(2), math.exp(1.4)),
    "10.2": encode,
    "10.3": near,
    "10.4": keep,
    "10.5": heat,
    "10.6": count,
    "10.7": "byte pairs",
    "10.8": penalise,
    "10.9": (0.5, 0.75),
}
WRONG = [
    ("10.1", (1.4 * math.log(2), 4.055), "more"),
    ("10.1", (2.02, 2**1.4), "power of the"),
    ("10.1", 2.02, "a pair"),
    ("10.2", backwards, "the order"),
    ("10.2", only_once, "wherever it occurs"),
    ("10.2", lambda word, merges: word, "go on with"),
    ("10.3", lambda q, k, v, w: masked(q, k, v, -9, 0), "where is the window"),
    ("10.3", lambda q, k, v, w: masked(q, k, v, -w, 0), "one too far"),
    ("10.3", lambda q, k, v, w: masked(q, k, v, 1 - w, 9), "its own future"),
    ("10.3", lambda q, k, v, w: masked(q, k, v, 1 - w, 0, 1.0), "root"),
    (
        "10.3",
        lambda q, k, v, w: ((q @ k.T / 2).softmax(-1) * torch.ones(5, 5).tril().triu(1 - w)) @ v,
        "mask before",
    ),
    ("10.4", lambda p, share: p * (p >= 0.3), "sum to 1"),
    ("10.4", lambda p, share: p * 0, "always stays"),
    ("10.4", lambda p, share: p, "reach the share"),
    ("10.5", lambda p, t: p.log() * 0 + p.log() / t, "powers"),
    ("10.5", lambda p, t: p**t / (p**t).sum(), "1 / T"),
    ("10.5", lambda p, t: p ** (1 / t), "sum to 1"),
    ("10.6", lambda v, c, n, w: count(v, c, n, w) + v * w, "count it once"),
    ("10.6", lambda v, c, n, w: 12 * n * w**2, "what else"),
    ("10.6", lambda v, c, n, w: count(v, c, n, w) - 2 * w, "one at the end"),
    ("10.7", "characters", "what does"),
    ("10.7", "equal", "same unit"),
    ("10.7", 3, "answer 'characters'"),
    ("10.8", divide, "more"),
    ("10.8", each_time, "punished once"),
    ("10.8", everything, "are divided"),
    ("10.9", (1.0, 1.0), "most frequent"),
    ("10.9", (0.5, 1.0), "always saying white"),
    ("10.9", (0.6, 0.76), "mean of what fits"),
    ("10.9", 0.5, "a pair"),
]
