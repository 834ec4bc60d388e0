"""A scene described in English becomes a strip of frames, or a refusal that says why (chapter 14).

    aigc demo 14 "a tiger from the left to the right at night"

It cuts out and pastes, which won the chapter's comparison: any captioned picture of the library can
be asked for, and moves as it is told. A word that it does not know is named and refused: left out
in silence, it would be answered with a picture of something else.
"""

import difflib
import re
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from aigc_lib.chapters.ch14_film_scenes import scenes
from aigc_lib.chapters.ch14_film_scenes.scenes import BACKGROUNDS, OBJECTS, PIXELS, SIDE
from aigc_lib.core import show
from aigc_lib.core.files import write_atomically
from aigc_lib.core.unicode import normalize_text

GLUE = {
    "a", "an", "and", "at", "by", "film", "from", "in", "is", "me", "of", "on", "picture", "please",
    "scene", "show", "side", "some", "stands", "the", "there", "to", "with",
}  # fmt: skip
GROUPS = {"background": BACKGROUNDS, "side": scenes.SIDES, "size": scenes.SIZES}
LONGEST = 200  # characters
DEFAULTS = {"background": "field", "side": "left", "size": "large"}  # where nothing is said


@dataclass(frozen=True)
class Description:
    """What was understood, and which of it was only assumed."""

    title: str  # the picture's caption in the library
    background: str
    way: tuple[str, str]  # the side where the object is first, and where it is last
    size: str
    assumed: tuple[str, ...]

    def __str__(self) -> str:
        """As a sentence without a verb."""
        start, end = self.way
        side = f"on the {start}" if start == end else f"from the {start} to the {end}"
        where = {"beach": "on a beach", "night": "at night", "field": "in a field"}
        return f"a {self.size} {self.title} {side} {where.get(self.background, 'at sunset')}"


@dataclass(frozen=True)
class Refusal:
    """Why there is no film, and the words that were not understood."""

    reason: str
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Film:
    """Frames, and what they were made from."""

    description: Description  # what was understood
    frames: Tensor  # uint8 (T, 3, 32, 32)
    seconds: float  # how long it took


def understand(text: str) -> Description | Refusal:
    """Find the object and the words for its place in a description; refuse what cannot be drawn.

    The words for places and sizes are found anywhere in it, and no grammar is looked at; words that
    stand together and are none of these must be the caption of a picture.
    """
    if len(text) > LONGEST:
        return Refusal(f"the description has {len(text)} characters; at most {LONGEST}")
    said = re.findall(r"[^\W_]+(?:-[^\W_]+)*|[^\s\w.,;:!?\"'()-]", normalize_text(text).lower())
    known = {word for group in GROUPS.values() for word in group}
    runs = "".join("\n" if word in known or word in GLUE else f"{word} " for word in said)
    things = tuple(dict.fromkeys(run.strip() for run in runs.split("\n") if run))
    captions = {thing: OBJECTS.get(thing, thing) for thing in things}
    unknown = tuple(t for t, caption in captions.items() if not scenes.library().find(caption))
    if unknown:
        return Refusal(f"no picture is called {', '.join(map(_suggest, unknown))}", unknown)
    if len(things) != 1:
        asked = f", and {' and '.join(things)} were asked for" if things else ": name it"
        return Refusal(f"a scene has one object{asked}")
    chosen: dict[str, list[str]] = {}
    for name, group in GROUPS.items():
        chosen[name] = [word for word in dict.fromkeys(said) if word in group]
        if len(chosen[name]) > 1 and (name != "side" or "to" not in said):
            both = " and ".join(chosen[name])
            return Refusal(f"a scene has one {name}, and {both} were asked for")
    assumed = tuple(DEFAULTS[name] for name, found in chosen.items() if not found)
    place, side, size = (found or [DEFAULTS[name]] for name, found in chosen.items())
    return Description(captions[things[0]], place[0], (side[0], side[-1]), size[0], assumed)


def _suggest(thing: str) -> str:
    """What was asked for, shortened, with the nearest caption if there is one."""
    captions = [*OBJECTS, *(entry.en for entry in scenes.library().entries)]
    near = difflib.get_close_matches(thing, captions, n=1, cutoff=0.75)
    return f"{thing[:20]!r}" + (f" (did you mean {near[0]!r}?)" if near else "")


def shoot(text: str, frames: int = 12, seed: int = 0) -> Film | Refusal:
    """A short film, of so many frames, of the scene that a text describes.

    Another seed draws the background otherwise.

    Raises:
        ValueError: frames < 1.
    """
    if frames < 1:
        raise ValueError(f"frames must be at least 1, got {frames}")
    start = time.perf_counter()
    found = understand(text)
    if isinstance(found, Refusal):
        return found
    place = torch.tensor([BACKGROUNDS.index(found.background)])
    empty = scenes.backdrops(place, torch.Generator().manual_seed(seed))
    pictures = empty.repeat(frames, 1, 1, 1)
    height = PIXELS[scenes.SIZES.index(found.size)][1]
    first, last = (8 if side == "left" else SIDE - 8 for side in found.way)
    lefts = torch.linspace(first, last, frames).round().int() - height // 2
    piece = scenes.cutout(found.title, height)
    for picture, left in zip(pictures, lefts.clamp(0, SIDE - height).tolist(), strict=True):
        scenes.paste(picture, piece, 29 - height, left)
    pictures = pictures.round().clamp(0, 255).to(torch.uint8)
    return Film(found, pictures, time.perf_counter() - start)


def demo(words: list[str], out: Path = Path("film.png")) -> None:
    """Draw the description that the words make up, and write the frames as one picture."""
    text = " ".join(words) or "a small cat from the left to the right at night"
    film = shoot(text)
    if isinstance(film, Refusal):
        print(f"no film: {film.reason}")
        print(f"known pictures: {len(scenes.library())}, such as {', '.join(OBJECTS)}")
        return
    print(f"understood: {film.description}")
    if film.description.assumed:
        print(f"assumed, for nothing was said: {', '.join(film.description.assumed)}")
    write_atomically(out, show.png(film.frames, columns=6, zoom=4))
    print(f"{len(film.frames)} frames in {film.seconds:.2f} s: {out}")
