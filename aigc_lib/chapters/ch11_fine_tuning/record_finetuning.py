"""Tune the small writer to stage directions in every way of chapter 11, and record the scores.

    aigc record 11 finetuning     # three seeds: about six minutes

A seed draws the plays to learn from and to stop by. Every model is scored on the stage directions
of four other plays, and on speeches of one of them, which tells what it has forgotten. What
the record holds already is not done again: delete it to begin anew.
"""

from typing import Any

import torch
import tyro

from aigc_lib.chapters.ch11_fine_tuning import finetune, stage_directions
from aigc_lib.chapters.ch11_fine_tuning.finetune import Config
from aigc_lib.core import results
from tools.notebook import ROOT

FREE = Config(patience=None)
TRIED: list[tuple[str, str, str, dict[str, Any]]] = [
    *(("way", way, way, {}) for way in stage_directions.LEARNING),
    ("way", "full, replay", "full", {"replay": True}),
    *(("rank", str(r), "lora", {"rank": r, "alpha": 2.0 * r}) for r in stage_directions.RANKS),
    ("curve", "plain", "full", {"settings": FREE}),
    ("curve", "weight decay", "full", {"settings": Config(patience=None, decay=3.0)}),
    ("curve", "dropout", "full", {"settings": FREE, "dropout": 0.2}),
]


def main(seeds: tuple[int, ...] = (0, 1, 2)) -> None:
    """Record what every way of tuning learns and forgets.

    Args:
        seeds: of the plays, the windows and the new weights.
    """
    path = ROOT / results.FOLDER / "finetuning.json"
    rows = results.read(path)["rows"] if path.exists() else []
    for seed in seeds:
        task = stage_directions.task(seed)
        for what, name, way, more in TRIED:
            key = {"what": what, "name": name, "seed": seed}
            if any(key == {k: row[k] for k in key} for row in rows):
                continue
            model, count, run = stage_directions.tried(task, way, seed, **more)
            row = key | stage_directions.scores(task, model)
            print(row, flush=True)
            row |= {
                "trained": count,
                "bytes": finetune.training_bytes(model),
                "best": run.steps[run.best],
                "steps": run.steps[-1],
                "seconds": run.seconds,
                "curve": [round(x, 4) for x in run.valid],
                "train": [round(x, 4) for x in run.train],
            }
            rows.append(row)
            rows.sort(key=lambda row: int(row["seed"]))
            results.record(
                "finetuning",
                rows,
                "aigc record 11 finetuning",
                ROOT,
            )


if __name__ == "__main__":
    torch.set_num_threads(1)  # a network this small gains nothing from more
    tyro.cli(main)
