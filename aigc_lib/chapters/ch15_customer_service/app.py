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
from aigc_lib.chapters.ch15_customer_service.retrieval import HAN, send_above, words
from aigc_lib.core.unicode import normalize_text
from aigc_lib.data.sources import DataError
from aigc_lib.pretrained.sentence_embedder import LONGEST as PIECES
from aigc_lib.pretrained.sentence_embedder import embed, load, reach

Language = Literal["en", "zh"]
LONGEST = 500  # characters; who writes more wants to be read by a person
LEARNED, KEPT_APART = slice(0, 3), 3  # of the ways to ask an entry: learned, for the threshold
RATE = 0.05  # of all questions that may get a wrong answer
STRENGTH = {"en": 3.0, "zh": 10.0}  # C of the classifier: the best with one known way left out
REASONS = {
    "empty": "there is no question in it",
    "long": f"it has more than {LONGEST} characters, or than {PIECES} pieces of English words",
    "language": "it is neither English nor Chinese",
    "unknown": "no answer in the FAQ is sure enough",
}


@dataclass(frozen=True)
class Reply:
    """What the customer gets."""

    kind: Literal["answer", "person"]  # a person will read the question
    text: str  # the answer, quoted, or what the customer is told meanwhile
    source: str  # which entry of the FAQ is quoted; "" for a person
    reason: str  # why a person is needed, a key of ``REASONS``; "" for an answer
    language: Language  # of the text
    score: float = 0.0  # the likeliest entry's probability
    nearest: tuple[str, ...] = ()  # if none is sure enough: the three likeliest questions


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
    """One language's questions as a classifier: which entry is asked for, and how surely?

    Logistic regression learns the three known ways to ask for each entry, and its answer: on
    embeddings, which know English only; on words in Chinese, and where no embeddings can be had.
    """

    def __init__(self, language: Language) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]
        from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

        self.entries: list[dict[str, Any]] = shop_faq()["entries"]
        told = [entry[language] for entry in self.entries]
        texts = [text for each in told for text in [*each["ask"][LEARNED], each["answer"]]]
        owner = [row for row, each in enumerate(told) for _ in [*each["ask"][LEARNED], ""]]
        self.tfidf = TfidfVectorizer(analyzer=words, sublinear_tf=True).fit(texts)
        self.by_meaning = language == "en"
        learned = self.tfidf.transform(texts)
        if self.by_meaning:
            try:
                learned = embed(texts, "shop-faq").numpy()
            except DataError:
                self.by_meaning = False
        self.classes = LogisticRegression(C=STRENGTH[language], max_iter=3000).fit(learned, owner)
        scores, rows = self.scores([each["ask"][KEPT_APART] for each in told]).max(1)
        self.threshold = send_above(scores, rows != torch.arange(len(told)), RATE)

    def scores(self, questions: Sequence[str]) -> Tensor:
        """The probability (Q, entries) of every entry for every question."""
        asked = self.tfidf.transform(questions)
        if self.by_meaning:
            asked = load()(list(questions), progress=False).numpy()
        return torch.from_numpy(self.classes.predict_proba(asked)).float()


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
    if where.by_meaning and reach(text) < len(text):  # the rest would have no part in the answer
        return person("long", language)
    scores, rows = where.scores([text])[0].topk(3)
    best, score = [where.entries[row] for row in rows.tolist()], float(scores[0])
    if score <= where.threshold or not words(text):
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
