"""Train the large network for a given time, on a GPU, and score it.

    aigc record 13 large

Written to reach a Fréchet distance of at most 0.5 on MNIST in 300 seconds on an H100. The guidance
is chosen as for the small network, on a run, samples and real pictures that no score is of.
"""

import time
from dataclasses import replace
from typing import Any

from aigc_lib.chapters.ch13_diffusion.record_quality import CHOICE_SEED, SAMPLE_SEED, SCORED, scored
from aigc_lib.core import runtime
from aigc_lib.core.results import Recording
from aigc_lib.core.speed import Speed
from aigc_lib.diffusion.training import Diffusion, fit
from aigc_lib.recipes.diffusion import DRAWINGS, LARGE, DiffusionConfig, build, stream

SPEED = Speed(channels_last=True, bf16=True, graph=True, tuned=True)
WEIGHTS = (1.0, 1.1, 1.25, 1.5, 1.75, 2.0)
NO_CONTEST = "One recipe, on a GPU. It is compared with nothing."


def trained(config: DiffusionConfig, images: int) -> tuple[Diffusion, float]:
    """A model after ``images`` pictures, and the seconds that these took."""
    device = runtime.device()
    model, batches = build(config, device, SPEED), stream(config, device)
    start = time.perf_counter()
    fit(model, batches, images, tick=images, progress=False)
    return model, time.perf_counter() - start  # the last row's loss has waited for the device


def pictures_in(seconds: float, config: DiffusionConfig, trial: int) -> int:
    """How many pictures training sees in that time, by the difference of two trials after one."""
    _, short, long = (trained(config, images)[1] for images in (trial, trial, 3 * trial))
    return max(config.batch, int(seconds * 2 * trial / max(long - short, 1e-3)))


def rows_of(
    config: DiffusionConfig, seconds: float, images: int, guidance: float | None
) -> list[dict[str, Any]]:
    """One run's row with that guidance; without it, a row for each strength to choose from."""
    model, took = trained(config, images)
    run = {"images_seen": model.images_seen, "seconds": took, "asked": seconds,
           "weights": sum(p.numel() for p in model.average.parameters())}  # fmt: skip
    usual = DRAWINGS[config.data]
    tried = WEIGHTS if guidance is None else (guidance,)
    ways = [replace(usual, guidance=weight, steps=16) for weight in tried]
    return [{**run, **scored(model.average, config.data, w, SCORED, draws(guidance))} for w in ways]


def draws(guidance: float | None) -> int:
    """The seed of the samples: those that choose are others than those that are scored."""
    return CHOICE_SEED if guidance is None else SAMPLE_SEED


def main(
    seeds: int = 3, seconds: float = 300, trial: int = 100_000, config: DiffusionConfig = LARGE
) -> None:
    """Record a choice of guidance, and the seeds with it.

    Args:
        seeds: how many, from 0 on.
        seconds: of training in each run.
        trial: pictures of the trial that tells how many pictures these are.
        config: what is trained; its own seed is not used.
    """
    runtime.keep_memory()
    command = f"aigc record 13 large --seeds {seeds} --seconds {seconds:g}"
    recording = Recording("diffusion-large", __file__, command, key=("maker", "seed"))
    runs = [("choice", CHOICE_SEED), *(("diffusion", seed) for seed in range(seeds))]
    images = pictures_in(seconds, config, trial)
    for maker, seed in recording.missing(runs):
        tried = [row for row in recording.rows if row["maker"] == "choice"]
        best = min(tried, key=lambda row: row["held_out"])["guidance"] if tried else None
        found = rows_of(replace(config, seed=seed), seconds, images, best)
        about = {"data": config.data, "maker": maker, "seed": seed}
        recording.add(*({**about, **row} for row in found))
    recording.declare(why_none=NO_CONTEST)
