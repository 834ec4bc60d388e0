"""Learn the scene from 4, 12 and 36 photographs, three draws of places each.

aigc record 21 scene     # about two minutes on one thread
"""

import math
from itertools import product
from typing import Any

from aigc_lib.chapters.ch21_outlook import scene
from aigc_lib.chapters.ch21_outlook.scene import Field
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.results import Recording

VIEWS, SEEDS, STEPS, POINTS = (4, 12, 36), 3, 300, (0, 50, 100, 150, 200, 250, 300)
SMOOTH: tuple[float, ...] = (1e-4, 1e-3, 1e-2)  # the field's settings
NEAREST: tuple[float, ...] = (1, 2, 3)  # the baseline's
CHOOSING, EXAM = (12, 500), (24, 900)  # new places: how many, and their seed
HALF = (0.0, math.pi)
AROUND = {"half a circle": HALF, "whole circle": (0.0, 2 * math.pi)}


def measure(method: str, views: int, seed: int) -> list[dict[str, Any]]:
    """A row for each setting: decibels at the places for choosing and in the exam."""
    places, choosing, exam = (scene.cameras(*each) for each in ((views, seed), CHOOSING, EXAM))
    there, wanted = scene.photographs(choosing), scene.photographs(exam)
    rows = []
    for setting in SMOOTH if method == "field" else NEAREST:
        curve: list[list[float]] = []

        def ask(step: int, field: Field, curve: list[list[float]] = curve) -> None:
            if step in POINTS:
                found = scene.psnr(scene.picture(field, choosing), there)
                curve.append([step, float(found.mean())])

        if method == "field":
            field = scene.fit(places, seed, STEPS, float(setting), on_step=ask)
            choose, seen = curve[-1][1], scene.picture(field, exam)
        else:
            near = scene.nearest(places, choosing, int(setting))
            choose = float(scene.psnr(near, there).mean())
            seen = scene.nearest(places, exam, int(setting))
        test = float(scene.psnr(seen, wanted).mean())
        rows.append({"setting": setting, "choose": choose, "test": test, "curve": curve})
    return rows


def halves(around: tuple[float, float], seed: int) -> dict[str, float]:
    """Twelve photographs from a part of the circle: decibels at new places of both its halves.

    The whole circle is the control: from there the same new places are photographed from all sides.
    """
    behind, taken = (HALF[1], 2 * HALF[1]), scene.cameras(12, seed, around)
    field, found = scene.fit(taken, seed, STEPS), dict[str, float]()
    for name, at in (("same half", scene.cameras(24, 901, HALF)),
                     ("behind", scene.cameras(24, 902, behind))):  # fmt: skip
        shown = {name: scene.picture(field, at), f"{name}, nearest": scene.nearest(taken, at, 3)}
        truth = scene.photographs(at)
        found |= {key: float(scene.psnr(seen, truth).mean()) for key, seen in shown.items()}
    return found


def contest(rows: list[dict[str, Any]], views: int) -> Contest:
    """The field against the nearest photographs."""
    everyone = {}
    for method, settings in (("field", SMOOTH), ("nearest photographs", NEAREST)):
        mine = [row for row in rows if (row["method"], row["views"]) == (method, views)]
        means = {each: sum(r["choose"] for r in mine if r["setting"] == each) for each in settings}
        best = max(means, key=means.__getitem__)
        won = [row for row in mine if row["setting"] == best]
        steps = [point[0] for point in won[0]["curve"]]
        curve = [[step, sum(row["curve"][k][1] for row in won) / len(won)]
                 for k, step in enumerate(steps)]  # fmt: skip
        scores, why = [row["test"] for row in won], "" if curve else "it learns nothing"
        everyone[method] = Contestant(len(settings), best, scores, curve or None, why)
    first, second = sorted(everyone, key=lambda name: -sum(everyone[name].scores))
    return Contest(
        name=f"{views} photographs",
        measure="PSNR, decibels",
        better="higher",
        chosen_on=f"{CHOOSING[0]} new places",
        tested_on=f"{EXAM[0]} other new places",
        contestants=everyone,
        verdict={"best": first, "against": second},
        baseline="nearest photographs",
    )


def main(seeds: int = SEEDS) -> None:
    """Measure both methods at each number of photographs, and declare.

    Args:
        seeds: how many, from 0 on.
    """
    key = ("method", "views", "seed")
    recording = Recording("scene", __file__, "aigc record 21 scene", key=key)
    runs = [*product(("field", "nearest photographs"), VIEWS, range(seeds)),
            *product(AROUND, (12,), range(seeds))]  # fmt: skip
    for method, views, seed in recording.missing(runs):
        told = {"method": method, "views": views, "seed": seed}
        if method in AROUND:
            recording.add(told | halves(AROUND[method], seed))
        else:
            recording.add(*(told | row for row in measure(method, views, seed)))
    recording.declare(*(contest(recording.rows, views) for views in VIEWS))
