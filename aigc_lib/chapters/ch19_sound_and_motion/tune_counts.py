"""The counting model that a writer of tunes must beat: an n-gram (chapter 19)."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

import torch

from aigc_lib.chapters.ch19_sound_and_motion import tune_gpt
from aigc_lib.chapters.ch19_sound_and_motion.data import LONGEST
from aigc_lib.chapters.ch19_sound_and_motion.tune_gpt import GIVEN, LAST, NUMBERS, Order
from aigc_lib.chapters.ch19_sound_and_motion.tunes import TOKENS, Tune

Context = tuple[object, ...]
BACK = 5


class TuneCounts:
    """It counts what came after the last five tokens, after four, ..., after none.

    It is told origin and metre, and of the clock ``"nothing"``, the ``"place"`` in the bar, or
    ``"all"``, which is what the network reads. How much a context leaves to the shorter one is
    Witten and Bell's rule, as in ``lm.ngram``.
    """

    def __init__(self, tunes: Sequence[Tune], back: int = BACK, told: str = "all") -> None:
        self.back, self.told = back, told
        self.counts: dict[Context, Counter[int]] = defaultdict(Counter)
        for row, hours in _rows(tunes):
            for i in range(GIVEN, len(row)):
                for context in self.contexts(row[:i], hours[i - 1]):
                    self.counts[context][row[i]] += 1

    def prices(self, tunes: Sequence[Tune]) -> torch.Tensor:
        """Nats of each of these tunes, from the upbeat to the end: (N,)."""
        found = torch.zeros(len(tunes), dtype=torch.float64)
        for k, (row, hours) in enumerate(_rows(tunes)):
            for i in range(GIVEN, len(row)):
                p = 1 / len(TOKENS)
                for context in self.contexts(row[:i], hours[i - 1]):
                    if counts := self.counts.get(context):
                        p = (counts[row[i]] + len(counts) * p) / (counts.total() + len(counts))
                found[k] -= math.log(p)
        return found

    def write(self, orders: Sequence[Order], *, seed: int = 0) -> list[list[str]]:
        """Tokens of a tune for each order; none that was never counted in its metre."""
        rng, found = torch.Generator().manual_seed(seed), []
        for row in ([NUMBERS[word] for word in order] for order in orders):
            while len(row) < LONGEST and row[-1] != LAST:
                now = tune_gpt.clock(torch.tensor([row]))[0, -1].tolist()
                row.append(self._draw(self.contexts(row, now), rng))
            found.append([TOKENS[number] for number in row])
        return found

    def contexts(self, row: list[int], now: Sequence[int]) -> list[Context]:
        """What to look up, the shortest first: clock and metre, then the origin, then tokens."""
        said, (place, bar, first) = row[GIVEN:], now
        place = place if said else -1  # the upbeat comes but once
        clocks: list[Context] = [(0 if said else -1,)] if self.told == "nothing" else [(place,)]
        if self.told == "all":
            clocks += [(place, first), (place, first, bar)]
        known = [(each, row[1]) for each in clocks]
        last = [said[len(said) - k :] for k in range(min(self.back, len(said)) + 1)]
        return [*known, *((clocks[-1], *row[:GIVEN], *each) for each in last)]

    def _draw(self, contexts: list[Context], rng: torch.Generator) -> int:
        for context in reversed(contexts):
            if counts := self.counts.get(context):
                total = counts.total()
                at = float(torch.rand((), generator=rng)) * (total + len(counts))
                if at < total or context is contexts[0]:
                    weights = torch.tensor(list(counts.values())).double()
                    return list(counts)[int(torch.multinomial(weights, 1, generator=rng))]
        raise ValueError("nothing was counted for this metre")


def _rows(tunes: Sequence[Tune]) -> list[tuple[list[int], list[list[int]]]]:
    tokens = tune_gpt.encode(tunes)
    rows = zip(tokens.tolist(), tune_gpt.clock(tokens).tolist(), strict=True)
    return [(row[: row.index(LAST) + 1], hours) for row, hours in rows]
