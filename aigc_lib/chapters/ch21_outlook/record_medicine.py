"""Diagnose with real patients alone and with invented ones beside them, over ten splits.

aigc record 21 medicine     # about four minutes on one thread
"""

from collections import Counter
from itertools import product
from typing import Any

import torch

from aigc_lib.chapters.ch21_outlook import medicine
from aigc_lib.chapters.ch21_outlook.medicine import Invent, Patients
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.results import Recording
from aigc_lib.metrics.neighbours import nearest_features

SEEDS, POINTS = 10, 5
STEPS = {"GAN": 2400, "flow": 1000}
METHODS = ("real alone", "SMOTE", "Gaussian", "GAN", "flow")
STRENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)  # the same for all
TIMES: dict[bool, tuple[float, ...]] = {False: (0.0,), True: (1.0, 5.0)}  # invented, a real one
STANDARD = (1.0, 1.0)  # the strength that scikit-learn has by itself; one invented, one real


def scores(real: Patients, at: list[Patients], invent: Invent | None, strength: float,
           times: float, seed: int) -> list[tuple[float, float, float]]:  # fmt: skip
    """Log loss, share of errors and of missed tumours at each group of other patients.

    The strength multiplies a sum over patients, so it is shared among real and invented ones: the
    classifier is held back as much with five times as many rows.
    """
    train = real if invent is None else medicine.with_invented(real, invent, times, seed)
    x, sizes = torch.cat([each.x for each in at]), [len(each.y) for each in at]
    told = medicine.probabilities(train, x, strength / (1 + times)).split(sizes)
    return [(medicine.log_loss(p, each.y), float(((p > 0.5) != each.y.bool()).double().mean()),
             medicine.missed(p, each.y)) for p, each in zip(told, at, strict=True)]  # fmt: skip


def measure(method: str, n: int, seed: int) -> dict[str, Any]:
    """All settings of a method on one split, where one chooses and in the exam; and copies."""
    real, choosing, exam = medicine.split(medicine.load(), n, seed)
    curve: list[list[float]] = []

    def ask(step: int, invent: Invent) -> None:
        if step % (STEPS[method] // POINTS) == 0:
            alone = Patients(invent(real, real.y, seed), real.y)  # nobody real
            curve.append([step, scores(alone, [choosing], None, STANDARD[0], 0.0, seed)[0][0]])

    invent: Invent | None = None
    if method in STEPS:
        invent = medicine.fitted(method.lower(), real, seed, STEPS[method], ask)
    elif method != "real alone":
        invent = medicine.gaussian if method == "Gaussian" else medicine.smote
    tried = []
    for times, strength in product(TIMES[invent is not None], STRENGTHS):
        there, then = scores(real, [choosing, exam], invent, strength, times, seed)
        tried.append({"setting": [strength, times], "choose": there[0], "loss": then[0],
                      "wrong": then[1], "missed": then[2]})  # fmt: skip
    row: dict[str, Any] = {"tried": tried, "curve": curve}
    if invent is not None:
        rng = torch.Generator().manual_seed(seed)
        made = invent(real, real.y[torch.randint(len(real.y), (1000,), generator=rng)], seed)
        strangers = Patients(*(torch.cat(pair) for pair in zip(choosing, exam, strict=True)))
        told = medicine.copies(real, made, strangers.x)
        near = nearest_features(made, medicine.others(real, strangers))[1] <= told.threshold
        row |= {"copies": told.share, "strangers": told.heldout_share,
                "near_others": float(near.double().mean())}  # fmt: skip
    return row


def at_standard(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What each split scores in the exam at the setting that nothing chose."""
    return [each for row in rows for each in row["tried"]
            if each["setting"] in ([STANDARD[0], 0.0], list(STANDARD))]  # fmt: skip


def best(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each split's own choice: what was best where it chooses, with its results in the exam.

    One choice for all splits would be made on patients that are in the exam of others.
    """
    return [min(row["tried"], key=lambda each: float(each["choose"])) for row in rows]


def contest(rows: list[dict[str, Any]], n: int) -> Contest:
    """Who is best at ``n`` labels, against the real patients alone (or the second best)."""
    everyone, means = {}, {}
    for method in METHODS:
        mine = [row for row in rows if row["method"] == method and row["n"] == n]
        found = best(mine)
        losses = [each["loss"] for each in found]
        means[method] = sum(losses)
        often = Counter(tuple(each["setting"]) for each in found).most_common(1)[0]
        setting = f"split by split; most often {often[0]}, {often[1]} times"
        curve = None
        if mine[0]["curve"]:
            curve = torch.tensor([row["curve"] for row in mine]).mean(0).tolist()
        why = "its curve is that of a classifier that learns from invented patients alone"
        everyone[method] = Contestant(len(mine[0]["tried"]), setting, losses, curve,
                                      why if curve else "it is fitted to its end")  # fmt: skip
    first, second, *_ = sorted(METHODS, key=lambda name: means[name])
    rival = "real alone" if first != "real alone" else second
    return Contest(
        name=f"{n} labels",
        measure="log loss, nats a patient",
        better="lower",
        chosen_on=f"{medicine.CHOOSING} patients of each split",
        tested_on=f"{medicine.EXAM} other patients of each split",
        contestants=everyone,
        verdict={"best": first, "against": rival},
        baseline="real alone",
        unequal="Inventors also choose between one and five invented patients for each real one.",
    )


def main(seeds: int = SEEDS) -> None:
    """Measure every method at each number of labels on each split, and declare.

    Args:
        seeds: splits of the patients: how many, from 0 on.
    """
    key = ("method", "n", "seed")
    recording = Recording("medicine", __file__, "aigc record 21 medicine", key=key)
    runs = product(METHODS, medicine.LABELS, range(seeds))
    for method, n, seed in recording.missing(list(runs)):
        recording.add({"method": method, "n": n, "seed": seed, **measure(method, n, seed)})
    recording.declare(*(contest(recording.rows, n) for n in medicine.LABELS))
