"""The command that trains a diffusion model."""

from pathlib import Path
from typing import Annotated

import torch

from aigc_lib.cli.outputs import insist_writable
from aigc_lib.cli.train import IMAGES, UNNAMED, Run, write_grid
from aigc_lib.core import distributed, runtime
from aigc_lib.core.speed import Speed
from aigc_lib.core.training import Row
from aigc_lib.diffusion.training import Diffusion, fit
from aigc_lib.recipes.diffusion import DRAWINGS, DiffusionConfig, build, draw, plain, stream


def train_diffusion(
    config: Annotated[DiffusionConfig, UNNAMED],
    run: Annotated[Run, UNNAMED],
    speed: Speed = IMAGES,
) -> None:
    """Train chapter 13's diffusion model; run it again to continue after an interruption."""
    out = run.out or Path(f"runs/diffusion-{config.data}")
    insist_writable(out / "checkpoint.pt", ".pt")
    device = runtime.device()
    distributed.start(device)
    runtime.keep_memory()
    model, batches = build(config, device, speed), stream(config, device)
    labels, how = torch.arange(80, device=device) % 10, DRAWINGS[config.data]

    def on_tick(current: Diffusion, row: Row) -> None:
        pictures = draw(current.average, labels, 1, how)
        for name in (f"samples-{int(row['images']):09d}.png", "samples.png"):
            write_grid(pictures, out / name, columns=10)

    fit(model, batches, run.images, tick=run.tick, on_tick=on_tick, config=plain(config),
        checkpoint=out / "checkpoint.pt", log=out / "log.jsonl")  # fmt: skip
    if distributed.rank():
        return
    write_grid(draw(model.average, labels, 1, how), out / "samples.png", columns=10)
    print(f"samples: {out / 'samples.png'}")
    print(f"log:     {out / 'log.jsonl'}")
    print(f"next:    aigc evaluate --run {out}")
