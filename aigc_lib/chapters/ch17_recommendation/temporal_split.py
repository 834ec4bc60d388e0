"""Recommending as it happens: what was known at a moment, and what was liked after it (chapter 17).

A model is frozen at a moment; all it has seen is older. Afterwards people come and rate. The first
half of what somebody rates since then is, with all of that person's older ratings, the *history*
that comes with the request; what is liked in the second half is *wanted*. Nobody's later rating is
known to anything that answers the request.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from aigc_lib.chapters.ch17_recommendation.data import Ratings

LIKED = 4  # stars, at least
FEWEST = 4  # ratings since the model was frozen, to be asked about at all


class Request(NamedTuple):
    """What one person's request knows, and what would have been a good answer.

    Films are indices, in the order of time.
    """

    user: int
    cut: int  # seconds since 1970: the history is older than this
    liked: Tensor  # of the history
    rated: Tensor  # all of the history, liked or not; never recommended again
    wanted: Tensor  # liked at ``cut`` or later


def moment(ratings: Ratings, share: float) -> int:
    """The time, in seconds since 1970, by which this share of all ratings had been given."""
    return int(ratings.time[max(round(share * len(ratings.time)), 1) - 1])


def likes(ratings: Ratings, until: int, films: int) -> Tensor:
    """Who liked what by then: (U, films) of 0 and 1, float32, one row for each of the U people
    who had liked anything."""
    seen = (ratings.time <= until) & (ratings.stars >= LIKED)
    table = torch.zeros(int(ratings.user.max()) + 1, films)
    table[ratings.user[seen], ratings.film[seen]] = 1
    return table[table.any(1)]


def sequences(ratings: Ratings, until: int) -> list[Tensor]:
    """What each person of ``likes`` had liked by then, in the order of time: films' indices.

    Likes of the same second have no order; they are shuffled, lest a film's number make one.
    """
    mixed = torch.randperm(len(ratings.time), generator=torch.Generator().manual_seed(0))
    mixed = mixed[ratings.time[mixed].argsort(stable=True)]
    user, film, stars, time = (column[mixed] for column in ratings)
    seen = (time <= until) & (stars >= LIKED)
    return [film[seen & (user == person)] for person in user[seen].unique()]


def requests(ratings: Ratings, after: int, until: int) -> list[Request]:
    """One request for each person who rated enough in (after, until], liked something before the
    cut and something after it.

    The cut is the time of the middle one of the ratings of that span. Ratings of the same second
    stay together on the later side, because a page of several was sent at once.
    """
    found = []
    for user in ratings.user.unique().tolist():
        own = (ratings.user == user).nonzero()[:, 0]  # in the order of time
        time, film, good = ratings.time[own], ratings.film[own], ratings.stars[own] >= LIKED
        span = ((time > after) & (time <= until)).nonzero()[:, 0]
        if len(span) < FEWEST:
            continue
        cut = int(time[span[len(span) // 2]])
        past, future = time < cut, (time >= cut) & (time <= until)
        liked, wanted = film[past & good], film[future & good]
        if len(liked) and len(wanted):
            found.append(Request(user, cut, liked, film[past], wanted))
    return found


def history(asked: list[Request], films: int, last: int | None = None) -> Tensor:
    """The liked films, or so many of the last, of the requests: (N, films) of 0 and 1, float32."""
    table = torch.zeros(len(asked), films)
    for row, request in zip(table, asked, strict=True):
        row[request.liked.flip(0)[:last]] = 1
    return table
