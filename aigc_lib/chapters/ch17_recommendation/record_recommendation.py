"""Train chapter 17's neural rankers and its game, and record their scores.

    aigc record 17 recommendation

Two records. In the first, every model is given six settings, is asked about the first period ten
times while it trains, and so chooses setting and steps; the winner's curve has three seeds. The
second asks the winners about the second period, five seeds each, and with three seeds from texts
alone and about films that nobody has rated. Forty minutes in all.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import cache, partial
from operator import attrgetter
from statistics import mean
from typing import Any

import torch
from torch import Tensor

from aigc_lib.chapters.ch17_recommendation import baselines, experiment
from aigc_lib.chapters.ch17_recommendation.experiment import SETTING, Data, Period, train, winner
from aigc_lib.chapters.ch17_recommendation.irgan import Config, Ranker
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.results import Recording

Model = Callable[[Tensor], Tensor]  # histories (N, films) -> scores (N, films)


def _grid(
    name: str, rates: tuple[float, ...], values: tuple[float, ...], **fixed: float
) -> list[Config]:
    pairs = itertools.product(rates, values)
    return [Config(**fixed | {"lr": lr, name: value}) for lr, value in pairs]  # type: ignore[arg-type]


GRIDS = {  # six settings each, ten for the game, and ten numbers of steps, up to the first number
    "likelihood": (1200, _grid("weight_decay", (1e-3, 2e-3, 5e-3), (0.1, 0.3))),
    "pairs": (2400, _grid("weight_decay", (2e-3, 5e-3, 1e-2), (0.1, 0.3))),
    "likelihood, longer": (600, _grid("weight_decay", (1e-4, 3e-4, 1e-3), (0.1, 0.3))),
    "game after": (600, [
        *_grid("head_start", (1e-4, 3e-4, 1e-3), (0, 300), critic_lr=3e-3),
        *_grid("critic_lr", (1e-4,), (3e-4, 1e-3)),
        *_grid("critic_lr", (1e-4,), (3e-4, 1e-3), head_start=300),
    ]),
    "game alone": (800, _grid("critic_lr", (3e-4, 1e-3), (1e-3, 3e-3, 1e-2))),
}  # fmt: skip
BLENDS = (0.2, 0.4, 0.8, 1.6, 3.2, 6.4)


LATER = ("likelihood, longer", "game after")  # these go on from a trained likelihood
setting = attrgetter(*SETTING)  # what tells a configuration from the others of its grid


def choose(command: str, data: Data, when: Period) -> list[dict[str, Any]]:
    """Record what was tried on the first period."""
    recording = Recording("recommendation-choices", __file__, command, ("model", *SETTING, "seed"))

    @cache
    def started(seed: int) -> Ranker:
        config = winner(recording.rows, "likelihood")
        return train(data, when, "likelihood", config, seed)

    def run(model: str, config: Config, seed: int) -> None:
        curve = []

        def watch(step: int, ranker: Ranker) -> None:
            if step % (config.steps // 10) == 0:
                curve.append([step, row_of(data, when, ranker)["ndcg"]])

        start = started(seed) if model in LATER else None
        inputs = "free" if model == "pairs" else "both"
        train(data, when, model, config, seed, start, inputs, watch)
        told = dict(zip(SETTING, setting(config), strict=True))
        recording.add({"model": model, **told, "seed": seed, "curve": curve})

    for model, (steps, grid) in GRIDS.items():
        configs = {(model, *setting(c)): replace(c, steps=steps) for c in grid}
        for key in recording.missing([(*key, 0) for key in configs]):
            run(model, configs[key[:-1]], 0)
        best = (model, *setting(winner(recording.rows, model)))
        for key in recording.missing([(*best, seed) for seed in (1, 2)]):
            run(model, configs[best], key[-1])
    recording.declare(why_none="it holds what was tried; the verdicts stand beside the tests")
    return recording.rows


def trainings(
    data: Data, when: Period, won: dict[str, Config], seed: int, inputs: str
) -> dict[str, Callable[[], Ranker]]:
    """How each model is trained that sees the films' texts, free vectors of its own, or both."""

    def fresh(model: str, start: Ranker | None = None) -> Ranker:
        return train(data, when, model, won[model], seed, start, inputs)

    start = cache(partial(fresh, "likelihood"))
    found: dict[str, Callable[[], Ranker]] = {"likelihood": start}
    if inputs == "free":
        return found | {"pairs": partial(fresh, "pairs")}
    found["likelihood, longer"] = cache(lambda: fresh("likelihood, longer", start()))
    found["game after"] = cache(lambda: fresh("game after", start()))
    if inputs == "both":
        found["game alone"] = partial(fresh, "game alone")
    return found


