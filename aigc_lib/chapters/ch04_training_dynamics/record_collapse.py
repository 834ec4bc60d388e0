"""Train every setting of chapter 4's table on both targets and several seeds, and record it.

    aigc record 04 collapse

About 15 s a run on one CPU core, 80 runs. Rows that the record holds already are kept, so that an
interrupted recording goes on; delete book/results/collapse.json to begin anew.
"""

from pathlib import Path
from typing import Any

import torch
import tyro
from tqdm.auto import tqdm

from aigc_lib.chapters.ch04_training_dynamics import mode_collapse
from aigc_lib.core import results

ROOT = Path(__file__).resolve().parent.parent
NAME = "collapse"


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
    path = ROOT / results.FOLDER / f"{NAME}.json"
    rows = results.load(NAME)["rows"] if path.is_file() else []
    done = {(row["target"], row["setting"], row["seed"]) for row in rows}
    runs = [
        (target, setting, seed)
        for seed in range(seeds)
        for setting in mode_collapse.SETTINGS
        for target in mode_collapse.TARGETS
    ]
    for wanted in tqdm([run for run in runs if run not in done], unit="run"):
        rows += rows_of(*wanted)
        results.record(
            NAME,
            rows,
            f"aigc record 04 collapse --seeds {seeds}",
            ROOT,
        )
    print("recorded in", path)


if __name__ == "__main__":
    tyro.cli(main)
