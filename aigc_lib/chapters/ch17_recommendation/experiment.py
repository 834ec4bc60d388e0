"""Chapter 17's experiment: two periods of MovieLens, the models' settings, and all scores of one.

Settings are chosen on the first period alone. Everything is then fitted anew on what had happened
before the second, and scored there once.
"""

import copy
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from aigc_lib.chapters.ch17_recommendation import baselines, irgan, ranking_metrics, temporal_split
from aigc_lib.chapters.ch17_recommendation.data import Film, Ratings, load_films, load_ratings
from aigc_lib.chapters.ch17_recommendation.irgan import Config, Ranker
from aigc_lib.pretrained.sentence_embedder import embed

VALID, TEST = (0.5, 0.7), (0.7, 1.0)  # shares of all ratings, in the order of time
RIDGE, WEIGHT = 400.0, 30.0  # of the hybrid; chosen on the first period
LINEAR = 100.0  # the penalty of the linear model alone; chosen there too, as all that follows
NEIGHBOURS = (1663, 0.0)  # of each film, so all; added below the fraction line
SETTING = ("lr", "weight_decay", "critic_lr", "head_start")  # what may be chosen, with the steps


@dataclass(frozen=True)
class Data:
    """Films, ratings, and what the films' texts are as numbers."""

    films: list[Film]
    ratings: Ratings
    points: Tensor  # (films, 384), rows of length 1 around their mean
    genres: Tensor  # (films, G), 0 or 1


class Period(NamedTuple):
    """What was known when the models were frozen, and what they were asked afterwards."""

    until: int  # seconds since 1970
    liked: Tensor  # (people, films)
    asked: list[temporal_split.Request]
    history: Tensor  # (requests, films)


class Score(NamedTuple):
    """Of ten films for everybody: one number a request, except the coverage."""

    ndcg: Tensor
    recall: Tensor
    novelty: Tensor
    variety: Tensor
    coverage: float
    lists: Tensor


def load() -> Data:
    """Everything, from the cache; the texts are embedded once, which takes half a minute.

    DataError if ratings or the network's weights cannot be had.
    """
    films = load_films()
    points = embed([film.text for film in films], "films", longest=96)
    points = torch.nn.functional.normalize(points - points.mean(0), dim=1)
    names = sorted({genre for film in films for genre in film.genres})
    genres = torch.tensor([[float(name in film.genres) for name in names] for film in films])
    return Data(films, load_ratings(), points, genres)


def period(data: Data, span: tuple[float, float]) -> Period:
    """The period that begins and ends when these shares of all ratings had been given."""
    after, until = (temporal_split.moment(data.ratings, share) for share in span)
    asked = temporal_split.requests(data.ratings, after, until)
    liked = temporal_split.likes(data.ratings, after, len(data.films))
    return Period(after, liked, asked, temporal_split.history(asked, len(data.films)))


def measure(data: Data, when: Period, scores: Tensor) -> Score:
    """All scores of the lists that these scores (requests, films) make."""
    wanted = [request.wanted for request in when.asked]
    lists = ranking_metrics.top(scores, [request.rated for request in when.asked])
    return Score(
        ranking_metrics.ndcg(lists, wanted),
        ranking_metrics.recall(lists, wanted),
        ranking_metrics.novelty(lists, when.liked),
        ranking_metrics.variety(lists, data.genres),
        ranking_metrics.coverage(lists, len(data.films)),
        lists,
    )


def ranker(data: Data, seed: int, *, text: bool, free: bool) -> Ranker:
    """A fresh neural ranker; the caller's random state stays as it is."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return Ranker(data.points, text=text, free=free)


def winner(rows: list[dict[str, Any]], model: str) -> Config:
    """The setting, and the number of steps, that did best on the first period, seed 0.

    rows: of the record "recommendation-choices".
    """
    tried = [row for row in rows if row["model"] == model and row["seed"] == 0]
    best = max(tried, key=lambda row: max(score for _, score in row["curve"][1:]))
    steps, _ = max(best["curve"][1:], key=lambda point: point[1])
    return Config(steps=steps, **{k: best[k] for k in SETTING})


def train(
    data: Data, when: Period, model: str, config: Config, seed: int, start: Ranker | None = None,
    inputs: str = "both", watch: irgan.Watch = lambda *_: None,
) -> Ranker:  # fmt: skip
    """One training of a neural ranker that sees the films' text, free vectors, or both.

    model: "pairs", "likelihood..." or "game...". With ``start`` a copy of that one goes on.
    ``watch`` is told of it before the first step, too.
    """
    kind = {"text": inputs != "free", "free": inputs != "text"}
    own = copy.deepcopy(start) if start else ranker(data, seed, **kind)
    watch(0, own)
    if model == "pairs":
        return irgan.fit_pairs(own, when.liked, config, seed, watch)
    if model.startswith("likelihood"):
        return irgan.fit_likelihood(own, when.liked, config, seed, watch)
    critic = ranker(data, 1000 + seed, **kind)
    return irgan.fit_game(own, critic, when.liked, config, seed, watch)


@torch.no_grad()
def blended(first: Tensor, second: Tensor, weight: float) -> Tensor:
    """Two models' scores (N, films) in one: each row is brought to mean 0 and scatter 1 before the
    second is weighted and added."""
    one, two = ((s - s.mean(1, keepdim=True)) / s.std(1, keepdim=True) for s in (first, second))
    return one + weight * two


def hybrid(data: Data, when: Period, ridge: float = RIDGE, weight: float = WEIGHT) -> Tensor:
    """The table of the linear model whose rows are people and texts."""
    return baselines.linear(when.liked, ridge, data.points, weight)


class Unseen(NamedTuple):
    """A period without every trace of some films, which are then to be ranked."""

    period: Period
    films: Tensor  # indices


def unseen(data: Data, when: Period, seed: int) -> Unseen:
    """Hide a fifth of the films, drawn at random: no like of them is left in table or history.

    Requests stay that want one of them and whose history is not empty without them.
    """
    rng = torch.Generator().manual_seed(seed)
    n = len(data.films)
    hidden = torch.randperm(n, generator=rng)[: round(0.2 * n)].sort().values
    liked, history = when.liked.clone(), when.history.clone()
    liked[:, hidden], history[:, hidden] = 0, 0
    asked = [r._replace(wanted=r.wanted[torch.isin(r.wanted, hidden)]) for r in when.asked]
    kept = [i for i, r in enumerate(asked) if len(r.wanted) and bool(history[i].any())]
    part = when._replace(liked=liked, history=history[kept], asked=[asked[i] for i in kept])
    return Unseen(part, hidden)


def among(part: Unseen, scores: Tensor) -> Tensor:
    """NDCG of each request when only the hidden films are ranked."""
    asked, hidden = part.period.asked, torch.full_like(scores, -torch.inf)
    hidden[:, part.films] = scores[:, part.films]
    lists = ranking_metrics.top(hidden, [request.rated for request in asked])
    return ranking_metrics.ndcg(lists, [request.wanted for request in asked])
