"""The stories of chapter 16, ready for experiments: topics, moods, parts in time, points.

Only stories with exactly one topic out of ``earnings_parser.TOPICS`` are used. The parts follow
each other in time, so that a model is asked about its future: a report of Friday must not help with
the report on the same firm of Thursday. Stories that were sent a second time, nearly word for word,
in a later part are left out of it.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import torch
from torch import Tensor

from aigc_lib.chapters.ch16_financial_monitoring import earnings_parser
from aigc_lib.chapters.ch16_financial_monitoring.cusum import Day
from aigc_lib.chapters.ch16_financial_monitoring.data import Story, read_stories
from aigc_lib.data.cache import fetch
from aigc_lib.pretrained.sentence_embedder import embed

PARTS = ("train", "valid", "test")
STARTS = (datetime(1987, 3, 27), datetime(1987, 4, 9))  # of the second part, of the third
SAME = 0.5  # from this share of common runs of three words on, two stories count as one
READ = 40  # words of a story that a model is shown
LONGEST = 64  # pieces of words that the embedding reads


@dataclass(frozen=True)
class Corpus:
    """N stories, oldest first, and what is known of each.

    part: 0, 1, 2 for train, valid, test. topic: a number in ``earnings_parser.TOPICS``. mood: a
    number in ``earnings_parser.MOODS``, -1 if no figures settle it. kind: which figures did, ""
    if none.
    """

    stories: tuple[Story, ...]
    texts: tuple[str, ...]
    part: Tensor
    topic: Tensor
    mood: Tensor
    kind: tuple[str, ...]

    def where(self, *parts: str) -> Tensor:
        """The numbers of the stories of these parts."""
        wanted = torch.tensor([PARTS.index(name) for name in parts])
        return torch.isin(self.part, wanted).nonzero()[:, 0]

    def points(self) -> Tensor:
        """Embeddings (N, 384) of the texts; computed once, then from the cache."""
        return embed(self.texts, "reuters", LONGEST)


def part_of(time: datetime) -> int:
    """The number of the part in which a story of this time lies."""
    return sum(time >= start for start in STARTS)


def shown(story: Story) -> str:
    """What a model reads of a story: the first words of its title and text, without figures."""
    return " ".join(earnings_parser.words(story.title, story.body).split()[:READ])


def repeated(texts: Sequence[str], part: Sequence[int]) -> list[bool]:
    """Which texts nearly repeat a text of an earlier part.

    The likeness is Jaccard's: runs of three words that both have, over those that either has
    (Broder, 1997, doi:10.1109/SEQUEN.1997.666900), figures and all.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    runs = CountVectorizer(ngram_range=(3, 3), binary=True, token_pattern=r"\S+")
    table = runs.fit_transform(texts).astype(np.float32)
    sizes = np.asarray(table.sum(1)).ravel()
    parts, best = np.asarray(part), np.zeros(len(texts))
    for late in sorted(set(parts.tolist()) - {parts.min()}):
        rows, columns = np.flatnonzero(parts == late), np.flatnonzero(parts < late)
        for some in np.array_split(rows, max(1, len(rows) // 256)):
            common = (table[some] @ table[columns].T).tocoo()
            either = sizes[some][common.row] + sizes[columns][common.col] - common.data
            np.maximum.at(best, some[common.row], common.data / either)
    return [bool(share >= SAME) for share in best]


@functools.cache
def load() -> Corpus:
    """All stories, without those that repeat one of an earlier part; DataError as in ``fetch``."""
    every = read_stories(fetch("reuters"))
    single = [s for s in every if len(s.topics) == 1 and s.topics[0] in earnings_parser.TOPICS]
    parts = [part_of(s.time) for s in single]
    again = repeated([f"{s.title} {s.body}" for s in single], parts)
    kept = [s for s, twice in zip(single, again, strict=True) if not twice]
    # Figures settle the mood of reports on earnings; elsewhere they are prices and loads.
    read = [earnings_parser.figures(s.body) if s.topics[0] == "earn" else None for s in kept]
    moods = [earnings_parser.MOODS.index(earnings_parser.mood(f)) if f else -1 for f in read]
    return Corpus(
        tuple(kept),
        tuple(map(shown, kept)),
        torch.tensor([part_of(s.time) for s in kept]),
        torch.tensor([earnings_parser.TOPICS.index(s.topics[0]) for s in kept]),
        torch.tensor(moods),
        tuple(f.what if f else "" for f in read),
    )


def days(corpus: Corpus, rows: Tensor, bad: Sequence[float]) -> list[Day]:
    """The days of these stories, as a stream of verdicts ``bad`` (one for each of all N stories).

    Days with fewer than 20 stories, most of them Sundays, are left out.
    """
    found: dict[date, list[tuple[float, float]]] = {}
    for i in rows.tolist():
        time = corpus.stories[i].time
        hour = time.hour + time.minute / 60 + time.second / 3600
        found.setdefault(time.date(), []).append((hour, float(bad[i])))
    return [Day(*zip(*day, strict=True)) for day in found.values() if len(day) >= 20]


def few(corpus: Corpus, n: int, seed: int) -> Tensor:
    """n stories to be labelled: one of each topic, then as they come, from the training part.

    Raises:
        ValueError: n is smaller than the number of topics, or larger than the part.
    """
    rows, kinds = corpus.where("train"), len(earnings_parser.TOPICS)
    if not kinds <= n <= len(rows):
        raise ValueError(f"need {kinds} to {len(rows)} labels, not {n}")
    rows = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))]
    first = [int((corpus.topic[rows] == k).nonzero()[0]) for k in range(kinds)]
    order = dict.fromkeys([*first, *range(len(rows))])  # each once
    return rows[torch.tensor(list(order)[:n])]
