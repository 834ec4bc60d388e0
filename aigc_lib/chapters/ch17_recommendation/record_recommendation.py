"""Train chapter 17's neural rankers and its game, and record their scores.

    aigc record 17 recommendation

Three records. In the first, every model is given six settings, is asked about the first period ten
times while it trains, and so chooses setting and number of steps; the winner's curve is recorded
with three seeds. The second asks the winners about the second period, five seeds each. The third
ranks films that nobody has rated. Half an hour in all.
"""

import copy
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from aigc_lib.chapters.ch17_recommendation import baselines, experiment, irgan
from aigc_lib.chapters.ch17_recommendation.experiment import Data, Period
from aigc_lib.chapters.ch17_recommendation.irgan import Config
from aigc_lib.core.results import Recording
from aigc_lib.core.stats import bootstrap

Model = Callable[[Tensor], Tensor]  # histories (N, films) -> scores (N, films)

_plain = [
    {"lr": lr, "weight_decay": decay}
    for lr, decay in itertools.product((2e-3, 5e-3, 1e-2), (0.1, 0.3))
]
_small = [
    {"lr": lr, "weight_decay": decay}
    for lr, decay in itertools.product((1e-4, 3e-4, 1e-3), (0.1, 0.3))
]
_after = [
    {"lr": lr, "critic_lr": 3e-3, "head_start": head}
    for lr, head in itertools.product((1e-4, 3e-4, 1e-3), (0, 300))
]
_alone = [
    {"lr": lr, "critic_lr": critic}
    for lr, critic in itertools.product((3e-4, 1e-3), (1e-3, 3e-3, 1e-2))
]
GRIDS = {  # the settings that each is given: six, and ten numbers of steps up to the first number
    "likelihood": (1200, _plain),
    "pairs": (2400, _plain),
    "likelihood, longer": (600, _small),
    "game after": (600, _after),
    "game alone": (1600, _alone),
}
SETTING = ("lr", "weight_decay", "critic_lr", "head_start")
BLENDS = (0.2, 0.4, 0.8, 1.6, 3.2, 6.4)


def winner(rows: list[dict[str, Any]], model: str) -> Config:
    """The setting and number of steps with the best score of the first period, seed 0."""
    tried = [row for row in rows if row["model"] == model and row["seed"] == 0]
    best = max(tried, key=lambda row: max(score for _, score in row["curve"][1:]))
    steps, _ = max(best["curve"][1:], key=lambda point: point[1])
    return Config(steps=steps, **{k: best[k] for k in SETTING})


def train(
    data: Data, when: Period, model: str, config: Config, seed: int, start: Model | None = None,
    inputs: str = "both", watch: irgan.Watch = lambda step, model: None,
) -> Model:  # fmt: skip
    """One training; the models that go on do so from a copy of ``start``."""
    kind = {"text": inputs != "free", "free": inputs != "text"}
    own = copy.deepcopy(start) if start else experiment.ranker(data, seed, **kind)
    watch(0, own)
    if model == "pairs":
        return irgan.fit_pairs(own, when.liked, config, seed, watch)
    if model.startswith("likelihood"):
        return irgan.fit_likelihood(own, when.liked, config, seed, watch)
    critic = experiment.ranker(data, 1000 + seed, **kind)
    exact = model.endswith("exact")
    return irgan.fit_game(own, critic, when.liked, config, seed, exact, watch)


