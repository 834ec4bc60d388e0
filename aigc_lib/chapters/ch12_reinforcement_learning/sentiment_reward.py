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
from aigc_lib.chapters.ch12_reinforcement_learning.text_losses import Prompt, log_probs
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
# The same learning rate and steps for every beta. DPO needs smaller steps: it sees few pairs often.
STEER = Config()
PREFER = Config(beta=0.3, steps=60, batch=32, lr=1e-4)
BETAS = (0.0, 0.1, 0.3, 1.0)
START, LENGTH = "\n\nJULIET:\n", 64


def cheer(text: str) -> int:
    """Glad words minus sad words."""
    found = text_quality.words(text)
    return sum(w in GLAD for w in found) - sum(w in SAD for w in found)


def prompt(writer: Writer) -> Prompt:
    """Juliet begins to speak; 64 characters follow, none of them spelt by its bytes."""
    tokens = torch.tensor(writer.tokenizer.encode(START))
    return Prompt(tokens, LENGTH, torch.arange(HEX))


def read(writer: Writer, texts: Tensor) -> list[str]:
    """Texts int64 (N, length) as strings."""
    return [writer.tokenizer.decode(text) for text in texts.tolist()]


def reward(writer: Writer) -> alignment.Reward:
    """``cheer`` of texts int64 (N, length), as float (N,)."""
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
    """KL(policy || writer) in nats a text, estimated on texts that the policy wrote."""
    ours, theirs = (
        torch.cat([log_probs(model, prompt(writer), part) for part in texts.split(256)])
        for model in (policy, writer.model)
    )
    return float((ours - theirs).mean())


def described(writer: Writer, texts: Tensor) -> dict[str, float]:
    """Mean reward, its standard error, and ``text_quality.score`` of texts int64 (N, length)."""
    earned = reward(writer)(texts)
    error = float(earned.std()) / len(texts) ** 0.5
    quality = text_quality.score(read(writer, texts))
    return {"reward": float(earned.mean()), "error": error, **quality}


def best_of(writer: Writer, n: int, texts: int, seed: int) -> Tensor:
    """The baseline that trains nothing: write n texts, keep the best; (texts, length)."""
    drawn = alignment.write(writer.model, prompt(writer), n * texts, seed)
    best = reward(writer)(drawn).view(texts, n).argmax(1)
    return drawn.view(texts, n, -1)[torch.arange(texts), best]


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
