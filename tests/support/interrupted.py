"""A small training as a program of its own, to be killed: ``interrupted.py FOLDER [SLOW]``.

It draws from every source of randomness that training has: the noise, the order of the data, and
PyTorch's own generator, for the dropout. SLOW makes each file wait so many seconds, written but not
yet in its place, so that a kill can be aimed at that moment.
"""

import os
import sys
import time
from pathlib import Path
from unittest import mock

import torch

from aigc_lib.core.training import Row
from aigc_lib.gan.state import Gan
from aigc_lib.gan.training import fit
from tests.support import small

TICK, TICKS = 16 * 20, 40


def main(folder: Path, slow: float = 0.0, pause: float = 0.02) -> None:
    """Train to the end, or until killed; print each tick and pause for the one who kills."""

    def tell(_: Gan, row: Row) -> None:
        print(int(row["images"]), flush=True)
        time.sleep(pause)

    gan = small.gan(dropout=0.3)
    torch.manual_seed(11)
    # A killed process, unlike a machine without power, loses nothing that is not yet synced.
    with mock.patch.object(os, "fsync", side_effect=lambda _: time.sleep(slow)):
        fit(
            gan,
            small.batches(),
            TICK * TICKS,
            tick=TICK,
            checkpoint=folder / "checkpoint.pt",
            log=folder / "log.jsonl",
            config={"dropout": 0.3},
            on_tick=tell,
            progress=False,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(float, sys.argv[2:]))
