"""The records that ``tools.gpu`` makes: ``python -m tools.gpu_records NAME [--tiny]``.

The recorders of the rooms, called as functions: their command line needs a package that a lent
machine may lack. ``--tiny`` runs each at a size that proves nothing but that it runs.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from aigc_lib.benchmark import compare
from aigc_lib.chapters.ch07_convolutional_gans import record_large as gan_large
from aigc_lib.chapters.ch09_training_on_gpus import record_ladder
from aigc_lib.chapters.ch10_pretraining_language_models import record_pretraining, record_speed
from aigc_lib.chapters.ch10_pretraining_language_models.nanogpt import NANO_GPU, Config
from aigc_lib.chapters.ch13_diffusion import record_large as diffusion_large
from aigc_lib.core import results
from aigc_lib.recipes.diffusion import DiffusionConfig
from aigc_lib.recipes.gan import LARGE

SMALL = Config(layers=1, heads=1, width=16, context=16, batch=4, steps=2, warmup=1)


def bench(model: str, tiny: bool) -> None:
    """The textbook's loop and ours in turn."""
    rounds, steps = (5, 1) if tiny else (7, 300)
    found = compare.compare(rounds, steps, model=model)
    command = f"python -m tools.gpu_records bench-{model}"
    path = Path(os.environ.get("AIGC_RECORDS", ".")) / f"bench-{model}-gpu.json"
    results.write(path, [found], command, "Two loops of the same networks, timed.")


def pretraining(tiny: bool) -> None:
    """nanoGPT's setting for a GPU."""
    command = "aigc record 10 pretraining --seeds 1 --gpu"
    setting = SMALL if tiny else NANO_GPU
    record_pretraining.record("pretraining-gpu", setting, ("ours",), 1, command)


def language_speed(tiny: bool) -> None:
    """Milliseconds a step of that setting, switch by switch."""
    if tiny:
        record_speed.WAYS.pop("compiled")
        record_speed.WAYS.pop("nanoGPT's loop")
        record_speed.record(SMALL, (4,), 3, 64)
    else:
        record_speed.main()


def ladder(tiny: bool, compiled: bool = False) -> None:
    """Chapter 9's ladder."""
    record_ladder.main(*((5, 1) if tiny else (7, 50)), compiled=compiled)


def gan(tiny: bool) -> None:
    """Chapter 7's recipe for a GPU."""
    if tiny:
        config = replace(LARGE, width=4, batch=32)
        gan_large.SAMPLES = 500
        gan_large.record(config, 1, 0.1, 64)
    else:
        gan_large.main(seeds=1, seconds=30)


def diffusion(tiny: bool) -> None:
    """Chapter 13's recipe for a GPU."""
    if tiny:
        diffusion_large.SCORED = 250
        diffusion_large.WEIGHTS = (1.0,)
        diffusion_large.main(1, 0.1, 64, DiffusionConfig(widths=(8, 16), batch=32))
    else:
        diffusion_large.main(seeds=1, seconds=60)


RECORDS: dict[str, Callable[[bool], None]] = {
    "bench-mlp": lambda tiny: bench("mlp", tiny),
    "bench-dcgan": lambda tiny: bench("dcgan", tiny),
    "language-speed": language_speed,
    "ladder": ladder,
    "pretraining": pretraining,
    "gan-large": gan,
    "diffusion-large": diffusion,
    "ladder-compiled": lambda tiny: ladder(tiny, compiled=True),
}

if __name__ == "__main__":
    RECORDS[sys.argv[1]]("--tiny" in sys.argv)
