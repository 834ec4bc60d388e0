"""Topic and mood of a story, by the models that chapter 16 found best."""

import functools
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from aigc_lib.chapters.ch16_financial_monitoring import corpus as newsroom
from aigc_lib.chapters.ch16_financial_monitoring import earnings_parser
from aigc_lib.data.cache import fetch
from aigc_lib.pretrained import sentence_embedder

WORD = re.compile(r"[a-z]+")


def lexicon() -> tuple[frozenset[str], frozenset[str]]:
    """The negative and the positive words of Loughran and McDonald."""
    files = (fetch("finance-words") / f"{name}.txt" for name in ("negative", "positive"))
    negative, positive = (frozenset(file.read_text(encoding="utf8").split()) for file in files)
    return negative, positive


def count_moods(text: str, lists: tuple[frozenset[str], frozenset[str]]) -> int:
    """A number in ``earnings_parser.MOODS``: which of the lists has more of the text's words."""
    found = WORD.findall(text.lower())
    negative, positive = (sum(word in words for word in found) for words in lists)
    return 1 + (positive > negative) - (positive < negative)


class Opinion(NamedTuple):
    """Probabilities of topics and moods; the share of words known from training; the word lists'
    mood, a number in ``earnings_parser.MOODS``."""

    topics: list[float]
    moods: list[float]
    known: float
    listed: int

    def mood(self) -> tuple[str, float]:
        """The likeliest mood and its probability; "unsure" where the word lists say the opposite.

        The model has learnt from few reports: where it calls "sees loss" good news, silence is
        better.
        """
        best = max(range(len(self.moods)), key=self.moods.__getitem__)
        if abs(best - self.listed) == 2:
            return "unsure", self.moods[best]
        return earnings_parser.MOODS[best], self.moods[best]

    def topic(self) -> tuple[str, float]:
        """The likeliest topic and its probability."""
        best = max(range(len(self.topics)), key=self.topics.__getitem__)
        return earnings_parser.TOPICS[best], self.topics[best]


class StoryClassifier:
    """Topic and mood from words and embedding together; made by ``load``."""

    def __init__(self, corpus: newsroom.Corpus) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        rows = corpus.where("train").numpy()
        points = corpus.points().numpy()
        self.words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
        table = self.words.fit_transform([corpus.texts[i] for i in rows])
        self.lists = lexicon()
        self.topic = LogisticRegression(C=10, max_iter=1000)
        self.topic.fit(self._both(table, points[rows]), corpus.topic.numpy()[rows])
        told = np.array([kind in ("profit", "dividend") for kind in corpus.kind])[rows]
        self.mood = LogisticRegression(C=10, max_iter=1000)
        self.mood.fit(self._both(table, points[rows])[told], corpus.mood.numpy()[rows[told]])

    @staticmethod
    def _both(table: Any, points: Any) -> Any:
        from scipy.sparse import csr_matrix, hstack

        return hstack([table, csr_matrix(points)]).tocsr()

    def __call__(self, texts: Sequence[str], points: Tensor | None = None) -> list[Opinion]:
        """Opinions on texts as ``corpus.shown`` makes them; points (N, 384) if they are there."""
        if not texts:
            return []
        if points is None:
            points = sentence_embedder.embed(texts, longest=newsroom.LONGEST)
        table = self.words.transform(texts)
        both = self._both(table, points.numpy())
        topics, moods = self.topic.predict_proba(both), self.mood.predict_proba(both)
        return [
            Opinion(topic.tolist(), mood.tolist(), self._known(text), count_moods(text, self.lists))
            for text, topic, mood in zip(texts, topics, moods, strict=True)
        ]

    def _known(self, text: str) -> float:
        """Share of a text's words that training has seen; 0 without words."""
        found = [word for word in re.findall(r"\w+", text.lower()) if len(word) > 1]
        return sum(word in self.words.vocabulary_ for word in found) / max(1, len(found))


@functools.cache
def load() -> StoryClassifier:
    """The classifier, trained once a process on the stories before 27 March 1987."""
    return StoryClassifier(newsroom.load())
