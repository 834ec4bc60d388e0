"""Search chapter 05's hyperparameters at random and by Optuna's TPE, with equal budgets of trials.

aigc record 05 search     # about three minutes on one thread
"""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from aigc_lib.chapters.ch05_workflow import search
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.results import Recording

TRIALS, POINTS = 40, (1, 2, 3, 5, 10, 20, 30, 40)
SCORES = ("valid", "fresh", "study", "right")


def trials(row: dict[str, Any]) -> list[dict[str, float]]:
    """A row's trials, as ``search.hunt`` returned them."""
    return [
        dict(zip(SCORES, each, strict=True)) for each in zip(*(row[s] for s in SCORES), strict=True)
    ]


def contest(rows: Sequence[dict[str, Any]]) -> Contest:
    """Both searches beside the plain setting: the loss of each winner on new writers."""
    found = {
        name: [trials(r) for r in rows if r["search"] == name]
        for name in dict.fromkeys(r["search"] for r in rows)
    }
    everyone = {}
    for name, runs in found.items():
        test = [search.winner(run)["study"] for run in runs]
        if name == "plain setting":
            why = "One setting that a person had found before; nothing is searched."
            everyone[name] = Contestant(1, search.PLAIN, test, None, why)
            continue
        curve = [
            [k, round(float(np.mean([search.winner(run, k)["valid"] for run in runs])), 4)]
            for k in POINTS
        ]
        everyone[name] = Contestant(TRIALS, "one a seed", test, curve)
    order = sorted(everyone, key=lambda name: float(np.mean(everyone[name].scores)))
    hindsight = [
        min(trial["study"] for run in same for trial in run)
        for same in zip(*found.values(), strict=True)
    ]
    return Contest(
        "random search and TPE", "cross-entropy of the winner (nats)", "lower",
        "50 validation pictures of forms 5 and 6", "the study part, forms 7 to 9", everyone,
        {"best": order[0], "against": order[1]},
        floor=round(float(np.mean(hindsight)), 4), baseline="plain setting",
        unequal="The plain setting is where one starts; the searches have 40 trials each.",
    )  # fmt: skip


def main(seeds: int = 12) -> None:
    """Record both searches and the plain setting for each draw of the labels.

    Args:
        seeds: how many draws, from 0 on; each is the seed of its searches too.
    """
    import optuna  # one of the book's packages; the library does without

    torch.set_num_threads(1)
    samplers = {"random search": optuna.samplers.RandomSampler, "TPE": optuna.samplers.TPESampler}
    desk = search.office()
    command = f"aigc record 05 search --seeds {seeds}"
    recording = Recording("search", __file__, command, key=("search", "seed"))
    runs = [(name, seed) for seed in range(seeds) for name in ("plain setting", *samplers)]
    for name, seed in recording.missing(runs):
        start = time.perf_counter()
        if name == "plain setting":
            found = [search.scores(desk, search.train(desk, search.PLAIN, seed), seed)]
        else:
            found = search.hunt(desk, samplers[name](seed=seed), TRIALS, seed)
        row = {"search": name, "seed": seed, "seconds": round(time.perf_counter() - start, 1)}
        recording.add(row | {s: [round(each[s], 4) for each in found] for s in SCORES})
    recording.declare(contest(recording.rows))
