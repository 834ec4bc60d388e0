"""Counting models: the baselines that a language model must beat."""

from typing import Literal

import torch
from torch import Tensor

Smoothing = Literal["one", "witten-bell", "kneser-ney"]


def unigram_nats(train: Tensor, valid: Tensor, size: int) -> float:
    """Mean nats a token of a model that knows only how frequent each token is (plus one each)."""
    p = (train.bincount(minlength=size) + 1).double()
    return float(-(p / p.sum()).log()[valid].mean())


def bigram_nats(train: Tensor, valid: Tensor, size: int) -> float:
    """Mean nats a token of a model that knows how frequent each token is after the one before it.

    A hundredth is added to each count, so that nothing is impossible.
    """
    pairs = (train[:-1] * size + train[1:]).bincount(minlength=size**2).view(size, size).double()
    p = (pairs + 0.01) / (pairs + 0.01).sum(1, keepdim=True)
    return float(-p[valid[:-1], valid[1:]].log().mean())


def smoothed_nats(
    train: Tensor, valid: Tensor, size: int, back: int, smoothing: Smoothing = "witten-bell"
) -> list[float]:
    """Mean nats a token of the models that look back 0, 1, ..., ``back`` tokens."""
    return smoothed_prices(train, valid, size, back, smoothing).mean(1).tolist()


def smoothed_prices(
    train: Tensor, valid: Tensor, size: int, back: int, smoothing: Smoothing = "witten-bell"
) -> Tensor:
    """Nats for each token (back + 1, N) by the models that look back 0, 1, ..., ``back`` tokens.

    Each mixes what it counted after a context with the model that looks back one token less; at
    the bottom is an even guess. How much a context h leaves to the shorter one is the smoothing:

    - "one": one count;
    - "witten-bell": one count for each different token seen after h, for that is how often
      something new came (method C of Witten and Bell, 1991);
    - "kneser-ney": each count gives away a discount estimated from how many n-grams occur once,
      twice, three and four times; and a shorter context does not count how often a token came,
      but after how many different tokens (modified Kneser-Ney; Chen and Goodman, 1999).

    ``train`` is counted and ``valid`` priced, both int64 (N,); ``size`` is the vocabulary's. The
    first tokens of ``valid`` use the shorter contexts that they have.
    """
    text, old = torch.cat([train, valid]), len(train)
    context = torch.zeros_like(text)  # of each token: the number of the n tokens before it
    guess = torch.full(valid.shape, 1 / size, dtype=torch.float64)
    levels, prices = [], []
    for n in range(back + 2):  # one more: Kneser-Ney asks what comes before
        kinds, gram = torch.unique(context * size + text, return_inverse=True)
        levels.append((gram, kinds // size, gram[n:old].bincount(minlength=len(kinds))))
        context = gram.roll(1)  # wrong for the first n tokens of each text, which are left out
    for n in range(back + 1):
        gram, above, counts = levels[n]
        now = guess.clone()
        now[n:] = _mix(gram[old + n :], above, counts, guess[n:], smoothing)
        prices.append(-now.log())
        if smoothing == "kneser-ney":
            longer, _, more = levels[n + 1]
            ending = torch.empty_like(more)  # what each longer n-gram is without its first token
            ending[longer[n + 1 :]] = gram[n + 1 :]
            before = ending[more > 0].bincount(minlength=len(counts))
            now[n:] = _mix(gram[old + n :], above, before, guess[n:], smoothing)
        guess = now
    return torch.stack(prices)


def _mix(
    gram: Tensor, above: Tensor, counts: Tensor, lower: Tensor, smoothing: Smoothing
) -> Tensor:
    """The probability of the last token of each n-gram in ``gram``, given that in ``lower``.

    Of each n-gram there is, ``above`` numbers its context and ``counts`` counts it.
    """
    keep, away = counts.double(), (counts > 0).double()
    if smoothing == "kneser-ney":
        away = _discounts(counts)[counts.clamp(max=3)]
        keep = keep - away
    contexts = int(above.max()) + 1
    kept, left = (torch.zeros(contexts).double().index_add(0, above, x) for x in (keep, away))
    if smoothing == "one":
        left = torch.ones_like(left)
    here = above[gram]
    total = kept[here] + left[here]
    return torch.where(total > 0, (keep[gram] + left[here] * lower) / total, lower)


def _discounts(counts: Tensor) -> Tensor:
    """What a count of 0, 1, 2, and 3 or more gives away, by Chen and Goodman's estimate."""
    n1, n2, n3, n4 = (int((counts == k).sum()) for k in range(1, 5))
    away = [0.0, 0.5, 1.0, 1.5]  # where there are too few n-grams to estimate it
    if n1 and n2 and n3:
        y = n1 / (n1 + 2 * n2)
        found = [0.0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]
        if all(0 < d < k for k, d in enumerate(found) if k):
            away = found
    return torch.tensor(away, dtype=torch.float64)