def choose(command: str, data: Data, when: Period) -> dict[str, Config]:
    """Record what was tried on the first period; the winners, by model."""
    recording = Recording("recommendation-choices", __file__, command, ("model", *SETTING, "seed"))
    won: dict[str, Config] = {}

    @cache
    def started(seed: int) -> Model:
        return train(data, when, "likelihood", won["likelihood"], seed)

    def run(model: str, config: Config, seed: int) -> None:
        curve = []

        def watch(step: int, ranker: irgan.Ranker) -> None:
            if step % (GRIDS[model][0] // 10) == 0:
                with torch.no_grad():
                    found = experiment.measure(data, when, ranker(when.history))
                curve.append([step, round(float(found.ndcg.mean()), 5)])

        start = started(seed) if model in ("likelihood, longer", "game after") else None
        inputs = "free" if model == "pairs" else "both"
        train(data, when, model, config, seed, start, inputs, watch)
        setting = {k: getattr(config, k) for k in SETTING}
        recording.add({"model": model, **setting, "seed": seed, "curve": curve})

    for model, (steps, grid) in GRIDS.items():
        some = {tuple(getattr(c, k) for k in SETTING): c for c in (Config(**g) for g in grid)}
        for _, *setting, seed in recording.missing([(model, *s, 0) for s in some]):
            run(model, replace(some[tuple(setting)], steps=steps), seed)
        won[model] = winner(recording.rows, model)
        best = tuple(getattr(won[model], k) for k in SETTING)
        for *_, seed in recording.missing([(model, *best, seed) for seed in (1, 2)]):
            run(model, replace(won[model], steps=steps), seed)
    return won


def trainings(
    data: Data, when: Period, won: dict[str, Config], seed: int, inputs: str
) -> dict[str, Callable[[], Model]]:
    """How each model is trained that sees the films' texts, free vectors of its own, or both."""
    fresh = partial(train, data, when, seed=seed, inputs=inputs)
    start = cache(partial(fresh, "likelihood", won["likelihood"]))
    if inputs == "free":
        return {"likelihood": start, "pairs": partial(fresh, "pairs", won["pairs"])}
    return {
        "likelihood": start,
        "likelihood, longer": lambda: fresh(
            "likelihood, longer", won["likelihood, longer"], start=start()
        ),
        "game after": cache(lambda: fresh("game after", won["game after"], start=start())),
        "game after, exact": lambda: fresh(
            "game after, exact", won["game after"], start=start()
        ),
        "game alone": lambda: fresh("game alone", won["game alone"]),
    }


def blends(
    data: Data, when: Period, won: dict[str, Config], seed: int
) -> Iterator[tuple[str, float, Callable[[], Model]]]:
    """The article's system: a text model's match, with history's score beside it."""
    table = cache(partial(baselines.linear, when.liked, experiment.LINEAR))
    made = trainings(data, when, won, seed, "text")

    def blend(text: Callable[[], Model], weight: float) -> Model:
        return lambda seen: experiment.blended(seen @ table(), text()(seen), weight)

    for name, model in (("likelihood", "likelihood"), ("game", "game after")):
        for weight in BLENDS:
            yield f"history + text {name}", weight, partial(blend, made[model], weight)


def row_of(data: Data, when: Period, model: Model) -> dict[str, float]:
    """All scores of a model, as plain numbers."""
    with torch.no_grad():
        found = experiment.measure(data, when, model(when.history))
    parts = {k: float(getattr(found, k).mean()) for k in ("ndcg", "recall", "novelty", "variety")}
    return {k: round(v, 5) for k, v in (parts | {"coverage": found.coverage}).items()}


def record_test(
    command: str, data: Data, first: Period, second: Period, won: dict[str, Config], seeds: int
) -> None:
    """Every random model on the second period; the blends' weights by the first."""
    key = ("model", "inputs", "weight", "seed")
    recording = Recording("recommendation", __file__, command, key)
    for seed, inputs in itertools.product(range(seeds), ("both", "text", "free")):
        made = trainings(data, second, won, seed, inputs)
        for run in recording.missing([(model, inputs, None, seed) for model in made]):
            row = {"model": run[0], "inputs": inputs, "seed": seed}
            recording.add(row | row_of(data, second, made[run[0]]()))
    tried: dict[str, dict[float, float]] = {}
    for model, weight, made_of in blends(data, first, won, 0):
        tried.setdefault(model, {})[weight] = row_of(data, first, made_of())["ndcg"]
    chosen = [(model, max(tried[model], key=tried[model].__getitem__)) for model in tried]
    for seed in range(seeds):
        made_by = {(model, w): made_of for model, w, made_of in blends(data, second, won, seed)}
        for model, _, weight, _ in recording.missing([(m, None, w, seed) for m, w in chosen]):
            row = {"model": model, "weight": weight, "seed": seed}
            recording.add(row | row_of(data, second, made_by[model, weight]()))


def record_fresh(
    command: str, data: Data, when: Period, won: dict[str, Config], seeds: int
) -> None:
    """Text models that rank films of which they have seen no rating: every fifth film, hidden."""
    recording = Recording("recommendation-fresh", __file__, command, key=("model", "seed"))
    models = ("likelihood", "game after", "mean text", "hybrid")
    for model, seed in recording.missing([(m, seed) for seed in range(seeds) for m in models]):
        part = experiment.unseen(data, when, seed)
        history = part.period.history
        if model == "mean text":
            scores = baselines.profile(history, data.points)
        elif model == "hybrid":
            scores = history @ experiment.hybrid(data, part.period)
        else:
            scores = trainings(data, part.period, won, seed, "text")[model]()(history)
        found, low, high = bootstrap(experiment.among(part, scores))
        row = {"model": model, "seed": seed, "ndcg": found, "low": low, "high": high}
        recording.add(row | {"random": experiment.floor(part)})


def main(seeds: int = 5) -> None:
    """Record all three.

    Args:
        seeds: how many on the second period, from 0 on.
    """
    torch.set_num_threads(1)  # networks this small gain nothing from more
    data, command = experiment.load(), f"aigc record 17 recommendation --seeds {seeds}"
    first, second = (experiment.period(data, p) for p in (experiment.VALID, experiment.TEST))
    won = choose(command, data, first)
    record_test(command, data, first, second, won, seeds)
    record_fresh(command, data, second, won, seeds)
