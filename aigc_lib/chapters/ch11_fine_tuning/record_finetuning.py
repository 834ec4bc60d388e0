"""Tune the small writer to stage directions in every way of chapter 11, and record the scores.

    aigc record 11 finetuning     # three seeds: about a quarter of an hour

A seed draws the plays to learn from and to stop by. Every model is scored on the stage directions
of four other plays, and on speeches of one of them, which tells what it has forgotten. What else
is to be chosen, the validation plays of one more draw decide.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import torch

from aigc_lib.chapters.ch11_fine_tuning import finetune, stage_directions
from aigc_lib.chapters.ch11_fine_tuning.finetune import Config
from aigc_lib.chapters.ch11_fine_tuning.stage_directions import LEARNING, RANKS
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.results import Recording

CHOICE = 100  # the draw that chooses
FREE = Config(patience=None)
Tried = tuple[str, dict[str, Any]]  # a way, and more for ``stage_directions.tried``
WAYS = ("full", "last", "lora")
OPTIONS: dict[str, Tried] = {  # learning rates that are tried on the draw that chooses
    f"{way} {f * LEARNING[way].lr:g}": (
        way, {"settings": replace(LEARNING[way], lr=f * LEARNING[way].lr)}
    )
    for way in WAYS for f in (1, 3)
}  # fmt: skip
LATER: dict[str, Tried] = {  # tried there when all the rest had been recorded
    f"{way} {LEARNING[way].lr / 3:g}": (
        way, {"settings": replace(LEARNING[way], lr=LEARNING[way].lr / 3)}
    )
    for way in WAYS
} | {  # and what begins with nothing, for as long as it gets better
    f"scratch {lr:g}": ("scratch", {"settings": Config(lr=lr, steps=800, patience=10)})
    for lr in (1e-3, 3e-3)
}  # fmt: skip
TRIED: dict[tuple[str, str], Tried] = {
    **{("way", way): (way, {}) for way in LEARNING},
    ("way", "full, replay"): ("full", {"replay": True}),
    **{("rank", str(r)): ("lora", {"rank": r, "alpha": 2.0 * r}) for r in RANKS},
    ("curve", "plain"): ("full", {"settings": FREE}),
    ("curve", "weight decay"): ("full", {"settings": replace(FREE, weight_decay=3.0)}),
    ("curve", "dropout"): ("full", {"settings": FREE, "dropout": 0.2}),
}
HELD = "stage directions of four plays that nothing was trained on"
VALID = "two validation plays of each draw; learning rates and the like by those of draw 100"
READY = "It is counted in one go."
NOT_BY = "Nothing was chosen by the old text: what it loses is the price of the new one."
ONE_RATE = "Every rank learns at the rate that was chosen for rank 8, with alpha twice the rank."
ONE_EACH = "One weight decay and one dropout were tried, at the rate that was chosen without them."
STEPS = "Where it was still learning, what is said of it is said of these steps."
REMEDIES = ("plain", "weight decay", "dropout")
NINE = "Nine lengths of context were tried, and two learning rates of each network."
Rows = Sequence[dict[str, Any]]


def of(rows: Rows, what: str, name: str) -> list[dict[str, Any]]:
    """The rows of one thing that was tried, in the order of their seeds."""
    return sorted(
        (row for row in rows if (row["what"], row["name"]) == (what, name)),
        key=lambda row: row["seed"],
    )


def kept(rows: Rows) -> list[list[float]]:
    """Mean validation loss of the weights that stopping would keep, at each look."""
    looks = max(len(row["curve"]) for row in rows)
    best = [np.minimum.accumulate(row["curve"]).tolist() for row in rows]
    filled = np.array([curve + curve[-1:] * (looks - len(curve)) for curve in best])
    return [[10 * i, round(float(y), 4)] for i, y in enumerate(filled.mean(0))]


def contestant(rows: Rows, what: str, name: str, chosen: str = "") -> Contestant:
    """One thing that was tried, judged by the price of the unseen directions."""
    found = of(rows, what, name)
    scores = [row["new"] for row in found]
    if what == "counts":
        return Contestant(9, [row["back"] for row in found], scores, None, READY)
    if not chosen:
        return Contestant(1, name, scores, kept(found), STEPS)
    options = [r for r in rows if r["name"] in OPTIONS and r["name"].startswith(chosen)]
    best = min(options, key=lambda row: min(row["curve"]))["name"]
    return Contestant(len(options), best, scores, kept(found), STEPS)


def contests(rows: Rows, before: dict[str, float]) -> list[Contest]:
    """What pretraining adds to four plays, and three questions about the tuning."""
    ways = {way: contestant(rows, "way", way, way) for way in WAYS}
    four = ways | {"counts": contestant(rows, "counts", "kneser-ney")}
    ranks = {r: contestant(rows, "rank", str(r)) for r in RANKS}
    ranks[8] = contestant(rows, "way", "lora")
    remedies = {name: contestant(rows, "curve", name) for name in REMEDIES}
    forgetting = {
        name: Contestant(0, "", [row["old"] for row in of(rows, "way", name)], None, NOT_BY)
        for name in ("full", "full, replay", "last", "lora")
    }
    alone = {name: each for name, each in forgetting.items() if name != "full, replay"}

    def best(everyone: dict[str, Contestant]) -> str:
        return min(everyone, key=lambda name: float(np.mean(everyone[name].scores)))

    def contest(name: str, everyone: dict[str, Contestant], rival: str, **more: Any) -> Contest:
        verdict = {"best": best(everyone), "against": rival}
        facts = {"measure": "nats a character", "chosen_on": VALID, "tested_on": HELD} | more
        return Contest(name=name, better="lower", contestants=everyone, verdict=verdict, **facts)

    ahead, new = best(ways), {"baseline": before["new"]}
    old = {"tested_on": "24,000 letters of Richard II", "baseline": before["old"]}
    others = [way for way in ways if way != ahead]
    return [
        contest("four plays with pretraining, or counted", four, "counts", unequal=NINE, **new),
        *(contest(f"{ahead} or {way}", ways, way, **new) for way in others),
        contest("against overfitting", remedies, "plain", unequal=ONE_EACH, **new),
        contest("rank", {str(r): ranks[r] for r in sorted(ranks)}, "1", unequal=ONE_RATE, **new),
        contest("forgetting, all ways", forgetting, "full", **old),
        contest("forgetting without replay", alone, "lora", **old),
    ]


def main(seeds: int = 3) -> None:
    """Record what every way of tuning learns and forgets.

    Args:
        seeds: how many, from 0 on; of the plays, the windows and the new weights.
    """
    torch.set_num_threads(1)  # a network this small gains nothing from more
    command, task_of = f"aigc record 11 finetuning --seeds {seeds}", cache(stage_directions.task)
    recording = Recording("finetuning", __file__, command, key=("what", "name", "seed"))
    runs = [("choice", name, CHOICE) for name in OPTIONS | LATER]
    runs += [(*key, s) for s in range(seeds) for key in [*TRIED, ("counts", "kneser-ney")]]
    for what, name, seed in recording.missing(runs):
        task, row = task_of(seed), {"what": what, "name": name, "seed": seed}
        if what == "counts":
            valid, test = stage_directions.counts(task)
            back = int(np.argmin(valid))
            recording.add({**row, "back": back, "new": test[back], "pairs": test[1]})
            continue
        way, more = (OPTIONS | LATER)[name] if what == "choice" else TRIED[what, name]
        model, count, run = stage_directions.tried(task, way, seed, **more)
        recording.add({
            **row,
            **({} if what == "choice" else stage_directions.scores(task, model)),
            "trained": count,
            "bytes": finetune.training_bytes(model),
            "best": run.steps[run.best],
            "steps": run.steps[-1],
            "seconds": run.seconds,
            "curve": [round(x, 4) for x in run.valid],
            "train": [round(x, 4) for x in run.train],
        })  # fmt: skip
    start = task_of(0)
    recording.declare(*contests(recording.rows, stage_directions.scores(start, start.writer.model)))
