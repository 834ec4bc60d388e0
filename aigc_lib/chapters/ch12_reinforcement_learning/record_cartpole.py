"""Train chapter 12's policy on CartPole-v1 with several seeds, score it, and record it.

    aigc record 12 cartpole

About ten seconds a seed. Recorded are the full and the short settings, and a network before
training as the baseline. Rows that the record holds already are kept, so that an interrupted
recording goes on; delete book/results/cartpole.json to begin anew.
"""

import time
from pathlib import Path

import gymnasium
import torch
import tyro
from tqdm.auto import tqdm

from aigc_lib.chapters.ch12_reinforcement_learning import cartpole
from aigc_lib.core import results

ROOT = Path(__file__).resolve().parent.parent
NAME = "cartpole"
SETTINGS = {"full": cartpole.FULL, "short": cartpole.SHORT}


def main(seeds: int = 10, threads: int = 1) -> None:
    """Record training runs.

    Args:
        seeds: how many, from 0 on.
        threads: of the processor.
    """
    torch.set_num_threads(threads)
    path = ROOT / results.FOLDER / f"{NAME}.json"
    rows = results.load(NAME)["rows"] if path.is_file() else []
    done = {(row["what"], row["seed"]) for row in rows}
    command = f"aigc record 12 cartpole --seeds {seeds} --threads {threads}"
    for seed in tqdm(range(seeds), unit="seed"):
        for what in ("untrained", *SETTINGS):
            if (what, seed) in done:
                continue
            row = {"what": what, "seed": seed, "gymnasium": gymnasium.__version__}
            if what == "untrained":
                found = cartpole.returns(cartpole.fresh(seed), seed, greedy=False)
            else:
                start = time.perf_counter()
                model, history = cartpole.fit(seed, SETTINGS[what], progress=False)
                row["seconds"] = time.perf_counter() - start
                row |= {"updates": len(history), "steps": history[-1]["steps"]}
                found = cartpole.returns(model, seed)
            rows.append({**row, **cartpole.summary(found)})
        results.record(NAME, rows, command, ROOT)
    print("recorded in", path)


if __name__ == "__main__":
    tyro.cli(main)
