"""Log-probabilities of whole texts, and the loss that steers a language model (chapter 12).

A text is a sequence of actions, one token each; its log-probability is the sum of its tokens'. All
are pure functions; logarithms are natural. ``alignment`` trains with them.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from aigc_lib.nets.gpt import GPT


class Prompt(NamedTuple):
    """What a text starts with, and how it goes on.

    Attributes:
        tokens: int64 (T,), the same for every text.
        length: tokens that the model adds.
        without: tokens int64 (K,) that are never drawn.
    """

    tokens: Tensor
    length: int
    without: Tensor


def next_log_probs(model: GPT, prompt: Prompt, texts: Tensor) -> Tensor:
    """log p(next token | prompt, text so far) at every place of texts (N, T): (N, T, V), in nats.

    As ``write`` draws them: the tokens that it leaves out have -inf.
    """
    start = prompt.tokens.expand(len(texts), -1)
    logits = model(torch.cat([start, texts[:, :-1]], 1))[:, len(prompt.tokens) - 1 :]
    log_p: Tensor = logits.index_fill(2, prompt.without, -math.inf).log_softmax(-1)
    return log_p


def log_probs(model: GPT, prompt: Prompt, texts: Tensor) -> Tensor:
    """log p(text | prompt) of texts (N, T): float (N,), in nats."""
    return _of(next_log_probs(model, prompt, texts), texts).sum(1)


def _of(log_p: Tensor, texts: Tensor) -> Tensor:
    return log_p.gather(2, texts[:, :, None])[:, :, 0]


def place_divergences(log_p: Tensor, log_q: Tensor) -> Tensor:
    """KL(p || q) of the next token at every place: log-probabilities (N, T, V) to nats (N, T)."""
    difference = (log_p - log_q).masked_fill(log_p == -math.inf, 0.0)  # 0 log 0 = 0
    return (log_p.exp() * difference).sum(-1)


def leave_one_out(returns: Tensor) -> Tensor:
    """Each return minus the mean of the *others'* (RLOO): advantages (N, ...) of returns (N, ...).

    The mean of the others does not depend on a text's own words, so it is a baseline that leaves
    the gradient unbiased; the mean of all would shrink it by (N - 1) / N.

    Raises:
        ValueError: fewer than two returns.
    Source: Kool, van Hoof and Welling, 2019, "Buy 4 REINFORCE samples, get a baseline for free!".
    """
    n = len(returns)
    if n < 2:
        raise ValueError(f"need at least two returns (N, ...), got {tuple(returns.shape)}")
    return (returns - returns.mean(0)) * n / (n - 1)


def anchored_loss(
    log_p: Tensor, log_q: Tensor, texts: Tensor, rewards: Tensor, beta: float
) -> Tensor:
    """A scalar whose gradient is an unbiased estimate of minus J's, from texts of the policy.

    The divergence of two models of texts is the sum over places of the divergence of the next
    token, averaged over what came before. The latter is known exactly from the logits, so only the
    texts are sampled, and where policy and reference agree, nothing is. A token is to blame for the
    places after it as well: what they cost is part of its return.

    Args:
        log_p: the policy's ``next_log_probs`` of the texts, (N, T, V).
        log_q: the reference's; no gradient.
        texts: int64 (N, T), drawn from the policy.
        rewards: float (N,).
        beta: price of a nat.
    Source: Amini, Vieira and Cotterell, 2025, arXiv:2504.10637, on the estimate of the divergence.
    """
    costs = beta * place_divergences(log_p, log_q.detach())
    later = costs.detach().flip(1).cumsum(1).flip(1) - costs.detach()
    gains = leave_one_out(rewards[:, None] - later)
    return (costs - _of(log_p, texts) * gains).sum(1).mean()
