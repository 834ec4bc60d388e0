"""Warning of a surge in a stream of yes and no: is this story bad news? (chapter 16)

Page's cumulative sum (1954, doi:10.1093/biomet/41.1-2.100) adds up how much better "more often than
usual" explains the stories than "as usual", starts afresh whenever the sum falls below zero, and
warns when it passes a threshold. The clock counts stories, not hours: how many stories come in an
hour says more about the time of day.
"""

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import torch
from torch import Tensor

GRACE = 1.0  # hours after a surge in which an alarm still counts as its own


@dataclass(frozen=True)
class Rates:
    """Share of bad news as usual, and in a surge that is to be noticed; both in (0, 1).

    Raises:
        ValueError: not 0 < usual < surge < 1.
    """

    usual: float
    surge: float

    def __post_init__(self) -> None:
        """Check the order."""
        if not 0 < self.usual < self.surge < 1:
            raise ValueError(f"need 0 < usual < surge < 1, got {self.usual} and {self.surge}")

    def step(self, bad: float) -> float:
        """Log-likelihood ratio of one story, in nats; ``bad`` is 0 or 1."""
        yes = math.log(self.surge / self.usual)
        no = math.log((1 - self.surge) / (1 - self.usual))
        return bad * yes + (1 - bad) * no


@dataclass
class Cusum:
    """The running sum; it starts at zero again after an alarm."""

    rates: Rates
    threshold: float
    level: float = 0.0
    since: int = 0  # stories since the sum was last zero

    def update(self, bad: float) -> bool:
        """Take in a story; whether this is an alarm."""
        level = self.level + self.rates.step(bad)
        self.level, self.since = (level, self.since + 1) if level > 0 else (0.0, 0)
        if self.level < self.threshold:
            return False
        self.level, self.since = 0.0, 0
        return True


def levels(bad: Sequence[float], rates: Rates) -> list[float]:
    """The sum after each story, never reset by an alarm."""
    steps = map(rates.step, bad)
    return list(accumulate(steps, lambda level, step: max(0.0, level + step), initial=0.0))[1:]


def alarms(bad: Sequence[float], rates: Rates, threshold: float) -> list[int]:
    """The stories (by number) at which the cumulative sum warns."""
    cusum = Cusum(rates, threshold)
    return [i for i, one in enumerate(bad) if cusum.update(one)]


def window_alarms(bad: Sequence[float], width: int, count: int) -> list[int]:
    """The stories at which ``count`` or more of the last ``width`` are bad; then it starts anew."""
    found, start = [], 0
    for i in range(len(bad)):
        if sum(bad[max(start, i + 1 - width) : i + 1]) >= count:
            found.append(i)
            start = i + 1
    return found


class Day(NamedTuple):
    """One day of a stream: for each story its time (hours since midnight) and whether it is bad."""

    hours: tuple[float, ...]
    bad: tuple[float, ...]


def months(days: Sequence[Day], n: int, seed: int, length: int = 21) -> list[list[float]]:
    """n months of ``length`` days each, drawn with replacement: whole days, so that what belongs
    together stays together."""
    rng = torch.Generator().manual_seed(seed)
    picks = torch.randint(len(days), (n, length), generator=rng).tolist()
    return [[one for k in month for one in days[k].bad] for month in picks]


def false_alarms(streams: Sequence[Sequence[float]], rates: Rates, threshold: float) -> Tensor:
    """Alarms (n,) in each of n months without a surge."""
    return torch.tensor([float(len(alarms(s, rates, threshold))) for s in streams])


def pick_threshold(
    streams: Sequence[Sequence[float]], rates: Rates, allowed: float, top: float = 40.0
) -> float:
    """A threshold (to 0.1) with at most ``allowed`` alarms a month on average, found by halving.

    Raises:
        ValueError: none up to ``top`` is high enough.
    """

    def quiet(tenths: int) -> bool:
        return float(false_alarms(streams, rates, tenths / 10).mean()) <= allowed

    high = round(10 * top)
    if not quiet(high):
        raise ValueError(f"no threshold up to {top:g} keeps to {allowed:g} alarms a month")
    return bisect.bisect_left(range(high), True, lo=1, key=quiet) / 10


class Plant(NamedTuple):
    """A surge that was put in: from which story on, over how many hours."""

    start: int
    hours: float


def plant(day: Day, bad: Sequence[float], hours: float, seed: int) -> tuple[Day, Plant]:
    """Put stories (their verdicts ``bad``) into a day, evenly spread over ``hours``.

    The start is drawn from the hours in which the day has stories.
    """
    rng = torch.Generator().manual_seed(seed)
    first, last = min(day.hours), max(day.hours) - hours
    begin = first + max(0.0, last - first) * float(torch.rand((), generator=rng))
    extra = [begin + hours * k / len(bad) for k in range(len(bad))]
    merged = sorted([*zip(day.hours, day.bad, strict=True), *zip(extra, bad, strict=True)])
    start = sum(hour < begin for hour in day.hours)
    times, verdicts = zip(*merged, strict=True)
    return Day(times, verdicts), Plant(start, hours)


def delay(day: Day, planted: Plant, rates: Rates, threshold: float) -> tuple[int, float] | None:
    """Stories and hours from a surge's first story to the alarm; None if none comes in time.

    An alarm before the surge is a false one: the sum has started anew since.
    """
    begin = day.hours[planted.start]
    end = begin + planted.hours + GRACE
    for i in alarms(day.bad, rates, threshold):
        if i >= planted.start and day.hours[i] <= end:
            return i - planted.start + 1, day.hours[i] - begin
    return None
