"""Train chapter 7's game on Stacked MNIST, count the modes, and record it.

    aigc record 07 stacked

A few minutes a seed. Rows that the record holds already are kept, so that an interrupted recording
goes on; delete book/results/stacked.json to begin anew.
"""

import time
from pathlib import Path

import torch
import tyro
from tqdm.auto import tqdm

from aigc_lib.chapters.ch07_convolutional_gans import stacked_mnist
from aigc_lib.core import results, runtime
from aigc_lib.data.images import load
from aigc_lib.pretrained.loaders import load_classifier

ROOT = Path(__file__).resolve().parent.parent
NAME = "stacked"


def main(seeds: int = 3, images: int = 256_000, threads: int = 1) -> None:
    """Record training runs.

    Args:
        seeds: how many, from 0 on.
        images: real pictures to see in each run.
        threads: of the processor.
    """
    torch.set_num_threads(threads)
    runtime.keep_memory()
    device = runtime.device()
    digits, judge = load("mnist"), load_classifier("mnist", device)
    path = ROOT / results.FOLDER / f"{NAME}.json"
    rows = results.load(NAME)["rows"] if path.is_file() else []
    done = {(row["what"], row["seed"]) for row in rows}
    command = f"aigc record 07 stacked --seeds {seeds} --images {images}"
    for seed in tqdm(range(seeds), unit="run"):
        real = stacked_mnist.stack(load("mnist", "test"), stacked_mnist.SAMPLES, seed).to(device)
        if ("real", seed) not in done:
            found = stacked_mnist.count(stacked_mnist.kinds(real, judge))
            rows.append({"what": "real", "seed": seed, **found})
        if ("ours", seed) not in done:
            start = time.perf_counter()
            gan = stacked_mnist.fit(
                stacked_mnist.players(seed, device=device), digits, images, seed
            )
            seconds = time.perf_counter() - start
            found = dict(stacked_mnist.measure(gan, judge))
            run = {"images": images, "seconds": seconds}
            rows.append({"what": "ours", "seed": seed, **run, **found})
        results.record(NAME, rows, command, ROOT)
    print("recorded in", path)


if __name__ == "__main__":
    tyro.cli(main)
