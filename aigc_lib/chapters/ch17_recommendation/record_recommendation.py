"""Train chapter 17's neural rankers and its game, and record their scores.

    aigc record 17 recommendation choices   # settings, on the first period: four minutes
    aigc record 17 recommendation test      # three seeds on the second: six minutes
    aigc record 17 recommendation fresh     # films that nobody has rated yet: three minutes

``--first 1 --seeds 1`` adds a single seed to a record that is there.
Settings are chosen on the first period; ``aigc_lib/chapters/ch17_recommendation/experiment.py`` holds those that won. Each part
writes a record of its own.
"""

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import torch
import tyro

from aigc_lib.chapters.ch17_recommendation import baselines, experiment, irgan
from aigc_lib.chapters.ch17_recommendation.experiment import Data, Period
from aigc_lib.core import results
from aigc_lib.core.stats import bootstrap
from tools.notebook import ROOT

BLENDS = (0.0, 0.2, 0.4, 0.8, 1.6)


def row(data: Data, when: Period, scores: torch.Tensor, **what: Any) -> dict[str, Any]:
    """All scores of one model, as plain numbers."""
    found = experiment.measure(data, when, scores)
    numbers = {
        "ndcg": float(found.ndcg.mean()),
        "recall": float(found.recall.mean()),
        "novelty": float(found.novelty.mean()),
        "variety": float(found.variety.mean()),
        "coverage": found.coverage,
    }
    made = what | {key: round(value, 5) for key, value in numbers.items()}
    print(made, flush=True)
    return made


def choices(data: Data) -> Iterator[dict[str, Any]]:
    """What was tried on the first period, seed 0."""
    when = experiment.period(data, experiment.VALID)
    for steps in (300, 600, 1200):
        how = replace(experiment.LIKELIHOOD, steps=steps)
        model = experiment.likely(data, when, 0, how, text=True, free=True)
        yield row(data, when, model(when.history), model="likelihood", steps=steps)
        pairs = experiment.ranker(data, 0, text=False, free=True)
        irgan.fit_pairs(pairs, when.liked, replace(experiment.PAIRS, steps=2 * steps), 0)
        yield row(data, when, pairs(when.history), model="pairs", steps=2 * steps)
    start = experiment.likely(data, when, 0, text=True, free=True)
    for rate in (3e-5, 1e-4, 3e-4):
        for critic in (3e-4, 1e-3):
            how = replace(experiment.AFTER, rate=rate, critic_rate=critic)
            made = experiment.gan(data, when, 0, start, how, text=True, free=True)
            name = {"model": "game after", "rate": rate, "critic_rate": critic}
            yield row(data, when, made(when.history), **name)
    for rate in (1e-4, 3e-4, 1e-3):
        how = replace(experiment.SCRATCH, rate=rate, critic_rate=rate)
        made = experiment.gan(data, when, 0, None, how, text=True, free=True)
        yield row(data, when, made(when.history), model="game alone", rate=rate)
    yield from blends(data, when, BLENDS, 0)


def blends(
    data: Data, when: Period, weights: tuple[float, ...], seed: int
) -> Iterator[dict[str, Any]]:
    """The article's system: a text model's match, with history's score beside it."""
    history = when.history @ baselines.linear(when.liked, experiment.RIDGE)
    start = experiment.likely(data, when, seed, text=True, free=False)
    made = experiment.gan(data, when, seed, start, text=True, free=False)
    for name, model in (("likelihood", start), ("game", made)):
        for weight in weights:
            scores = experiment.blended(history, model(when.history), weight)
            yield row(data, when, scores, model=f"history + text {name}", weight=weight, seed=seed)


def test(data: Data, seeds: range) -> Iterator[dict[str, Any]]:
    """Every random model on the second period."""
    when = experiment.period(data, experiment.TEST)
    for seed in seeds:
        pairs = experiment.ranker(data, seed, text=False, free=True)
        irgan.fit_pairs(pairs, when.liked, experiment.PAIRS, seed)
        yield row(data, when, pairs(when.history), model="pairs", inputs="free", seed=seed)
        for inputs in ("text", "free", "both"):
            text, free = inputs != "free", inputs != "text"
            start = experiment.likely(data, when, seed, text=text, free=free)
            name = {"inputs": inputs, "seed": seed}
            yield row(data, when, start(when.history), model="likelihood", **name)
            if inputs == "free":
                continue
            more = irgan.fit_likelihood(copy.deepcopy(start), when.liked, experiment.AFTER, seed)
            yield row(data, when, more(when.history), model="likelihood, longer", **name)
            for model, begin, exact in (
                ("game after", start, False),
                ("game after, exact", start, True),
                ("game alone", None, False),
            ):
                made = experiment.gan(data, when, seed, begin, exact=exact, text=text, free=free)
                yield row(data, when, made(when.history), model=model, **name)
        yield from blends(data, when, (experiment.BLEND,), seed)


def fresh(data: Data, seeds: range) -> Iterator[dict[str, Any]]:
    """Text models that rank films of which they have seen no rating: every fifth film, hidden."""
    when = experiment.period(data, experiment.TEST)
    for seed in seeds:
        part = experiment.unseen(data, when, seed)
        start = experiment.likely(data, part.period, seed, text=True, free=False)
        models = {
            "likelihood": start,
            "game after": experiment.gan(data, part.period, seed, start, text=True, free=False),
            "game alone": experiment.gan(data, part.period, seed, None, text=True, free=False),
        }
        scores = {name: model(part.period.history) for name, model in models.items()}
        scores["mean text"] = baselines.profile(part.period.history, data.points)
        scores["hybrid"] = part.period.history @ experiment.hybrid(data, part.period)
        for name, values in scores.items():
            found, low, high = bootstrap(experiment.among(part, values))
            floor = experiment.floor(part)
            made = {"model": name, "seed": seed, "ndcg": found, "low": low, "high": high}
            print(made, flush=True)
            yield made | {"random": floor}


def main(part: Literal["choices", "test", "fresh"], /, first: int = 0, seeds: int = 3) -> None:
    """Record one part.

    Args:
        part: which.
        first: the first seed; beyond 0, rows of other seeds stay in the record.
        seeds: how many, from there on; the choices use seed 0 alone.
    """
    data = experiment.load()
    chosen = range(first, first + seeds)
    rows = {
        "choices": lambda: choices(data),
        "test": lambda: test(data, chosen),
        "fresh": lambda: fresh(data, chosen),
    }[part]
    names = {"choices": "-choices", "test": "", "fresh": "-fresh"}
    name = f"recommendation{names[part]}"
    kept = results.load(name)["rows"] if first else []
    kept = [row for row in kept if row["seed"] not in chosen]
    command = f"aigc record 17 recommendation {part}"
    print("recorded in", results.record(name, [*kept, *rows()], command, ROOT))


if __name__ == "__main__":
    torch.set_num_threads(1)  # networks this small gain nothing from more
    tyro.cli(main)
