"""A small language model, and the program that trains it on several processes.

torchrun --nproc-per-node 2 -m tests.support.letters FOLDER STEPS
"""

import sys
from pathlib import Path

import torch
from torch import Tensor

from aigc_lib.core import distributed
from aigc_lib.core.training import Row
from aigc_lib.lm.batches import TokenBatches
from aigc_lib.lm.training import Run, fit
from aigc_lib.nets.gpt import GPT, GPTConfig

SIZE, BATCH = GPTConfig(vocabulary=7, context=8, layers=2, heads=2, width=16), 8


def model(seed: int = 0) -> GPT:
    """A GPT whose weights follow from the seed."""
    torch.manual_seed(seed)
    return GPT(SIZE)


def text(n: int = 200, seed: int = 0) -> Tensor:
    """0 1 2 3 4 5 6 0 1 ... with a mistake now and then."""
    rng = torch.Generator().manual_seed(seed)
    right, wrong = torch.arange(n) % 7, torch.randint(7, (n,), generator=rng)
    return torch.where(torch.rand(n, generator=rng) < 0.1, wrong, right)


def batches(seed: int = 0) -> TokenBatches:
    """Windows of that text."""
    return TokenBatches(text(), BATCH, SIZE.context, seed)


def main(folder: Path, steps: int) -> None:
    """Train, and leave a checkpoint and each process's own weights in the folder."""
    torch.set_num_threads(1)
    distributed.start(torch.device("cpu"))

    def tell(_: Run, row: Row) -> None:
        print("tick", int(row["steps"]), flush=True)

    try:
        run = Run(model(3), lr=1e-2)
        fit(run, batches(), steps, warmup=4, tick=steps // 2, on_tick=tell, progress=False,
            checkpoint=folder / "checkpoint.pt")  # fmt: skip
        torch.save(run.model.state_dict(), folder / f"rank{distributed.rank()}.pt")
    finally:
        distributed.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
