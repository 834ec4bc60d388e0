"""A small diffusion model, and the program that trains it on several processes.

torchrun --nproc-per-node 2 -m tests.support.noisy FOLDER IMAGES
"""

import sys
from pathlib import Path

import torch
from torch import Tensor, nn

from aigc_lib.core import distributed
from aigc_lib.core.training import Row
from aigc_lib.data.batches import Batches
from aigc_lib.diffusion.training import Diffusion, fit
from aigc_lib.nets.unet import UNet

BATCH, WORDS, SHAPE = 8, 4, (1, 4, 4)


def network(seed: int = 0, spread: float = 0.2) -> UNet:
    """A U-Net of one level, all of whose weights are at work from the start.

    Its 16 channels make 8 groups of two. In a group of one, the bias before a norm would do
    nothing: its gradient would be rounding alone, which Adam makes as large as any other.
    """
    torch.manual_seed(seed)
    net = UNet(WORDS, 1, (16,), 8)
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=spread)
    return net


def model(seed: int = 0, weights: int = 0, **more) -> Diffusion:
    """A model whose weights follow from ``weights`` and whose noise follows from ``seed``."""
    return Diffusion(network(weights), seed=seed, **more)


def told(n: int) -> Tensor:
    """Descriptions of two words (n, 2)."""
    return torch.stack([torch.arange(n) % 3 + 1, torch.arange(n) % 2 + 1], dim=1)


def batches(n: int = 40, seed: int = 0) -> Batches:
    """Random uint8 images, described, in batches of 8."""
    rng = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (n, *SHAPE), generator=rng, dtype=torch.uint8)
    return Batches(images, BATCH, seed=seed, labels=told(n))


def main(folder: Path, images: int) -> None:
    """Train, and leave a checkpoint and each process's own weights in the folder."""
    torch.set_num_threads(1)
    distributed.start(torch.device("cpu"))

    def tell(_: Diffusion, row: Row) -> None:
        print("tick", int(row["images"]), flush=True)

    run = {"tick": images // 2, "checkpoint": folder / "checkpoint.pt", "on_tick": tell}
    try:
        net = model(seed=3, null=torch.zeros(2, dtype=torch.long), drop=0.5)
        fit(net, batches(), images, warmup=32, progress=False, **run)
        kept = {"network": net.network.state_dict(), "ema": net.ema.state_dict()}
        torch.save(kept, folder / f"rank{distributed.rank()}.pt")
    finally:
        distributed.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
