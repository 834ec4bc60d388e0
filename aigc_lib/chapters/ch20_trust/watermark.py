"""A watermark in a language model's text, and the exact chance that other text seems to bear it.

A secret key and the last few tokens colour each possible next token green or red; while the model
writes, the green ones get ``delta`` more in their logits. Who knows the key counts green tokens
(Kirchenbauer et al., 2023, arXiv:2301.10226). Repeated windows are counted once, which makes the
count binomial (Fernandez et al., 2023, arXiv:2308.00113).
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.stats import binom
from torch import Tensor

from aigc_lib.lm.sampling import distribution
from aigc_lib.nets.gpt import GPT, Cache

AGAIN = 32  # tokens that are read anew when the model's context is full


class Mark(NamedTuple):
    """A watermark: its key, the share of green tokens, what they gain, and what colours them."""

    key: int
    gamma: float = 0.5
    delta: float = 2.0
    context: int = 4

    def green(self, before: Tensor, tokens: Tensor) -> Tensor:
        """Whether ``tokens`` (N, K) are green after the contexts ``before`` (N, context).

        A number in 0..1 is hashed from the key, the context and the token; it is green below gamma.
        """
        state: Any = np.full(len(before), self.key, dtype=np.uint64)
        for column in before.numpy().astype(np.uint64).T:
            state = _mix(state + column + np.uint64(1))
        hashed = _mix(state[:, None] + _mix(tokens.numpy().astype(np.uint64)))
        return torch.from_numpy(hashed < np.uint64(self.gamma * 2**64))


def _mix(x: Any) -> Any:
    """SplitMix64's mixing (Steele et al., 2014): for teaching; a real key wants HMAC."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


class Written(NamedTuple):
    """What was written, and what the mark cost: nats of divergence from the model, per token."""

    tokens: Tensor  # int64 (B, T + n), with the prompt
    price: float


@torch.no_grad()
def write(
    model: GPT,
    prompt: Tensor,
    n: int,
    mark: Mark | None = None,
    *,
    seed: int = 0,
    without: Tensor | None = None,
    temperature: float = 1.0,
) -> Written:
    """Continue prompts (B, T), T >= the mark's context, by ``n`` tokens, marked or not.

    When the model's context is full, its last ``AGAIN`` tokens are read anew and it goes on.
    """
    rng = torch.Generator().manual_seed(seed)
    vocabulary = torch.arange(model.config.vocabulary).expand(len(prompt), -1)
    text, cache, price = prompt, None, 0.0
    for _ in range(n):
        if cache is None or cache.length == model.config.context:
            cache = Cache(model.config, len(prompt), prompt.device, model.embedding.weight.dtype)
            unread = text[:, -AGAIN:]
        logits = model(unread, cache)[:, -1] / temperature
        if mark is not None:
            green = mark.green(text[:, -mark.context :], vocabulary)
            share = (distribution(logits, without=without) * green).sum(1)
            logits = logits + mark.delta * green
            price += float(cost(share, mark.delta).mean()) / n
        p = distribution(logits, without=without)
        unread = torch.multinomial(p, 1, generator=rng)
        text = torch.cat([text, unread], dim=1)
    return Written(text, price)


def raised(share: Tensor, delta: float) -> Tensor:
    """The probability of green after the watermark, from the model's own ``share``."""
    up = share * math.exp(delta)
    return up / (up + 1 - share)


def cost(share: Tensor, delta: float) -> Tensor:
    """KL divergence, in nats, of the marked distribution from the model's; at most delta^2 / 8."""
    return delta * raised(share, delta) - torch.log1p(share * math.expm1(delta))


class Count(NamedTuple):
    """Green tokens among ``n`` different windows, and the chance of so many without the mark."""

    green: int
    n: int
    z: float
    p: float


def count(tokens: Sequence[int], mark: Mark, once: bool = True) -> Count:
    """Count the green tokens of one text; each different window ``once``, or every time."""
    windows = [tuple(tokens[k : k + mark.context + 1]) for k in range(len(tokens) - mark.context)]
    if once:
        windows = list(dict.fromkeys(windows))
    if not windows:
        return Count(0, 0, 0.0, 1.0)
    table = torch.tensor(windows)
    green = int(mark.green(table[:, :-1], table[:, -1:]).sum())
    n, gamma = len(windows), mark.gamma
    z = (green - gamma * n) / math.sqrt(gamma * (1 - gamma) * n)
    return Count(green, n, z, float(binom.sf(green - 1, n, gamma)))


def level(n: int, gamma: float, alpha: float) -> float:
    """The exact false-positive rate of "p at most alpha" for n windows: below alpha, in steps."""
    least = int(binom.isf(alpha, n, gamma)) + 1
    return float(binom.sf(least - 1, n, gamma))


def noisy(tokens: Tensor, share: float, low: int, seed: int) -> Tensor:
    """Texts (B, T) in which a share of the tokens is replaced by others from ``low`` upwards."""
    rng = torch.Generator().manual_seed(seed)
    hit = torch.rand(tokens.shape, generator=rng) < share
    # Drawn from the texts themselves, so that frequent characters stay frequent.
    pool = tokens[tokens >= low]
    other = pool[torch.randint(len(pool), tokens.shape, generator=rng)]
    return torch.where(hit, other, tokens)


def reworded(text: str, share: float, words: Sequence[str], seed: int) -> str:
    """A text in which a share of the words is replaced by words drawn from a list."""
    rng = np.random.default_rng(seed)
    parts = text.split(" ")
    swap = rng.random(len(parts)) < share
    return " ".join(
        words[int(rng.integers(len(words)))] if s else part
        for part, s in zip(parts, swap, strict=True)
    )
