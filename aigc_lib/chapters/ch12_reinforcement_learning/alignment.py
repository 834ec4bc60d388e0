"""Steering a language model by a reward, on a leash (chapter 12).

The model that is steered, the **policy**, writes; a reward scores what it wrote; a frozen copy, the
**reference**, says how far the policy has moved. What is raised is

    J = E[reward] - beta * KL(policy || reference)        over whole texts, in nats

``steer`` raises J by policy gradients, from texts that the policy writes meanwhile. ``prefer`` is
DPO, from pairs of texts that the reference wrote beforehand. Where x is preferred to y with
probability sigma(r(x) - r(y)), as ``pair_up`` can draw it, DPO goes for the same optimum.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from tqdm.auto import tqdm

from aigc_lib.chapters.ch12_reinforcement_learning.losses import dpo_loss
from aigc_lib.chapters.ch12_reinforcement_learning.text_losses import (
    Prompt,
    anchored_loss,
    log_probs,
    next_log_probs,
    place_divergences,
)
from aigc_lib.core.training import Row, insist_on_finite
from aigc_lib.lm.sampling import generate
from aigc_lib.nets.gpt import GPT

Reward = Callable[[Tensor], Tensor]
Lesson = Callable[[int], tuple[Tensor, dict[str, Tensor]]]  # step -> loss, what was measured
Look = Callable[[Row], None]  # called with the row of each step, after it; may add to the row


def write(model: GPT, prompt: Prompt, n: int, seed: int) -> Tensor:
    """``n`` texts without their prompt, drawn at temperature 1: int64 (n, length)."""
    start = prompt.tokens.expand(n, -1)
    texts = generate(model, start, prompt.length, seed=seed, without=prompt.without)
    return texts[:, len(prompt.tokens) :]


@dataclass(frozen=True)
class Config:
    """How ``steer`` and ``prefer`` train.

    Attributes:
        beta: price of a nat of distance from the reference, in units of the reward.
        steps: gradient steps.
        batch: texts (``prefer``: pairs) in a step.
        lr: learning rate of Adam; gradients longer than 1 are shortened to 1.
    """

    beta: float = 0.3
    steps: int = 50
    batch: int = 64
    lr: float = 3e-4

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
    on_step: Look | None = None,
) -> list[Row]:
    """Raise J by REINFORCE, in place; with the same seed, to the same bits.

    ``anchored_loss`` says how.

    Args:
        policy: starts as a copy of the reference, with parameters that want a gradient.
        reference: frozen.
        prompt: what every text starts with.
        reward: texts int64 (N, length) to float (N,), on any device.
        settings: beta, steps, batch and learning rate.
        seed: of the texts.
        progress: show a progress bar.
        on_step: called with the row of each step, after it; may add to the row.

    Returns:
        one row a step, measured before the step: ``step``, ``reward`` (mean), ``kl`` (estimate of
        KL(policy || reference) in nats a text), ``seconds``.

    Raises:
        TrainingError: a gradient stopped being a finite number.
    """
    s, rng = settings, torch.Generator().manual_seed(seed)
    seeds = torch.randint(2**31, (s.steps,), generator=rng).tolist()

    def lesson(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        texts = write(policy, prompt, s.batch, seeds[step])
        earned = reward(texts).to(texts.device)
        ours = next_log_probs(policy, prompt, texts)
        with torch.no_grad():
            theirs = next_log_probs(reference, prompt, texts)
            kl = place_divergences(ours, theirs).sum(1).mean()
        loss = anchored_loss(ours, theirs, texts, earned, s.beta)
        return loss, {"reward": earned.mean(), "kl": kl}

    return _descend(policy, lesson, s, progress, on_step)


class Pairs(NamedTuple):
    """Texts int64 (N, length) each; of every pair the chosen one was preferred."""

    chosen: Tensor
    rejected: Tensor


def pair_up(texts: Tensor, rewards: Tensor, group: int = 4, seed: int | None = None) -> Pairs:
    """Of every ``group`` texts, in their order, the best and the worst; ties are left out.

    With a seed somebody chooses as Bradley and Terry suppose, and DPO's loss does: x rather than y
    with probability sigma(r(x) - r(y)), and so now and then the worse one.

    Args:
        texts: int64 (N, length); a last group that is not full is left out.
        rewards: float (N,), on the processor.
        group: at least 2.
        seed: of the preferences; None: the best is always preferred.

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
    good, bad = texts[rows, best][unlike], texts[rows, worst][unlike]
    if seed is None:
        return Pairs(good, bad)
    ahead = (rewards[rows, best] - rewards[rows, worst])[unlike]
    fair = torch.rand(len(ahead), generator=torch.Generator().manual_seed(seed)) < ahead.sigmoid()
    fair = fair.to(texts.device)
    return Pairs(*(torch.where(fair[:, None], a, b) for a, b in ((good, bad), (bad, good))))


def prefer(
    policy: GPT,
    reference: GPT,
    prompt: Prompt,
    pairs: Pairs,
    settings: Config,
    seed: int = 0,
    *,
    progress: bool = True,
    on_step: Look | None = None,
) -> list[Row]:
    """Learn from pairs by DPO, in place: no reward, no writing during training.

    Args:
        policy, reference, prompt, settings, progress, on_step: as in ``steer``.
        pairs: which text is liked better.
        seed: of the order of the pairs.

    Returns:
        one row a step, measured before the step: ``step``, ``loss`` (log 2 at the start),
        ``right`` (share of pairs that the policy's implied reward puts in order), ``seconds``.

    Raises:
        TrainingError: a gradient stopped being a finite number.
    """
    s, rng = settings, torch.Generator().manual_seed(seed)
    with torch.no_grad():
        known = [torch.cat([log_probs(reference, prompt, x) for x in texts.split(256)])
                 for texts in pairs]  # fmt: skip

    def lesson(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        some = torch.randint(len(pairs.chosen), (s.batch,), generator=rng)
        good, bad = (log_probs(policy, prompt, texts[some]) for texts in pairs)
        loss = dpo_loss(good, bad, known[0][some], known[1][some], s.beta)
        with torch.no_grad():
            right = (good - known[0][some] > bad - known[1][some]).float().mean()
        return loss, {"loss": loss.detach(), "right": right}

    return _descend(policy, lesson, s, progress, on_step)


def _descend(
    policy: GPT, lesson: Lesson, settings: Config, progress: bool, on_step: Look | None
) -> list[Row]:
    """Adam on the losses of the lessons; a row of what each measured before its step."""
    optimizer = torch.optim.Adam(policy.parameters(), lr=settings.lr)
    history, start = list[Row](), time.perf_counter()
    for step in tqdm(range(settings.steps), disable=not progress, desc="training", unit="step"):
        loss, measured = lesson(step)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
        insist_on_finite({"length of the gradient": float(norm)}, f"in step {step}")
        optimizer.step()
        found = {name: float(value) for name, value in measured.items()}
        history.append({"step": step, **found, "seconds": time.perf_counter() - start})
        if on_step:
            on_step(history[-1])
    return history
