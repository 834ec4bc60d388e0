"""Teach students to draw in one or two steps, and train on few pictures to see what is copied.

    aigc record 13 students

The teachers are the shipped networks. About a quarter of an hour on two idle cores.
"""

import base64
import functools
import time
import zlib
from typing import Any

import torch
from torch import Tensor, nn

from aigc_lib.chapters.ch13_diffusion import distillation
from aigc_lib.chapters.ch13_diffusion.record_quality import (
    FEWER,
    FROM_THE_START,
    SAMPLE_SEED,
    milliseconds,
)
from aigc_lib.core import runtime
from aigc_lib.core.results import Recording
from aigc_lib.core.speed import Speed
from aigc_lib.data.batches import Batches
from aigc_lib.data.images import load
from aigc_lib.diffusion.training import fit
from aigc_lib.metrics.neighbours import memorised, nearest
from aigc_lib.pretrained.loaders import load_diffusion
from aigc_lib.pretrained.scores import score, usual_labels
from aigc_lib.recipes.diffusion import DRAWINGS, SIDE, DiffusionConfig, build, draw

DATA = ("mnist", "fashion-mnist")
TIMES = {1: [0.0, 1.0], 2: [0.0, 0.5, 1.0]}
PAIRS, IMAGES = 10_000, 60_000  # that the teacher draws; steps that a student sees
TEACHER_SEED = 1_000
TRAINED_ON, LOOKED_AT, ALL = 150_000, 1_000, 60_000
NO_CONTEST = (
    "What a student reaches beside its teacher's own short walks, with one setting that was tried "
    "once; and how near samples lie to what was trained on. No kind of model wins anything."
)


def text_of(pictures: Tensor) -> str:
    """Pictures uint8 (10, 1, 28, 28), one of each class, as the record holds them."""
    return base64.b64encode(zlib.compress(pictures.numpy().tobytes(), 9)).decode()


def pictures_of(text: str) -> Tensor:
    """The pictures that ``text_of`` was given."""
    values = torch.frombuffer(bytearray(zlib.decompress(base64.b64decode(text))), dtype=torch.uint8)
    return values.view(-1, 1, SIDE, SIDE)


@functools.cache
def walks(data: str) -> tuple[Tensor, float]:
    """Where the teacher's walks begin, are half-way and end; and how long they took."""
    start = time.perf_counter()
    asked = usual_labels(data, PAIRS, TEACHER_SEED)
    teacher = load_diffusion(data)
    states = distillation.places(teacher, asked, TIMES[2], TEACHER_SEED, FROM_THE_START[data])
    return states, time.perf_counter() - start


def students(data: str, seed: int) -> list[dict[str, Any]]:
    """A row for each number of steps, of as many pictures as the teacher's short walks."""
    teacher, asked = load_diffusion(data), usual_labels(data, PAIRS, TEACHER_SEED)
    labels, (states, taught), rows = usual_labels(data, FEWER, SAMPLE_SEED), walks(data), []
    for steps, times in TIMES.items():
        on_the_way = states if steps == 2 else states[[0, 2]]
        start = time.perf_counter()
        student = distillation.fit(
            teacher, asked, on_the_way, times, IMAGES, seed=seed, progress=False
        )
        row = {"what": "student", "steps": steps, "seed": seed, "teacher_seconds": taught,
               "seconds": time.perf_counter() - start}  # fmt: skip
        row["ms"] = milliseconds(lambda y: distillation.draw(student, y, times, 0), data)  # noqa: B023
        row["timed_on"] = torch.get_num_threads()
        pictures = distillation.draw(student, labels, times, SAMPLE_SEED)
        shown = distillation.draw(student, torch.arange(10), times, SAMPLE_SEED)
        rows.append(row | score(pictures, data, labels) | {"shown": text_of(shown)})
    return rows


def trained_on(data: str, pictures: int, seed: int) -> nn.Module:
    """The recipe's network after training on the first ``pictures``; on all, the shipped one."""
    if pictures == ALL:
        return load_diffusion(data)
    whole = load(data)
    config = DiffusionConfig(data=data, seed=seed)  # type: ignore[arg-type]
    model = build(config, runtime.device(), Speed(channels_last=True))
    labels = whole.labels[:pictures, None]
    fit(model, Batches(whole.images[:pictures], config.batch, seed=seed, labels=labels),
        TRAINED_ON, progress=False)  # fmt: skip
    return model.average


def copies(data: str, pictures: int, seed: int) -> dict[str, Any]:
    """How near samples come to the ``pictures`` that were trained on, beside new real ones."""
    network, known = trained_on(data, pictures, seed), load(data).images[:pictures]
    drawn = draw(network, usual_labels(data, LOOKED_AT, SAMPLE_SEED), SAMPLE_SEED, DRAWINGS[data])
    held_out = load(data, "test").images[:LOOKED_AT]
    ours, theirs = (nearest(x, known)[1] for x in (drawn, held_out))
    shown = draw(network, torch.arange(10), SAMPLE_SEED, DRAWINGS[data])
    levels = torch.linspace(0, 1, 41)
    return {
        "what": "copies", "pictures": pictures, "seed": seed,
        "drawn": [round(x, 3) for x in ours.quantile(levels).tolist()],
        "real": [round(x, 3) for x in theirs.quantile(levels).tolist()],
        "nearer_than_1_percent": memorised(ours, theirs).share,
        "shown": text_of(shown),
    }  # fmt: skip


def main(seeds: int = 3) -> None:
    """Record students on both data sets, and copies on MNIST.

    Args:
        seeds: of students, from 0 on; those on 100 pictures are two.
    """
    runtime.keep_memory()
    command = f"aigc record 13 students --seeds {seeds}"
    key = ("what", "data", "pictures", "seed")
    recording = Recording("diffusion-students", __file__, command, key)
    runs = [("copies", "mnist", 100, 0), ("copies", "mnist", ALL, 0),
            *(("student", data, None, seed) for data in DATA for seed in range(seeds)),
            ("copies", "mnist", 100, 1), ("copies", "mnist", 1_000, 0)]  # fmt: skip
    for what, data, pictures, seed in recording.missing(runs):
        rows = students(data, seed) if what == "student" else [copies(data, pictures, seed)]  # type: ignore[arg-type]
        recording.add(*({"data": data, **row} for row in rows))
    recording.declare(why_none=NO_CONTEST)
