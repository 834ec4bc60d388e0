"""Ten films for somebody who names a few that they like (chapter 17).

The answer comes from the neighbours or, for many named films, from the hybrid of the chapter, each
fitted to all ratings up to April 1998: the data know no later film. Which of them answers was read
off the chapter's first period.
"""

import difflib
import functools
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from aigc_lib.chapters.ch17_recommendation import baselines, experiment, temporal_split
from aigc_lib.chapters.ch17_recommendation.data import Film, load_films, title_key
from aigc_lib.core.unicode import normalize_text

FEW = 20  # named films; up to so many the neighbours answer, and the hybrid beyond
MOST = 50  # films in an answer, and characters of a title that are repeated
READ = 200  # titles that are read, and characters of each


@dataclass(frozen=True)
class Recommended:
    """One film, and the named film that speaks most for it ("" where none does)."""

    film: str
    because: str


@dataclass(frozen=True)
class Unknown:
    """A title that is not in the data, with the most similar ones that are."""

    title: str
    nearest: tuple[str, ...]


@dataclass(frozen=True)
class Recommendations:
    """An answer, or a refusal with its reason."""

    films: tuple[Recommended, ...]  # best first; empty if refused
    used: tuple[str, ...] = ()  # the named films that were found, as they are called in the data
    unknown: tuple[Unknown, ...] = ()  # the titles that were not found
    note: str = ""  # what the reader should know about the answer
    refused: str = ""  # why there is no answer; "" if there is one


class _Model(NamedTuple):
    films: list[Film]
    few: Tensor  # (films, films): the neighbours
    many: Tensor  # the hybrid of histories and texts
    liked: Tensor  # (films,): by how many people


@functools.cache
def _model() -> _Model:
    data = experiment.load()
    liked = temporal_split.likes(data.ratings, int(data.ratings.time.max()), len(data.films))
    few = baselines.neighbours(liked, *experiment.NEIGHBOURS)
    many = baselines.linear(liked, experiment.RIDGE, data.points, experiment.WEIGHT)
    return _Model(data.films, few, many, liked.sum(0))


@functools.cache
def _catalogue() -> tuple[list[Film], dict[str, list[int]]]:
    """The films, and those under each key of a title; read once a process."""
    films, keys = load_films(), defaultdict(list)
    for i, film in enumerate(films):
        keys[title_key(film.title)].append(i)
    return films, keys


def find(title: str) -> int | Unknown:
    """The film that a title means: its index, or what was not understood.

    Case, accents, a leading or trailing article and punctuation do not matter; a year at the end
    chooses among films of one name, else the one that most people liked.
    """
    text = normalize_text(title[:READ]).strip()
    year = re.search(r"\(?\b(\d{4})\)?$", text)
    catalogue, keys = _catalogue()
    whole = keys.get(title_key(text), [])  # "1984" or "Apollo 13" may be a title
    if year and not (whole and not text.endswith(")")):
        named = keys.get(title_key(text[: year.start()]), [])
        exact = [i for i in named if catalogue[i].year == int(year[1])]
        if named and not exact:
            return Unknown(_short(text), tuple(catalogue[i].name for i in named[:3]))
        whole = exact or whole
    if whole:
        return max(whole, key=lambda i: float(_model().liked[i]))
    near = difflib.get_close_matches(title_key(text), keys, n=3, cutoff=0.6)
    return Unknown(_short(text), tuple(catalogue[keys[key][0]].name for key in near))


def _short(text: str) -> str:
    return text if len(text) <= MOST else text[: MOST - 1] + "…"


def recommend(liked: Sequence[str], n: int = 10) -> Recommendations:
    """``n`` films, 1 to 50, for somebody who likes these titles; a single text is one title.

    Raises:
        DataError: the data cannot be had.
    """
    if not 1 <= n <= MOST:
        return Recommendations((), refused=f"ask for 1 to {MOST} films, not for {n}")
    named = [liked] if isinstance(liked, str) else liked
    texts = (normalize_text(str(title)[:READ]).strip() for title in named)
    titles = list(dict.fromkeys(text for text in texts if text))
    found = [find(title) for title in titles[-READ:]]
    used = list(dict.fromkeys(one for one in found if isinstance(one, int)))
    unknown = tuple(one for one in found if isinstance(one, Unknown))
    if unknown and not used:
        why = "none of these titles is among the 1,663 films of the data, which end in April 1998"
        return Recommendations((), unknown=unknown, refused=why)
    model = _model()
    history = torch.zeros(1, len(model.films))
    history[0, used] = 1
    table = model.few if len(used) <= FEW else model.many
    scores = (history @ table)[0] if used else model.liked.clone()
    scores[used] = -torch.inf
    best = scores.topk(min(n, len(scores) - len(used))).indices.tolist()
    answer = tuple(
        Recommended(model.films[i].name, _because(table, used, i, model.films)) for i in best
    )
    note = "" if used else "no film was named, so these are the ones that most people liked"
    if len(titles) > READ:
        note = f"of {len(titles):,} titles the last {READ} were read"
    return Recommendations(answer, tuple(model.films[i].name for i in used), unknown, note)


def _because(table: Tensor, used: list[int], film: int, catalogue: list[Film]) -> str:
    """The named film with the largest part in the score, if it speaks for the film at all."""
    if not used:
        return ""
    rows = table[used]
    part = rows[:, film] / rows.norm(dim=1)  # much-liked films weigh more, for every film alike
    return catalogue[used[int(part.argmax())]].name if float(part.max()) > 0 else ""


def describe(answer: Recommendations) -> str:
    """An answer in lines of text."""
    lines = []
    for missed in answer.unknown:
        hint = f"; did you mean {' or '.join(missed.nearest)}?" if missed.nearest else ""
        lines.append(f"not known: {missed.title}{hint}")
    if answer.refused:
        return "\n".join([*lines, f"no recommendation: {answer.refused}"])
    if answer.note:
        lines.append(answer.note)
    for place, one in enumerate(answer.films, 1):
        because = f"  (you like {one.because})" if one.because else ""
        lines.append(f"{place:2d}. {one.film}{because}")
    return "\n".join(lines)


def demo(words: Sequence[str]) -> None:
    """Print what the tool says to these titles; without any, to an example."""
    print(describe(recommend(words or ["Toy Story", "Heat"])))
