"""Train every setting of chapter 4's table on both targets and several seeds, and record it.

    aigc record 04 collapse

About 15 s a run on one CPU core, 80 runs, and four or five more for the contest on the ring: there
the plain game also runs with smaller steps. Seed 0 alone chooses between its two learning rates, as
it chose the sizes of the bounds on the slope.
"""

from collections.abc import Sequence
from typing import Any

import torch

from aigc_lib.chapters.ch04_training_dynamics import mode_collapse
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.results import Recording
from aigc_lib.core.training import Row
from aigc_lib.gan.state import Gan

CHOICE = 0  # the seed that chooses, and is not judged
JUDGES = (1, 2, 3)
SMALL = "plain, smaller steps"
RUNS = mode_collapse.SETTINGS | {SMALL: mode_collapse.slower(mode_collapse.PLAIN)}
BOUNDS: dict[str, dict[str, float]] = {
    "spectral norm": {"slope": 30},
    "WGAN-GP": {"weight": 1},
    "R1": {"weight": 0.1},
}
WHY = (
    "What it reaches goes up and down in whole modes, so another budget may change its score; "
    "where there is no curve, the run was looked at only at its end."
)


def rows_of(target: str, setting: str, seed: int) -> list[dict[str, Any]]:
    """The two rows of one run: its generator as it is, and averaged."""
    mixture, curve = mode_collapse.TARGETS[target](), list[list[int]]()
    samples = mode_collapse.SAMPLES

    def look(gan: Gan, row: Row) -> None:
        seen = mode_collapse.measure(gan, mixture, averaged=False)
        curve.append([int(row["images"]), seen["modes"]])

    gan = mode_collapse.fit(RUNS[setting], mixture, seed, tick=samples // 8, on_tick=look)
    same = {"target": target, "setting": setting, "seed": seed, "samples": samples}
    trained, averaged = (
        same | {"averaged": each} | mode_collapse.measure(gan, mixture, each)
        for each in (False, True)
    )
    return [trained | {"curve": curve}, averaged]


def scored(rows: Sequence[dict[str, Any]], setting: str) -> dict[int, dict[str, Any]]:
    """The rows of a setting on the ring, as trained, by their seeds."""
    what = ("ring", setting, False)
    return {
        row["seed"]: row for row in rows if (row["target"], row["setting"], row["averaged"]) == what
    }


def contest(rows: Sequence[dict[str, Any]]) -> Contest:
    """Who reaches most modes of the ring, each with what was best on seed 0."""
    found = {name: scored(rows, name) for name in ("plain", SMALL, *BOUNDS)}
    both = {name: found.pop(name) for name in ("plain", SMALL)}
    rate = max(both, key=lambda name: (both[name][CHOICE]["modes"], name == "plain"))
    everyone = {
        name: Contestant(
            2, BOUNDS.get(name, {"lr": RUNS[rate].lr[0]}), [runs[k]["modes"] for k in JUDGES],
            runs[CHOICE].get("curve"), WHY,
        )
        for name, runs in ({"plain": both[rate]} | found).items()
    }  # fmt: skip
    ranks = sorted(everyone, key=lambda name: sum(everyone[name].scores), reverse=True)
    rival = "plain" if ranks[0] != "plain" else ranks[1]
    return Contest(
        "modes of the ring", "modes reached, of 8", "higher", f"the ring, seed {CHOICE}",
        "the ring, three other seeds", everyone, {"best": ranks[0], "against": rival}, floor=8.0,
        unequal="The plain game's two settings are learning rates, the others' are sizes of the "
        "bound: the paper's, with which hardly a sample was good, and the one that was taken.",
    )  # fmt: skip


def main(seeds: int = 5) -> None:
    """Record all settings on both targets, and the contest on the ring.

    Args:
        seeds: how many, from 0 on.
    """
    torch.set_num_threads(1)  # the networks are too small for more
    command = f"aigc record 04 collapse --seeds {seeds}"
    recording = Recording("collapse", __file__, command, key=("target", "setting", "seed"))

    settings, targets = mode_collapse.SETTINGS, mode_collapse.TARGETS
    runs = [(t, name, seed) for seed in range(seeds) for name in settings for t in targets]
    for run in recording.missing(runs + [("ring", SMALL, seed) for seed in (CHOICE, *JUDGES)]):
        recording.add(*rows_of(*run))
    recording.declare(contest(recording.rows))
