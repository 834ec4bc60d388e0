"""Chapter 17's experiment: two periods of MovieLens, the models' settings, and all scores of one.

Settings are chosen on the first period alone. Everything is then fitted anew on what had happened
before the second, and scored there once.
"""

import copy
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from aigc_lib.chapters.ch17_recommendation import baselines, irgan, ranking_metrics, temporal_split
from aigc_lib.chapters.ch17_recommendation.data import Film, Ratings, load_films, load_ratings
from aigc_lib.chapters.ch17_recommendation.irgan import Config, Ranker
from aigc_lib.pretrained.sentence_embedder import embed

VALID, TEST = (0.5, 0.7), (0.7, 1.0)  # shares of all ratings, in the order of time
RIDGE, WEIGHT = 400.0, 30.0  # of the hybrid; chosen on the first period, as all that follows
LINEAR = 100.0  # the penalty of the linear model alone
NEIGHBOURS = (1663, 0.0)  # how many of each film, here all; added below the fraction line
ONWARD = (20, 5)  # how far the transitions look ahead, from how many of the last likes
BLEND = 1.6  # of a text model beside the history's score
LIKELIHOOD = Config(steps=600, lr=5e-3)
PAIRS = Config(steps=2400, lr=5e-3)
AFTER = Config(steps=300, lr=1e-4, critic_lr=3e-4)  # the game, after the likelihood
SCRATCH = Config(steps=1000, lr=3e-4, critic_lr=3e-4)  # the game alone


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


def likely(
    data: Data, when: Period, seed: int, config: Config = LIKELIHOOD, *, text: bool, free: bool
) -> Ranker:
    """The neural ranker, trained by likelihood."""
    return irgan.fit_likelihood(ranker(data, seed, text=text, free=free), when.liked, config, seed)


def gan(
    data: Data, when: Period, seed: int, start: Ranker | None, config: Config | None = None, *,
    text: bool, free: bool, exact: bool = False,
) -> Ranker:  # fmt: skip
    """The generator of the game, from a trained ranker or from nothing."""
    generator = copy.deepcopy(start) if start else ranker(data, seed, text=text, free=free)
    critic = ranker(data, 1000 + seed, text=text, free=free)
    config = config or (AFTER if start else SCRATCH)
    return irgan.fit_game(generator, critic, when.liked, config, seed, exact)


@torch.no_grad()
def blended(first: Tensor, second: Tensor, weight: float) -> Tensor:
    """Two models' scores (N, films) in one: each row is brought to mean 0 and scatter 1 before the
    second is weighted and added."""
    one, two = ((s - s.mean(1, keepdim=True)) / s.std(1, keepdim=True) for s in (first, second))
    return one + weight * two


def hybrid(data: Data, when: Period, ridge: float = RIDGE, weight: float = WEIGHT) -> Tensor:
    """The table of the linear model whose rows are people and texts."""
    return baselines.linear(when.liked, ridge, data.points, weight)


def onward(data: Data, when: Period, window: int, last: int) -> Tensor:
    """Scores of what was liked soon after the last likes of each request, by transitions."""
    n = len(data.films)
    known = temporal_split.sequences(data.ratings, when.until)
    return temporal_split.history(when.asked, n, last) @ baselines.transitions(known, n, window)


def soon(when: Period, count: int = 3) -> Period:
    """The same requests, but wanted are only the first likes after the cut, so many at most."""
    return when._replace(asked=[r._replace(wanted=r.wanted[:count]) for r in when.asked])


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


def floor(part: Unseen) -> float:
    """What random lists of the hidden films would get."""
    total, asked = 0.0, part.period.asked
    for request in asked:
        left = len(part.films) - int(torch.isin(request.rated, part.films).sum())
        total += ranking_metrics.random_ndcg(left, len(request.wanted), 10)
    return total / len(asked)
