"""Train chapter 7's recipe for a GPU for a given time, and score it.

    aigc record 07 large

Wider networks, larger batches and step sizes that fall to a fiftieth: with the small recipe, whose
step sizes stay, training longer brought nothing on a GPU. The aim is a Fréchet distance of at most
1.0 on MNIST and 2.0 on Fashion-MNIST in 60 seconds on an H100, and less in 300.
"""

import time
from dataclasses import replace
from typing import Any

from aigc_lib.core import runtime
from aigc_lib.core.results import Recording
from aigc_lib.core.speed import Speed, usual
from aigc_lib.gan.state import Gan
from aigc_lib.gan.training import fit
from aigc_lib.recipes.gan import LARGE, DCGANConfig, build, stream
from aigc_lib.recipes.scores import score_gan

SAMPLES = 10_000
NO_CONTEST = "One recipe, trained for one time after another. It is compared with nothing."


def trained(config: DCGANConfig, images: int) -> tuple[Gan, float]:
    """The players after so many images, and the seconds that these took."""
    device = runtime.device()
    gan = build(config, device, usual(device, Speed(channels_last=True)))
    batches, start = stream(config, device), time.perf_counter()
    fit(gan, batches, images, loss=config.game(), last_lr=config.last_lr, tick=images,
        progress=False)  # fmt: skip
    return gan, time.perf_counter() - start  # the last row's losses have waited for the device


def images_in(seconds: float, config: DCGANConfig, trial: int) -> int:
    """How many images training sees in that time, by the difference of two trials after one."""
    _, short, long = (trained(config, images)[1] for images in (trial, trial, 3 * trial))
    return max(config.batch, int(seconds * 2 * trial / max(long - short, 1e-3)))


def row_of(config: DCGANConfig, images: int) -> dict[str, Any]:
    """One run, and its scores."""
    gan, took = trained(config, images)
    weights = sum(p.numel() for p in gan.average.parameters())
    found = score_gan(gan, config.data, SAMPLES, 3, config.classes)
    found["sample_seed"] = found.pop("seed")
    return {"seconds": took, "weights": weights, **found}


def main(seeds: int = 1, seconds: float = 60, trial: int = 200_000) -> None:
    """Record both data sets.

    Args:
        seeds: how many, from 0 on.
        seconds: of training in each run; evaluation is not counted.
        trial: images of the trial that tells how many images these are.
    """
    record(LARGE, seeds, seconds, trial)


def record(config: DCGANConfig, seeds: int, seconds: float, trial: int) -> None:
    """Record with any recipe; its data and seed are not used."""
    runtime.keep_memory()
    command = f"aigc record 07 large --seeds {seeds} --seconds {seconds:g}"
    recording = Recording("gan-large", __file__, command, key=("data", "asked", "seed"))
    images = images_in(seconds, config, trial)
    names = ("mnist", "fashion-mnist")
    runs = [(data, float(seconds), seed) for seed in range(seeds) for data in names]
    for data, asked, seed in recording.missing(runs):
        found = row_of(replace(config, data=data, seed=seed), images)
        recording.add({"data": data, "asked": asked, "seed": seed, **found})
    recording.declare(why_none=NO_CONTEST)
