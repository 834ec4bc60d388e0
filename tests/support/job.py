"""What the tests of several processes run under torchrun: train the tiny GAN and save it.

torchrun --nproc-per-node 2 -m tests.support.job CHECKPOINT IMAGES [RANK_THAT_DIES]
"""

import os
import sys

import torch

from aigc_lib.core import distributed
from aigc_lib.core.training import Row
from aigc_lib.data.batches import Batches
from aigc_lib.gan.state import Gan
from aigc_lib.gan.training import fit
from aigc_lib.recipes.parallel import ParallelGan
from tests.support import small


def main(path: str, images: int, dying: int = -1) -> None:
    torch.set_num_threads(1)
    distributed.start(torch.device("cpu"))
    gan = small.gan(seed=3, weights=5, kind=ParallelGan)
    steps = 0

    class Deadly(Batches):
        """Ends the process in the middle of the second tick, as a failing machine would."""

        def __next__(self) -> object:
            nonlocal steps
            steps += 1
            if distributed.rank() == dying and steps == 15:
                os._exit(9)
            return super().__next__()

    def tell(_: Gan, row: Row) -> None:
        print("tick", int(row["images"]), flush=True)

    try:
        batches = Deadly(small.images(100), small.BATCH, seed=1)
        fit(gan, batches, images, tick=160, checkpoint=path, on_tick=tell, progress=False)
    except distributed.RankLost as error:
        sys.exit(f"job: {error}")
    finally:
        distributed.stop()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *map(int, sys.argv[3:]))
