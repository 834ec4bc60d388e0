"""Train chapter 13's model on seeds of two data sets, and score it at many numbers of steps.

    aigc record 13 quality

A run is a minute of training on two idle cores; with the drawing of the pictures that are scored,
all of it takes twenty minutes for three seeds. The networks of seed 0 become the shipped weights.
"""

import time
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import torch

from aigc_lib.core import runtime
from aigc_lib.core.results import Recording
from aigc_lib.core.speed import Speed
from aigc_lib.data.images import load
from aigc_lib.data.registry import find
from aigc_lib.diffusion.training import Diffusion, fit
from aigc_lib.pretrained import weights
from aigc_lib.pretrained.loaders import load_generator
from aigc_lib.pretrained.scores import score, usual_labels
from aigc_lib.pretrained.weights import begun_card
from aigc_lib.recipes.diffusion import (
    DRAWINGS,
    DiffusionConfig,
    Drawing,
    build,
    draw,
    plain,
    stream,
)

DATA = ("mnist", "fashion-mnist")
IMAGES = 150_000  # about a minute on two cores
SCORED, FEWER, SAMPLE_SEED = 10_000, 2_000, 3
STEPS = (1, 2, 4, 8, 16, 32)
# The strength of guidance is chosen on a run and on samples that no other row is of.
CHOICE_SEED, WEIGHTS = 100, (1.0, 1.5, 1.75, 2.0, 2.5, 3.0)
NO_CONTEST = (
    "One recipe. The page sets it beside chapter 7's GAN after about as many pictures, as two "
    "recipes that were not tuned with equal effort, and draws no verdict on the kinds of model."
)


def scored(model: Diffusion, data: str, how: Drawing, n: int, seed: int) -> dict[str, Any]:
    """The scores of ``n`` pictures drawn in one way, and the milliseconds that one takes."""
    labels = usual_labels(data, n, seed).to(model.device)
    start = time.perf_counter()
    pictures = draw(model.average, labels, seed, how)
    ms = 1000 * (time.perf_counter() - start) / n
    return {**asdict(how), "ms": ms, **score(pictures, data, labels)}


def generator(data: str) -> dict[str, Any]:
    """What the shipped GAN of chapter 7 draws: one step, and its milliseconds."""
    network, labels = load_generator(data), usual_labels(data, FEWER, SAMPLE_SEED)
    rng = torch.Generator().manual_seed(SAMPLE_SEED)
    start = time.perf_counter()
    with torch.no_grad():
        parts = [network(torch.randn(len(y), 64, generator=rng), y) for y in labels.split(250)]
    ms = 1000 * (time.perf_counter() - start) / FEWER
    pictures = ((torch.cat(parts) + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return {"ms": ms, **score(pictures, data, labels)}


def ship(model: Diffusion, config: DiffusionConfig, row: dict[str, Any]) -> None:
    """Write the averaged network in half precision, and its card."""
    halves = {key: value.half() for key, value in model.average.state_dict().items()}
    tensors = {"diffusion": {key: value.contiguous() for key, value in halves.items()}}
    card = begun_card(config.data, "diffusion", model.average) | {
        "command": "aigc record 13 quality",
        "recipe": plain(config),
        "images": model.images_seen,
        "sizes": {"words": len(find(config.data).classes) + 1, "channels": 1,
                  "widths": list(config.widths)},
        "scores": row,
        "date": date.today().isoformat(),
    }  # fmt: skip
    weights.write(config.data, tensors, card, weights.FOLDER, model="diffusion")


def trained(data: str, seed: int, images: int) -> tuple[Diffusion, DiffusionConfig, dict[str, Any]]:
    """A model, its recipe, and what a row says of its training."""
    device, config = runtime.device(), DiffusionConfig(data=data, seed=seed)  # type: ignore[arg-type]
    model = build(config, device, Speed(channels_last=True))
    start = time.perf_counter()
    fit(model, stream(config, device), images, progress=False)
    seconds = time.perf_counter() - start
    run = {"images_seen": model.images_seen, "seconds": seconds, "threads": torch.get_num_threads()}
    return model, config, run


def rows_of(data: str, maker: str, seed: int, images: int) -> list[dict[str, Any]]:
    """All rows of one run."""
    if maker == "shipped GAN":
        return [generator(data)]
    if maker == "real pictures":
        known = load(data).images  # as many of the very pictures: the floor of the score
        rng = torch.Generator().manual_seed(SAMPLE_SEED)
        return [score(known[torch.randperm(len(known), generator=rng)[:FEWER]], data)]
    model, config, run = trained(data, seed, images)
    usual = DRAWINGS[data]
    if maker == "choice":
        ways = [replace(usual, guidance=weight) for weight in WEIGHTS]
        return [{**run, **scored(model, data, how, FEWER, CHOICE_SEED)} for how in ways]
    if maker == "by steps":
        ways = [Drawing(usual.guidance, steps, "multistep") for steps in STEPS]
        return [{**run, **scored(model, data, how, FEWER, SAMPLE_SEED)} for how in ways]
    row = {**run, **scored(model, data, usual, SCORED, SAMPLE_SEED)}
    if seed == 0:
        ship(model, config, {key: row[key] for key in ("frechet_distance", "recall")})
    return [row]


def main(seeds: int = 3, images: int = IMAGES) -> None:
    """Record all runs.

    Args:
        seeds: how many, from 0 on.
        images: that each run sees.
    """
    runtime.keep_memory()
    command = f"aigc record 13 quality --seeds {seeds} --images {images}"
    recording = Recording("diffusion-quality", __file__, command, key=("data", "maker", "seed"))
    kinds = [("choice", CHOICE_SEED), *(("diffusion", seed) for seed in range(seeds)),
             ("by steps", 0), ("shipped GAN", 0), ("real pictures", 0)]  # fmt: skip
    runs = [(data, maker, seed) for maker, seed in kinds for data in DATA]
    for data, maker, seed in recording.missing(runs):
        found = rows_of(data, maker, seed, images)
        recording.add(*({"data": data, "maker": maker, "seed": seed, **row} for row in found))
    recording.declare(why_none=NO_CONTEST)
