"""A monitor of financial news: topic, mood and warnings, a story at a time (chapter 16).

``Monitor`` takes stories in the order in which they come and keeps a cumulative sum of bad news for
each topic. It has read English reports of one agency from 1987; it is a teaching tool.
"""

import html
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from torch import Tensor

from aigc_lib.chapters.ch16_financial_monitoring import corpus as newsroom
from aigc_lib.chapters.ch16_financial_monitoring import earnings_parser as parser
from aigc_lib.chapters.ch16_financial_monitoring.classifier import Opinion, StoryClassifier, load
from aigc_lib.chapters.ch16_financial_monitoring.cusum import Cusum, Rates
from aigc_lib.chapters.ch16_financial_monitoring.data import Story
from aigc_lib.core.unicode import normalize_text
from aigc_lib.pretrained.sentence_embedder import reach

THRESHOLD = 7.2  # nats; picked in chapter 16 on the days before 9 April
LONGEST = 20_000  # characters of a story that are read
KNOWN = 0.4  # smallest share of words that training has seen
LATE = timedelta(hours=1)  # older than the newest story by more: judged, not counted
FAR = timedelta(days=7)  # ahead of the stories around it by more: counted, but moves no clock
AROUND = 6  # stories, the last ones, that say what time it is: the earlier, if they halve
REMEMBERED = 10_000  # stories that a repetition is looked for in


@dataclass(frozen=True)
class Verdict:
    """What the monitor says of one story.

    status: "counted"; "not counted", for a repeated or a late one; "refused", not judged at all.
    mood: of ``earnings_parser.MOODS``, or "unsure". mood_by: where it comes from, figures or words.
    note: what else to know: how much of a long story was read, or that its time is doubtful.
    """

    status: Literal["counted", "not counted", "refused"]
    reason: str
    topic: str = ""
    topic_probability: float = math.nan
    mood: str = ""
    mood_probability: float = math.nan
    mood_by: Literal["", "figures", "words"] = ""
    alert: str = ""
    level: float = math.nan
    note: str = ""


def plain(text: object) -> str:
    """Text in Unicode's usual form, without markup and control characters, cut to ``LONGEST``."""
    found = str(text or "")[: 4 * LONGEST]
    found = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>", " ", found)
    found = re.sub(r"(?is)<(br|/p|/div|/tr)\b[^>]*>", "\n", found)
    # A company's mark at the exchange, <IBM> or <BAEL.L>, is no markup, and is left out later.
    found = normalize_text(html.unescape(re.sub(r"<[a-z/!][^<>]*>", " ", found)))
    found = "".join(c for c in found if c in "\n\t" or c.isprintable())
    return found[:LONGEST].strip()


def moment(time: datetime | str) -> datetime | None:
    """A time without zone (UTC, if it had one); None if it cannot be read."""
    try:
        if isinstance(time, str):
            time = datetime.fromisoformat(normalize_text(time).strip())
        return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
    except (ValueError, TypeError, AttributeError, OverflowError):
        return None


