"""Chapter 12's task: make the small Shakespeare writer cheerful, and see what that costs.

The reward counts words: one more for a glad word, one less for a sad one. It is simple enough to be
cheated, which is the point. What it does *not* see is measured beside it: how many of the words are
English of Shakespeare's plays, and how many different ones there are (``lm.text_quality``).
"""

import copy
import math

import torch
from torch import Tensor

from aigc_lib.chapters.ch12_reinforcement_learning import alignment
from aigc_lib.chapters.ch12_reinforcement_learning.alignment import Config
from aigc_lib.chapters.ch12_reinforcement_learning.text_losses import (
    Prompt,
    next_log_probs,
    place_divergences,
)
from aigc_lib.lm import text_quality
from aigc_lib.lm.tokenizers import HEX
from aigc_lib.lm.writer import Writer
from aigc_lib.nets.gpt import GPT

# fmt: off
GLAD = frozenset({
    "beauty", "beloved", "blessed", "comfort", "dear", "delight", "fair", "gentle", "glad", "good",
    "grace", "happy", "honest", "honour", "joy", "kind", "kiss", "laugh", "love", "lovely", "merry",
    "mirth", "noble", "peace", "pleasure", "praise", "smile", "sweet", "thank", "thanks", "true",
    "welcome",
})
SAD = frozenset({
    "alas", "bad", "bloody", "cruel", "curse", "cursed", "dead", "death", "die", "evil", "false",
    "fear", "foul", "grave", "grief", "hate", "hell", "ill", "kill", "murder", "pain", "poor",
    "shame", "sick", "sorrow", "tears", "villain", "war", "weep", "woe", "wrong",
})
# fmt: on
# No leash: the step may be large, for nothing is to be kept. With a leash ``record_steering`` takes
# the step with the highest J of three, for each price and method.
GREEDY = Config(beta=0.0, steps=20, lr=1e-3)
STEER, PREFER = Config(steps=80), Config(steps=48, batch=32)
BETAS = (0.3, 1.0)
START, LENGTH, LOOKED = "\n\nJULIET:\n", 64, 512


def cheer(text: str) -> int:
    """Glad words minus sad words."""
    found = text_quality.words(text)
    return sum(w in GLAD for w in found) - sum(w in SAD for w in found)


def prompt(writer: Writer) -> Prompt:
    """Juliet begins to speak; 64 characters follow, none of them spelt by its bytes."""
    device = writer.model.embedding.weight.device
    tokens = torch.tensor(writer.tokenizer.encode(START), device=device)
    return Prompt(tokens, LENGTH, torch.arange(HEX, device=device))


def read(writer: Writer, texts: Tensor) -> list[str]:
    """Texts int64 (N, length) as strings."""
    return [writer.tokenizer.decode(text) for text in texts.tolist()]


def reward(writer: Writer) -> alignment.Reward:
    """``cheer`` of texts int64 (N, length), as float (N,) on the processor, which counts words."""
    return lambda texts: torch.tensor([float(cheer(text)) for text in read(writer, texts)])


def trainable(writer: Writer) -> GPT:
    """A copy of the writer's network that may learn."""
    return copy.deepcopy(writer.model).requires_grad_(True)


def measure(writer: Writer, policy: GPT, n: int = 512, seed: int = 1_000_000) -> dict[str, float]:
    """A policy's mean reward with its error, KL from the writer in nats a text, and quality."""
    start = prompt(writer)
    texts = alignment.write(policy, start, n, seed)
    return {"kl": distance(writer, policy, texts), **described(writer, texts)}


@torch.no_grad()
def distance(writer: Writer, policy: GPT, texts: Tensor) -> float:
    """KL(policy || writer) in nats a text: that of every place, on texts that the policy wrote."""
    start, found = prompt(writer), []
    for part in texts.split(128):
        ours, theirs = (next_log_probs(model, start, part) for model in (policy, writer.model))
        found.append(place_divergences(ours, theirs).sum(1))
    return float(torch.cat(found).mean())


def described(writer: Writer, texts: Tensor) -> dict[str, float]:
    """Mean reward, its standard error, and ``text_quality.score`` of texts int64 (N, length).

    The more texts one looks at, the smaller is the share of different words. So the quality is
    always that of the first ``LOOKED``.
    """
    earned = reward(writer)(texts)
    error = float(earned.std()) / len(texts) ** 0.5
    quality = text_quality.score(read(writer, texts[:LOOKED]))
    return {"reward": float(earned.mean()), "error": error, **quality}


def best_of(rewards: Tensor, n: int, groups: int) -> Tensor:
    """The baseline that trains nothing: of each n texts the place of the best, int64 (groups,)."""
    best = rewards[: n * groups].view(groups, n).argmax(1)
    return torch.arange(groups) * n + best


def best_of_n(rewards: Tensor, n: int) -> tuple[float, float]:
    """Reward and KL from the writer, in nats, of the best of n, by the shares of the rewards.

    With F(k) the share of texts that earn at most k, and G(k) of those that earn less, the best
    earns k with probability F(k)^n - G(k)^n. Ties are broken at random.

    Args:
        rewards: of texts that the writer drew, float (N,).
        n: texts for each one that is kept.
    """
    kinds, counts = rewards.double().unique(return_counts=True)
    share = counts.double() / counts.sum()
    upto = share.cumsum(0)
    best = upto**n - (upto - share).clamp(min=0) ** n
    return float(best @ kinds), float((best * (best / share).log()).sum())


def ideal(rewards: Tensor, beta: float) -> tuple[float, float]:
    """Reward and KL, in nats, of the best policy there is for ``beta``, from the writer's texts.

    The best policy is the writer's, times exp(reward / beta), made to sum to 1. So its means are
    the writer's with these weights. It needs many texts where beta is small, for then a few rare
    ones have all the weight.

    Args:
        rewards: of texts that the writer drew, float (N,).
        beta: price of a nat, above 0.

    Raises:
        ValueError: fewer than a hundred texts would carry the estimate; take a larger beta.
    """
    weights = (rewards.double() / beta).softmax(0)
    effective = float(1 / weights.square().sum())
    if effective < 100:
        raise ValueError(f"beta {beta} rests on {effective:.0f} texts only: take a larger one")
    reward = float(weights @ rewards.double())
    log_mean = float((rewards.double() / beta).logsumexp(0)) - math.log(len(rewards))
    return reward, reward / beta - log_mean
