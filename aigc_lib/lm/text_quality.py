"""How good a text is by its words alone: are they real, and how many different ones are there?

It is what rewards and settings of the draws are checked against (chapters 10 and 12); it reads no
sentence.
"""

import re
from collections.abc import Sequence
from functools import cache

from aigc_lib.data.texts import load_text

WORD = re.compile(r"[a-z']+")


def words(text: str) -> list[str]:
    """The words of a text in small letters; the last is left out, for it may be cut off."""
    return WORD.findall(text.lower())[:-1]


@cache
def vocabulary() -> frozenset[str]:
    """The words of the plays that the shipped Shakespeare writer learned from."""
    return frozenset(WORD.findall(load_text("shakespeare").lower()))


def score(texts: Sequence[str]) -> dict[str, float]:
    """Two shares of the words of all texts together.

    Returns:
        ``real``: share of the words that occur in the plays; ``different``: different words a
        hundred words (of as many texts; the number falls with their number).
    Raises:
        ValueError: no word at all.
    """
    found = [w for text in texts for w in words(text)]
    if not found:
        raise ValueError("there is no word in these texts")
    return {
        "real": sum(w in vocabulary() for w in found) / len(found),
        "different": 100 * len(set(found)) / len(found),
    }
