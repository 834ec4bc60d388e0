"""What a verdict rests on: who was compared, how each was tuned, and by how much the best won.

``Recording.declare`` writes contests into a record; ``tools.lint_records`` refuses unfair ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aigc_lib.core.stats import student


@dataclass
class Contestant:
    """One method, as it was tuned, trained and scored."""

    settings: int  # how many it was given on the data for choosing
    chosen: Any  # the setting that won there
    scores: Sequence[float]  # of that, on the data for testing: one a seed, the same seeds for all
    # [budget, score on the data for choosing], mean of the seeds, from (nearly) untrained to the
    # full budget, at least 5 points; None for what does not train.
    curve: Sequence[Sequence[float]] | None = None
    why: str = ""  # a sentence, where there is no curve, or where it had not ended
    last_quarter: float | None = None  # computed: the share of its gain that it made there


@dataclass
class Contest:
    """A comparison from which a page draws a verdict.

    The verdict says who is ``best``, by its mean score, and ``against`` whom. Best minus against is
    paired by seeds; its interval is Student's, because the bootstrap of three values holds their
    mean 74 times in 100 instead of 95. Paired by anything else, the verdict brings its
    ``difference`` [mean, low, high], as from ``stats.bootstrap``, and says what it is ``over``.

    Raises:
        ValueError: the verdict does not compare two contestants, a curve has no such form, or the
            contestants do not all have one score for each of several seeds.
    """

    name: str
    measure: str  # with its unit
    better: str  # "higher" or "lower"
    chosen_on: str  # the data of the choices and curves
    tested_on: str  # the data of the scores
    contestants: dict[str, Contestant]
    verdict: dict[str, Any]
    floor: str | float | None = None  # what none can beat: a contestant or a score
    baseline: str | float | None = None  # where one would start: a contestant or a score
    unequal: str = ""  # a sentence, where one had more settings, or one that trains a single one

    def __post_init__(self) -> None:
        """Compute the last quarters and the paired difference."""
        if self.better not in ("higher", "lower"):
            raise ValueError(f"{self.name}: better is 'higher' or 'lower', not {self.better!r}")
        for name, each in self.contestants.items():
            each.last_quarter = None if each.curve is None else self._last_quarter(name, each.curve)
        pair = [self.verdict["best"], self.verdict["against"]]
        if len(set(pair) & self.contestants.keys()) < 2:
            raise ValueError(f"{self.name}: {pair} are not two of {list(self.contestants)}")
        scores = [each.scores for each in self.contestants.values()]
        if len({len(each) for each in scores}) > 1 or not np.isfinite(scores).all():
            raise ValueError(f"{self.name}: everyone needs a score for each of the same seeds")
        self.verdict = {"over": "seeds", "interval": "bootstrap"} | self.verdict
        if self.verdict["over"] == "seeds":
            paired = zip(*(self.contestants[name].scores for name in pair), strict=True)
            apart = student([best - against for best, against in paired])
            self.verdict |= {"interval": "Student's t", "difference": list(apart)}

    def _last_quarter(self, name: str, curve: Sequence[Sequence[float]]) -> float | None:
        """The share of a curve's gain that its budget's last quarter made; None without a gain."""
        points = np.array(curve, dtype=float)
        if points.shape[1:] != (2,) or len(points) < 5 or not np.isfinite(points).all():
            raise ValueError(f"{self.name}: {name}'s curve needs 5 points [budget, score] or more")
        budget, score = points.T
        if (np.diff(budget) <= 0).any() or budget[0] > budget[-1] / 4:
            raise ValueError(f"{self.name}: {name}'s curve does not go from the start to the end")
        score = score if self.better == "higher" else -score
        gain, late = score[-1] - np.array([score[0], np.interp(0.75 * budget[-1], budget, score)])
        return round(float(late / gain), 4) if gain > 0 else None
