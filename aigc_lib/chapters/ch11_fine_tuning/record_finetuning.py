"""Tune the small writer to stage directions in every way of chapter 11, and record the scores.

    aigc record 11 finetuning     # three seeds: about six minutes

A seed draws the plays to learn from and to stop by. Every model is scored on the stage directions
of four other plays, and on speeches of one of them, which tells what it has forgotten.
"""

from functools import cache
from typing import Any

import torch

from aigc_lib.chapters.ch11_fine_tuning import finetune, stage_directions
from aigc_lib.chapters.ch11_fine_tuning.finetune import Config
from aigc_lib.core.results import Recording

FREE = Config(patience=None)
TRIED: list[tuple[str, str, str, dict[str, Any]]] = [
    *(("way", way, way, {}) for way in stage_directions.LEARNING),
    ("way", "full, replay", "full", {"replay": True}),
    *(("rank", str(r), "lora", {"rank": r, "alpha": 2.0 * r}) for r in stage_directions.RANKS),
    ("curve", "plain", "full", {"settings": FREE}),
    ("curve", "weight decay", "full", {"settings": Config(patience=None, weight_decay=3.0)}),
    ("curve", "dropout", "full", {"settings": FREE, "dropout": 0.2}),
]


def main(seeds: int = 3) -> None:
    """Record what every way of tuning learns and forgets.

    Args:
        seeds: how many, from 0 on; of the plays, the windows and the new weights.
    """
    torch.set_num_threads(1)  # a network this small gains nothing from more
    command, task_of = f"aigc record 11 finetuning --seeds {seeds}", cache(stage_directions.task)
    recording = Recording("finetuning", __file__, command, key=("what", "name", "seed"))
    ways = {(what, name): (way, more) for what, name, way, more in TRIED}
    for what, name, seed in recording.missing([(*key, s) for s in range(seeds) for key in ways]):
        task, (way, more) = task_of(seed), ways[what, name]
        model, count, run = stage_directions.tried(task, way, seed, **more)
        recording.add({
            "what": what,
            "name": name,
            "seed": seed,
            **stage_directions.scores(task, model),
            "trained": count,
            "bytes": finetune.training_bytes(model),
            "best": run.steps[run.best],
            "steps": run.steps[-1],
            "seconds": run.seconds,
            "curve": [round(x, 4) for x in run.valid],
            "train": [round(x, 4) for x in run.train],
        })  # fmt: skip
