"""Train chapter 10's small GPTs in several sizes and with two tokenisers, and record their scores.

    aigc record 10 scaling     # three seeds: about eight minutes

Every run sees the same number of windows of the same length. What is recorded is the mean price of
a character of the held-out plays, so that the two tokenisers may be compared.
"""

from dataclasses import replace

import torch

from aigc_lib.chapters.ch10_pretraining_language_models import nanogpt
from aigc_lib.core.results import Recording
from aigc_lib.data.texts import load_text
from aigc_lib.lm import tokenizers

WIDTHS, MERGES = (16, 32, 64, 128), 512
LINE = "One recipe at four sizes, to see a line; and at equal tokens, which is not equal text."
SETTING = nanogpt.Config(layers=2, batch=32, steps=1000, lr=3e-3)


def main(seeds: int = 3) -> None:
    """Record nats a character for every width, and for byte pairs at width 64.

    Args:
        seeds: how many, from 0 on.
    """
    torch.set_num_threads(1)
    pairs = tokenizers.learn(load_text("shakespeare")[:1_000_000], MERGES)
    texts = {"characters": nanogpt.plays(), "byte pairs": nanogpt.plays(tokenizer=pairs)}
    command = f"aigc record 10 scaling --seeds {seeds}"
    recording = Recording("scaling", __file__, command, key=("tokeniser", "width", "seed"))
    settings = [*(("characters", width) for width in WIDTHS), ("byte pairs", 64)]
    for name, width, seed in recording.missing([(*s, k) for s in settings for k in range(seeds)]):
        text, setting = texts[name], replace(SETTING, width=width)
        model = nanogpt.fresh(setting, text.tokenizer.size, seed)
        nanogpt.fit(model, text.train, setting, seed, progress=False)
        recording.add({
            "width": width,
            "seed": seed,
            "parameters": sum(p.numel() for p in model.parameters()),
            "in_blocks": sum(p.numel() for p in model.blocks.parameters()),
            "nats_per_character": nanogpt.score(model, text)["nats_per_character"],
            "tokeniser": name,
            "vocabulary": text.tokenizer.size,
            "steps": setting.steps,
            "tokens_per_character": len(text.valid) / text.characters,
        })  # fmt: skip
    recording.declare(why_none=LINE)
