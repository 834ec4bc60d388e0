"""Train chapter 13's model on seeds of two data sets, and score it at many numbers of steps.

    aigc record 13 quality

A run is a minute of training on two quick cores; with the drawing of the pictures that are scored,
all of it takes half an hour for five seeds. The networks of seed 0 become the shipped weights, and
these are drawn with at many numbers of steps, and with guidance that begins late.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from aigc_lib.core import runtime
from aigc_lib.core.pixels import to_uint8
from aigc_lib.core.results import Recording
from aigc_lib.core.speed import Speed
from aigc_lib.data.images import load
from aigc_lib.data.registry import find
from aigc_lib.diffusion.training import Diffusion, fit
from aigc_lib.metrics.features import extract
from aigc_lib.metrics.frechet import Statistics, frechet_distance, statistics
from aigc_lib.pretrained import weights
from aigc_lib.pretrained.loaders import load_classifier, load_diffusion, load_generator
from aigc_lib.pretrained.scores import score, usual_labels
from aigc_lib.pretrained.weights import begun_card
from aigc_lib.recipes.diffusion import (
    AT_ONCE,
    DRAWINGS,
    DiffusionConfig,
    Drawing,
    build,
    draw,
    plain,
    stream,
)

DATA = ("mnist", "fashion-mnist")
IMAGES = 150_000  # about a minute on two quick cores
SCORED, FEWER, SAMPLE_SEED = 10_000, 2_000, 3
STEPS = (1, 2, 4, 8, 16, 32)
FROM_THE_START = {"mnist": Drawing(1.75), "fashion-mnist": Drawing(2.5)}  # how all seeds draw
# The strength of guidance and its beginning are chosen on a run, on samples and on real pictures
# (the test set) that no other row is of.
CHOICE_SEED, WEIGHTS, AFTER = 100, (1.0, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0), (0.0, 0.15, 0.3)
NO_CONTEST = (
    "One recipe. The page sets it beside chapter 7's GAN after about as many pictures, as two "
    "recipes that were not tuned with equal effort, and draws no verdict on the kinds of model."
)


def milliseconds(draw: Callable[[Tensor], Any], data: str) -> float:
    """Of a picture, in the fastest of three batches of 250: other work may disturb some."""
    labels = usual_labels(data, AT_ONCE, 0).to(runtime.device())

    def once() -> float:
        start = time.perf_counter()
        draw(labels)
        return 1000 * (time.perf_counter() - start) / AT_ONCE

    return min(once() for _ in range(3))


def from_held_out(pictures: Tensor, data: str) -> float:
    """The Fréchet distance from the test set, which no other score knows."""
    judge = load_classifier(data, pictures.device)
    return frechet_distance(statistics(extract(judge.features, pictures)), _test_set(data))


@cache
def _test_set(data: str) -> Statistics:
    images = load(data, "test").images
    return statistics(extract(load_classifier(data).features, images))


def scored(network: nn.Module, data: str, how: Drawing, n: int, seed: int) -> dict[str, Any]:
    """The scores of ``n`` pictures drawn in one way, and the milliseconds that one takes."""
    labels = usual_labels(data, n, seed).to(runtime.device())
    pictures = draw(network, labels, seed, how)
    found = {**asdict(how), **score(pictures, data, labels)}
    if seed == CHOICE_SEED:
        return found | {"held_out": from_held_out(pictures, data)}
    ms = milliseconds(lambda some: draw(network, some, seed, how).cpu(), data)
    return found | {"ms": ms, "timed_on": torch.get_num_threads()}


@torch.no_grad()
def generator(data: str) -> dict[str, Any]:
    """What the shipped GAN of chapter 7 draws: one step, and its milliseconds."""
    network, labels = load_generator(data), usual_labels(data, FEWER, SAMPLE_SEED)
    rng = torch.Generator().manual_seed(SAMPLE_SEED)

    def made(some: Tensor) -> Tensor:
        return to_uint8(network(torch.randn(len(some), 64, generator=rng), some))

    pictures = torch.cat([made(some) for some in labels.split(AT_ONCE)])
    ms, threads = milliseconds(made, data), torch.get_num_threads()
    return {"ms": ms, "timed_on": threads, **score(pictures, data, labels)}


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
    usual = FROM_THE_START[data]
    if maker == "by steps":
        network = load_diffusion(data, runtime.device())
        ways = [replace(usual, steps=steps, method="multistep") for steps in STEPS]
        return [scored(network, data, how, FEWER, SAMPLE_SEED) for how in ways]
    if maker == "late":
        network = load_diffusion(data, runtime.device())
        return [scored(network, data, DRAWINGS[data], SCORED, SAMPLE_SEED)]
    model, config, run = trained(data, seed, images)
    if maker == "choice":  # at weight 1 the beginning makes no difference
        grid = [(w, t) for w in WEIGHTS for t in (AFTER if w > 1 else (0.0,))]
        ways = [Drawing(weight, after=after) for weight, after in grid]
        return [{**run, **scored(model.average, data, how, FEWER, CHOICE_SEED)} for how in ways]
    row = {**run, **scored(model.average, data, usual, SCORED, SAMPLE_SEED)}
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
    kinds = [("choice", CHOICE_SEED), ("diffusion", 0), ("by steps", 0), ("shipped GAN", 0),
             ("real pictures", 0), *(("diffusion", seed) for seed in range(1, seeds))]  # fmt: skip
    runs = [(data, maker, seed) for maker, seed in kinds for data in DATA]
    runs.append(("fashion-mnist", "late", 0))  # on digits the usual guidance begins at the start
    for data, maker, seed in recording.missing(runs):
        found = rows_of(data, maker, seed, images)
        recording.add(*({"data": data, "maker": maker, "seed": seed, **row} for row in found))
    recording.declare(why_none=NO_CONTEST)
