"""A report of a week's figures: written by a template or by a chat model, checked by a program.

The figures are real: bikes lent a day (``data``). A number of the report is *found* if the table
has it; a figure of a day is *in place* if its sentence names that day.
"""

import re
from typing import NamedTuple

from aigc_lib.chapters.ch21_outlook.data import DAYS, Bikes
from aigc_lib.pretrained.chat_model import layout

WEEKS = range(1, 51)  # those that have a week before them; 0 begins on Monday, January 3rd
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
ASK = "Write a news report of three sentences. Use only numbers of this table.\n\n"
# Weeks whose templates the model is shown, by what they say: the first two of which best and worst
# days are four different ones.
EXAMPLES = {"fewer": 3, "more": 4}
Table = dict[str, int]


def table(bikes: Bikes, week: int) -> Table:
    """The figures of a week: each day's, the week's, the week's before, and the change."""
    daily = bikes.counts.sum(1).int()
    start = 2 + 7 * week
    days = {DAYS[int(bikes.weekday[k])]: int(daily[k]) for k in range(start, start + 7)}
    total, before = int(daily[start : start + 7].sum()), int(daily[start - 7 : start].sum())
    return days | {"this week": total, "last week": before, "change": abs(total - before),
                   "change in per cent": round(100 * abs(total - before) / before)}  # fmt: skip


def written(figures: Table) -> str:
    """The table as text."""
    return "\n".join(f"{name}: {value:,}" for name, value in figures.items())


def template(figures: Table) -> str:
    """The baseline: three sentences with holes."""
    days = {name: figures[name] for name in DAYS}
    best, worst = max(days, key=days.__getitem__), min(days, key=days.__getitem__)
    more = "more" if figures["this week"] >= figures["last week"] else "fewer"
    return (
        f"This week {figures['this week']:,} bikes were lent in Washington, "
        f"{figures['change']:,} ({figures['change in per cent']} per cent) {more} than the "
        f"{figures['last week']:,} of last week. Most were lent on {best}: {days[best]:,}. "
        f"The fewest, {days[worst]:,}, were lent on {worst}."
    )


def prompt(figures: Table, *examples: Table) -> str:
    """What the chat model is asked: the same for other weeks, their reports, and then this week."""
    shown = []
    for example in examples:
        shown += [("user", ASK + written(example)), ("assistant", template(example))]
    shown.append(("user", ASK + written(figures)))
    return layout([{"role": role, "content": text} for role, text in shown])


def whole(text: str) -> str:
    """The text up to the end of its last sentence: a model that must stop may stop in a number."""
    found = re.match(r".*[.!?](?=\s|$)", text.strip(), re.DOTALL)
    return found[0] if found else ""


def compared(text: str) -> str:
    """The first word by which the text compares: "more", "fewer", or nothing."""
    found = re.search(r"\b(more|fewer)\b", text)
    return found[0] if found else ""


def numbers(text: str) -> list[float]:
    """All numbers in digits; those written as words are not seen."""
    return [float(each.replace(",", "")) for each in NUMBER.findall(text)]


def sentences(text: str) -> list[str]:
    """A text cut after the marks that end sentences, and at line breaks."""
    parts = re.split(r"(?<=[.!?])\s+|\n+", text)
    return [part.strip() for part in parts if part.strip()]


class Checked(NamedTuple):
    """Counts over a report."""

    numbers: int  # in it
    found: int  # of these, in the table
    of_days: int  # of these, a figure of a day and of nothing else
    in_place: int  # of these, in a sentence that names this day


def check(text: str, figures: Table) -> Checked:
    """Look for each number in the table, and for each day's figure in its sentence."""
    others = {value for name, value in figures.items() if name not in DAYS}
    counts = [0, 0, 0, 0]
    for sentence in sentences(text):
        for value in numbers(sentence):
            days = [day for day in DAYS if figures[day] == value and value not in others]
            named = any(day in sentence for day in days)
            hits = (True, value in figures.values(), bool(days), named)
            counts = [a + b for a, b in zip(counts, hits, strict=True)]
    return Checked(*counts)


def struck(text: str, figures: Table) -> str:
    """The sentences all of whose numbers are found, and that have one."""
    kept = [s for s in sentences(text) if numbers(s) and set(numbers(s)) <= set(figures.values())]
    return " ".join(kept)


def swapped(text: str, figures: Table) -> str:
    """The report with its best and its worst day's figures exchanged: true numbers, a lie."""
    values = [figures[name] for name in DAYS]
    best, worst = f"{max(values):,}", f"{min(values):,}"
    return text.replace(best, "\0").replace(worst, best).replace("\0", worst)
