"""Train nanoGPT's setting for a processor with our loop and with a plain one, and record both.

    python -m tools.record_pretraining            # three seeds, two loops: about eight minutes
    python -m tools.record_pretraining --gpu      # the larger setting, where a GPU is at hand

The loops take turns, so that what else the machine does falls on both.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import tyro

from aigc_lib import pretraining, results, runtime
from aigc_lib.pretraining import NANO, NANO_GPU

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
    text = pretraining.plays(device)
    loops = {"ours": pretraining.train} | ({} if gpu else {"plain": pretraining.train_plainly})
    rows: list[dict[str, Any]] = []
    for seed in range(seeds):
        for name, train in sorted(loops.items(), reverse=bool(seed % 2)):
            model = pretraining.fresh(setting, text.tokeniser.size, seed, device)
            seconds = train(model, text.train, setting, seed)
            rows.append(
                {"loop": name, "seed": seed, "seconds": round(seconds, 1)}
                | pretraining.score(model, text)
                | {"parameters": sum(p.numel() for p in model.parameters())}
                | asdict(setting)
            )
            print(rows[-1], flush=True)
    command = f"python -m tools.record_pretraining --seeds {seeds}" + " --gpu" * gpu
    path = results.record("pretraining-gpu" if gpu else "pretraining", rows, command, ROOT)
    print("recorded in", path)


if __name__ == "__main__":
    tyro.cli(main)
