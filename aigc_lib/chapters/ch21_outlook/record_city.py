"""Forecast the bikes of the next day with five methods, three seeds each.

aigc record 21 city     # about two minutes on one thread
"""

from itertools import product
from typing import Any

import torch
from torch import Tensor

from aigc_lib.chapters.ch21_outlook import city, data, tabular
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.results import Recording
from aigc_lib.core.stats import student

SEEDS, POINTS = 3, 6
SETTINGS: dict[str, list[tuple[Any, ...]]] = {
    "seasonal": list(product((10, 20, 40, 60), (False,))),  # days, not scaled to today's level
    "scaled": list(product((10, 20, 40, 60), (True,))),
    "boosting": list(product((8, 31), (False, True))),  # leaves, lagged hours
    "flow": list(product((64, 128), (600, 1500))),  # width, steps
    "gan": list(product((64, 128), (900, 2700))),
}
TRAIN = torch.arange(city.FIRST, city.VALID)
CHOOSE = torch.arange(city.VALID, city.TEST)
EXAM = torch.arange(city.TEST, city.END)


def forecast(name: str, setting: tuple[Any, ...], bikes: data.Bikes, train: Tensor, days: Tensor,
             seed: int, on_step: tabular.OnStep | None = None) -> Tensor:  # fmt: skip
    """Scenarios (N, S, 24), or of boosting quantiles (9, N, 24)."""
    one, other = setting
    if name in ("seasonal", "scaled"):
        return city.seasonal(bikes, days, one, other)
    if name == "boosting":
        return city.boosted(bikes, train, days, leaves=one, profiles=other)
    return city.generative(name, bikes, train, days, seed, other, width=one, on_step=on_step)


def losses(name: str, found: Tensor, y: Tensor) -> Tensor:
    """Pinball loss of each day."""
    return city.quantile_losses(found, y) if name == "boosting" else city.day_losses(found, y)


def chosen(name: str, bikes: data.Bikes) -> dict[str, Any]:
    """The setting that is best on the days for choosing, by the mean of seeds, and its curve."""
    y, told = bikes.counts[CHOOSE], {}
    seeds = SEEDS if name in ("flow", "gan") else 1
    for setting in SETTINGS[name]:
        curves = [watched(name, setting, bikes, seed, y) for seed in range(seeds)]
        told[setting] = torch.tensor(curves).mean(0).tolist()
    best = min(told, key=lambda each: told[each][-1][1])
    return {"setting": best, "curve": told[best], "choosing": told[best][-1][1]}


def watched(name: str, setting: tuple[Any, ...], bikes: data.Bikes, seed: int,
            y: Tensor) -> list[list[float]]:  # fmt: skip
    """Points [step, loss on the days for choosing] of one training; one point without training."""
    curve: list[list[float]] = []
    every = setting[1] / (POINTS - 1)
    scale, now = city.Scale.of(bikes, TRAIN), city.level(bikes.counts)
    known = city.standard(city.conditions(bikes), TRAIN)

    def ask(step: int, draw: tabular.Draw) -> None:
        if step % every == 0:
            found = city.scenarios(draw, scale, known, now, CHOOSE, seed)
            curve.append([step, float(losses(name, found, y).mean())])

    found = forecast(name, setting, bikes, TRAIN, CHOOSE, seed, on_step=ask)
    return curve or [[0, float(losses(name, found, y).mean())]]


def main(seeds: int = SEEDS) -> None:
    """Choose, learn all days before the test, forecast the test, and declare.

    Args:
        seeds: how many, from 0 on.
    """
    recording = Recording("city", __file__, "aigc record 21 city", key=("method",))
    bikes = data.load()
    y, before = bikes.counts[EXAM], torch.cat([TRAIN, CHOOSE])
    for name in recording.missing(list(SETTINGS)):
        row = chosen(name, bikes)
        found = [forecast(name, row["setting"], bikes, before, EXAM, s) for s in range(seeds)]
        days = torch.stack([losses(name, each, y) for each in found])
        row |= {"seeds": days.mean(1).tolist(), "days": days.mean(0).tolist()}
        if name != "boosting":
            hours = torch.stack([city.covered(each, y) for each in found]).double().mean(2)
            inside = hours.mean(1).tolist()  # one a seed
            totals = [city.totals(each, y) for each in found]
            weeks = hours.view(seeds, -1, 7).mean((0, 2)).tolist()
            row |= {"inside": inside, "weeks_inside": weeks}
            row |= {"total": [t.mean().item() for t in totals]}
        recording.add({"method": name, **row})
    recording.declare(contest(recording.rows))


def contest(rows: list[dict[str, Any]]) -> Contest:
    """Who is best, against the flow (or the second, if that is best)."""
    order = sorted(rows, key=lambda row: sum(row["seeds"]))
    best, rival = order[0], next(row for row in rows if row["method"] == "flow")
    rival = order[1] if rival is best else rival
    weeks = [torch.tensor(row["days"]).view(-1, 7).mean(1) for row in (best, rival)]
    everyone = {}
    for row in rows:
        trains = row["method"] in ("flow", "gan")
        why = "its score on the days for choosing ends where the setting's steps end" * trains
        everyone[row["method"]] = Contestant(
            len(SETTINGS[row["method"]]), row["setting"], row["seeds"],
            row["curve"] if trains else None, why or "it is fitted to its end, without steps",
        )  # fmt: skip
    return Contest(
        name="bikes of the next day",
        measure="pinball loss, bikes",
        better="lower",
        chosen_on="28 August to 29 October",
        tested_on="nine weeks, to the year's end",
        contestants=everyone,
        verdict={"best": best["method"], "against": rival["method"], "over": "weeks",
                 "interval": "Student's t",
                 "difference": list(student((weeks[0] - weeks[1]).tolist()))},
        baseline="seasonal",
    )  # fmt: skip
