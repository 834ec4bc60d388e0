"""The typography of Chinese text, as a lint; ``translations/zh/STYLE.md`` tells it to people.

A space between Chinese and Latin letters, digits, code or formulas; full-width punctuation in
Chinese sentences and none of it beside a space; curly quotation marks; one line for a paragraph,
since a browser draws a line break between two Chinese characters as a gap.
"""

import re
import unicodedata
from collections.abc import Iterator

from tools.parity import HAN, with_colons

FULL = "，。、；：？！）》】”’"
OPENING = "（《【“‘"
# What is no prose leaves a mark that counts as a Latin letter, or nothing.
TAKEN_OUT = (
    (re.compile(r"^[ \t]*(`{3,})(?!\{).*?^[ \t]*\1[ \t]*$", re.MULTILINE | re.DOTALL), ""),
    (re.compile(r"\$\$.+?\$\$(?:[ \t]*\([\w:-]+\))?", re.DOTALL), ""),
    (re.compile(r"(?<!\\)\$[^$]+?(?<!\\)\$"), "x"),
    (re.compile(r"\{(?:numref|eq|prf:ref|ref|cite:\w+)\}`[^`]+`"), "x"),
    (re.compile(r"\{[\w:-]+\}`([^`<]+?)\s*(?:<[^>]+>)?`"), r"\1"),
    (re.compile(r"(`+)[^`].*?\1"), "x"),
    (re.compile(r"^\([\w:-]+\)=$|^[ \t]*:(?!alt:)[\w-]+:.*$|<!--.*?-->", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*(?::alt:|(?::{3,}|`{3,})(?:\{[^}]+\})?)(.*)$", re.MULTILINE), r"\1\n"),
    (re.compile(r"!?\[\]\([^)\s]+\)"), "x"),
    (re.compile(r"!?\[([^\]]*)\]\([^)]+\)"), r"\1"),
    (re.compile(r"(?:alt|aria-label|title)=\"([^\"]*)\""), r">\n\n\1\n\n<"),
    (re.compile(r"<[^<>]*>"), ""),
)
# For the sake of the stars: what is no prose, without the stars in it.
MASKED = (
    (TAKEN_OUT[0][0], ""),
    (TAKEN_OUT[1][0], "x"),
    (TAKEN_OUT[2][0], "$x$"),
    (re.compile(r"(`+)[^`].*?\1"), "`x`"),
    (re.compile(r"\]\([^)]+\)"), "](x)"),
)
STARS = re.compile(r"\*+")
RULES = (
    (rf"[{HAN}][A-Za-z0-9\\]|[A-Za-z0-9%][{HAN}]", "no space between Chinese and Latin"),
    (rf"[{HAN}] ?[,;:?!](?!\w)|[,;:?!] ?[{HAN}]", "half-width punctuation beside Chinese"),
    (rf"[{HAN}{FULL}]\.(?!\w)", "half-width full stop after Chinese"),
    (rf"[{HAN}] ?\((?![\d, .]+\))|\) ?[{HAN}](?<!\d\) .)(?<!\d\).)",
     "half-width brackets beside Chinese"),
    (rf"\([^()\n]*[{HAN}][^()\n]*\)", "half-width brackets around Chinese"),
    (rf"[{HAN}{FULL}{OPENING}] ?[\"']|[\"'] ?[{HAN}]|[「」『』]", "quotation marks other than “ ”"),
    (rf"[^\s|>-] +[{FULL}]|[{FULL}{OPENING}] +(?![|—\s])[^\s]| +[{OPENING}]",
     "a space beside full-width punctuation"),
    (r"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]", "a full-width letter or digit"),
    (r"[，。、；：]{2}|！！|？？", "punctuation twice"),
    (rf"[{HAN}{FULL}](?:\.{{2,}}|…(?!…)(?<!……)|--)", "an ellipsis is …… and a dash ——"),
    (rf"[{HAN}{FULL}]\n[ \t]*[{HAN}{OPENING}]", "a line break inside a Chinese sentence"),
)  # fmt: skip


def prose(text: str) -> str:
    """What a reader reads of a text, with a Latin letter for each piece of code and formula."""
    text = with_colons(text)
    for pattern, left in TAKEN_OUT:
        text = pattern.sub(left, text)
    return text


def dead_stars(text: str) -> Iterator[str]:
    """Stars that open or close nothing, since they stand between punctuation and a character."""
    text = with_colons(text)
    for pattern, left in MASKED:
        text = pattern.sub(left, text)

    def blank(character: str) -> bool:
        return character.isspace()

    def mark(character: str) -> bool:
        return unicodedata.category(character)[0] in "PS"

    for paragraph in re.split(r"\n\s*\n|^[ \t]*[-*][ \t]", text, flags=re.MULTILINE):
        for count, stars in enumerate(STARS.finditer(line := f" {paragraph} ")):
            before, after = line[stars.start() - 1], line[stars.end()]
            inner, outer = (before, after) if count % 2 else (after, before)
            if blank(inner) or (mark(inner) and not mark(outer) and not blank(outer)):
                yield line[max(0, stars.start() - 6) : stars.end() + 6].strip()


def problems(text: str) -> Iterator[str]:
    """The slips of typography in a Chinese text."""
    for around in dead_stars(text):
        yield f"stars that mark nothing: {around!r}"
    text = prose(text)
    text = re.sub(r"^[ \t]*(?:[-*>]|\d+\.|#+|:)[ \t]+", "\n", text, flags=re.MULTILINE)
    text = re.sub(r"^[ \t]*\|.*", lambda m: m[0].replace("|", "\n\n"), text, flags=re.MULTILINE)
    text = STARS.sub("", text).replace("\\\n", "\n\n")
    for pattern, said in RULES:
        for match in re.finditer(pattern, text):
            around = text[max(0, match.start() - 8) : match.end() + 8].replace("\n", "⏎")
            yield f"{said}: {around!r}"
