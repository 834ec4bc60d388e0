"""How like real tunes written ones are: five statistics, an ear for origin, and copies (ch. 19)."""

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from aigc_lib.chapters.ch19_sound_and_motion.data import COPY, COPY_BY_PITCH, melody
from aigc_lib.chapters.ch19_sound_and_motion.tunes import LENGTHS, Tune


def _shares(numbers: Sequence[int], size: int) -> Tensor:
    counts = torch.tensor(numbers, dtype=torch.long).bincount(minlength=size).double()
    return counts / counts.sum().clamp(min=1)


# What a tune is as a point: shares of pitch classes, of steps from note to note, and of lengths;
# its compass in octaves; its length in units of sixteen bars.
STATISTICS: dict[str, Callable[[Tune], Tensor]] = {
    "pitch classes": lambda t: _shares([p % 12 for p in t.pitches], 12),
    "intervals": lambda t: _shares([min(max(step, -12), 12) + 12 for step, _ in melody(t)], 25),
    "note lengths": lambda t: _shares([[*LENGTHS].index(n.length) for n in t.notes], len(LENGTHS)),
    "compass": lambda t: torch.tensor([np.ptp(t.pitches or [0]) / 12]).double(),
    "bars": lambda t: torch.tensor([t.bars / 16]).double(),
}


def energy_distance(a: Tensor, b: Tensor) -> tuple[float, float]:
    """How far points (N, D) and (M, D) are apart, 2 E|a - b| - E|a - a'| - E|b - b'|, and a share.

    The share is of 2 E|a - b|: 0 for equal clouds, 1 for two points far apart, whatever the unit.
    a and a' are different points of one set, so that sets of one distribution are 0 apart on
    average, and may come out below (Székely and Rizzo, 2013, doi:10.1016/j.jspi.2013.03.018).
    """
    within = [torch.cdist(x, x).sum() / (len(x) * (len(x) - 1)) for x in (a, b)]
    between = 2 * torch.cdist(a, b).mean()
    apart = float(between - within[0] - within[1])
    return apart, apart / max(float(between), 1e-12)


def distances(written: Sequence[Tune], real: Sequence[Tune]) -> dict[str, float]:
    """The energy distance of each statistic as a share, see there; a tune is a point."""
    sets = {name: [torch.stack([f(t) for t in x]) for x in (written, real)]
            for name, f in STATISTICS.items()}  # fmt: skip
    return {name: energy_distance(*pair)[1] for name, pair in sets.items()}


class Runs:
    """Looks for passages of ``known`` tunes; those of fewer than four moves do not count.

    ``moves`` is ``data.melody``, or ``data.contour`` to find what is copied in another rhythm.
    """

    def __init__(self, known: Sequence[Tune], moves: Callable[[Tune], Any] = melody) -> None:
        self.moves, self.known = moves, [moves(tune) for tune in known]
        self.places = defaultdict(list)
        for i, each in enumerate(self.known):
            for k in range(len(each) - 3):
                self.places[tuple(each[k : k + 4])].append((i, k))

    def longest(self, tune: Tune) -> tuple[int, int]:
        """Moves of the longest passage that a known tune has too, and which tune; 0, -1 if none."""
        mine, best = self.moves(tune), (0, -1)
        for k in range(len(mine) - 3):
            for i, at in self.places.get(tuple(mine[k : k + 4]), ()):
                other, n = self.known[i], 4
                if k and at and mine[k - 1] == other[at - 1]:
                    continue  # it began earlier
                while k + n < len(mine) and at + n < len(other) and mine[k + n] == other[at + n]:
                    n += 1
                best = max(best, (n, i))
        return best


def _words(tune: Tune) -> str:
    """What the judge of origins reads, pitches alone."""
    return " ".join(f"p{pitch}".replace("-", "m") for pitch in tune.pitches)


def origin_judge(tunes: Sequence[Tune]) -> Any:
    """Logistic regression of origins on runs of one to three pitches; all origins weigh alike."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    grams = TfidfVectorizer(ngram_range=(1, 3), token_pattern=r"\S+", min_df=3, sublinear_tf=True)
    judge = make_pipeline(grams, LogisticRegression(C=10, class_weight="balanced", max_iter=300))
    return judge.fit([_words(t) for t in tunes], [t.origin for t in tunes])


def recognised(judge: Any, tunes: Sequence[Tune]) -> dict[str, float]:
    """The share of each origin's tunes that the judge recognises."""
    found = np.asarray(judge.predict([_words(tune) for tune in tunes]))
    wanted = np.asarray([tune.origin for tune in tunes])
    return {str(o): round(float((found[wanted == o] == o).mean()), 4) for o in np.unique(wanted)}


def orders(found: Sequence[Tune]) -> list[tuple[str, str]]:
    """Origin and metre of each tune, to ask a writer for the same."""
    return [(tune.origin, tune.metre) for tune in found]


def twins(test: Sequence[Tune], train: Sequence[Tune], seed: int) -> list[Tune]:
    """Real tunes instead of written ones, the floor: for each order one of the training's tunes."""
    rng, shelves = random.Random(seed), defaultdict(list)
    for tune in train:
        shelves[tune.origin, tune.metre].append(tune)
    for shelf in shelves.values():
        rng.shuffle(shelf)
    return [shelf.pop() for order in orders(test) if (shelf := shelves[order])]


def score(
    written: Sequence[Tune], test: Sequence[Tune], judge: Any, searches: Sequence[Runs]
) -> dict[str, Any]:
    """All scores of tunes against real ones held out; ``searches`` by melody and by contour."""
    long, by_pitch = (np.array([each.longest(t)[0] for t in written]) for each in searches)
    return {
        "distances": {k: round(v, 5) for k, v in distances(written, test).items()},
        "origins": recognised(judge, written),
        "run_longest": int(long.max()),
        "copies": round(float((long >= COPY).mean()), 4),
        "copies_by_pitch": round(float((by_pitch >= COPY_BY_PITCH).mean()), 4),
    }
