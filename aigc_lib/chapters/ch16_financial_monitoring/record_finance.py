"""Name the topics of chapter 16's news from 10, 50 and 500 labels in every way, and record it.

    aigc record 16 finance     # five seeds: about three minutes

All methods see the same labelled stories; they are judged on the whole test part.
"""

from typing import Any

import torch
import tyro

from aigc_lib.chapters.ch16_financial_monitoring import corpus as newsroom
from aigc_lib.chapters.ch16_financial_monitoring import few_labels
from aigc_lib.core import results
from tools.notebook import ROOT


def main(seeds: int = 5) -> None:
    """Record the share right and F1 of every method.

    Args:
        seeds: how many, from 0 on; each draws its own stories to be labelled.
    """
    corpus = newsroom.load()
    rows: list[dict[str, Any]] = []
    for seed in range(seeds):
        for n in few_labels.SIZES:
            rows += [few_labels.measure(corpus, m, n, seed) for m in few_labels.METHODS]
            print(*rows[-len(few_labels.METHODS) :], sep="\n", flush=True)
    command = f"aigc record 16 finance --seeds {seeds}"
    print("recorded in", results.record("finance", rows, command, ROOT))


if __name__ == "__main__":
    torch.set_num_threads(1)  # networks this small gain nothing from more
    tyro.cli(main)
