"""From the textbook's training loop to ours, one change at a time (chapter 09).

All rungs train the same networks by the same rule on the same number of images; each is proved
equal to the one below it by a test, but for the order of the pictures (the first change) and for
rounding. ``training_loop`` holds the loop that makes the changes of a rung.
"""

import statistics
import time
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from tqdm import tqdm

from aigc_lib.benchmark.loops import MODELS
from aigc_lib.chapters.ch09_training_on_gpus.training_loop import Climber, Rung


def rungs(device: torch.device, *, images: bool = True, compiled: bool = False) -> dict[str, Rung]:
    """The ladder, from the textbook's loop up: each rung has one change more than the one before.

    Args:
        device: a CUDA graph is only a rung on a GPU.
        images: False for networks of fully connected layers, which have no memory layout to choose.
        compiled: with ``torch.compile``, which takes a compiler and minutes to warm up.
    """
    found = {"textbook": Rung(), "images on the device": Rung(on_device=True)}
    found["nothing read back"] = rung = Rung(on_device=True, reads=False)
    found["no unused gradients"] = rung = replace(rung, unused=False)
    found["fused optimiser"] = rung = replace(rung, fused=True)
    for name, wanted, change in (
        ("channels last", images, {"channels_last": True}),
        ("CUDA graph", device.type == "cuda", {"graph": True}),
        ("bfloat16", True, {"bf16": True}),
        # A compiled network cannot be recorded before it has been compiled: without the graph.
        ("compiled", compiled, {"compile": True, "graph": False}),
    ):
        if wanted:
            found[name] = rung = replace(rung, speed=replace(rung.speed, **change))
    return found


def host_syncs(climber: Climber, steps: int = 5) -> int:
    """How often the host waits for the GPU in ``steps`` steps."""
    climber.run(5)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            for _ in range(steps):
                value = climber.step(climber.next_batch())
                if climber.rung.reads:
                    value.tolist()
        finally:
            torch.cuda.set_sync_debug_mode("default")
    return sum("synchronizing" in str(w.message) for w in caught)


def climb(
    model: str,
    ladder: Mapping[str, Rung],
    device: torch.device,
    rounds: int = 5,
    steps: int = 10,
    progress: bool = True,
) -> list[dict[str, Any]]:
    """Time all rungs in turn, in one process.

    Args:
        model: ``mlp`` or ``dcgan``.
        ladder: see ``rungs``; the first is what the others are compared with.
        rounds: measured rounds, at least 5; one more, before them, warms up.
        steps: training steps of each rung in a round.

    Returns:
        a row a rung: ``model``, ``rung``, ``ratio`` (median over the rounds of the first rung's
        time over this one's), ``low`` and ``high`` (least and most), ``images_per_second`` and, on
        a GPU, ``host_syncs`` in five steps and ``peak_mib``.

    Raises:
        ValueError: fewer than 5 rounds: a median of less says little.
    """
    if rounds < 5 or steps < 1:
        raise ValueError(f"need at least 5 rounds and 1 step, got {rounds} and {steps}")
    climbers = {name: Climber(MODELS[model], rung, device) for name, rung in ladder.items()}
    times: dict[str, list[float]] = {name: [] for name in climbers}
    for number in tqdm(range(rounds + 1), desc=model, disable=not progress):
        for name in sorted(climbers, reverse=number % 2 == 0):
            start = time.perf_counter()
            climbers[name].run(steps)  # ends by reading a value back: a GPU has finished too
            if number:
                times[name].append(time.perf_counter() - start)
    first = times[next(iter(ladder))]
    rows = []
    for name, climber in climbers.items():
        ratios = [a / b for a, b in zip(first, times[name], strict=True)]
        row = {
            "model": model,
            "rung": name,
            "ratio": statistics.median(ratios),
            "low": min(ratios),
            "high": max(ratios),
            "images_per_second": steps * MODELS[model].batch / statistics.median(times[name]),
        }
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
            climber.run(steps)
            row["peak_mib"] = torch.cuda.max_memory_allocated() / 2**20
            row["host_syncs"] = host_syncs(climber)
        rows.append(row)
    return rows


def title(rows: Mapping[str, Any]) -> str:
    """Where and when a recorded ladder was measured, in one line."""
    machine = rows["machine"]
    return f"{machine['device']}, PyTorch {machine['torch']}, {rows['date']}"
