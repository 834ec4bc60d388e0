"""The construction FAQ cut into parts that share no question, and its scores (chapter 15).

A FAQ that grew over years asks some things twice. ``TWINS`` lists the questions that say the same:
they share a part, and the answer of either is right for both. Some topics are left out of the index
altogether: their questions are the ones that nothing in it answers.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from aigc_lib.chapters.ch15_customer_service.data import construction_faq, rewordings
from aigc_lib.chapters.ch15_customer_service.retrieval import BM25
from aigc_lib.pretrained.sentence_embedder import embed

# All pairs of questions with a cosine above 0.9 (all-MiniLM-L6-v2); a test looks for more.
TWINS = (
    ("dolda-008", "dolda-fel-023"), ("rut-006", "rut-014"), ("rut-001", "rut-009"),
    ("arbetsmiljo-002", "arbetsmiljo-013"), ("dolda-006", "dolda-fel-019"),
    ("kontrakt-006", "kontrakt-015"), ("bygglov-014", "altan-staket-plank-001"),
    ("el-008", "solceller-varmpump-001"), ("rot-014", "rot-016"), ("bygglov-003", "kostnad-010"),
    ("dolda-002", "dolda-fel-014"), ("arbetsmiljo-019", "yrkesbevis-certifikat-001"),
)  # fmt: skip
OUTSIDE = (
    "strandskydd", "buller-granne", "tomtgrans-servitut", "personalliggare", "omvand-moms",
    "energideklaration", "bergvarme-jordvarme", "oppen-spis-vedeldning",
)  # fmt: skip
ENDS = {"learn": 0.5, "choose": 0.7, "test": 1.0}  # of the parts, on the line from 0 to 1


@dataclass(frozen=True)
class Faq:
    """The FAQ."""

    entries: list[dict[str, Any]]  # those in the index, then those of the topics left out
    indexed: int  # how many are in the index
    right: list[tuple[int, ...]]  # for every indexed entry the rows that answer its question
    parts: dict[str, list[int]]  # rows of "learn", "choose", "test" (indexed) and "outside"

    def texts(self, key: str, part: str = "") -> list[str]:
        """A field of the entries of a part; of all that are indexed without a part."""
        rows = self.parts[part] if part else range(self.indexed)
        return [self.entries[row][key] for row in rows]

    def points(self, key: str, part: str = "") -> Tensor:
        """The embeddings (N, 384) of these texts; computed once, then from the cache."""
        return embed(self.texts(key, part), "faq")

    def wanted(self, part: str) -> list[tuple[int, ...]]:
        """The right rows for every question of an indexed part."""
        return [self.right[row] for row in self.parts[part]]


def load() -> Faq:
    """Read the FAQ and cut it, the same way each time; DataError if it cannot be had."""
    entries = sorted(construction_faq(), key=lambda entry: entry["topic"] in OUTSIDE)
    indexed = sum(entry["topic"] not in OUTSIDE for entry in entries)
    rows = {entry["id"]: row for row, entry in enumerate(entries)}
    right: list[tuple[int, ...]] = [(row,) for row in range(indexed)]
    for one, other in TWINS:
        right[rows[one]] = right[rows[other]] = (rows[one], rows[other])
    parts: dict[str, list[int]] = {name: [] for name in ENDS}
    for row, group in enumerate(right):  # by a hash of the name of the first of its twins
        digest = hashlib.sha256(entries[group[0]]["id"].encode()).digest()
        place = int.from_bytes(digest[:8], "big") / 2**64
        parts[next(part for part, end in ENDS.items() if place < end)].append(row)
    parts["outside"] = list(range(indexed, len(entries)))
    return Faq(entries, indexed, right, parts)


def reworded(data: Faq) -> tuple[list[str], Tensor, list[tuple[int, ...]]]:
    """Indexed questions in our own words: texts, embeddings (N, 384), and the right rows."""
    rows = {data.entries[row]["id"]: row for row in range(data.indexed)}
    ours = {name: text for name, text in rewordings().items() if name in rows}
    texts = list(ours.values())
    return texts, embed(texts, "faq"), [data.right[rows[name]] for name in ours]


def word_scores(queries: Sequence[str], documents: Sequence[str]) -> Tensor:
    """BM25 (Q, N), as shares of the most that a query could get."""
    index = BM25(documents)
    return torch.stack([index.shares(query) for query in queries])


def mixed(words: Tensor, meaning: Tensor, weight: float) -> Tensor:
    """Hybrid scores: ``weight`` on the shares of BM25, the rest on the cosine of embeddings."""
    return weight * words + (1 - weight) * meaning
