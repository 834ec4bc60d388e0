"""Scores of recommendation lists, one number a person (chapter 17).

A list holds the ``k`` films with the highest scores among *all* that the person has not rated, each
once; a film is wanted or not, and everybody wants one at least. Every score refuses other input
with a ValueError, and among equal scores of films ``top`` decides.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def discounts(k: int) -> Tensor:
    """What a hit on place 1, ..., k is worth: 1 / log2(place + 1), float64."""
    return 1 / torch.arange(2, k + 2, dtype=torch.float64).log2()


def top(scores: Tensor, rated: Sequence[Tensor], k: int = 10) -> Tensor:
    """The lists (N, k): indices of the highest scores, best first, without what was rated.

    Scores are (N, films); ``rated`` holds, for each of the N, the indices that are left out. Equal
    scores are taken in the order of their indices, whatever is wanted.

    Raises:
        ValueError: k < 1, fewer than k films are left for somebody, or a score is NaN.
    """
    if k < 1:
        raise ValueError(f"a list has at least one place, not {k}")
    if scores.isnan().any():
        raise ValueError("a score is NaN: nothing can be ranked by it")
    scores = scores.detach().clone()
    for row, known in zip(scores, rated, strict=True):
        row[known] = -math.inf
    found = scores.sort(dim=1, descending=True, stable=True)
    if k > scores.shape[1] or bool(found.values[:, k - 1].isneginf().any()):
        raise ValueError(f"fewer than {k} films are left to recommend")
    return found.indices[:, :k]


def _check(lists: Tensor, films: float = math.inf) -> None:
    if lists.ndim != 2 or not lists.numel():
        raise ValueError(f"need lists (N, k) of films, at least one, got {tuple(lists.shape)}")
    if int(lists.min()) < 0 or int(lists.max()) >= films:
        raise ValueError(f"a list names a film that is none of the {films:g}, from 0 on")
    if bool((lists.sort(1).values.diff(dim=1) == 0).any()):
        raise ValueError("a list names a film twice, which would be paid twice: see `top`")


def hits(lists: Tensor, wanted: Sequence[Tensor]) -> Tensor:
    """Which places of the lists (N, k) hold a wanted film: float64 of 0 and 1."""
    _check(lists)
    if len(wanted) != len(lists) or any(not 0 < len(w) == len(w.unique()) for w in wanted):
        raise ValueError("need what each list's person wants: one film at least, and none twice")
    return torch.stack([torch.isin(row, w) for row, w in zip(lists, wanted, strict=True)]).double()


def ndcg(lists: Tensor, wanted: Sequence[Tensor]) -> Tensor:
    """Normalised discounted cumulative gain of each list (N, k), between 0 and 1, float64.

    The discounted hits, divided by what the best possible list would get (Jarvelin and Kekalainen,
    2002, doi:10.1145/582415.582418).
    """
    found, worth = hits(lists, wanted), discounts(lists.shape[1])
    best = worth.cumsum(0)[[min(len(worth), len(good)) - 1 for good in wanted]]
    return found @ worth / best


def recall(lists: Tensor, wanted: Sequence[Tensor]) -> Tensor:
    """Hits of each list (N, k) as a share of what k places could hit at most, float64."""
    found = hits(lists, wanted)
    return found.sum(1) / torch.tensor([min(lists.shape[1], len(good)) for good in wanted])


def random_ndcg(films: int, wanted: int, k: int) -> float:
    """Mean NDCG of a list drawn at random from ``films``, ``wanted`` of which are wanted."""
    if not (0 < wanted <= films and 0 < k <= films):
        raise ValueError(f"of {films} films {wanted} cannot be wanted or {k} listed")
    worth = discounts(k).cumsum(0)
    return float(wanted / films * worth[k - 1] / worth[min(k, wanted) - 1])


def coverage(lists: Tensor, films: int) -> float:
    """Share of all films that stand in at least one list."""
    _check(lists, films)
    return len(lists.unique()) / films


def novelty(lists: Tensor, liked: Tensor) -> Tensor:
    """Mean surprise of each list's films, in bits: -log2 of the share of people who liked the film.

    liked: (people, films), 0 or 1, from the past. Nobody is counted as one more person, so that
    a film which no one has liked yet has a finite surprise.
    """
    _check(lists, liked.shape[1])
    share = (liked.sum(0).double() + 1) / (len(liked) + 1)
    return -share.log2()[lists].mean(1)


def variety(lists: Tensor, genres: Tensor) -> Tensor:
    """How different the films of each list are in genre: the mean, over pairs, of the share of
    their genres that they do not have in common (Jaccard's distance), between 0 and 1.

    genres: (films, G), 0 or 1. A list needs two films.
    """
    _check(lists, len(genres))
    if lists.shape[1] < 2:
        raise ValueError("a list of one film has no pair to compare")
    chosen, k = genres.double()[lists], lists.shape[1]
    both, size = chosen @ chosen.mT, chosen.sum(2)
    apart = 1 - both / (size[:, :, None] + size[:, None] - both).clamp(min=1)
    return (apart.sum((1, 2)) - apart.diagonal(dim1=1, dim2=2).sum(1)) / (k * (k - 1))
