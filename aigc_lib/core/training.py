"""What all training loops share: their rows, their ticks, and how they say that they cannot go on.

A loop trains for a while (a **tick**), tells one row of means about it, and does that until the
end. Between two ticks the callback is called, then the row joins the history, then the files are
written: so a run that is killed at any moment has either all of a tick or nothing of it.
"""

import json
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from tqdm.auto import tqdm

from aigc_lib.core import checkpoint as ckpt
from aigc_lib.core import distributed
from aigc_lib.core.files import write_atomically

Row = dict[str, float]


class TrainingError(RuntimeError):
    """Training cannot go on; the message says since when and what to do."""


class Trained(ckpt.Stateful, Protocol):
    """What a loop trains: it knows its state, and keeps its own history."""

    history: list[Row]


def insist_on_finite(means: Mapping[str, float], since: str) -> None:
    """Stop a training that has no future.

    Raises:
        TrainingError: one of the means is infinite or not a number.
    """
    if not all(math.isfinite(value) for value in means.values()):
        raise TrainingError(
            f"a loss or a weight stopped being a finite number {since}: {dict(means)}. The last "
            "checkpoint, if any, is from before that. Lower the learning rate, or check the input."
        )


def run_ticks(
    trained: Trained,
    work: Callable[[int], Row],
    parts: Mapping[str, ckpt.Stateful],
    *,
    clock: Callable[[], int],
    unit: str,
    end: int,
    tick: int,
    device: torch.device,
    on_tick: Callable[[Row], None] | None = None,
    checkpoint: str | Path | None = None,
    config: Mapping[str, Any] | None = None,
    log: str | Path | None = None,
    progress: bool = True,
    shown: Mapping[str, str] | None = None,
) -> list[Row]:
    """Tick after tick to the end; from a checkpoint, if there is one, to the same bits on a CPU.

    Of several processes (``distributed``) the first alone shows, calls and writes.

    Args:
        trained: what the work changes.
        work: trains for so many units of the clock, and returns a row.
        parts: all that a checkpoint must hold, by name.
        clock: how far training is, in ``unit``, such as ``images``.
        end, tick: when to stop, counted from the very start, and how often to tell; on the clock.
        device: where the work runs.
        on_tick: called with each new row, before it joins the history; may add to the row, and
            leaves no trace in PyTorch's random state.
        checkpoint, log: files to write at each tick: all that is needed to go on; the rows.
        config: plain values in the checkpoint; a resumed run must have the same.
        progress, shown: show a bar, and on it these columns, each with its short name.

    Returns the history; each row also has ``seconds`` since the start, resumed time included.

    Raises:
        CheckpointError: the checkpoint does not fit.
    """
    first, config = distributed.rank() == 0, config or {}
    if checkpoint and Path(checkpoint).exists():
        ckpt.resume_run(checkpoint, parts, config, device)
        if first:
            _write(None, parts, config, log, trained.history)
    before = trained.history[-1]["seconds"] if trained.history else 0.0
    start = time.perf_counter()
    bar = tqdm(total=end, initial=clock(), unit=unit, disable=not (progress and first),
               unit_scale=True, desc="training")  # fmt: skip
    with bar:
        while clock() < end:
            found = work(min(tick, end - clock()))
            row = {unit: clock(), "seconds": before + time.perf_counter() - start, **found}
            if first and on_tick:
                _call(on_tick, row, device)
            trained.history.append(row)
            if first:
                _write(checkpoint, parts, config, log, trained.history)
            bar.update(clock() - bar.n)
            bar.set_postfix({name: f"{row[key]:.3f}" for key, name in (shown or {}).items()})
    return trained.history


def _call(on_tick: Callable[[Row], None], row: Row, device: torch.device) -> None:
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        on_tick(row)


def _write(
    checkpoint: str | Path | None,
    parts: Mapping[str, ckpt.Stateful],
    config: Mapping[str, Any],
    log: str | Path | None,
    history: list[Row],
) -> None:
    if checkpoint:
        ckpt.save_run(checkpoint, parts, config)
    if log:
        lines = "".join(json.dumps(row) + "\n" for row in history)
        write_atomically(Path(log), lines.encode())
