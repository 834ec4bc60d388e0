"""Time a step of nanoGPT's setting for a GPU, switch by switch, and beside nanoGPT's own loop.

    aigc record 10 speed

Every row is one way to train at one batch size: milliseconds a step, and which share of the peak
that this very card reaches in one large product of bfloat16 matrices. A row is written as soon as
it is measured; what compiles comes last.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from aigc_lib.chapters.ch10_pretraining_language_models import nanogpt
from aigc_lib.chapters.ch10_pretraining_language_models.nanogpt import NANO_GPU, Config
from aigc_lib.core import runtime
from aigc_lib.core.results import Recording
from aigc_lib.core.speed import EAGER, Speed, tune
from aigc_lib.lm import training
from aigc_lib.lm.batches import TokenBatches
from aigc_lib.nets.gpt import GPT

WAYS = {
    "float32": EAGER,
    "TF32": Speed(tuned=True),
    "bfloat16": Speed(tuned=True, bf16=True),
    "graph": Speed(tuned=True, bf16=True, graph=True),
    "compiled": Speed(tuned=True, bf16=True, compile=True),
    "nanoGPT's loop": Speed(tuned=True, bf16=True, compile=True),  # its own settings
}
WHY_NONE = "One step of one network, timed with other switches: nothing is tuned."


def peak(device: torch.device, side: int) -> float:
    """Operations a second of one large product of bfloat16 matrices: the best of ten."""
    a = torch.ones(side, side, device=device, dtype=torch.bfloat16)
    times = []
    for _ in range(10):
        start = time.perf_counter()
        float((a @ a)[0, 0])  # reading a value waits for the device
        times.append(time.perf_counter() - start)
    return 2 * side**3 / min(times)


def operations(model: GPT, batch: int) -> float:
    """Of a training step: 6 for each weight and token, and those of attention (Chowdhery et al.,
    2022, appendix B).
    """
    c, weights = model.config, sum(p.numel() for p in model.parameters())
    return batch * c.context * (6 * weights + 12 * c.layers * c.width * c.context)


def ours(model: GPT, tokens: Tensor, setting: Config, speed: Speed, ticks: int) -> list[float]:
    """Seconds at the end of every tick of our loop."""
    run = training.accelerate(training.Run(model, setting.lr), speed)
    batches, n = TokenBatches(tokens, setting.batch, setting.context), setting.steps
    training.fit(run, batches, ticks * n, tick=n, progress=False)
    return [row["seconds"] for row in run.history]


def theirs(model: GPT, tokens: Tensor, setting: Config, speed: Speed, ticks: int) -> list[float]:
    """The same of nanoGPT's way: windows stacked on the host, a compiled network, fused AdamW."""
    device, held = tokens.device, tokens.cpu()
    tune(speed, device)
    network: Any = torch.compile(model) if speed.compile else model
    optimizer = training.adamw(model, setting.lr)
    start, seconds = time.perf_counter(), []
    for _ in range(ticks):
        for _ in range(setting.steps):
            places = torch.randint(len(held) - setting.context, (setting.batch,))
            windows = torch.stack([held[i : i + setting.context + 1] for i in places])
            if device.type == "cuda":
                windows = windows.pin_memory().to(device, non_blocking=True)
            with torch.autocast(device.type, torch.bfloat16, speed.bf16):
                logits = network(windows[:, :-1])
                loss = F.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        loss.item()
        seconds.append(time.perf_counter() - start)
    return seconds


def measured(
    way: str, setting: Config, text: nanogpt.Text, ticks: int, best: float
) -> dict[str, Any]:
    """One row."""
    device = text.train.device
    model = nanogpt.fresh(setting, text.tokenizer.size, 0, device)
    time_it: Callable[..., list[float]] = theirs if way == "nanoGPT's loop" else ours
    ends = time_it(model, text.train, setting, WAYS[way], ticks)
    # The first tick compiles, records and warms up.
    steps = [(b - a) / setting.steps for a, b in pairwise(ends)]
    middle = statistics.median(steps)
    return {
        "ms": 1000 * middle, "ms_low": 1000 * min(steps), "ms_high": 1000 * max(steps),
        "tokens_per_second": setting.batch * setting.context / middle,
        "share_of_peak": operations(model, setting.batch) / middle / best, "peak": best,
    }  # fmt: skip


def main(
    batches: tuple[int, ...] = (64, 512), steps: int = 40, ticks: int = 6, side: int = 8192
) -> None:
    """Record every way at every batch size.

    Args:
        batches: windows of 256 tokens in a step.
        steps: in a tick; the spread is over the ticks.
        ticks: at least 3; the first warms up.
        side: of the matrices whose product is the peak.
    """
    record(replace(NANO_GPU, steps=steps), batches, ticks, side)


def record(setting: Config, batches: tuple[int, ...], ticks: int, side: int) -> None:
    """Record with any setting; its steps are those of a tick."""
    device = runtime.device()
    text, best = nanogpt.plays(device), peak(device, side)
    command = f"aigc record 10 speed --steps {setting.steps} --ticks {ticks}"
    recording = Recording("language-speed", __file__, command, key=("way", "batch"))
    for way, batch in recording.missing([(way, batch) for way in WAYS for batch in batches]):
        found = measured(way, replace(setting, batch=batch), text, ticks, best)
        recording.add({"way": way, "batch": batch, **found})
    recording.declare(why_none=WHY_NONE)
