"""Name the topics of chapter 16's news from 10, 50 and 500 labels in every way, and record it.

    aigc record 16 finance     # five seeds: about three minutes

All methods see the same labelled stories; they are judged on the whole test part.
"""

import itertools

import torch

from aigc_lib.chapters.ch16_financial_monitoring import corpus as newsroom
from aigc_lib.chapters.ch16_financial_monitoring import few_labels
from aigc_lib.core.results import Recording


def main(seeds: int = 5) -> None:
    """Record the share right and F1 of every method.

    Args:
        seeds: how many, from 0 on; each draws its own stories to be labelled.
    """
    torch.set_num_threads(1)  # networks this small gain nothing from more
    corpus, command = newsroom.load(), f"aigc record 16 finance --seeds {seeds}"
    recording = Recording("finance", __file__, command, key=("method", "labels", "seed"))
    runs = itertools.product(range(seeds), few_labels.SIZES, few_labels.METHODS)
    for method, n, seed in recording.missing(run[::-1] for run in runs):
        recording.add(few_labels.measure(corpus, method, n, seed))
