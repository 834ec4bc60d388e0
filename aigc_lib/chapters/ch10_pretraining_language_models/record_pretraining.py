"""Train nanoGPT's setting for a processor with our loop and with a plain one, and record both.

    aigc record 10 pretraining            # three seeds, two loops: about eight minutes
    aigc record 10 pretraining --gpu      # the larger setting, where a GPU is at hand

The loops take turns, so that what else the machine does falls on both.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import tyro

from aigc_lib.chapters.ch10_pretraining_language_models import nanogpt
from aigc_lib.chapters.ch10_pretraining_language_models.nanogpt import NANO, NANO_GPU
from aigc_lib.core import results, runtime

ROOT = Path(__file__).resolve().parent.parent


def main(seeds: int = 3, gpu: bool = False) -> None:
    """Record loss on held-out plays, and seconds, of both loops.

    Args:
        seeds: how many, from 0 on.
        gpu: the larger setting, with our loop only.
    """
    device = runtime.device()
    if gpu and device.type != "cuda":
        raise SystemExit("no CUDA device here: leave out --gpu for the processor's setting")
    setting = NANO_GPU if gpu else NANO
    text = nanogpt.plays(device)
    loops = {"ours": nanogpt.fit} | ({} if gpu else {"plain": nanogpt.fit_plainly})
    rows: list[dict[str, Any]] = []
    for seed in range(seeds):
        for name, train in sorted(loops.items(), reverse=bool(seed % 2)):
            model = nanogpt.fresh(setting, text.tokenizer.size, seed, device)
            seconds = train(model, text.train, setting, seed)
            rows.append(
                {"loop": name, "seed": seed, "seconds": round(seconds, 1)}
                | nanogpt.score(model, text)
                | {"parameters": sum(p.numel() for p in model.parameters())}
                | asdict(setting)
            )
            print(rows[-1], flush=True)
    command = f"aigc record 10 pretraining --seeds {seeds}" + " --gpu" * gpu
    path = results.record("pretraining-gpu" if gpu else "pretraining", rows, command, ROOT)
    print("recorded in", path)


if __name__ == "__main__":
    tyro.cli(main)
