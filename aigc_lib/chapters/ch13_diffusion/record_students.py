"""Teach students to draw in one or two steps, and train on few pictures to see what is copied.

    aigc record 13 students

The teachers are the shipped networks. About a quarter of an hour on two idle cores.
"""

import time
from typing import Any

import torch

from aigc_lib.chapters.ch13_diffusion import distillation
from aigc_lib.core import runtime
from aigc_lib.core.results import Recording
from aigc_lib.core.speed import Speed
from aigc_lib.data.batches import Batches
from aigc_lib.data.images import load
from aigc_lib.diffusion.training import fit
from aigc_lib.metrics.neighbours import nearest
from aigc_lib.pretrained.loaders import load_diffusion
from aigc_lib.pretrained.scores import score, usual_labels
from aigc_lib.recipes.diffusion import DRAWINGS, DiffusionConfig, build, draw

DATA = ("mnist", "fashion-mnist")
TIMES = {1: [0.0, 1.0], 2: [0.0, 0.5, 1.0]}
PAIRS, IMAGES = 10_000, 60_000  # that the teacher draws; steps that a student sees
TEACHER_SEED, SAMPLE_SEED, SCORED = 1_000, 3, 10_000
PICTURES, TRAINED_ON, LOOKED_AT = (100, 60_000), 150_000, 1_000


def students(data: str, seeds: int) -> list[dict[str, Any]]:
    """A row for each number of steps and seed."""
    teacher, asked = load_diffusion(data), usual_labels(data, PAIRS, TEACHER_SEED)
    labels = usual_labels(data, SCORED, SAMPLE_SEED)
    start = time.perf_counter()
    states = distillation.places(teacher, asked, TIMES[2], TEACHER_SEED, DRAWINGS[data])
    taught, rows = time.perf_counter() - start, []
    for steps, times in TIMES.items():
        on_the_way = states if steps == 2 else states[[0, 2]]
        for seed in range(seeds):
            start = time.perf_counter()
            student = distillation.fit(
                teacher, asked, on_the_way, times, IMAGES, seed=seed, progress=False
            )
            seconds = time.perf_counter() - start
            start = time.perf_counter()
            pictures = distillation.draw(student, labels, times, SAMPLE_SEED)
            ms = 1000 * (time.perf_counter() - start) / SCORED
            found = score(pictures, data, labels)
            rows.append({"what": "student", "steps": steps, "seed": seed, "ms": ms,
                         "seconds": seconds, "teacher_seconds": taught, **found})  # fmt: skip
    return rows


def copies(data: str, pictures: int, seed: int) -> dict[str, Any]:
    """How near samples come to the ``pictures`` that were trained on, beside new real ones."""
    whole, device = load(data), runtime.device()
    images, labels = whole.images[:pictures], whole.labels[:pictures]
    config = DiffusionConfig(data=data, seed=seed)  # type: ignore[arg-type]
    model = build(config, device, Speed(channels_last=True))
    batches = Batches(images, config.batch, seed=seed, labels=labels[:, None])
    fit(model, batches, TRAINED_ON, progress=False)
    drawn = draw(
        model.average, usual_labels(data, LOOKED_AT, SAMPLE_SEED), SAMPLE_SEED, DRAWINGS[data]
    )
    held_out = load(data, "test").images[:LOOKED_AT]
    ours, theirs = (nearest(x, images)[1] for x in (drawn, held_out))
    low = torch.tensor([0.05, 0.5])
    return {
        "what": "copies", "pictures": pictures, "seed": seed,
        "drawn": ours.quantile(low).tolist(), "real": theirs.quantile(low).tolist(),
        "copied": float((ours < theirs.quantile(0.01)).double().mean()),
    }  # fmt: skip


def main(seeds: int = 2) -> None:
    """Record students on both data sets, and copies on MNIST.

    Args:
        seeds: of students and of copies, from 0 on.
    """
    runtime.keep_memory()
    command = f"aigc record 13 students --seeds {seeds}"
    key = ("what", "data", "pictures", "seed")
    recording = Recording("diffusion-students", __file__, command, key)
    runs = [("copies", "mnist", n, seed) for seed in range(seeds) for n in PICTURES]
    runs += [("student", data, None, 0) for data in DATA]  # type: ignore[misc]
    for what, data, pictures, seed in recording.missing(runs):
        rows = students(data, seeds) if what == "student" else [copies(data, pictures, seed)]
        recording.add(*({"data": data, **row} for row in rows))
