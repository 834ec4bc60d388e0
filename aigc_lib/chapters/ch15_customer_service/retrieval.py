"""Finding the best of stored answers (chapter 15): words, BM25, fused rankings, and when to refuse.

Scores are float tensors with a row for each query and a column for each document; higher is better.
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence

import torch
from torch import Tensor

# Words too common to tell one question from another.
_COMMON = """
a an and are as at be by can could do does for from get had has have how i if in is it its may me
must my need of on or our shall should so that the their them there they this to was we were what
when where which who will with would you your
"""
STOP = frozenset(_COMMON.split())
HAN = r"\u3400-\u4dbf\u4e00-\u9fff"


def words(text: str) -> list[str]:
    """The words of a text in small letters, without the common ones of English.

    Chinese puts no spaces between words: there it is every character, and every two neighbours.
    """
    found = []
    for piece in re.findall(rf"[{HAN}]+|[^\W_{HAN}]+", text.lower()):
        if re.match(rf"[{HAN}]", piece):
            found += [*piece, *(piece[i : i + 2] for i in range(len(piece) - 1))]
        elif piece not in STOP:
            found.append(piece)
    return found


class BM25:
    """The Okapi ranking of documents by the words that they share with a query.

    A word that is in n of N documents is worth log((N - n + 0.5) / (n + 0.5)), in nats; one that is
    in more than half of them, whose worth would be negative, a quarter of the mean worth.
    Source: Robertson and Zaragoza, 2009, doi:10.1561/1500000019; the floor is rank_bm25's.
    """

    def __init__(self, documents: Sequence[str], k1: float = 1.5, b: float = 0.75) -> None:
        if not documents or not any(map(words, documents)):
            raise ValueError("BM25 needs at least one document with a word in it")
        self.k1 = k1
        counts = [Counter(words(text)) for text in documents]
        lengths = torch.tensor([float(count.total()) for count in counts])
        self.softening = k1 * (1 - b + b * lengths / lengths.mean())
        seen = dict.fromkeys(word for count in counts for word in count)
        self.column = {word: number for number, word in enumerate(seen)}
        self.counts = torch.zeros(len(documents), len(self.column))
        for row, count in enumerate(counts):
            for word, times in count.items():
                self.counts[row, self.column[word]] = times
        inside = (self.counts > 0).sum(0)
        worth = ((len(documents) - inside + 0.5) / (inside + 0.5)).log()
        self.worth = torch.where(worth < 0, 0.25 * worth.mean(), worth)

    def scores(self, query: str) -> Tensor:
        """The score of every document (N,)."""
        columns = [self.column[word] for word in words(query) if word in self.column]
        times = self.counts[:, columns]
        gained = times * (self.k1 + 1) / (times + self.softening[:, None])
        return gained @ self.worth[columns]

    def shares(self, query: str) -> Tensor:
        """The scores as shares (N,) of what no document can reach: each known word for ever.

        A word that is in no document counts as much as the rarest.
        """
        asked = words(query)
        columns = [self.column[word] for word in asked if word in self.column]
        rarest = math.log((len(self.counts) - 0.5) / 1.5)
        worth = float(self.worth[columns].sum()) + (len(asked) - len(columns)) * rarest
        ceiling = (self.k1 + 1) * worth
        return self.scores(query) / ceiling if ceiling > 0 else torch.zeros(len(self.counts))


def overlap(queries: Sequence[str], documents: Sequence[str]) -> Tensor:
    """How many different words of each query each document has (Q, N)."""
    inside = [set(words(text)) for text in documents]
    wanted = [set(words(query)) for query in queries]
    return torch.tensor([[float(len(query & text)) for text in inside] for query in wanted])


def fuse_ranks(scores: Sequence[Tensor], k: float = 60.0) -> Tensor:
    """Reciprocal rank fusion: the sum of 1 / (k + rank) over score tensors (..., N), best rank 1.

    Equal scores share the best rank among them.
    Source: Cormack, Clarke and Buettcher, 2009, doi:10.1145/1571941.1572114.

    Raises:
        ValueError: a score is NaN, which no other score would stand above.
    """
    every = torch.stack(list(scores))
    if every.isnan().any():
        raise ValueError("a score is NaN: nothing can be ranked by it")
    ranks = 1 + (every[..., None, :] > every[..., :, None]).sum(-1)
    return (1 / (k + ranks)).to(every.dtype).sum(0)


def found_at(scores: Tensor, right: Sequence[Collection[int]], k: int) -> Tensor:
    """Whether a right document is among the k best (Q,), of scores (Q, N).

    A tie is broken against us: a right document ranks behind every other with the same score.

    Raises:
        ValueError: k < 1, a score is NaN, or a query without a right document among the N.
    """
    if k < 1 or len(right) != len(scores) or bool(scores.isnan().any()):
        raise ValueError(f"need k >= 1, right documents for each query, no NaN; k is {k}")
    hits = []
    for row, good in zip(scores, map(set, right), strict=True):
        if not good or not good <= set(range(len(row))):
            raise ValueError(f"right documents are some of 0 to {len(row) - 1}, not {sorted(good)}")
        best = row[list(good)].max()
        ahead = int((row >= best).sum()) - sum(bool(row[i] >= best) for i in good)
        hits.append(ahead < k)
    return torch.tensor(hits)


def threshold(scores: Tensor, rate: float) -> float:
    """The score below which we refuse, so that at most a share ``rate`` of good questions is.

    Of scores (n,) of questions that should be answered, kept apart for this purpose, it is the k-th
    smallest, k = floor(rate (n + 1)): a new good question falls below it with probability
    k / (n + 1). Minus infinity if k is 0, that is, if the scores are too few.

    Raises:
        ValueError: no scores, or a rate outside [0, 1).
    """
    k = _place(scores, rate)
    return float(scores.sort().values[k - 1]) if k else -math.inf


def send_above(scores: Tensor, wrong: Tensor, rate: float) -> float:
    """The score above which we send, so that at most a share ``rate`` of all questions is misled.

    Of questions kept apart, given the best answers' scores (n,) and which were wrong (n,): the k-th
    largest score of a wrong one, k as in ``threshold``. A new question is answered wrongly with
    probability k / (n + 1) at most. Infinity if k is 0, minus infinity if fewer than k were wrong.
    Source: Angelopoulos et al., 2024, "Conformal Risk Control", arXiv:2208.02814.
    """
    k, misled = _place(scores, rate), scores[wrong].sort(descending=True).values
    return math.inf if not k else float(misled[k - 1]) if len(misled) >= k else -math.inf


def _place(scores: Tensor, rate: float) -> int:
    if not len(scores) or not 0 <= rate < 1:
        raise ValueError(f"need scores and 0 <= rate < 1, got {len(scores)} and {rate}")
    return math.floor(rate * (len(scores) + 1) + 1e-9)
