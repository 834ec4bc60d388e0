"""The recipe of the shipped language models: small GPTs that write plays or Tang poems.

    python -m aigc_lib.recipes.writer --data shakespeare --out DIR
    python -m aigc_lib.recipes.writer --data tang --out DIR

trains one from scratch in a few minutes, and writes its weights in half precision and a card with
recipe, seed and scores. ``load_writer`` reads what was written.
"""

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import torch
import tyro

from aigc_lib.core import runtime
from aigc_lib.data.texts import load_text
from aigc_lib.lm.batches import TokenBatches
from aigc_lib.lm.ngram import bigram_nats, unigram_nats
from aigc_lib.lm.tokenizers import Characters, frequent
from aigc_lib.lm.training import Run, evaluate, fit
from aigc_lib.nets.gpt import GPT, GPTConfig
from aigc_lib.pretrained import weights
from aigc_lib.pretrained.loaders import load_writer


@dataclass(frozen=True)
class Config:
    """How a shipped writer is made.

    Attributes:
        data: the text.
        rare: characters that occur less often have no token of their own.
        context, layers, heads, width: the network, see ``GPTSize``.
        batch: windows a step.
        steps: of training.
        lr: highest learning rate.
        seed: of the weights and the windows.
    """

    data: Literal["shakespeare", "tang"] = "shakespeare"
    rare: int = 1
    context: int = 96
    layers: int = 4
    heads: int = 4
    width: int = 96
    batch: int = 32
    steps: int = 5000
    lr: float = 3e-3
    seed: int = 0


CONFIGS = {
    "shakespeare": Config(),
    "tang": Config("tang", rare=20, context=34, layers=3, width=80, batch=64),
}


def main(data: Literal["shakespeare", "tang"], out: Path, steps: int | None = None) -> None:
    """Train a writer, and write its weights and card.

    Args:
        data: the text.
        out: folder for both; made if it is not there.
        steps: fewer or more than the recipe's.
    """
    config = CONFIGS[data]
    steps = steps or config.steps
    device = runtime.device()
    texts = {part: load_text(data, part) for part in ("train", "valid")}
    tokenizer = Characters(frequent(texts["train"], config.rare))
    train, valid = (torch.tensor(tokenizer.encode(text), device=device) for text in texts.values())
    runtime.seed_everything(config.seed)
    size = GPTConfig(tokenizer.size, config.context, config.layers, config.heads, config.width)
    run = Run(GPT(size).to(device), config.lr)
    fit(run, TokenBatches(train, config.batch, config.context, config.seed), steps)
    card = weights.begun_card(data, "writer", run.model) | {
        "recipe": asdict(config) | {"steps": steps},
        "sizes": asdict(size),
        "characters": tokenizer.characters,
    }
    halves = {key: value.half() for key, value in run.model.state_dict().items()}
    weights.write(data, {"writer": halves}, card, out, model="writer")
    # What was written is scored, not what was meant. Text lengths are in characters.
    written = load_writer(data, device, out).model
    length = len(texts["valid"]) - 1
    per_character = (len(valid) - 1) / length
    nats = {
        "nats": evaluate(written, valid) * per_character,
        "unigram_nats": unigram_nats(train, valid[1:], size.vocabulary) * per_character,
        "bigram_nats": bigram_nats(train, valid, size.vocabulary) * per_character,
    }
    bits = {"bits": nats["nats"] / math.log(2)}
    card["scores"] = {"part": "valid", "per": "character", **nats, **bits}
    weights.write(data, {"writer": halves}, card, out, model="writer")
    print(f"written to {out}: {nats['nats']:.3f} nats a character")


if __name__ == "__main__":
    tyro.cli(main)
