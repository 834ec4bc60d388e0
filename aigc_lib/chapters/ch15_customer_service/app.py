"""A customer service that quotes and never invents (chapter 15).

    aigc demo 15 "how long does delivery take?"

A question is data: it is compared with stored questions, never obeyed. What comes back is a stored
answer, word for word, with its source, or the hand-over to a person with the reason.
"""

import functools
import re
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from aigc_lib.chapters.ch15_customer_service.data import shop_faq
from aigc_lib.chapters.ch15_customer_service.retrieval import BM25, HAN, threshold, words
from aigc_lib.core.unicode import normalize_text
from aigc_lib.data.sources import DataError
from aigc_lib.pretrained.sentence_embedder import LONGEST as PIECES
from aigc_lib.pretrained.sentence_embedder import embed, load, reach

Language = Literal["en", "zh"]
LONGEST = 500  # characters; who writes more wants to be read by a person
INDEXED, KEPT_APART = slice(0, 3), 3  # of the ways to ask an entry: in the index, for the threshold
RATE = 0.2  # of good questions that may be handed over
WORDS = {"en": 0.2, "zh": 1.0}  # weight of BM25 beside the embeddings, which know English only
REASONS = {
    "empty": "there is no question in it",
    "long": f"it has more than {LONGEST} characters, or than {PIECES} pieces of English words",
    "language": "it is neither English nor Chinese",
    "unknown": "nothing in the FAQ is close enough",
}


@dataclass(frozen=True)
class Reply:
    """What the customer gets."""

    kind: Literal["answer", "person"]  # a person will read the question
    text: str  # the answer, quoted, or what the customer is told meanwhile
    source: str  # which entry of the FAQ is quoted; "" for a person
    reason: str  # why a person is needed, a key of ``REASONS``; "" for an answer
    language: Language  # of the text
    score: float = 0.0  # of the nearest entry, 0 to 1
    nearest: tuple[str, ...] = ()  # if nothing is close enough: the three nearest questions


def detect(text: str) -> Language | None:
    """The language by its script: Chinese if a fifth of the letters is Han, else English if Latin.

    None for other scripts, and for texts without a letter or digit. French looks English here;
    what it says is then close to nothing. Digits, as of an order's number, speak both languages.
    """
    letters = [char for char in text if char.isalnum()]
    han = len(re.findall(rf"[{HAN}]", text))
    names = [unicodedata.name(char, "") for char in letters]
    latin, digits = (sum(name.startswith(kind) for name in names) for kind in ("LATIN", "DIGIT"))
    if not letters or han + latin + digits < 0.8 * len(letters):
        return None
    return "zh" if han and 5 * han >= len(letters) - digits else "en"


class Desk:
    """The index of one language, with its threshold; where no embeddings can be had, of words."""

    def __init__(self, language: Language) -> None:
        self.entries: list[dict[str, Any]] = shop_faq()["entries"]
        asks = [entry[language]["ask"][INDEXED] for entry in self.entries]
        answers = [entry[language]["answer"] for entry in self.entries]
        texts = [" ".join([*ask, answer]) for ask, answer in zip(asks, answers, strict=True)]
        self.words, self.weight, self.points = BM25(texts), WORDS[language], torch.empty(0)
        if self.weight < 1:
            try:
                self.points = embed([text for ask in asks for text in ask], "shop-faq")
            except DataError:
                self.weight = 1.0
        apart = [entry[language]["ask"][KEPT_APART] for entry in self.entries]
        self.threshold = threshold(self.scores(apart).max(1).values, RATE)

    def scores(self, questions: Sequence[str]) -> Tensor:
        """The score (Q, entries) of every entry for every question."""
        found = torch.stack([self.words.shares(question) for question in questions])
        if self.weight == 1:
            return found
        points = load()(list(questions), progress=False)
        near = (points @ self.points.T).view(len(questions), len(self.entries), -1).amax(2)
        return self.weight * found + (1 - self.weight) * near


@functools.cache
def desk(language: Language) -> Desk:
    """The desk of a language, made once a process."""
    return Desk(language)


@functools.cache
def _simplified() -> dict[int, int]:
    """The FAQ's characters by their traditional forms; no other character could match anything."""
    pairs = shop_faq()["traditional"]
    return str.maketrans(pairs["typed"], pairs["stored"])


MEANWHILE = {
    "en": "I would rather have a person answer this. You will hear from us.",
    "zh": "这个问题我转给同事来回答，我们会尽快联系您。",
}


def answer(question: str) -> Reply:
    """Answer from the FAQ, or hand over to a person; never an exception for what is typed.

    Full-width and traditional characters are read as the FAQ writes them.
    """
    text = " ".join(normalize_text(question).split())
    language = detect(text)
    if language == "zh":
        text = text.translate(_simplified())
    person = functools.partial(Reply, "person", MEANWHILE[language or "en"], "")
    if not any(char.isalnum() for char in text):
        return person("empty", language or "en")
    if len(text) > LONGEST:
        return person("long", language or "en")
    if language is None:
        return person("language", "en")
    where = desk(language)
    if where.weight < 1 and reach(text) < len(text):  # the rest would have no part in the answer
        return person("long", language)
    scores, rows = where.scores([text])[0].topk(3)
    best, score = [where.entries[row] for row in rows.tolist()], float(scores[0])
    if score < where.threshold or not words(text):
        return person("unknown", language, score, tuple(e[language]["ask"][0] for e in best))
    return Reply("answer", best[0][language]["answer"], best[0]["id"], "", language, score)


def told(reply: Reply) -> str:
    """A reply as a line or two of plain text, with its source or its reason."""
    if reply.kind == "answer":
        return f"{reply.text}\n  [FAQ: {reply.source}]"
    lines = [reply.text, f"  [a person: {REASONS[reply.reason]}]"]
    return "\n".join(lines + [f"  Did you mean: {question}" for question in reply.nearest])


def demo(words: Sequence[str]) -> None:
    """Answer the words as one question, or a few examples without words."""
    examples = ("How long does delivery take?", "退货运费谁出？", "Who won the match yesterday?")
    for question in [" ".join(words)] if words else examples:
        sys.stdout.write(f"> {question}\n{told(answer(question))}\n")
