"""A second look at the best few answers (chapter 15): features of a question with a candidate.

The first stage scores all N answers at once and keeps K of them. The second has time for each pair:
a model reads its features and says how likely it is that the candidate is right.
Source: Liu, 2009, "Learning to Rank for Information Retrieval", doi:10.1561/1500000016 (pointwise).
"""

import re
from collections.abc import Sequence

import torch
from torch import Tensor

from aigc_lib.chapters.ch15_customer_service import retrieval as rt

FEATURES = (
    "cosine", "BM25's share", "cosine, below the best", "BM25, below the best",
    "1 / place by the cosine", "the question's words in the answer",
    "words in the answer", "a yes or no that was not asked for",
)  # fmt: skip
# How a question begins that asks for a yes or a no.
_CLOSED = re.compile(r"(am|are|can|could|do|does|has|have|is|may|must|shall|should|was|will)\b")


class PairReader:
    """Reads pairs of a question and a stored answer; the answers are read once."""

    def __init__(self, documents: Sequence[str]) -> None:
        read = [rt.words(text) for text in documents]
        self.inside = [set(text) for text in read]
        self.length = torch.tensor([float(len(text)) for text in read]).log1p()
        opening = [re.match(r"(yes|no)\b", text.lower()) for text in documents]
        self.verdict = torch.tensor([bool(found) for found in opening])

    def features(
        self, asked: Sequence[str], words: Tensor, meaning: Tensor, rows: Tensor
    ) -> Tensor:
        """What the second stage sees of each pair (Q, K, 8), in the order of ``FEATURES``.

        Args:
            asked: Q questions.
            words: (Q, N) BM25 as shares of the most that a question could get.
            meaning: (Q, N) cosines.
            rows: (Q, K) which answers are candidates.
        """
        shares, near = words.gather(1, rows), meaning.gather(1, rows)
        place = 1 + (near[:, None, :] > near[:, :, None]).sum(2)
        common = torch.zeros_like(near)
        for i, (text, line) in enumerate(zip(asked, rows.tolist(), strict=True)):
            wanted = set(rt.words(text))
            shared = [len(wanted & self.inside[row]) for row in line]
            common[i] = torch.tensor(shared) / max(1, len(wanted))
        closed = torch.tensor([bool(_CLOSED.match(text.lower())) for text in asked])
        columns = (
            near, shares, near - near.amax(1, keepdim=True), shares - shares.amax(1, keepdim=True),
            1 / place, common, self.length[rows], ~closed[:, None] & self.verdict[rows],
        )  # fmt: skip
        return torch.stack([column.float() for column in columns], 2)


def reordered(first: Tensor, rows: Tensor, second: Tensor) -> Tensor:
    """Scores (Q, N): K to 1 for the candidates by their second score, the rest below as it was.

    Args:
        first: (Q, N) scores of the first stage.
        rows: (Q, K) the candidates, best first: where second scores are equal, that order stays.
        second: (Q, K) their new scores.

    Raises:
        ValueError: a second score is NaN, which has no place in an order.
    """
    if bool(second.isnan().any()):
        raise ValueError("a second score is NaN: nothing can be ranked by it")
    order = rows.gather(1, second.argsort(dim=1, descending=True, stable=True))
    marks = torch.arange(rows.shape[1], 0, -1, dtype=first.dtype).expand_as(rows)
    return (first - first.amax(1, keepdim=True) - 1).scatter(1, order, marks)
