"""Train chapter 7's recipe and the textbook's DCGAN for the same time, and score both.

    aigc record 07 quality

Each run takes a minute of training on an otherwise idle machine; three seeds of three loops on two
data sets are 18 runs, about half an hour with the scoring.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from aigc_lib.benchmark.loops import Model, Textbook
from aigc_lib.core import runtime
from aigc_lib.core.pixels import to_uint8
from aigc_lib.core.results import Recording
from aigc_lib.core.speed import Speed
from aigc_lib.data.images import load
from aigc_lib.gan.training import step
from aigc_lib.nets.dcgan import DCDiscriminator, DCGenerator
from aigc_lib.pretrained.scores import score
from aigc_lib.recipes.gan import DCGANConfig, build, stream
from aigc_lib.recipes.scores import score_gan

SAMPLES = 10_000
DATA = ("mnist", "fashion-mnist")


def train_for(seconds: float, steps: Callable[[], object]) -> tuple[float, int]:
    """Call ``steps`` until the time is over; the time it took, and the number of calls."""
    start, calls = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        steps()
        calls += 1
    return time.perf_counter() - start, calls


def ours(data: str, seed: int, seconds: float) -> dict[str, Any]:
    """Chapter 7's recipe, with the switch that pays on every CPU."""
    device = runtime.device()
    config = DCGANConfig(data=data, seed=seed)  # type: ignore[arg-type]
    gan = build(config, device, Speed(channels_last=True))
    batches, game = stream(config, device), config.game()
    took, _ = train_for(seconds, lambda: step(gan, next(batches), game))
    return {"seconds": took, **score_gan(gan, data, SAMPLES, 3, config.classes)}


def textbook(data: str, seed: int, seconds: float, width: int) -> dict[str, Any]:
    """The textbook's loop with DCGAN as published, for 28 x 28 pixels.

    Its samples come from the generator in training, as in the textbooks.
    """
    model = Model(
        lambda: (DCGenerator(100, width=width), DCDiscriminator(width=width, batch_norm=True)),
        latent_dim=100,
        batch=128,
        betas=(0.5, 0.999),
    )
    loop = Textbook(model, runtime.device(), data, seed)
    took, calls = train_for(seconds, lambda: loop.run(10))
    rng = torch.Generator(loop.device).manual_seed(3)
    z = torch.randn(SAMPLES, loop.latent_dim, generator=rng, device=loop.device)
    loop.generator.eval()
    with torch.no_grad():
        images = to_uint8(torch.cat([loop.generator(part) for part in z.split(1000)]))
    seen = 10 * calls * model.batch
    return {"seconds": took, **score(images, data), "seed": 3, "images_seen": seen}


LOOPS: dict[str, Callable[[str, int, float], dict[str, Any]]] = {
    "ours": ours,
    "textbook, width 32": partial(textbook, width=32),
    "textbook, width 64": partial(textbook, width=64),
}


def main(seeds: int = 3, seconds: float = 60.0) -> None:
    """Record all loops on both data sets.

    Args:
        seeds: how many, from 0 on.
        seconds: of training in each run; evaluation is not counted.
    """
    runtime.keep_memory()  # for all of them: here the recipes are compared, not the loops
    runs = [(data, loop, seed) for seed in range(seeds) for data in DATA for loop in LOOPS]
    for data in DATA:
        load(data)
    command = f"aigc record 07 quality --seeds {seeds} --seconds {seconds:g}"
    recording = Recording("quality", __file__, command, key=("data", "loop", "seed"))
    for data, loop, seed in recording.missing(runs):
        found = LOOPS[loop](data, seed, seconds)
        found["sample_seed"] = found.pop("seed")
        recording.add({"data": data, "loop": loop, "seed": seed, **found})