def blends(when: Period, made: dict[Any, Callable[[], Model]]) -> dict[Any, Callable[[], Model]]:
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
    command: str, data: Data, first: Period, second: Period, tried: list[dict[str, Any]], seeds: int
) -> None:
    """Every random model on the second period; the blends' weights by the first."""
    won = {model: winner(tried, model) for model in GRIDS}
    key = ("model", "inputs", "weight", "seed")
    recording = Recording("recommendation", __file__, command, key)
    likely = {
        what: row_of(data, first, mix())["ndcg"]
        for what, mix in blends(first, {**trainings(data, first, won, 0, "text")}).items()
    }
    best = {max((w for w in likely if w[0] == name), key=likely.__getitem__) for name, _ in likely}
    for inputs, seed in itertools.product(("both", "free", "text", "new films"), range(seeds)):
        if seed > 2 and inputs in ("text", "new films"):
            continue  # three seeds will do
        part = experiment.unseen(data, second, seed)
        when, kind = (part.period, "text") if inputs == "new films" else (second, inputs)
        made: dict[Any, Callable[[], Model]] = {**trainings(data, when, won, seed, kind)}
        keys = [(model, inputs, None, seed) for model in made]
        if inputs == "text":
            made |= blends(when, made)
            keys += [(name, inputs, weight, seed) for name, weight in best]
        for name, _, weight, _ in recording.missing(keys):
            model = made[(name, weight) if weight else name]()
            if inputs == "new films":
                with torch.no_grad():
                    found = experiment.among(part, model(when.history))
                told = {"ndcg": round(float(found.mean()), 5)}
            else:
                told = row_of(data, second, model)
            more = {"weight": weight} if weight else {}
            recording.add({"model": name, "inputs": inputs, "seed": seed} | more | told)
    recording.declare(*contests(tried, recording.rows))


def contests(tried: list[dict[str, Any]], rows: list[dict[str, Any]]) -> Iterator[Contest]:
    """What the page decides about the game: after the likelihood, and from nothing."""

    def mean_curve(model: str, won: Config) -> list[list[float]]:
        key = (model, *setting(won))
        own = [r["curve"] for r in tried if tuple(r[c] for c in ("model", *SETTING)) == key]
        return [[p[0][0], mean(score for _, score in p)] for p in zip(*own, strict=True)]

    def entry(model: str) -> Contestant:
        won = winner(tried, model)
        curve = mean_curve(model, won)
        if model in LATER:  # its budget begins with that of the likelihood which it goes on from
            start = winner(tried, "likelihood")
            before = [p for p in mean_curve("likelihood", start) if p[0] < start.steps]
            curve = before + [[start.steps + steps, score] for steps, score in curve]
        inputs = "free" if model == "pairs" else "both"
        scores = [r["ndcg"] for r in rows if r["model"] == model and r.get("inputs") == inputs]
        late = "its curve had not ended: more steps might help it" if model == "pairs" else ""
        return Contestant(len(GRIDS[model][1]), asdict(won), scores, curve, late)

    for name, models in {
        "the game after the likelihood": LATER,
        "the game from nothing": ("likelihood", "pairs", "game alone"),
    }.items():
        everyone = {model: entry(model) for model in models}
        order = sorted(models, key=lambda model: -mean(everyone[model].scores))
        rival = order[1] if "game" in order[0] else next(m for m in order if "game" in m)
        verdict = {"best": order[0], "against": rival, "over": "seeds"}
        periods = "the first period's requests", "the second period's requests"
        more = "the game after the likelihood had ten settings, the others six"
        yield Contest(
            name, "NDCG@10", "higher", *periods, everyone, verdict, 0.0143, 0.1616, more
        )  # fmt: skip


def main(seeds: int = 5) -> None:
    """Record both.

    Args:
        seeds: how many on the second period, from 0 on.
    """
    torch.set_num_threads(1)  # networks this small gain nothing from more
    data, command = experiment.load(), f"aigc record 17 recommendation --seeds {seeds}"
    first, second = (experiment.period(data, p) for p in (experiment.VALID, experiment.TEST))
    record_test(command, data, first, second, choose(command, data, first), seeds)
