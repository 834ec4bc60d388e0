"""What does a sentence want? Commands to a house, cut so that no template is in two parts."""

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass

from torch import Tensor

from aigc_lib.chapters.ch15_customer_service.data import home_intents
from aigc_lib.chapters.ch15_customer_service.retrieval import words
from aigc_lib.pretrained.sentence_embedder import embed

SMALLEST = 8  # templates; an intent with fewer is left out, and tests what a model refuses


@dataclass(frozen=True)
class Part:
    """Sentences and the intent of each."""

    texts: list[str]
    intents: list[str]

    def points(self) -> Tensor:
        """The embeddings (N, 384) of the sentences; computed once, then from the cache."""
        return embed(self.texts, "intents")


def load(language: str = "en") -> dict[str, Part]:
    """The parts "learn" (all sentences of half of the templates), "choose" and "test" (one sentence
    of each of the others), and "outside" (one of each template of the intents left out); errors as
    in ``home_intents``.
    """
    rows = home_intents(language)
    templates: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        templates[row["intent"]].add(row["template"])
    place: dict[int, str] = {}
    for intent, numbers in templates.items():
        order = sorted(numbers, key=lambda n: hashlib.sha256(f"{intent} {n}".encode()).hexdigest())
        half, three = len(order) // 2, 3 * len(order) // 4
        for k, number in enumerate(order):
            place[number] = "learn" if k < half else "choose" if k < three else "test"
        if len(numbers) < SMALLEST:
            place |= dict.fromkeys(numbers, "outside")
    parts = {name: Part([], []) for name in ("learn", "choose", "test", "outside")}
    seen: set[int] = set()
    for row in rows:
        name, number = place[row["template"]], row["template"]
        if name == "learn" or number not in seen:
            parts[name].texts.append(row["text"])
            parts[name].intents.append(row["intent"])
        seen.add(number)
    return parts


def keywords(learn: Part, each: int = 5) -> dict[str, list[str]]:
    """The ``each`` words of every intent that are most frequent in it, compared with the others."""
    inside: dict[str, Counter[str]] = defaultdict(Counter)
    for text, intent in zip(learn.texts, learn.intents, strict=True):
        inside[intent].update(set(words(text)))
    total = sum(inside.values(), Counter[str]())
    return {
        intent: sorted(count, key=lambda word: (-(count[word] ** 2) / total[word], word))[:each]
        for intent, count in inside.items()
    }


def by_keywords(text: str, table: dict[str, list[str]]) -> str:
    """The intent with most of its words in the text; the first of the table if it is a draw."""
    found = set(words(text))
    return max(table, key=lambda intent: len(found & set(table[intent])))
