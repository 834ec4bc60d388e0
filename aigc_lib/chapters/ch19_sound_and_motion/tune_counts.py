"""The counting model that a writer of tunes must beat: an n-gram (chapter 19)."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

import torch

from aigc_lib.chapters.ch19_sound_and_motion.data import LONGEST
from aigc_lib.chapters.ch19_sound_and_motion.tune_gpt import (
    GIVEN,
    LAST,
    NUMBERS,
    Order,
    clock,
    decode,
    encode,
)
from aigc_lib.chapters.ch19_sound_and_motion.tunes import TOKENS, Tune

Context = tuple[int, ...]
BACK = 5


class TuneCounts:
    """It counts what came after the last five tokens, after four, ..., after none.

    It is told what the network is told: origin, metre, and the place in the bar; without the
    clock, no place. How much a context leaves to the shorter one is Witten and Bell's rule, as in
    ``lm.ngram``.
    """

    def __init__(self, tunes: Sequence[Tune], back: int = BACK, with_clock: bool = True) -> None:
        self.back, self.with_clock = back, with_clock
        self.counts: dict[Context, Counter[int]] = defaultdict(Counter)
        for row, places in _rows(tunes):
            for i in range(GIVEN, len(row)):
                for context in self.contexts(row[:i], places[i - 1]):
                    self.counts[context][row[i]] += 1

    def price(self, tunes: Sequence[Tune]) -> float:
        """Mean nats a token of these tunes, from the upbeat to the end."""
        total, count = 0.0, 0
        for row, places in _rows(tunes):
            count += len(row) - GIVEN
            for i in range(GIVEN, len(row)):
                p = 1 / len(TOKENS)
                for context in self.contexts(row[:i], places[i - 1]):
                    if counts := self.counts.get(context):
                        p = (counts[row[i]] + len(counts) * p) / (counts.total() + len(counts))
                total -= math.log(p)
        return total / count

    def write(self, orders: Sequence[Order], *, seed: int = 0) -> list[list[str]]:
        """Tokens of a tune for each order; none that was never counted in its metre."""
        rng = torch.Generator().manual_seed(seed)
        found = []
        for order in orders:
            row = [NUMBERS[word] for word in order]
            while len(row) < LONGEST and row[-1] != LAST:
                place = int(clock(torch.tensor([row]))[0, -1, 0])
                row.append(self._draw(self.contexts(row, place), rng))
            found += decode(torch.tensor([row]))
        return found

    def contexts(self, row: list[int], place: int) -> list[Context]:
        """What to look up, the shortest first: place and metre, then the origin, then tokens."""
        said = row[GIVEN:]
        place = (place if self.with_clock else 0) if said else -1  # the upbeat comes but once
        recent = [tuple(said[-k:]) for k in range(1, min(self.back, len(said)) + 1)]
        return [(place, row[1]), *((place, *row[:GIVEN], *each) for each in [(), *recent])]

    def _draw(self, contexts: list[Context], rng: torch.Generator) -> int:
        for context in reversed(contexts):
            if counts := self.counts.get(context):
                total = counts.total()
                at = float(torch.rand((), generator=rng)) * (total + len(counts))
                if at < total or context is contexts[0]:
                    draw = torch.multinomial(
                        torch.tensor(list(counts.values())).double(), 1, generator=rng
                    )
                    return list(counts)[int(draw)]
        raise ValueError("nothing was counted for this metre")


def _rows(tunes: Sequence[Tune]) -> list[tuple[list[int], list[int]]]:
    tokens = encode(tunes)
    rows = zip(tokens.tolist(), clock(tokens)[..., 0].tolist(), strict=True)
    return [(row[: row.index(LAST) + 1], places) for row, places in rows]
