"""The experiment on stage directions: the texts, the settings, the scores (chapter 11)."""

import random
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from aigc_lib.chapters.ch11_fine_tuning import finetune
from aigc_lib.chapters.ch11_fine_tuning.finetune import Config, Tuned
from aigc_lib.data.texts import load_text
from aigc_lib.lm.batches import TokenBatches
from aigc_lib.lm.ngram import smoothed_nats
from aigc_lib.lm.training import evaluate
from aigc_lib.lm.writer import Writer
from aigc_lib.nets.gpt import GPT
from aigc_lib.pretrained.loaders import load_writer

# The learning rates of full, last and LoRA are the better of themselves and three times as much, by
# the validation plays of another draw. What begins with nothing is still learning after 200 steps.
LEARNING = {
    "scratch": Config(lr=3e-3, steps=200),
    "full": Config(lr=3e-4),
    "last": Config(lr=1e-3),
    "lora": Config(lr=2e-3),
}
RANKS = (1, 2, 4, 32)
LEARNED, STOPPED, OLD = 4, 2, 24_000  # plays to learn from and to stop by; old tokens to score


@dataclass(frozen=True)
class Task:
    """A pretrained writer, and texts as tokens (N,).

    Attributes:
        learn: stage directions of a few plays.
        valid: of others, to stop by.
        test: of the four plays that nothing was ever trained on.
        old: what is spoken in the first of them, Richard II, up to ``OLD`` tokens.
        spoken: a part of what the writer was pretrained on, for replay.
    """

    writer: Writer
    learn: Tensor
    valid: Tensor
    test: Tensor
    old: Tensor
    spoken: Tensor


def task(seed: int) -> Task:
    """The task with the plays of a seed.

    Raises:
        DataError: a text cannot be had; see ``aigc_lib.data.cache.fetch``.
    """
    writer = load_writer("shakespeare")
    plays = load_text("directions").strip().split("\n\n")
    random.Random(seed).shuffle(plays)
    texts = (
        "\n".join(plays[:LEARNED]),
        "\n".join(plays[LEARNED : LEARNED + STOPPED]),
        load_text("directions", "valid").replace("\n\n", "\n"),
        load_text("shakespeare", "valid")[:OLD],
        load_text("shakespeare")[: 50 * OLD],
    )
    return Task(writer, *(torch.tensor(writer.tokenizer.encode(text)) for text in texts))


def tried(
    task: Task,
    way: str,
    seed: int,
    *,
    settings: Config | None = None,
    dropout: float = 0.0,
    replay: bool = False,
    **lora: Any,
) -> tuple[GPT, int, Tuned]:
    """A model tuned in one way, how many of its numbers were trained, and what it went through.

    "scratch" trains all of a network that knows nothing. ``replay`` puts as many windows of the old
    text into every batch. The rest is ``finetune.prepare``'s.
    """
    settings = settings or LEARNING[way]
    torch.manual_seed(seed)
    model = finetune.copy_of(task.writer.model, dropout)
    if way == "scratch":
        model = GPT(model.config)
    count = finetune.prepare(model, "full" if way == "scratch" else way, **lora)
    size = settings.batch, model.config.context, seed
    batches: finetune.Batches = TokenBatches(task.learn, *size)
    if replay:
        batches = finetune.mixed(batches, TokenBatches(task.spoken, *size))
    return model, count, finetune.fit(model, batches, task.valid, settings)


def scores(task: Task, model: GPT) -> dict[str, float]:
    """Nats a character on the new text and on the old, both held out."""
    return {"new": evaluate(model, task.test), "old": evaluate(model, task.old)}


def counts(task: Task, back: int = 8) -> tuple[list[float], list[float]]:
    """Prices of the validation and of the unseen text by counts of 0, 1, ... ``back`` letters."""
    size = task.writer.model.config.vocabulary
    both = (smoothed_nats(task.learn, x, size, back, "kneser-ney") for x in (task.valid, task.test))
    valid, test = both
    return valid, test
