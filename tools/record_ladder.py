"""Measure chapter 9's ladder on this machine, and record it.

    python -m tools.record_ladder

Writes book/results/ladder-cpu.json, or ladder-gpu.json where PyTorch finds a GPU. Run it while the
machine does nothing else: a few minutes, more with --compiled.
"""

from pathlib import Path

import tyro

from aigc_lib import results, runtime
from aigc_lib.ladder import climb, rungs

ROOT = Path(__file__).resolve().parent.parent


def main(rounds: int = 7, steps: int = 50, compiled: bool = False) -> None:
    """Record all rungs of both models.

    Args:
        rounds: measured rounds, at least 5.
        steps: training steps of each rung in a round.
        compiled: measure torch.compile too.
    """
    device = runtime.device()
    rows = []
    for model in ("mlp", "dcgan"):
        ladder = rungs(device, images=model == "dcgan", compiled=compiled)
        rows += climb(model, ladder, device, rounds, steps)
    for row in rows:
        spread = f"({row['low']:.2f} to {row['high']:.2f})"
        speed = f"{row['images_per_second']:9,.0f} images/s"
        print(f"{row['model']:6s} {row['rung']:22s} {row['ratio']:6.2f} {spread}  {speed}")
    command = f"python -m tools.record_ladder --rounds {rounds} --steps {steps}"
    command += " --compiled" if compiled else ""
    name = "ladder-gpu" if device.type == "cuda" else "ladder-cpu"
    print("recorded in", results.record(name, rows, command, ROOT))


if __name__ == "__main__":
    tyro.cli(main)
