"""Train chapter 10's small GPTs in several sizes and with two tokenisers, and record their scores.

    aigc record 10 scaling     # three seeds: about eight minutes

Every run sees the same number of windows of the same length. What is recorded is the mean price of
a character of the held-out plays, so that the two tokenisers may be compared.
"""

from typing import Any

import torch
import tyro

from aigc_lib.core import results
from aigc_lib.data.texts import load_text
from aigc_lib.lm import tokenizers, training
from aigc_lib.lm.batches import TokenBatches
from aigc_lib.nets.gpt import GPT, GPTConfig
from tools.notebook import ROOT

WIDTHS, LAYERS, HEADS, CONTEXT = (16, 32, 64, 128), 2, 4, 64
STEPS, BATCH, LR, MERGES = 1000, 32, 3e-3, 512


def run(tokens: dict[str, torch.Tensor], vocabulary: int, width: int, seed: int) -> dict[str, Any]:
    """One size and seed: nats over the whole held-out text, and the number of parameters."""
    torch.manual_seed(seed)
    model = GPT(GPTConfig(vocabulary, CONTEXT, LAYERS, HEADS, width))
    batches = TokenBatches(tokens["train"], BATCH, CONTEXT, seed)
    training.fit(training.Run(model, LR), batches, STEPS, progress=False)
    nats = training.evaluate(model, tokens["valid"]) * (len(tokens["valid"]) - 1)
    inner = sum(p.numel() for p in model.blocks.parameters())
    return {
        "width": width,
        "seed": seed,
        "parameters": sum(p.numel() for p in model.parameters()),
        "in_blocks": inner,
        "nats": nats,
    }


def main(seeds: int = 3) -> None:
    """Record nats a character for every width, and for byte pairs at width 64.

    Args:
        seeds: how many, from 0 on.
    """
    texts = {part: load_text("shakespeare", part) for part in ("train", "valid")}
    kinds = {
        "characters": tokenizers.Characters(texts["train"]),
        "byte pairs": tokenizers.learn(texts["train"][:1_000_000], MERGES),
    }
    rows: list[dict[str, Any]] = []
    for name, tokenizer in kinds.items():
        tokens = {part: torch.tensor(tokenizer.encode(text)) for part, text in texts.items()}
        for width in WIDTHS if name == "characters" else (64,):
            for seed in range(seeds):
                row = run(tokens, tokenizer.size, width, seed)
                row["nats_per_character"] = row.pop("nats") / (len(texts["valid"]) - 1)
                row |= {"tokeniser": name, "vocabulary": tokenizer.size, "steps": STEPS}
                row["tokens_per_character"] = len(tokens["valid"]) / len(texts["valid"])
                rows.append(row)
                print(row, flush=True)
    command = f"aigc record 10 scaling --seeds {seeds}"
    print("recorded in", results.record("scaling", rows, command, ROOT))


if __name__ == "__main__":
    torch.set_num_threads(1)
    tyro.cli(main)
