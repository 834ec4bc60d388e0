"""Train chapter 7's game on Stacked MNIST, count the modes, and record it.

    aigc record 07 stacked

A few minutes a seed.
"""

import time

import torch

from aigc_lib.chapters.ch07_convolutional_gans import stacked_mnist
from aigc_lib.core import runtime
from aigc_lib.core.pixels import to_uint8
from aigc_lib.core.results import Recording
from aigc_lib.data.images import load
from aigc_lib.pretrained.loaders import load_classifier


def main(seeds: int = 3, images: int = 256_000) -> None:
    """Record training runs.

    Args:
        seeds: how many, from 0 on.
        images: real pictures to see in each run.
    """
    torch.set_num_threads(1)
    runtime.keep_memory()
    device = runtime.device()
    digits, judge = load("mnist"), load_classifier("mnist", device)
    command = f"aigc record 07 stacked --seeds {seeds} --images {images}"
    recording = Recording("stacked", __file__, command, key=("what", "seed"))
    for what, seed in recording.missing([(w, s) for s in range(seeds) for w in ("real", "ours")]):
        row = {"what": what, "seed": seed}
        if what == "real":
            real = stacked_mnist.stack(load("mnist", "test"), stacked_mnist.SAMPLES, seed)
            found = stacked_mnist.count(stacked_mnist.kinds(real.to(device), judge))
        else:
            start = time.perf_counter()
            gan = stacked_mnist.players(seed, device=device)
            stacked_mnist.fit(gan, digits, images, seed)
            row |= {"images": images, "seconds": time.perf_counter() - start}
            drawn = to_uint8(gan.sample(stacked_mnist.SAMPLES, seed=3))
            found = stacked_mnist.count(stacked_mnist.kinds(drawn, judge))
        recording.add({**row, **found})
    recording.declare(why_none="One way of training, beside real pictures, which are the floor.")
