"""Make the small Shakespeare writer cheerful in every way of chapter 12, and record the scores.

    python -m tools.record_steering     # three seeds: about seven minutes

Every policy is judged on 512 texts of its own that no training has seen.
"""

from dataclasses import replace
from typing import Any

import torch
import tyro

from aigc_lib import cheer, results, steering
from aigc_lib.steering import Settings
from aigc_lib.writers import Writer, load_writer
from tools.notebook import ROOT

JUDGED = 512


def preferred(writer: Writer, seed: int) -> dict[str, Any]:
    """DPO on pairs from 4,096 texts of the writer."""
    start = cheer.prompt(writer)
    texts = steering.write(writer.model, start, 4096, 500_000 + seed)
    pairs = steering.pair_up(texts, cheer.reward(writer)(texts))
    policy = cheer.trainable(writer)
    steering.prefer(policy, writer.model, start, pairs, cheer.PREFER, seed, progress=False)
    row = {"method": "DPO", "beta": cheer.PREFER.beta, "pairs": len(pairs.chosen)}
    return row | cheer.measure(writer, policy, JUDGED, 1_000_000 + seed)


def steered(writer: Writer, settings: Settings, seed: int) -> dict[str, Any]:
    """The policy gradient with one price of a nat."""
    policy, start = cheer.trainable(writer), cheer.prompt(writer)
    steering.steer(
        policy, writer.model, start, cheer.reward(writer), settings, seed, progress=False
    )
    row = {"method": "policy gradient", "beta": settings.beta}
    return row | cheer.measure(writer, policy, JUDGED, 1_000_000 + seed)


def untrained(writer: Writer, n: int, seed: int) -> dict[str, Any]:
    """The best of n texts of the writer; n = 1 is the writer itself."""
    texts = cheer.best_of(writer, n, JUDGED, 1_000_000 + seed)
    return {"method": "best of n", "n": n} | cheer.described(writer, texts)


def main(seeds: int = 3) -> None:
    """Record reward, KL and what the reward does not see, of every method.

    Args:
        seeds: how many, from 0 on.
    """
    writer = load_writer("shakespeare")
    rows: list[dict[str, Any]] = []
    for seed in range(seeds):
        found = [untrained(writer, n, seed) for n in (1, 4, 16)]
        found += [steered(writer, replace(cheer.STEER, beta=b), seed) for b in cheer.BETAS]
        found += [preferred(writer, seed)]
        rows += [{"seed": seed, **row} for row in found]
        print(*rows[-len(found) :], sep="\n", flush=True)
    command = f"python -m tools.record_steering --seeds {seeds}"
    print("recorded in", results.record("steering", rows, command, ROOT))


if __name__ == "__main__":
    torch.set_num_threads(1)  # a network this small gains nothing from more
    tyro.cli(main)
