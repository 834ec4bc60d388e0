"""Let three small language models write sums, and let three others solve them as they learn.

A pupil sees the order before each sum; a blind pupil, otherwise the same, never does.

aigc record 21 education     # about seven minutes on one thread
"""

from typing import Any

from aigc_lib.chapters.ch21_outlook import education
from aigc_lib.core.results import Recording
from aigc_lib.nets.gpt import GPT

SEEDS, STEPS, TICK, LINES, DRAWN = 3, 2_000, 250, 2_000, 300
TEMPERATURES = (1.0, 0.5)
PUPILS = 100  # the first pupil's seed: neither a writer nor its sums


def marks(model: GPT, learnt: frozenset[str], temperature: float) -> dict[str, Any]:
    """Of each level: shares of drafts with the form, right, as ordered, new; those with all."""
    found: dict[str, Any] = {}
    for level in education.LEVELS:
        drafts = education.write(model, level, DRAWN, seed=level, temperature=temperature)
        told = [education.mark(line, level, learnt) for line in drafts]
        shares = [sum(each[k] for each in told) / DRAWN for k in range(4)]
        usable = {line for line, each in zip(drafts, told, strict=True) if all(each)}
        names = ("form", "answer", "ordered", "new")
        found[str(level)] = dict(zip(names, shares, strict=True))
        found[str(level)] |= {"usable": len(usable) / DRAWN, "drafts": sorted(usable)}
    return found


def sums(lines: list[str]) -> frozenset[str]:
    """Sums without their levels."""
    return frozenset(line.partition(":")[2] for line in lines)


def writer(seed: int) -> dict[str, Any]:
    """What one model writes when it has learnt."""
    lines = education.collection(LINES, seed)
    model = education.train(lines, seed, STEPS)
    return {f"temperature {t:g}": marks(model, sums(lines), t) for t in TEMPERATURES}


def pupil(seed: int, drafts: dict[str, list[str]], blind: bool) -> dict[str, Any]:
    """What share of the drafts another model solves along its training, without those it learnt."""
    lines = education.collection(LINES, seed)
    learnt, shown = sums(lines), education.blind if blind else str
    lines = [shown(line) for line in lines]
    exam = {level: [shown(line) for line in written if line.partition(":")[2] not in learnt]
            for level, written in drafts.items()}  # fmt: skip
    curve: list[dict[str, Any]] = []

    def ask(step: int, model: GPT) -> None:
        solved = {level: sum(education.solve(model, asked)) / len(asked)
                  for level, asked in exam.items()}  # fmt: skip
        curve.append({"steps": step, "solved": solved})

    education.train(lines, seed, STEPS, ask, TICK)
    return {"asked": {level: len(asked) for level, asked in exam.items()}, "curve": curve}


def main(seeds: int = SEEDS) -> None:
    """Measure each writer, then each pupil; nothing is decided between methods here.

    Args:
        seeds: how many of each, from 0 on.
    """
    recording = Recording("education", __file__, "aigc record 21 education", key=("who", "seed"))
    runs = [("writer", seed) for seed in range(seeds)]
    runs += [(who, PUPILS + seed) for who in ("pupil", "blind pupil") for seed in range(seeds)]
    for who, seed in recording.missing(runs):
        if who == "writer":
            row = writer(seed)
        else:
            told = [row["temperature 1"] for row in recording.rows if row["who"] == "writer"]
            drafts = {level: sorted({line for each in told for line in each[level]["drafts"]})
                      for level in map(str, education.LEVELS)}  # fmt: skip
            row = pupil(seed, drafts, who == "blind pupil")
        recording.add({"who": who, "seed": seed, **row})
    recording.declare(why_none="The template is right by construction; the page says so, and asks "
                      "only how often the model is.")  # fmt: skip
