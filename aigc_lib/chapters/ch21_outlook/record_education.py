"""Let a small language model write sums, and let others of its kind solve them, on three seeds.

aigc record 21 education     # about two minutes on one thread
"""

from typing import Any

import torch

from aigc_lib.chapters.ch21_outlook import education
from aigc_lib.core.results import Recording
from aigc_lib.nets.gpt import GPT

SEEDS, STEPS, TICK, LINES, DRAWN, SOLVED = 3, 2_000, 250, 2_000, 300, 200
TEMPERATURES = (1.0, 0.5)


def exam(level: int) -> list[str]:
    """Sums of a level that come from the template; a few of them were learnt from, as in school."""
    rng = torch.Generator().manual_seed(7_000 + level)
    return [education.template(level, rng) for _ in range(SOLVED)]


def marks(model: GPT, learnt: frozenset[str], temperature: float) -> dict[str, Any]:
    """Shares of drafts of each level that have the form, the right result, the order, are new."""
    found: dict[str, Any] = {}
    for level in education.LEVELS:
        drafts = education.write(model, level, DRAWN, seed=level, temperature=temperature)
        told = [education.mark(line, level, learnt) for line in drafts]
        shares = [sum(each[k] for each in told) / DRAWN for k in range(4)]
        usable = {line for line, each in zip(drafts, told, strict=True) if all(each)}
        names = ("form", "answer", "ordered", "new")
        found[str(level)] = dict(zip(names, shares, strict=True)) | {"usable": len(usable) / DRAWN}
    return found


def measure(seed: int) -> dict[str, Any]:
    """One model: how many sums it solves along its training, and what it writes at the end."""
    lines = education.collection(LINES, seed)
    learnt = frozenset(line.partition(":")[2] for line in lines)
    pupil: list[dict[str, Any]] = []

    def ask(step: int, model: GPT) -> None:
        solved = {str(level): sum(education.solve(model, exam(level))) / SOLVED
                  for level in education.LEVELS}  # fmt: skip
        pupil.append({"steps": step, "solved": solved})

    model = education.train(lines, seed, STEPS, ask, TICK)
    return {"pupil": pupil} | {f"temperature {t:g}": marks(model, learnt, t) for t in TEMPERATURES}


def main(seeds: int = SEEDS) -> None:
    """Measure each seed; nothing is decided between methods here.

    Args:
        seeds: how many, from 0 on.
    """
    recording = Recording("education", __file__, "aigc record 21 education", key=("seed",))
    for seed in recording.missing(range(seeds)):
        recording.add({"seed": seed, **measure(seed)})
    recording.declare(why_none="The template is right by construction; the page says so, and asks "
                      "only how often the model is.")  # fmt: skip
