"""Train chapter 10's small GPTs in several sizes and with two tokenisers, and record their scores.

    aigc record 10 scaling     # three seeds: about eight minutes

Every run sees the same number of windows of the same length. What is recorded is the mean price of
a character of the held-out plays, so that the two tokenisers may be compared.
"""

from typing import Any

import torch

from aigc_lib.core.results import Recording
from aigc_lib.data.texts import load_text
from aigc_lib.lm import tokenizers, training
from aigc_lib.lm.batches import TokenBatches
from aigc_lib.nets.gpt import GPT, GPTConfig

WIDTHS, LAYERS, HEADS, CONTEXT = (16, 32, 64, 128), 2, 4, 64
STEPS, BATCH, LR, MERGES = 1000, 32, 3e-3, 512


def run(
    learn: torch.Tensor, valid: torch.Tensor, vocabulary: int, width: int, seed: int
) -> dict[str, Any]:
    """One size and seed: nats over the whole held-out text, and the number of parameters."""
    torch.manual_seed(seed)
    model = GPT(GPTConfig(vocabulary, CONTEXT, LAYERS, HEADS, width))
    batches = TokenBatches(learn, BATCH, CONTEXT, seed)
    training.fit(training.Run(model, LR), batches, STEPS, progress=False)
    nats = training.evaluate(model, valid) * (len(valid) - 1)
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
    torch.set_num_threads(1)
    train, test = (load_text("shakespeare", part) for part in ("train", "valid"))
    kinds: dict[str, tokenizers.Characters | tokenizers.BytePairs] = {
        "characters": tokenizers.Characters(train),
        "byte pairs": tokenizers.learn(train[:1_000_000], MERGES),
    }
    tokens = {k: [torch.tensor(t.encode(x)) for x in (train, test)] for k, t in kinds.items()}
    command = f"aigc record 10 scaling --seeds {seeds}"
    recording = Recording("scaling", __file__, command, key=("tokeniser", "width", "seed"))
    settings = [*(("characters", width) for width in WIDTHS), ("byte pairs", 64)]
    for name, width, seed in recording.missing([(*s, k) for s in settings for k in range(seeds)]):
        learn, valid = tokens[name]
        row = run(learn, valid, kinds[name].size, width, seed)
        row["nats_per_character"] = row.pop("nats") / (len(test) - 1)
        row |= {"tokeniser": name, "vocabulary": kinds[name].size, "steps": STEPS}
        row["tokens_per_character"] = len(valid) / len(test)
        recording.add(row)
