"""Steering a language model by a reward, on a leash (chapter 12).

The model that is steered, the **policy**, writes; a reward judges what it wrote; a frozen copy, the
**reference**, says how far the policy has moved. What is raised is

    J = E[reward] - beta * KL(policy || reference)        over whole texts, in nats

``steer`` raises J by policy gradients, from texts that the policy writes meanwhile. ``prefer`` goes
for the same optimum by DPO, from pairs of texts that the reference wrote beforehand.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from tqdm.auto import tqdm

from aigc_lib.chapters.ch12_reinforcement_learning import losses
from aigc_lib.core.training import Row, TrainingError
from aigc_lib.lm.sampling import generate
from aigc_lib.nets.gpt import GPT

Reward = Callable[[Tensor], Tensor]


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


def write(model: GPT, prompt: Prompt, n: int, seed: int) -> Tensor:
    """``n`` texts without their prompt, drawn at temperature 1: int64 (n, length)."""
    start = prompt.tokens.expand(n, -1)
    texts = generate(model, start, prompt.length, seed=seed, without=prompt.without)
    return texts[:, len(prompt.tokens) :]


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
    """Each return minus the mean of the *others'*: advantages (N, ...) of returns (N, ...).

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


@dataclass(frozen=True)
class Config:
    """How ``steer`` and ``prefer`` train.

    Attributes:
        beta: price of a nat of distance from the reference, in units of the reward.
        steps: gradient steps.
        batch: texts (``prefer``: pairs) in a step.
        lr: learning rate of Adam.
        max_norm: longest gradient; a longer one is shortened to it.
    """

    beta: float = 0.3
    steps: int = 50
    batch: int = 64
    lr: float = 3e-4
    max_norm: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what cannot be; ValueError."""
        if self.beta < 0 or self.steps < 1 or self.batch < 2 or not self.lr > 0:
            raise ValueError(f"need beta >= 0, steps >= 1, batch >= 2 and lr > 0, got {self}")


def steer(
    policy: GPT,
    reference: GPT,
    prompt: Prompt,
    reward: Reward,
    settings: Config,
    seed: int = 0,
    *,
    progress: bool = True,
) -> list[Row]:
    """Raise J by REINFORCE, in place; with the same seed, to the same bits.

    ``anchored_loss`` says how.

    Args:
        policy: starts as a copy of the reference, with parameters that want a gradient.
        reference: frozen.
        prompt: what every text starts with.
        reward: texts int64 (N, length) to float (N,).
        settings: beta, steps, batch and learning rate.
        seed: of the texts.
        progress: show a progress bar.

    Returns:
        one row a step, measured before the step: ``step``, ``reward`` (mean), ``kl`` (estimate of
        KL(policy || reference) in nats a text), ``seconds``.

    Raises:
        TrainingError: a weight stopped being a finite number.
    """
    s, history = settings, []
    optimizer = torch.optim.Adam(policy.parameters(), lr=s.lr)
    seeds = torch.randint(2**31, (s.steps,), generator=torch.Generator().manual_seed(seed)).tolist()
    start = time.perf_counter()
    for step in tqdm(range(s.steps), disable=not progress, desc="steering", unit="step"):
        texts = write(policy, prompt, s.batch, seeds[step])
        earned = reward(texts)
        ours = next_log_probs(policy, prompt, texts)
        with torch.no_grad():
            theirs = next_log_probs(reference, prompt, texts)
            kl = place_divergences(ours, theirs).sum(1).mean()
        _descend(policy, optimizer, anchored_loss(ours, theirs, texts, earned, s.beta), s.max_norm)
        history.append(_row(step, time.perf_counter() - start, reward=earned.mean(), kl=kl))
    return history


class Pairs(NamedTuple):
    """Texts int64 (N, length) each; of every pair the chosen one earned more."""

    chosen: Tensor
    rejected: Tensor


def pair_up(texts: Tensor, rewards: Tensor, group: int = 4) -> Pairs:
    """Of every ``group`` texts, in their order, the best and the worst; ties are left out.

    Args:
        texts: int64 (N, length); a last group that is not full is left out.
        rewards: float (N,).
        group: at least 2.

    Raises:
        ValueError: no pair is left, or a group of fewer than two.
    """
    if group < 2:
        raise ValueError(f"a pair needs groups of at least 2 texts, got {group}")
    whole = len(texts) // group * group
    texts, rewards = texts[:whole].view(-1, group, texts.shape[1]), rewards[:whole].view(-1, group)
    rows = torch.arange(len(texts))
    best, worst = rewards.argmax(1), rewards.argmin(1)
    unlike = rewards[rows, best] > rewards[rows, worst]
    if not bool(unlike.any()):
        raise ValueError("every group is a tie: nothing can be preferred. Draw more texts.")
    return Pairs(texts[rows, best][unlike], texts[rows, worst][unlike])


def prefer(
    policy: GPT,
    reference: GPT,
    prompt: Prompt,
    pairs: Pairs,
    settings: Config,
    seed: int = 0,
    *,
    progress: bool = True,
) -> list[Row]:
    """Learn from pairs by DPO, in place: no reward, no writing during training.

    Args:
        policy: starts as a copy of the reference, with parameters that want a gradient.
        reference: frozen.
        prompt: what every text starts with.
        pairs: which text is liked better.
        settings: beta, steps, batch and learning rate.
        seed: of the order of the pairs.
        progress: show a progress bar.

    Returns:
        one row a step, measured before the step: ``step``, ``loss`` (log 2 at the start),
        ``right`` (share of pairs that the policy's implied reward puts in order), ``seconds``.

    Raises:
        TrainingError: a weight stopped being a finite number.
    """
    s, history = settings, []
    optimizer = torch.optim.Adam(policy.parameters(), lr=s.lr)
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        known = [torch.cat([log_probs(reference, prompt, x) for x in texts.split(256)])
                 for texts in pairs]  # fmt: skip
    start = time.perf_counter()
    for step in tqdm(range(s.steps), disable=not progress, desc="preferring", unit="step"):
        some = torch.randint(len(pairs.chosen), (s.batch,), generator=rng)
        good, bad = (log_probs(policy, prompt, texts[some]) for texts in pairs)
        loss = losses.dpo_loss(good, bad, known[0][some], known[1][some], s.beta)
        with torch.no_grad():
            right = (good - known[0][some] > bad - known[1][some]).float().mean()
        _descend(policy, optimizer, loss, s.max_norm)
        history.append(_row(step, time.perf_counter() - start, loss=loss.detach(), right=right))
    return history


def _descend(policy: GPT, optimizer: torch.optim.Optimizer, loss: Tensor, longest: float) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    norm = torch.nn.utils.clip_grad_norm_(policy.parameters(), longest)
    if not math.isfinite(float(norm)):
        raise TrainingError("a gradient stopped being finite. Lower the learning rate.")
    optimizer.step()


def _row(step: int, seconds: float, **measured: Tensor) -> Row:
    return {"step": step, **{k: float(v) for k, v in measured.items()}, "seconds": seconds}
