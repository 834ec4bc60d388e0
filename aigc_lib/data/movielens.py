"""MovieLens 100K: who rated which film when, and what the films are (chapter 17).

`movielens_archives.py` says what the files are built from. GroupLens allows research use of the
ratings and no passing on: they are loaded at each build, never committed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from aigc_lib.data.cache import fetch
from aigc_lib.data.movielens_archives import FILMS, RATINGS


@dataclass(frozen=True)
class Film:
    """One film; a list is empty where the second table does not know the film."""

    title: str
    year: int
    genres: tuple[str, ...]
    directors: tuple[str, ...]
    cast: tuple[str, ...]
    writers: tuple[str, ...]
    countries: tuple[str, ...]
    languages: tuple[str, ...]

    @property
    def name(self) -> str:
        """Title and year, which are different for every film."""
        return f"{self.title} ({self.year})"

    @property
    def text(self) -> str:
        """What is told about the film, as sentences in English."""
        parts = [self.name, ", ".join(self.genres)]
        if self.directors:
            parts.append("Directed by " + ", ".join(self.directors))
        if self.cast:
            parts.append("With " + ", ".join(self.cast[:6]))
        if self.countries:
            parts.append(", ".join(self.countries))
        return ". ".join(part for part in parts if part) + "."


class Ratings(NamedTuple):
    """One entry a rating, in the order of time: int64 tensors of one length."""

    user: Tensor  # 0, 1, 2, ...
    film: Tensor  # index into ``load_films()``
    stars: Tensor  # 1 to 5
    time: Tensor  # seconds since 1970


def load_films(root: str | Path | None = None) -> list[Film]:
    """All films, fetched first where the cache lacks them.

    Raises:
        DataError: the files cannot be had or are not what they should be; see `fetch`.
    """
    films = []
    for line in (fetch("movielens", root) / FILMS).read_text("utf8").splitlines():
        title, year, *lists = line.split("\t")
        films.append(Film(title, int(year), *(tuple(x.split("|")) if x else () for x in lists)))
    return films


def load_ratings(root: str | Path | None = None) -> Ratings:
    """All ratings in the order of time, fetched first where the cache lacks them.

    Raises:
        DataError: the files cannot be had or are not what they should be; see `fetch`.
    """
    lines = (fetch("movielens", root) / RATINGS).read_text("utf8").splitlines()
    table = torch.tensor([[int(x) for x in line.split("\t")] for line in lines])
    return Ratings(*table.T.contiguous())
