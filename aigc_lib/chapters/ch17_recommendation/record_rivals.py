"""Record two rivals of chapter 17's tables: weighted factors, and attention over the last likes.

    aigc record 17 rivals     # about six minutes on one thread

Six settings of each are tried on the first period. Of the chosen one three seeds stand on the
second, and three more of the attention with everybody's likes shuffled, to see what order is worth.
"""

from itertools import product
from typing import Any

import torch
from torch import Tensor

from aigc_lib.chapters.ch17_recommendation import baselines, experiment, sequential, temporal_split
from aigc_lib.chapters.ch17_recommendation.experiment import Data, Period
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.results import Recording
from aigc_lib.core.stats import bootstrap

RANK = 32
GRIDS = {  # weight of silence, ridge; dropout, learning rate
    "weighted factors": [list(pair) for pair in product((1.0, 3.0, 10.0), (3.0, 10.0))],
    "attention": [list(pair) for pair in product((0.2, 0.5), (1e-3, 3e-3, 1e-2))],
}
BUDGETS = {"weighted factors": [1, 2, 4, 8, 12, 16], "attention": [100, 200, 300, 400, 500, 600]}
UNEQUAL = (
    "Six settings for everybody, but for the weighted factors the range was found with eleven "
    "looks at the first period before."
)
LATE = "the budget was chosen together with the setting, from all points of the curve"


def made(data: Data, when: Period, model: str, setting: list[float], seed: int) -> list[Tensor]:
    """Scores (requests, films) of one training after each budget, in sweeps or steps."""
    one, two = setting
    if model == "weighted factors":
        points = [
            baselines.ials(when.liked, RANK, one, two, sweeps, seed) for sweeps in BUDGETS[model]
        ]
        return [baselines.fold_in(when.history, some, one, two) @ some.T for some in points]
    known = temporal_split.sequences(data.ratings, when.until)
    asked = [request.liked for request in when.asked]
    if model == "attention, shuffled":
        rng = torch.Generator().manual_seed(seed)
        known, asked = (
            [likes[torch.randperm(len(likes), generator=rng)] for likes in some]
            for some in (known, asked)
        )
    return sequential.attention(known, asked, len(data.films), one, two, seed)


def best(rows: list[dict[str, Any]], model: str) -> tuple[list[float], int, list[float]]:
    """The setting that won on the first period, the place of its budget, and its curve there."""
    tried = [r for r in rows if r["period"] == 1 and r["model"] == model.split(",")[0]]
    row = max(tried, key=lambda r: max(r["ndcg"]))
    return row["setting"], row["ndcg"].index(max(row["ndcg"])), row["ndcg"]


def contest(rows: list[dict[str, Any]], data: Data, when: Period, seeds: int) -> Contest:
    """The best of the page's tables and the best of the rivals, paired over people."""
    near, ridge, both = experiment.NEIGHBOURS, experiment.LINEAR, experiment.hybrid(data, when)
    tables = {
        "neighbours": (near, baselines.neighbours(when.liked, *near)),
        "linear": (ridge, baselines.linear(when.liked, ridge)),
        "hybrid": ((experiment.RIDGE, experiment.WEIGHT), both),
    }
    people, everyone = {}, {}
    for name, (setting, table) in tables.items():
        people[name] = experiment.measure(data, when, when.history @ table).ndcg
        same = [float(people[name].mean())] * seeds
        everyone[name] = Contestant(6, setting, same, why="a closed form, without a seed")
    for name, budgets in BUDGETS.items():
        found = [r["ndcg"] for r in rows if r["period"] == 2 and r["model"] == name]
        mine, (setting, at, curve) = torch.tensor(found).double(), best(rows, name)
        people[name], chosen = mine.mean(0), {"setting": setting, "budget": budgets[at]}
        points = list(zip(budgets, curve, strict=True))
        everyone[name] = Contestant(6, chosen, mine.mean(1).tolist(), points, LATE)
    top = [max(some, key=lambda name: float(people[name].mean())) for some in (tables, GRIDS)]
    first, second = sorted(top, key=lambda name: -float(people[name].mean()))
    apart = list(bootstrap(people[first] - people[second]))
    popular = experiment.measure(data, when, when.liked.sum(0).expand(len(when.asked), -1))
    return Contest(
        "tables and their rivals", "NDCG@10", "higher", "the first period", "the second period",
        everyone, {"best": first, "against": second, "difference": apart, "over": "people"},
        baseline=float(popular.ndcg.mean()), unequal=UNEQUAL,
    )  # fmt: skip


def main(seeds: int = 3) -> None:
    """Record all; the choices use seed 0 alone.

    Args:
        seeds: how many, from 0 on, on the second period.
    """
    torch.set_num_threads(1)  # networks this small gain nothing from more
    data, command = experiment.load(), f"aigc record 17 rivals --seeds {seeds}"
    first, second = (experiment.period(data, p) for p in (experiment.VALID, experiment.TEST))
    recording = Recording("rivals", __file__, command, ("model", "period", "place", "seed"))
    tries = [(name, 1, place, 0) for name, grid in GRIDS.items() for place in range(len(grid))]
    models = [*GRIDS, "attention, shuffled"]
    tests = [(name, 2, None, seed) for name in models for seed in range(seeds)]
    for model, period, place, seed in recording.missing(tries + tests):
        row: dict[str, Any] = {"model": model, "period": period, "seed": seed}
        if period == 1:
            setting = GRIDS[model][place]
            found = made(data, first, model, setting, seed)
            curve = [float(experiment.measure(data, first, s).ndcg.mean()) for s in found]
            row |= {"place": place, "setting": setting, "ndcg": [round(v, 4) for v in curve]}
        else:
            setting, at, _ = best(recording.rows, model)
            mine = made(data, second, model, setting, seed)[at]
            score = experiment.measure(data, second, mine)
            soon = experiment.measure(data, experiment.soon(second), mine).ndcg
            row |= {"setting": setting, "budget": BUDGETS[model.split(",")[0]][at],
                    "coverage": round(score.coverage, 4),
                    "ndcg": [round(v, 4) for v in score.ndcg.tolist()],
                    "soon": [round(v, 4) for v in soon.tolist()]}  # fmt: skip
        recording.add(row)
    recording.declare(contest(recording.rows, data, second, seeds))
