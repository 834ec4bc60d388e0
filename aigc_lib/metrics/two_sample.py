"""The classifier two-sample test: can a classifier tell generated features from real ones?

If it is right on more held-out samples than chance allows, the two sets differ. The converse does
not hold: a chance result may mean that the classifier is weak or the samples are few.

Source: Lopez-Paz and Oquab (2017), "Revisiting classifier two-sample tests", arXiv:1610.06545.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from aigc_lib.metrics.features import pair

LEAST = 10  # with fewer held-out samples hardly any result is significant


class TwoSample(NamedTuple):
    """Accuracy on held-out samples, its one-sided p-value, and how many samples were held out."""

    accuracy: float
    p_value: float
    held_out: int


def p_value(right: int, guessed: int, m: int) -> float:
    """Chance of at least ``right`` hits if ``guessed`` of 2m samples are picked blindly.

    m of the 2m samples are of the kind sought, so the number of hits is hypergeometric. This is the
    exact distribution for held-out sets of equal size, given the classifier: if nothing tells the
    two kinds apart, every way to deal out the labels is equally likely. The paper's binomial is for
    labels drawn one by one: nearly the same where half are picked, though a little too often below
    0.05, because here the number of right answers moves in steps of two.
    """
    from scipy.stats import hypergeom

    return float(hypergeom.sf(right - 1, 2 * m, m, guessed))


def _train(x: Tensor, y: Tensor, steps: int, seed: int) -> nn.Module:
    """A network with one hidden layer that tells y = 1 from y = 0 for features x (n, d)."""
    with torch.random.fork_rng(devices=[]):  # leaves the caller's random numbers as they were
        torch.manual_seed(seed)
        network = nn.Sequential(nn.Linear(x.shape[1], 32), nn.ReLU(), nn.Linear(32, 1)).double()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2, weight_decay=1e-2)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        batch = torch.randint(len(x), (256,), generator=generator)
        loss = nn.functional.binary_cross_entropy_with_logits(network(x[batch])[:, 0], y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network.eval()


def two_sample_test(a: Tensor, b: Tensor, seed: int = 0, steps: int = 300) -> TwoSample:
    """Train a small classifier on half of the features a (n, d) and b (n, d), test on the rest.

    The halves are random, and each holds as many of a as of b, so that chance is 1/2. The p-value
    is the probability of an accuracy at least as high if a and b come from the same distribution.
    Images must have been rounded to uint8 alike, or the classifier sees the rounding.

    Args:
        a: features of one set, float.
        b: features of the other, as many.
        seed: of the halves, the first weights and the batches. One seed is one test: do not try
            several and report the best.
        steps: of training, with 256 samples each.

    Raises:
        ValueError: different numbers of samples, fewer than 20 of each, steps < 1, or features that
            are not finite or of another dimension.
    """
    a, b = (x.cpu() for x in pair(a, b, least=2 * LEAST))
    if len(a) != len(b):
        raise ValueError(f"need as many of a as of b, not {len(a)} and {len(b)}: drop some")
    if steps < 1:
        raise ValueError(f"steps must be at least 1, not {steps}")
    n, half = len(a), len(a) // 2
    generator = torch.Generator().manual_seed(seed)
    a, b = (x[torch.randperm(n, generator=generator)] for x in (a, b))
    train = torch.cat([a[:half], b[:half]])
    labels = torch.cat([torch.zeros(half), torch.ones(half)]).double()
    # The scale comes from the training half alone: the held-out half must not be looked at.
    mean, std = train.mean(dim=0), train.std(dim=0)
    std = torch.where(std > 0, std, 1)
    network = _train((train - mean) / std, labels, steps, seed)
    with torch.no_grad():
        says_a, says_b = (network((x[half:] - mean) / std)[:, 0] > 0 for x in (a, b))
    m, right = n - half, int(says_b.sum())
    guessed = right + int(says_a.sum())
    accuracy = (right + m - int(says_a.sum())) / (2 * m)
    return TwoSample(accuracy, p_value(right, guessed, m), 2 * m)
