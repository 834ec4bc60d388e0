"""Train nanoGPT's setting for a processor with our loop and with a plain one, and record both.

    aigc record 10 pretraining            # three seeds, two loops: about eight minutes
    aigc record 10 pretraining --gpu      # the larger setting, where a GPU is at hand

The loops take turns, so that what else the machine does falls on both.
"""

from collections.abc import Sequence
from dataclasses import asdict

from aigc_lib.chapters.ch10_pretraining_language_models import nanogpt
from aigc_lib.chapters.ch10_pretraining_language_models.nanogpt import NANO, NANO_GPU, Config
from aigc_lib.core import runtime
from aigc_lib.core.results import Recording


def main(seeds: int = 3, gpu: bool = False) -> None:
    """Record loss on held-out plays, and seconds, of both loops.

    Args:
        seeds: how many, from 0 on.
        gpu: the larger setting, with our loop only.
    """
    if gpu and runtime.device().type != "cuda":
        raise ValueError("no CUDA device here: leave out --gpu for the processor's setting")
    command = f"aigc record 10 pretraining --seeds {seeds}" + " --gpu" * gpu
    name, loops = ("pretraining-gpu", ("ours",)) if gpu else ("pretraining", ("ours", "plain"))
    record(name, NANO_GPU if gpu else NANO, loops, seeds, command)


def record(name: str, setting: Config, loops: Sequence[str], seeds: int, command: str) -> None:
    """Record so many seeds of a setting in these loops."""
    device = runtime.device()
    text = nanogpt.plays(device)
    recording = Recording(name, __file__, command, key=("loop", "seed"))
    runs = [(k, seed) for seed in range(seeds) for k in sorted(loops, reverse=bool(seed % 2))]
    for loop, seed in recording.missing(runs):
        model = nanogpt.fresh(setting, text.tokenizer.size, seed, device)
        fit = nanogpt.fit if loop == "ours" else nanogpt.fit_plainly
        seconds = fit(model, text.train, setting, seed)
        recording.add(
            {"loop": loop, "seed": seed, "seconds": round(seconds, 1)}
            | nanogpt.score(model, text)
            | {"parameters": sum(p.numel() for p in model.parameters())}
            | asdict(setting)
        )
    recording.declare(
        why_none="One setting in two loops that should learn the same; none is tuned."
    )
