"""Train chapter 7's recipe with step sizes that stay and with such that fall, and score both.

    aigc record 07 falling

Everything else is the same, seed by seed, and both see as many images: what a processor sees in a
minute. It is no contest: the share at the end is that of the recipe for a GPU, and was not tuned.
"""

import time
from dataclasses import replace
from typing import Any

from aigc_lib.core import runtime
from aigc_lib.core.results import Recording
from aigc_lib.core.speed import Speed
from aigc_lib.gan.training import fit
from aigc_lib.recipes.gan import LARGE, DCGANConfig, build, stream
from aigc_lib.recipes.scores import score_gan

SAMPLES = 10_000
NO_CONTEST = "One share, not tuned, at one length of training: an effect is shown, nobody wins."


def scored(config: DCGANConfig, images: int) -> dict[str, Any]:
    """One run, and its scores."""
    device = runtime.device()
    gan = build(config, device, Speed(channels_last=True))
    batches, start = stream(config, device), time.perf_counter()
    fit(gan, batches, images, loss=config.game(), last_lr=config.last_lr, progress=False)
    took = time.perf_counter() - start
    found = score_gan(gan, config.data, SAMPLES, 3, config.classes)
    found["sample_seed"] = found.pop("seed")
    return {"seconds": took, **found}


def main(seeds: int = 3, images: int = 60_000) -> None:
    """Record both kinds of steps.

    Args:
        seeds: how many, from 0 on.
        images: seen in each run.
    """
    runtime.keep_memory()
    command = f"aigc record 07 falling --seeds {seeds} --images {images}"
    recording = Recording("falling", __file__, command, key=("last_lr", "seed"))
    shares = (DCGANConfig.last_lr, LARGE.last_lr)
    for share, seed in recording.missing([(s, seed) for seed in range(seeds) for s in shares]):
        found = scored(replace(DCGANConfig(), last_lr=share, seed=seed), images)
        recording.add({"last_lr": share, "seed": seed, **found})
    recording.declare(why_none=NO_CONTEST)
