"""How much faster than the textbook's our training loop is: both side by side, in turn."""

import statistics
import subprocess
import sys
import time
from typing import Any

from tqdm import tqdm

from aigc_lib.benchmark.loops import LOOPS, MODELS
from aigc_lib.core import runtime
from aigc_lib.data.images import load


def serve(name: str, model: str) -> None:
    """What a loop's own process does: for each number of steps read, run them, print the seconds.

    At the end of the input, print the memory that the loop needed at its peak (MiB), on top of what
    importing everything takes; nan where the operating system does not tell.
    """
    before = runtime.peak_memory_mib()
    if name == "ours":
        runtime.keep_memory()
    loop = LOOPS[name](MODELS[model], runtime.device())
    for line in sys.stdin:
        start = time.perf_counter()
        loop.run(int(line))  # both end by reading a value back, so a GPU has finished too
        print(time.perf_counter() - start, flush=True)
    print(runtime.peak_memory_mib() - before)


class Racer:
    """A loop in a process of its own: neither loop shares the other's memory, caches or threads."""

    def __init__(self, name: str, model: str) -> None:
        code = f"from aigc_lib.benchmark.compare import serve; serve({name!r}, {model!r})"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding="utf8", errors="replace",
        )  # fmt: skip

    def seconds(self, steps: int) -> float:
        """The time of ``steps`` training steps.

        Raises:
            RuntimeError: the process failed; the message is its own.
        """
        assert self.process.stdin
        assert self.process.stdout
        try:
            print(steps, file=self.process.stdin, flush=True)
            return float(self.process.stdout.readline())
        except (ValueError, BrokenPipeError):
            _, message = self.process.communicate()
            raise RuntimeError(f"the measured process failed: {message.strip()}") from None

    def finish(self) -> float:
        """End the process; its peak memory in MiB."""
        answer, _ = self.process.communicate()
        return float(answer)

    def stop(self) -> None:
        """End the process, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


def compare(
    rounds: int = 7, steps: int = 100, progress: bool = True, model: str = "mlp"
) -> dict[str, Any]:
    """Time both loops in turn, each in a process of its own.

    Args:
        rounds: measured rounds, at least 5; one more, before them, warms up.
        steps: training steps of each loop in a round.
        progress: show a progress bar.
        model: what they train, from ``MODELS``.

    Returns:
        ``ratio`` (median over the rounds of textbook time / our time), ``ratio_low`` and
        ``ratio_high`` (least and most), ``images_per_second`` and ``extra_mib`` of each loop.

    Raises:
        ValueError: fewer than 5 rounds: a median of less says little; an unknown model.
        RuntimeError: a measured process failed.
    """
    if rounds < 5 or steps < 1:
        raise ValueError(f"need at least 5 rounds and 1 step, got {rounds} and {steps}")
    if model not in MODELS:
        raise ValueError(f"no model {model!r}: choose from {', '.join(MODELS)}")
    load("mnist")  # fetched once, with its progress bar, and not by both at the same time
    racers = {name: Racer(name, model) for name in LOOPS}
    times: dict[str, list[float]] = {name: [] for name in racers}
    try:
        for number in tqdm(range(rounds + 1), desc="rounds", disable=not progress):
            # Each goes first every other time, so that neither gains from a cool chip.
            for name in sorted(racers, reverse=number % 2 == 0):
                seconds = racers[name].seconds(steps)
                if number:
                    times[name].append(seconds)
        peaks = {name: racer.finish() for name, racer in racers.items()}
    finally:
        for racer in racers.values():
            racer.stop()
    ratios = [a / b for a, b in zip(times["textbook"], times["ours"], strict=True)]
    batch = MODELS[model].batch
    return {
        "model": model,
        "ratio": statistics.median(ratios),
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
        "rounds": rounds,
        "steps": steps,
        "batch": batch,
        "images_per_second": {
            name: steps * batch / statistics.median(values) for name, values in times.items()
        },
        "extra_mib": peaks,
    }
