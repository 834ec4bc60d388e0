"""Find pictures by words, in English, Chinese or both, and describe products without inventing.

    aigc demo 18 "a happy cat"
    aigc demo 18 下雨

A word that nobody has taught is named, not guessed at; of a picture nothing is said that the judge
did not verify.
"""

import functools
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from aigc_lib.chapters.ch18_words_with_pictures import (
    captioner,
    contrastive,
    data,
    describer,
    judge,
    products,
)
from aigc_lib.chapters.ch18_words_with_pictures.encoders import HAN, SIDE
from aigc_lib.core.unicode import normalize_text
from aigc_lib.pretrained.weights import read_card

LONGEST, BEST = 200, 5  # characters of a query; pictures that are shown
GLUE = {"a", "an", "and", "of", "the", "with", "in", "on"}


@dataclass(frozen=True)
class Found:
    """A picture: its row, its two names, and how near it is to the query (cosine)."""

    row: int
    en: str
    zh: str
    nearness: float


@dataclass(frozen=True)
class Results:
    """The nearest pictures, and the words that had no part in it because nobody knows them."""

    pictures: tuple[Found, ...]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """Why there is no answer."""

    reason: str


@dataclass(frozen=True)
class Description:
    """What can be said of a picture, and how many of the four claims were struck out."""

    text: str
    struck_out: int


@functools.cache
def index() -> Tensor:
    """All pictures as points (N, 64)."""
    return contrastive.shipped().look(contrastive.render(data.load().cutouts))


@functools.cache
def vocabulary() -> frozenset[str]:
    """Every English word and every Chinese sign of a name or keyword that was trained on."""
    pictures = data.load()
    rows = pictures.parts["train"].tolist()
    texts = (text for told in pictures.texts.values() for row in rows for text in told[row])
    return frozenset(word for text in texts for word in _words(text))


@functools.cache
def _emoji() -> dict[str, str]:
    """The English name of each emoji character."""
    library = data.library()
    return {chr(int(each.code, 16)): each.en for each in library.entries if "-" not in each.code}


def _words(text: str) -> list[str]:
    return re.findall(rf"[{HAN}]|[^\W_{HAN}]+", text.lower())


def search(words: object, best: int = BEST) -> Results | Refusal:
    """The pictures nearest to some words, the nearest first; never an exception for what is typed.

    Emoji in the text are read as their names.
    """
    if not isinstance(words, str):
        return Refusal(f"words are a text, and this is a {type(words).__name__}")
    text = normalize_text(words)
    if len(text) > LONGEST:
        return Refusal(f"the query has {len(text)} characters; at most {LONGEST}")
    text = "".join(f" {_emoji()[char]} " if char in _emoji() else char for char in text)
    said = [word for word in dict.fromkeys(_words(text)) if word not in GLUE]
    known = [word for word in said if word in vocabulary()]
    unknown = tuple(word[:20] for word in said if word not in vocabulary())
    if not said:
        return Refusal("there is no word in it")
    if not known:
        return Refusal(f"nobody taught me {', '.join(unknown[:5])}")
    kept = re.sub(rf"[^\W_{HAN}]+", lambda word: word[0] * (word[0].lower() in known), text)
    nearness = (index() @ contrastive.shipped().read([kept])[0]).topk(max(1, best))
    pictures, rows = data.load(), nearness.indices.tolist()
    names = (pictures.names(language, nearness.indices) for language in data.LANGUAGES)
    found = zip(rows, *names, nearness.values.tolist(), strict=True)
    return Results(tuple(Found(*each) for each in found), unknown)


def describe(picture: object, language: str = "en") -> Description | Refusal:
    """Two products side by side, uint8 (3, 32, 32), in ``en`` or ``zh``; only what is verified."""
    if language not in data.LANGUAGES:
        return Refusal(f"I write {' and '.join(data.LANGUAGES)}, not {language!r}")
    if not isinstance(picture, Tensor) or picture.dtype != torch.uint8:
        kind = picture.dtype if isinstance(picture, Tensor) else type(picture).__name__
        return Refusal(f"a picture is a tensor of uint8, and this is {kind}")
    if picture.shape != (3, SIDE, SIDE):
        return Refusal(f"a picture is (3, {SIDE}, {SIDE}), and this is {tuple(picture.shape)}")
    threshold = read_card("words", model="describer")["scores"]["threshold"]
    checked = describer.check(
        captioner.shipped(), judge.shipped(), picture[None], language, threshold
    )
    text = describer.sentence(checked.claims[0], checked.verified[0], language)
    return Description(text, int((~checked.verified).sum()))


def told(answer: Results | Description | Refusal) -> str:
    """An answer as lines of plain text."""
    if isinstance(answer, Refusal):
        return f"no answer: {answer.reason}"
    if isinstance(answer, Description):
        return f"{answer.text}  [{answer.struck_out} of 4 claims struck out]"
    lines = [f"  {each.nearness:.2f}  {each.en} / {each.zh}" for each in answer.pictures]
    if answer.unknown:
        lines.append(f"  [nobody taught me {', '.join(answer.unknown)}]")
    return "\n".join(lines)


def demo(words: Sequence[str]) -> None:
    """Search by the words; without words, show examples of both tools."""
    text = " ".join(words)
    for query in [text] if text else ["cat", "下雨", "music 音乐", "a zeppelin of cheese"]:
        sys.stdout.write(f"> {query}\n{told(search(query))}\n")
    if not text:
        for picture in products.compose(2, 5, "exam", held_out=None).images:
            sys.stdout.write(f"{told(describe(picture))}\n{told(describe(picture, 'zh'))}\n")
