"""Train chapter 17's neural rankers and its game, and record their scores.

    aigc record 17 recommendation

Three records. In the first, every model is given six settings, is asked about the first period ten
times while it trains, and so chooses setting and number of steps; the winner's curve is recorded
with three seeds. The second asks the winners about the second period, five seeds each. The third
ranks films that nobody has rated. Half an hour in all.
"""

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

import torch
from torch import Tensor

from aigc_lib.chapters.ch17_recommendation import baselines, experiment
from aigc_lib.chapters.ch17_recommendation.experiment import SETTING, Data, Period, train, winner
from aigc_lib.chapters.ch17_recommendation.irgan import Config, Ranker
from aigc_lib.core.results import Recording
from aigc_lib.core.stats import bootstrap

Model = Callable[[Tensor], Tensor]  # histories (N, films) -> scores (N, films)


def _grid(rates: tuple[float, ...], name: str, values: tuple[float, ...]) -> list[Config]:
    fixed = {"critic_lr": 3e-3} if name == "head_start" else {}
    pairs = itertools.product(rates, values)
    return [Config(**fixed | {"lr": lr, name: value}) for lr, value in pairs]  # type: ignore[arg-type]


GRIDS = {  # six settings each, and ten numbers of steps, up to the first number
    "likelihood": (1200, _grid((1e-3, 2e-3, 5e-3), "weight_decay", (0.1, 0.3))),
    "pairs": (2400, _grid((2e-3, 5e-3, 1e-2), "weight_decay", (0.1, 0.3))),
    "likelihood, longer": (600, _grid((1e-4, 3e-4, 1e-3), "weight_decay", (0.1, 0.3))),
    "game after": (600, _grid((1e-4, 3e-4, 1e-3), "head_start", (0, 300))),
    "game alone": (1600, _grid((3e-4, 1e-3), "critic_lr", (1e-3, 3e-3, 1e-2))),
}
BLENDS = (0.2, 0.4, 0.8, 1.6, 3.2, 6.4)


def choose(command: str, data: Data, when: Period) -> dict[str, Config]:
    """Record what was tried on the first period; the winners, by model."""
    recording = Recording("recommendation-choices", __file__, command, ("model", *SETTING, "seed"))
    won: dict[str, Config] = {}

    @cache
    def started(seed: int) -> Ranker:
        return train(data, when, "likelihood", won["likelihood"], seed)

    def run(model: str, config: Config, seed: int) -> None:
        curve = []

        def watch(step: int, ranker: Ranker) -> None:
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
        some = {tuple(getattr(c, k) for k in SETTING): c for c in grid}
        for _, *setting, seed in recording.missing([(model, *s, 0) for s in some]):
            run(model, replace(some[tuple(setting)], steps=steps), seed)
        won[model] = winner(recording.rows, model)
        best = tuple(getattr(won[model], k) for k in SETTING)
        for *_, seed in recording.missing([(model, *best, seed) for seed in (1, 2)]):
            run(model, replace(won[model], steps=steps), seed)
    return won


def trainings(
    data: Data, when: Period, won: dict[str, Config], seed: int, inputs: str
) -> dict[str, Callable[[], Ranker]]:
    """How each model is trained that sees the films' texts, free vectors of its own, or both."""

    def fresh(model: str, start: Ranker | None = None) -> Ranker:
        config = won[model.removesuffix(", exact")]
        return train(data, when, model, config, seed, start, inputs)

    start = cache(partial(fresh, "likelihood"))
    found: dict[str, Callable[[], Ranker]] = {"likelihood": start}
    if inputs == "free":
        return found | {"pairs": partial(fresh, "pairs")}
    found["likelihood, longer"] = lambda: fresh("likelihood, longer", start())
    found["game after"] = cache(lambda: fresh("game after", start()))
    if inputs == "both":
        found["game after, exact"] = lambda: fresh("game after, exact", start())
        found["game alone"] = partial(fresh, "game alone")
    return found


def blends(
    when: Period, made: dict[str, Callable[[], Ranker]]
) -> dict[tuple[str, float], Callable[[], Model]]:
    """The article's system: a text model's match, with history's score beside it."""
    table = cache(partial(baselines.linear, when.liked, experiment.LINEAR))

    def blend(text: Callable[[], Model], weight: float) -> Model:
        return lambda seen: experiment.blended(seen @ table(), text()(seen), weight)

    models = (("likelihood", "likelihood"), ("game", "game after"))
    return {
        (f"history + text {name}", weight): partial(blend, made[model], weight)
        for (name, model), weight in itertools.product(models, BLENDS)
    }


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
    tried: dict[str, dict[float, float]] = {}
    for (model, weight), mix in blends(first, trainings(data, first, won, 0, "text")).items():
        tried.setdefault(model, {})[weight] = row_of(data, first, mix())["ndcg"]
    chosen = [(model, max(few, key=few.__getitem__)) for model, few in tried.items()]
    for seed, inputs in itertools.product(range(seeds), ("both", "text", "free")):
        made = trainings(data, second, won, seed, inputs)
        for run in recording.missing([(model, inputs, None, seed) for model in made]):
            row = {"model": run[0], "inputs": inputs, "seed": seed}
            recording.add(row | row_of(data, second, made[run[0]]()))
        if inputs != "text":
            continue
        mixed = blends(second, made)
        for model, _, weight, _ in recording.missing([(m, None, w, seed) for m, w in chosen]):
            row = {"model": model, "weight": weight, "seed": seed}
            recording.add(row | row_of(data, second, mixed[model, weight]()))


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