class Monitor:
    """Takes stories one at a time; ``usual`` are the shares of bad news by topic without a surge.

    A topic that ``usual`` does not name is judged, but not watched.
    """

    def __init__(self, judge: StoryClassifier, usual: dict[str, float]) -> None:
        self.judge = judge
        # A surge is one that makes bad news five times as likely, in odds.
        rates = {topic: Rates(share, 5 * share / (1 + 4 * share)) for topic, share in usual.items()}
        self.sums = {topic: Cusum(each, THRESHOLD) for topic, each in rates.items()}
        self.newest: datetime | None = None
        self.around: list[datetime] = []  # the times of the last stories
        self.seen: dict[int, None] = {}

    def read(
        self, time: datetime | str, title: str, text: str = "", point: Tensor | None = None
    ) -> Verdict:
        """Judge a story and count it. Nothing that is handed in raises an error.

        point: the story's embedding (384,), if it is there already.
        """
        when, head, body = moment(time), " ".join(plain(title).split()), plain(text)
        if when is None:
            return Verdict("refused", f"the time {time!r} cannot be read; use 1987-04-09T10:30")
        if not re.search(r"\w", head + body):
            return Verdict("refused", "there are no words to judge")
        shown, whole = newsroom.shown(Story(0, when, head, body, ())), parser.words(head, body)
        read = shown if point is not None else shown[: reach(shown, newsroom.LONGEST)]
        cut = len(read) < len(whole)
        note = f"only its first {len(read.split())} words were read" if cut else ""
        (opinion,) = self.judge([shown], None if point is None else point[None])
        if opinion.known < KNOWN:
            why = f"{opinion.known:.0%} of the words are known: is this English financial news?"
            return Verdict("refused", f"only {why}", note=note)
        mark = hash((head.lower(), " ".join(body.lower().split())))
        notes = (note, "" if mark in self.seen else self._doubt(when))
        return self._count(when, mark, opinion, body, "; ".join(filter(None, notes)))

    def _doubt(self, when: datetime) -> str:
        """Move the clock, or say why not: one wrong date must not make all later stories late.

        The last stories decide what is far ahead, so that the clock also goes back to most of them.
        """
        self.around = [*self.around, when][-AROUND:]
        middle = sorted(self.around)[(len(self.around) - 1) // 2]
        times = [self.newest or when, *self.around]
        self.newest = max(time for time in times if time - middle <= FAR)
        ahead = "its time is over a week ahead of the stories around it, and moves no clock"
        return ahead if when - middle > FAR else ""

    def _count(self, when: datetime, mark: int, opinion: Opinion, body: str, note: str) -> Verdict:
        name, sure = opinion.topic()
        found = parser.figures(body) if name == "earn" else None
        if found:
            mood, certain, by = parser.mood(found), 1.0, "figures"
            why = f"{found.what}: {found.now:,.10g} against {found.before:,.10g} before"
        else:
            (mood, certain), by = opinion.mood(), "words"
            why = "by its words, as in reports on earnings"
            if mood == "unsure":
                why = "the model and the list of finance words say the opposite of each other"
        status, alert, cusum = "counted", "", self.sums.get(name)
        if mark in self.seen:
            status, why = "not counted", f"{why}; the same story was here before"
        elif self.newest and self.newest - when > LATE:
            status, why = "not counted", f"{why}; it is older than the newest story by over an hour"
        elif cusum:
            start = cusum.since
            if cusum.update(float(mood == "negative")):
                alert = f"surge of negative news on {name}, over the last {start + 1} stories"
        self.seen[mark] = None
        if len(self.seen) > REMEMBERED:
            del self.seen[next(iter(self.seen))]
        level = cusum.level if cusum else math.nan
        return Verdict(status, why, name, sure, mood, certain, by, alert, level, note)  # type: ignore[arg-type]


def usual_shares(judge: StoryClassifier, corpus: newsroom.Corpus) -> dict[str, float]:
    """Share of negative verdicts by topic, on the stories between training and test.

    Topics with fewer than 100 stories there are left out: too few to know what is usual.
    """
    rows = corpus.where("valid")
    opinions = judge([corpus.texts[i] for i in rows], corpus.points()[rows])
    bad: dict[str, list[float]] = {}
    for i, opinion in zip(rows.tolist(), opinions, strict=True):
        name = opinion.topic()[0]
        found = parser.figures(corpus.stories[i].body) if name == "earn" else None
        mood = parser.mood(found) if found else opinion.mood()[0]
        bad.setdefault(name, []).append(float(mood == "negative"))
    # Kept away from 0, where a single bad story would count as a sensation.
    return {n: min(0.6, max(0.05, sum(b) / len(b))) for n, b in bad.items() if len(b) >= 100}


def monitor() -> Monitor:
    """A monitor that knows what was usual before 9 April 1987.

    DataError if the stories or the embedding's weights cannot be had.
    """
    judge = load()
    return Monitor(judge, usual_shares(judge, newsroom.load()))


def demo(words: list[str]) -> None:
    """Judge the words as a headline; without words, replay the days from 17 to 24 April 1987."""
    watch = monitor()
    if words:
        print(describe(watch.read(datetime(1987, 6, 1), " ".join(words))))
        return
    corpus = newsroom.load()
    points = corpus.points()
    for i in corpus.where("test").tolist():
        story = corpus.stories[i]
        if datetime(1987, 4, 17) <= story.time < datetime(1987, 4, 25):
            found = watch.read(story.time, story.title, story.body, points[i])
            print(f"{story.time:%d %b %H:%M}  {describe(found)}")


def describe(found: Verdict) -> str:
    """One line for people."""
    if found.status == "refused":
        return f"refused: {found.reason}"
    sure = "" if found.mood == "unsure" else f" ({found.mood_probability:.0%})"
    line = f"{found.topic} ({found.topic_probability:.0%}), {found.mood}{sure}: {found.reason}"
    line += f" [{found.note}]" if found.note else ""
    return f"{line}\n  ALERT: {found.alert}" if found.alert else line
