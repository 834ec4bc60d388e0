"""Right and wrong answers to chapter 07's exercises, and what the hint to each wrong one says."""

import torch
import torch.nn.functional as F


def field(layers, *, own=False, strides=True):
    reach, step = 1, 1
    for kernel, stride in layers:
        step *= stride if own and strides else 1
        reach += (kernel - 1) * step
        step *= stride if strides and not own else 1
    return reach


def spread(x, kernel, stride, *, turned=True, cut=False):
    stretched = torch.zeros((len(x) - 1) * stride + 1)
    stretched[::stride] = x
    kernel = kernel.flip(0) if turned else kernel
    padding = 0 if cut else len(kernel) - 1
    return F.conv1d(stretched[None, None], kernel[None, None], padding=padding)[0, 0]


def stamped(x, kernel, stride):
    full = torch.zeros((len(x) - 1) * stride + len(kernel))
    for i, value in enumerate(x):
        full[i * stride : i * stride + len(kernel)] += value * kernel
    return full


def logit(features, labels, w, b, v):
    return features @ w + b + (features * v[labels]).sum(1)


def before(share, r):
    if r == 0.5:
        raise ValueError("a flip at 1/2 makes every share 1/2")
    return (share - r) / (1 - 2 * r)


def before_or_none(share, r):
    return None if r == 0.5 else (share - r) / (1 - 2 * r)


def agreement(logits, labels):
    right = logits.argmax(1) == labels
    return torch.stack([right[labels == k].float().mean() for k in range(logits.shape[1])])


def precision(logits, labels):
    named = logits.argmax(1)
    return torch.stack([(labels[named == k] == k).float().mean() for k in range(logits.shape[1])])


def norm(x, eps, *, dims=(0, 2, 3), correction=0, outside=False):
    mean = x.mean(dims, keepdim=True)
    variance = x.var(dims, correction=correction, keepdim=True)
    scale = variance.sqrt() + eps if outside else (variance + eps).sqrt()
    return (x - mean) / scale


RIGHT = {
    "07.1": 16 * (3 * 5 * 5 + 1),
    "07.2": field,
    "07.3": spread,
    "07.4": logit,
    "07.5": before,
    "07.6": agreement,
    "07.7": norm,
}

WRONG = [
    ("07.1", 1200, "biases are missing"),
    ("07.1", 16 * 25 + 16, "each of the 3 input channels"),
    ("07.1", 1203, "one bias for each output channel"),
    ("07.1", 16 * (3 * 5 + 1), "5 high and 5 wide"),
    ("07.1", 1216 * 784, "the picture's size does not matter"),
    ("07.1", 999, "biases?|one bias"),
    ("07.2", lambda layers: field(layers, strides=False), "half|strides count"),
    ("07.2", lambda layers: field(layers, own=True), "widens the next layers only"),
    ("07.2", lambda layers: field(layers) - 1, "product of all the strides"),
    ("07.2", lambda layers: field(layers) if layers else 0, "sees itself"),
    ("07.3", lambda x, kernel, stride: spread(x, kernel, stride, turned=False), "mirrored"),
    ("07.3", lambda x, kernel, stride: spread(x, kernel, stride, cut=True), "shape"),
    ("07.3", lambda x, kernel, stride: stamped(x, kernel, 1), "shape"),
    ("07.3", lambda x, kernel, stride: stamped(x.abs(), kernel, stride), "moved by the stride"),
    ("07.4", lambda f, labels, w, b, v: f @ w + b, "do not know the labels"),
    ("07.4", lambda f, labels, w, b, v: f @ w + b + (f @ v.T).sum(1), "and not their sum"),
    ("07.4", lambda f, labels, w, b, v: (f * v[labels]).sum(1), "w.f"),
    ("07.4", lambda f, labels, w, b, v: logit(f, labels, w, b, v)[:, None], "dimension of size 1"),
    ("07.5", lambda share, r: share, "solve"),
    ("07.5", lambda share, r: r + (1 - 2 * r) * share, "flips once more"),
    ("07.5", lambda share, r: (share - r) / (1 - 2 * r), "raise a ValueError that says why"),
    ("07.5", before_or_none, "raise a ValueError"),
    ("07.6", precision, "those so named"),
    ("07.6", lambda z, y: agreement(z, y).mean().expand(4), "not their mean"),
    ("07.6", lambda z, y: agreement(z, y).mean(), "shape"),
    ("07.6", lambda z, y: 1 - agreement(z, y), "largest logit"),
    ("07.7", lambda x, eps: norm(x, eps, dims=(2, 3)), "over the batch too"),
    ("07.7", lambda x, eps: norm(x, eps, correction=1), "by n, and not by n - 1"),
    ("07.7", lambda x, eps: norm(x, eps, outside=True), "under the root"),
    ("07.7", lambda x, eps: x - x.mean((0, 2, 3), keepdim=True), "root of the variance"),
    ("07.7", lambda x, eps: norm(x, eps, dims=(0, 1, 2, 3)), "one mean and one variance"),
]
