"""Train every setting of chapter 4's table on both targets and several seeds, and record it.

    aigc record 04 collapse

About 15 s a run on one CPU core, 80 runs.
"""

from typing import Any

import torch

from aigc_lib.chapters.ch04_training_dynamics import mode_collapse
from aigc_lib.core.results import Recording


def rows_of(target: str, setting: str, seed: int) -> list[dict[str, Any]]:
    """The two rows of one run: its generator as it is, and averaged."""
    mixture = mode_collapse.TARGETS[target]()
    gan = mode_collapse.fit(mode_collapse.SETTINGS[setting], mixture, seed)
    same = {"target": target, "setting": setting, "seed": seed, "samples": mode_collapse.SAMPLES}
    return [
        {**same, "averaged": averaged, **mode_collapse.measure(gan, mixture, averaged)}
        for averaged in (False, True)
    ]


def main(seeds: int = 5) -> None:
    """Record all settings on both targets.

    Args:
        seeds: how many, from 0 on.
    """
    torch.set_num_threads(1)  # the networks are too small for more
    command = f"aigc record 04 collapse --seeds {seeds}"
    recording = Recording("collapse", __file__, command, key=("target", "setting", "seed"))
    runs = [
        (target, setting, seed)
        for seed in range(seeds)
        for setting in mode_collapse.SETTINGS
        for target in mode_collapse.TARGETS
    ]
    for run in recording.missing(runs):
        recording.add(*rows_of(*run))
