"""Train chapter 17's neural rankers and its game, and record their scores.

    aigc record 17 recommendation

Three records: settings, tried on the first period (four minutes); three seeds on the second (six
minutes); films that nobody has rated yet (three minutes). ``experiment`` holds the settings that
won.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from aigc_lib.chapters.ch17_recommendation import baselines, experiment, irgan
from aigc_lib.chapters.ch17_recommendation.experiment import AFTER, LIKELIHOOD, Data, Period
from aigc_lib.core.results import Recording
from aigc_lib.core.stats import bootstrap

BLENDS = (0.0, 0.2, 0.4, 0.8, 1.6)
KEY = ("model", "inputs", "steps", "rate", "critic_rate", "weight", "seed")
Model = Callable[[Tensor], Tensor]  # histories (N, films) -> scores (N, films)
Job = tuple[dict[str, Any], Callable[[], Model]]  # what a row is of, and its model's training


def trainings(data: Data, when: Period, seed: int, inputs: str) -> dict[str, Callable[[], Model]]:
    """How each model is trained that sees the films' texts, free vectors of its own, or both."""
    text, free = inputs != "free", inputs != "text"
    game = partial(experiment.gan, data, when, seed, text=text, free=free)
    start = cache(partial(experiment.likely, data, when, seed, text=text, free=free))
    fresh = partial(experiment.ranker, data, seed, text=text, free=free)
    if inputs == "free":
        pairs = partial(irgan.fit_pairs, liked=when.liked, config=experiment.PAIRS, seed=seed)
        return {"pairs": lambda: pairs(fresh()), "likelihood": start}
    more = partial(irgan.fit_likelihood, liked=when.liked, config=AFTER, seed=seed)
    return {
        "likelihood": start,
        "likelihood, longer": lambda: more(copy.deepcopy(start())),
        "game after": lambda: game(start=start()),
        "game after, exact": lambda: game(start=start(), exact=True),
        "game alone": lambda: game(start=None),
    }


def blends(data: Data, when: Period, weights: tuple[float, ...], seed: int) -> Iterator[Job]:
    """The article's system: a text model's match, with history's score beside it."""
    table = cache(partial(baselines.linear, when.liked, experiment.RIDGE))
    made = trainings(data, when, seed, "text")

    def blend(text: Callable[[], Model], weight: float) -> Model:
        return lambda seen: experiment.blended(seen @ table(), text()(seen), weight)

    for name, train in (("likelihood", made["likelihood"]), ("game", cache(made["game after"]))):
        for weight in weights:
            what = {"model": f"history + text {name}", "weight": weight, "seed": seed}
            yield what, partial(blend, train, weight)


def choices(data: Data, when: Period) -> Iterator[Job]:
    """What was tried on the first period, seed 0."""

    @cache
    def likelihood(steps: int = LIKELIHOOD.steps) -> irgan.Ranker:
        config = replace(LIKELIHOOD, steps=steps)
        return experiment.likely(data, when, 0, config, text=True, free=True)

    def pairs(steps: int) -> Model:
        model = experiment.ranker(data, 0, text=False, free=True)
        return irgan.fit_pairs(model, when.liked, replace(experiment.PAIRS, steps=steps), 0)

    def game(base: irgan.Config, lr: float, critic: float) -> Model:
        start = likelihood() if base is AFTER else None
        config = replace(base, lr=lr, critic_lr=critic)
        return experiment.gan(data, when, 0, start, config, text=True, free=True)

    for steps in (300, 600, 1200):
        yield {"model": "likelihood", "steps": steps}, partial(likelihood, steps)
        yield {"model": "pairs", "steps": 2 * steps}, partial(pairs, 2 * steps)
    for lr in (3e-5, 1e-4, 3e-4):
        for critic in (3e-4, 1e-3):
            what = {"model": "game after", "rate": lr, "critic_rate": critic}
            yield what, partial(game, AFTER, lr, critic)
    for lr in (1e-4, 3e-4, 1e-3):
        yield {"model": "game alone", "rate": lr}, partial(game, experiment.SCRATCH, lr, lr)
    yield from blends(data, when, BLENDS, 0)


def test(data: Data, when: Period, seeds: int) -> Iterator[Job]:
    """Every random model on the second period."""
    for seed in range(seeds):
        for inputs in ("text", "free", "both"):
            for model, train in trainings(data, when, seed, inputs).items():
                yield {"model": model, "inputs": inputs, "seed": seed}, train
        yield from blends(data, when, (experiment.BLEND,), seed)


def record(name: str, command: str, data: Data, when: Period, jobs: Iterator[Job]) -> None:
    """Record all scores of every model, as plain numbers."""
    known = {tuple(what.get(column) for column in KEY): (what, train) for what, train in jobs}
    recording = Recording(name, __file__, command, KEY)
    for run in recording.missing(known):
        what, train = known[run]
        found = experiment.measure(data, when, train()(when.history))
        means = {
            k: float(getattr(found, k).mean()) for k in ("ndcg", "recall", "novelty", "variety")
        }
        means["coverage"] = found.coverage
        recording.add(what | {part: round(value, 5) for part, value in means.items()})


def record_fresh(command: str, data: Data, when: Period, seeds: int) -> None:
    """Text models that rank films of which they have seen no rating: every fifth film, hidden."""
    recording = Recording("recommendation-fresh", __file__, command, key=("model", "seed"))
    models = ("likelihood", "game after", "game alone", "mean text", "hybrid")
    for model, seed in recording.missing([(m, seed) for seed in range(seeds) for m in models]):
        part = experiment.unseen(data, when, seed)
        history = part.period.history
        if model == "mean text":
            scores = baselines.profile(history, data.points)
        elif model == "hybrid":
            scores = history @ experiment.hybrid(data, part.period)
        else:
            scores = trainings(data, part.period, seed, "text")[model]()(history)
        found, low, high = bootstrap(experiment.among(part, scores))
        row = {"model": model, "seed": seed, "ndcg": found, "low": low, "high": high}
        recording.add(row | {"random": experiment.floor(part)})


def main(seeds: int = 3) -> None:
    """Record all three.

    Args:
        seeds: how many, from 0 on; the choices use seed 0 alone.
    """
    torch.set_num_threads(1)  # networks this small gain nothing from more
    data, command = experiment.load(), f"aigc record 17 recommendation --seeds {seeds}"
    first, second = (experiment.period(data, p) for p in (experiment.VALID, experiment.TEST))
    record("recommendation-choices", command, data, first, choices(data, first))
    record("recommendation", command, data, second, test(data, second, seeds))
    record_fresh(command, data, second, seeds)
