"""Diagnose with real patients alone and with invented ones beside them, over ten splits.

aigc record 21 medicine     # about three minutes on one thread
"""

from itertools import product
from typing import Any

import torch

from aigc_lib.chapters.ch21_outlook import medicine
from aigc_lib.chapters.ch21_outlook.medicine import Invent, Patients
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.results import Recording

SEEDS, STEPS, POINTS = 10, 1000, (0, 200, 400, 600, 800, 1000)
METHODS = ("real alone", "SMOTE", "Gaussian", "GAN", "flow")
STRENGTHS = (0.1, 0.3, 1.0, 3.0)
SETTINGS: dict[bool, list[tuple[float, float]]] = {  # strength, invented patients a real one
    False: [(strength, 0.0) for strength in STRENGTHS],
    True: list(product((0.3, 1.0), (1.0, 5.0))),
}
STANDARD = (0.3, 1.0)  # of the curves


def score(real: Patients, at: Patients, invent: Invent | None, strength: float, times: float,
          seed: int) -> tuple[float, float]:  # fmt: skip
    """Log loss and share of errors at other patients."""
    train = real if invent is None else medicine.with_invented(real, invent, times, seed)
    p = medicine.probabilities(train, at.x, strength)
    return medicine.log_loss(p, at.y), float(((p > 0.5) != at.y.bool()).double().mean())


def measure(method: str, n: int, seed: int) -> dict[str, Any]:
    """All settings of a method on one split, where one chooses and in the exam; and copies."""
    real, choosing, exam = medicine.split(medicine.load(), n, seed)
    curve: list[list[float]] = []

    def ask(step: int, invent: Invent) -> None:
        if step in POINTS:
            curve.append([step, score(real, choosing, invent, *STANDARD, seed)[0]])

    invent: Invent | None = None
    if method in ("GAN", "flow"):
        invent = medicine.fitted(method.lower(), real, seed, STEPS, ask)
    elif method != "real alone":
        invent = medicine.gaussian if method == "Gaussian" else medicine.smote
    tried = []
    for strength, times in SETTINGS[invent is not None]:
        there = score(real, choosing, invent, strength, times, seed)
        loss, wrong = score(real, exam, invent, strength, times, seed)
        tried.append({"setting": [strength, times], "choose": there[0], "loss": loss,
                      "wrong": wrong})  # fmt: skip
    row: dict[str, Any] = {"tried": tried, "curve": curve}
    if invent is not None:
        made = invent(real, real.y.repeat(10)[:1000], seed)
        told = medicine.copies(real, made, torch.cat([choosing.x, exam.x]))
        row |= {"copies": told.share, "strangers": told.heldout_share}
    return row


def best(rows: list[dict[str, Any]]) -> tuple[list[float], list[dict[str, Any]]]:
    """The setting that is best over all splits where one chooses, and its results, one a split."""
    count = len(rows[0]["tried"])
    means = [sum(row["tried"][k]["choose"] for row in rows) for k in range(count)]
    k = means.index(min(means))
    return rows[0]["tried"][k]["setting"], [row["tried"][k] for row in rows]


def contest(rows: list[dict[str, Any]], n: int) -> Contest:
    """Who is best at ``n`` labels, against the real patients alone (or the second best)."""
    everyone, means = {}, {}
    for method in METHODS:
        mine = [row for row in rows if row["method"] == method and row["n"] == n]
        setting, found = best(mine)
        scores = [each["loss"] for each in found]
        means[method] = sum(scores)
        curve = None
        if mine[0]["curve"]:
            curve = torch.tensor([row["curve"] for row in mine]).mean(0).tolist()
        why = "its curve is of one setting of the classifier, at the start of its search"
        everyone[method] = Contestant(len(SETTINGS[True]), setting, scores, curve,
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
