"""Recommenders without gradients: tables of films by films, popularity, and iALS (chapter 17).

A table W turns histories (N, films), 0 or 1, into scores by one product: ``history @ W``. Row i
says which films somebody who liked film i will like. A newcomer needs no new training.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from aigc_lib.chapters.ch17_recommendation.data import Ratings
from aigc_lib.chapters.ch17_recommendation.temporal_split import LIKED


def recent(ratings: Ratings, until: int, days: float, films: int) -> Tensor:
    """How often each film was liked in the last ``days`` before ``until``: (films,), float32.

    Films with equal counts are put in the order of all likes before ``until``.
    """
    good = (ratings.time <= until) & (ratings.stars >= LIKED)
    new = good & (ratings.time > until - days * 86_400)
    late, all_ = (torch.bincount(ratings.film[r], minlength=films).float() for r in (new, good))
    return late + all_ / (all_.sum() + 1)


def neighbours(liked: Tensor, k: int = 200, shrink: float = 10.0) -> Tensor:
    """Item nearest neighbours (Sarwar et al., 2001, doi:10.1145/371920.372071): the cosine of the
    two columns of ``liked`` (people, films), 0 or 1, for the k nearest of each film. ``shrink``,
    added below the fraction line, makes it smaller where few people liked the films.
    """
    both = liked.T @ liked
    size = both.diagonal().sqrt()
    cosine = both / (torch.outer(size, size) + shrink)
    cosine.fill_diagonal_(0)
    least = cosine.topk(min(k, len(cosine)), dim=1).values[:, -1:]
    return torch.where(cosine >= least, cosine, 0.0)


def factors(liked: Tensor, rank: int = 32, seed: int = 0) -> Tensor:
    """Plain matrix factorisation: people and films as points, from scikit-learn's truncated SVD
    (PureSVD: Cremonesi et al., 2010, doi:10.1145/1864708.1864721).

    With V (rank, films) from the SVD a newcomer's point is ``history @ V.T``, so W is V.T @ V.
    """
    from sklearn.decomposition import TruncatedSVD  # type: ignore[import-untyped]

    fitted = TruncatedSVD(rank, random_state=seed).fit(liked.numpy())
    points = torch.from_numpy(fitted.components_).float()
    return points.T @ points


def fold_in(liked: Tensor, points: Tensor, weight: float, ridge: float) -> Tensor:
    """The best point of each row of ``liked`` (N, M) for fixed ``points`` (M, rank): (N, rank).

    It minimises, over u, the sum of (1 - u v)^2 over the liked points v, plus weight times the sum
    of (u v)^2 over all points, plus ridge |u|^2. For a newcomer this is one small linear system.
    """
    everywhere = weight * points.T @ points + ridge * torch.eye(points.shape[1]).to(points)
    mine = [points[row > 0] for row in liked]
    left = torch.stack([everywhere + some.T @ some for some in mine])
    best: Tensor = torch.linalg.solve(left, torch.stack([some.sum(0) for some in mine]))
    return best


def ials(
    liked: Tensor, rank: int, weight: float, ridge: float, sweeps: int = 8, seed: int = 0
) -> Tensor:
    """The films' points (films, rank) of a matrix factorisation in which what nobody touched counts
    for less: people and films are fitted in turn, each by ``fold_in``.

    Hu, Koren and Volinsky (2008), doi:10.1109/ICDM.2008.22, in the form of Rendle et al. (2022),
    doi:10.1145/3523227.3548486, with the same ridge for everybody.
    """
    rng = torch.Generator().manual_seed(seed)
    films = 0.1 * torch.randn(liked.shape[1], rank, generator=rng)
    for _ in range(sweeps):
        people = fold_in(liked, films, weight, ridge)
        films = fold_in(liked.T, people, weight, ridge)
    return films


def transitions(
    sequences: list[Tensor], films: int, window: int = 1, prior: float = 30.0
) -> Tensor:
    """The table whose row i says what is liked within the next ``window`` likes after film i.

    With window 1 this is a Markov chain of first order. Rows are probabilities: counts, to which
    ``prior`` more are added that follow the films' popularity, for most pairs were never seen.
    """
    count = torch.zeros(films, films)
    for likes in sequences:
        for ahead in range(1, min(window, len(likes) - 1) + 1):
            ones = torch.ones(len(likes) - ahead)
            count.index_put_((likes[:-ahead], likes[ahead:]), ones, accumulate=True)
    fame = torch.bincount(torch.cat(sequences), minlength=films).float()
    return (count + prior * fame / fame.sum()) / (count.sum(1, keepdim=True) + prior)


def linear(liked: Tensor, ridge: float, texts: Tensor | None = None, weight: float = 0.0) -> Tensor:
    """The table W with a zero diagonal that rebuilds every row of likes best from the others.

    It minimises |X - XW|^2 + weight |T - TW|^2 + ridge |W|^2, where a column of T is a film's text
    as numbers (EASE: Steck, 2019, doi:10.1145/3308558.3313710; with rows of side information:
    Jeunen et al., 2020, doi:10.1145/3383313.3418480). So each number that the texts have counts as
    one more person, who likes the films whose texts have it. ``liked`` is X, (people, films), and
    ``texts`` the transpose of T, (films, D).
    """
    gram = liked.double().T @ liked.double()
    if texts is not None and weight:
        gram += weight * texts.double() @ texts.double().T
    gram.diagonal().add_(ridge)
    inverse = torch.linalg.inv(gram)
    table: Tensor = (-inverse / inverse.diagonal()).fill_diagonal_(0).float()
    return table


def profile(history: Tensor, points: Tensor) -> Tensor:
    """Cosine between each film's text and the mean text of a history: (N, films)."""
    points = F.normalize(points - points.mean(0), dim=1)
    return F.normalize(history @ points, dim=1) @ points.T
