"""The language of what the library and the site say: catalogues, read by one function.

``say("text")`` is the text in the language that ``AIGC_LANGUAGE`` names (``zh``), or itself.
The catalogue is ``zh.po`` beside this file, in gettext's format, and what the checks of a chapter
say stands in a file of that name in its room. A message may be composed, such as
``"the slope, 0.3, is not right: ..."``: an entry with fields, ``"{what}, {number}, is not right:
{why}"``, fits it, and what stands in its fields is looked up in turn. So messages are written once,
in English, where they arise, and translated at the one place where they are shown.
"""

import ast
import os
import re
from functools import cache
from pathlib import Path

FIELD = re.compile(r"\{(\w+)\}")
# A reason goes to the end; other fields end before a colon, so that no name takes the reason; an
# answer may hold one.
SHAPES = {"why": ".+", "hint": ".+", "answer": ".+?", "number": r"[-+.\w]+"}


def read(text: str) -> dict[str, str]:
    """The entries of a catalogue in gettext's format: English, and its translation.

    Raises:
        ValueError: an English text stands there twice.
    """
    found: dict[str, str] = {}
    for entry in re.split(r"\n\s*\n", text):
        parts = {"msgid": "", "msgstr": ""}
        part = ""
        for line in entry.splitlines():
            if match := re.match(r'(?:(msgid|msgstr) )?(".*")\s*$', line):
                part = match[1] or part
                parts[part] += ast.literal_eval(match[2])
        if parts["msgid"] in found and parts["msgid"]:
            raise ValueError(f"twice in the catalogue: {parts['msgid']}")
        if parts["msgid"] and parts["msgstr"]:
            found[parts["msgid"]] = parts["msgstr"]
    return found


@cache
def catalogue(language: str) -> dict[str, str]:
    """The entries for a language, of the library and all chapters; none for English."""
    found: dict[str, str] = {}
    for path in sorted(Path(__file__).parents[1].glob(f"**/{language}.po")):
        found |= read(path.read_text(encoding="utf8"))
    return found


@cache
def _patterns(language: str) -> list[tuple[int, re.Pattern[str], str]]:
    """Entries with fields as patterns, with the number of their fixed characters, most first."""
    known = [each for each in catalogue(language).items() if FIELD.search(each[0])]
    entries = [(len(FIELD.sub("", english)), english, said) for english, said in known]
    entries.sort(key=lambda entry: -entry[0])
    found = []
    for length, english, translated in entries:
        pieces = FIELD.split(english)
        exact = [
            f"(?P<{p}>{SHAPES.get(p, '(?:(?!: ).)+?')})" if i % 2 else re.escape(p)
            for i, p in enumerate(pieces)
        ]
        found.append((length, re.compile("".join(exact), re.DOTALL), translated))
    return found


def say(text: str, language: str | None = None, fixed: int = 0) -> str:
    """A text in the reader's language, or as it is where the catalogue does not hold it.

    Entries with fields must have ``fixed`` characters beside them at least; otherwise a short one
    would find itself in any text, such as one that a model wrote.
    """
    language = language or os.environ.get("AIGC_LANGUAGE", "en")
    if text in (entries := catalogue(language)):
        return entries[text]
    for length, pattern, translated in _patterns(language):
        if length >= fixed and (match := pattern.fullmatch(text)):
            inside = {name: say(value, language) for name, value in match.groupdict().items()}
            return FIELD.sub(lambda field, inside=inside: inside[field[1]], translated)  # type: ignore[misc]
    return text
