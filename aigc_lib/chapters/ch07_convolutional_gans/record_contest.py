"""Train every setting of chapter 7's tables on several seeds, and record it.

    aigc record 07 contest

About a minute a run on one CPU core.
"""

import time
from typing import Any

import torch

from aigc_lib.chapters.ch07_convolutional_gans import loss_comparison
from aigc_lib.chapters.ch07_convolutional_gans.fashion_scores import DATA
from aigc_lib.core import runtime
from aigc_lib.core.results import Recording
from aigc_lib.data.images import ImageSet, load
from aigc_lib.nets.classifier import ImageClassifier
from aigc_lib.pretrained.loaders import load_classifier


def rows_of(
    name: str, seed: int, images: int, train: ImageSet, test: ImageSet, judge: ImageClassifier
) -> list[dict[str, Any]]:
    """The two rows of one run: its generator as it is, and averaged."""
    setting = loss_comparison.SETTINGS[name]
    start = time.process_time()  # of all threads, whatever else the machine does
    gan = loss_comparison.fit(setting, train, seed, images)
    seconds = round(time.process_time() - start, 1)
    rows = []
    for averaged in (False, True):
        found = loss_comparison.measure(gan, setting, judge, train, test, averaged)
        rows.append({"setting": name, "seed": seed, "images": images, "seconds": seconds,
                     "averaged": averaged, **found})  # fmt: skip
    return rows


def main(seeds: int = 3, threads: int = 1, images: int = loss_comparison.IMAGES) -> None:
    """Record all settings, seed by seed; first the short runs that the page repeats.

    Args:
        seeds: how many, from 0 on.
        threads: of the CPU; the record holds processor seconds, of all threads together.
        images: real pictures that each run sees.
    """
    torch.set_num_threads(threads)
    runtime.keep_memory()
    runs = [
        (name, seed, loss_comparison.SHORT)
        for seed in range(seeds)
        for name in loss_comparison.REPEATED
    ]
    runs += [(name, seed, images) for seed in range(seeds) for name in loss_comparison.SETTINGS]
    train, test, judge = load(DATA), load(DATA, "test"), load_classifier(DATA)
    command = f"aigc record 07 contest --seeds {seeds} --threads {threads} --images {images}"
    recording = Recording("contest", __file__, command, key=("setting", "seed", "images"))
    for name, seed, seen in recording.missing(runs):
        recording.add(*rows_of(name, seed, seen, train, test, judge))
