"""What can be read off a financial report without a model: its figures, its mood, its words.

An earnings report of Reuters' in 1987 is a small table, `Net 1,443,000 vs 3,539,000`: this
period's figure, then that of a year before. Where both can be read, they settle whether the news is
good: that is the mood the chapter's models are to find in the words alone.
"""

import re
from typing import NamedTuple

TOPICS = ("acq", "crude", "earn", "grain", "interest", "money-fx", "ship", "trade")
MOODS = ("negative", "neutral", "positive")

_WRITTEN = "nil one two three four five six seven eight nine ten"
_SPELLED = {word: float(number) for number, word in enumerate(_WRITTEN.split())}
_SCALES = {"mln": 1e6, "billion": 1e9, "cts": 0.01, "ct": 0.01, "cents": 0.01, "p": 0.01}
_AMOUNT = re.compile(
    rf"(?P<sign>loss|profit)?\s*(?:of\s+)?"
    rf"(?P<number>\d[\d,]*(?:\.\d+)?|\b(?:{'|'.join(_SPELLED)})\b)"
    r"(?:-(?P<over>\d+)/(?P<under>\d+))?(?P<more>[-/]?)\s*(?P<scale>[a-z]*)",
    re.IGNORECASE,
)
_TABLE = re.compile(
    r"^[ \t]*(?:oper(?:ating)?[ \t]+)?net(?:[ \t]+(?:income|profit))?[ \t]+"
    r"(?P<now>(?:loss[ \t]+|profit[ \t]+)?[\d\w].*?)[ \t]+vs[ \t]+(?P<before>\S.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_DIVIDEND = re.compile(
    r"^[ \t]*(?:\w+[ \t]+)?div(?:idend)?[ \t]+(?P<now>\S.*?)[ \t]+vs[ \t]+(?P<before>\S.*?)"
    r"[ \t]+(?:prior|previously|in prior|last)",
    re.IGNORECASE | re.MULTILINE,
)
# In running text: "net income of 86.2 mln dlrs, down from 102.6 mln". Between the three come a few
# words, one share or date, and none of what is not the profit itself.
_OTHER = (
    r"charges?|chargeoffs?|tax|sales|revenues?|gains?|interest|assets|provisions?|preferred"
    r"|shares? of|dividends?|distribution|write\w*|extraordinary|worth|reserves?|shareholders|by"
)
_WORDS = rf"(?:(?!\b(?:{_OTHER})\b)[^.\d])"
_MONEY = r"\d[\d,]*(?:\.\d+)?(?:\s+(?:mln|billion)\b)?"
_PROSE = re.compile(
    rf"\b(?P<what>net\s+loss|loss|losses|lost|net|income|profits?|earnings|earned)\b"
    rf"{_WORDS}{{0,70}}?(?:19\d\d{_WORDS}{{0,30}})?(?P<now>{_MONEY})"
    rf"{_WORDS}{{0,50}}?(?:\d[\d.]*\s+(?:cts|pct|dlrs)\b{_WORDS}{{0,40}})?(?:19\d\d{_WORDS}{{0,20}})?"
    rf"\b(?:from|compared\s+(?:with|to)|against|versus|after)\b(?P<than>{_WORDS}{{0,40}}?)"
    rf"(?P<before>{_MONEY})",
    re.IGNORECASE,
)


class Figures(NamedTuple):
    """What a report says it earned, and a year before; or its dividend, and the one before."""

    what: str
    now: float
    before: float


def amount(text: str) -> float | None:
    """The money at the start of a text, losses negative; None where it cannot be read for certain.

    "loss 1,234,000" is -1234000, "86.2 mln dlrs" is 86200000, "nine cts" is 0.09.
    """
    found = _AMOUNT.match(text.strip())
    if not found or found["more"] or found["under"] == "0":
        return None
    number = found["number"].lower()
    value = _SPELLED[number] if number in _SPELLED else float(number.replace(",", ""))
    if found["over"]:  # "12-1/2 cts"
        value += float(found["over"]) / float(found["under"])
    scale = _SCALES.get(found["scale"].lower(), 1.0)
    sign = -1.0 if (found["sign"] or "").lower() == "loss" else 1.0
    return sign * scale * value


def figures(body: str) -> Figures | None:
    """The figures that settle a report's mood: its net, else its dividend; None if none are read.

    A table is read before running text. In running text both amounts must be of one kind, and
    within a factor of 30 of each other: years and shares of profit stand in such sentences too.
    """
    for what, pattern in (("net", _TABLE), ("dividend", _DIVIDEND)):
        found = pattern.search(body)
        if found:
            now, before = amount(found["now"]), amount(found["before"])
            return None if now is None or before is None else Figures(what, now, before)
    for found in _PROSE.finditer(" ".join(body.split())):
        now, before = amount(found["now"]) or 0.0, amount(found["before"]) or 0.0
        if min(now, before) < 10_000 or max(now, before) > 30 * min(now, before):
            continue
        lost = "los" in found["what"].lower()
        than = found["than"].lower()
        lost_before = "loss" in than or (lost and not re.search("profit|income|earn", than))
        return Figures("profit", -now if lost else now, -before if lost_before else before)
    return None


def mood(found: Figures) -> str:
    """One of ``MOODS``: less than before, as much, or more."""
    return MOODS[1 + (found.now > found.before) - (found.now < found.before)]


def words(title: str, body: str) -> str:
    """A story's words without any figure: its title, and the lines that are not of a table.

    Where figures settle the mood, a model that is shown them could read the answer off.
    """
    kept = [line for line in body.splitlines() if not re.search(r"\bvs\b", line, re.IGNORECASE)]
    text = " ".join(" ".join([title, *kept]).split())
    text = re.sub(r"<[^>]*>", "", text)  # the company's mark at the exchange
    text = re.sub(r"\bREUTER\b\W*$", "", text, flags=re.IGNORECASE)
    return " ".join(re.sub(r"[\d][\d.,/-]*", "", text).split())
