"""A scene described in English becomes a strip of frames, or a refusal that says why (chapter 14).

    aigc demo 14 "a cat on the left at night"

The generator knows 18 words. A word that it does not know is named and refused: left out in
silence, it would be answered with a picture of something else.
"""

import base64
import difflib
import re
import time
from dataclasses import dataclass
from html import escape
from pathlib import Path

import torch
from torch import Tensor

from aigc_lib.chapters.ch14_film_scenes import experiment, scene_classifier
from aigc_lib.chapters.ch14_film_scenes.networks import LATENT
from aigc_lib.chapters.ch14_film_scenes.scenes import (
    GROUPS,
    HELD_OUT,
    NAMES,
    WORDS,
    caption,
    tokens,
)
from aigc_lib.core import show
from aigc_lib.core.files import write_atomically
from aigc_lib.core.pixels import to_uint8
from aigc_lib.core.unicode import normalize_text

GLUE = {
    "a", "an", "and", "at", "by", "film", "from", "in", "is", "me", "of", "on", "picture", "please",
    "scene", "show", "side", "some", "stands", "the", "there", "to", "with",
}  # fmt: skip
LONGEST = 200  # characters
DEFAULTS = ("", "field", "left", "large")  # taken where the description is silent; no object is


@dataclass(frozen=True)
class Description:
    """What was understood: a word for each group, and which of them were only assumed."""

    words: tuple[str, ...]
    assumed: tuple[str, ...]

    @property
    def labels(self) -> Tensor:
        """The words as one row of labels, int64 (1, 4)."""
        return torch.tensor([[g.index(w) for g, w in zip(GROUPS, self.words, strict=True)]])

    @property
    def new(self) -> bool:
        """Whether no training scene showed this object before this background."""
        return tuple(self.labels[0, :2].tolist()) in HELD_OUT


@dataclass(frozen=True)
class Refusal:
    """Why there is no film, and the words that were not understood."""

    reason: str
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Film:
    """Frames and what is known about them.

    The judge's share is a warning and no guarantee: it can be wrong, and it chose nothing.
    """

    description: Description  # what was understood
    frames: Tensor  # uint8 (T, 3, 32, 32)
    followed: float  # share of the frames that show it all, in the judge's eyes
    seconds: float  # how long it took


def understand(text: str) -> Description | Refusal:
    """Find the 18 words in a description; refuse what cannot be drawn.

    The order of the words is not looked at, and neither is grammar: the generator adds the words
    up.
    """
    if len(text) > LONGEST:
        return Refusal(f"the description has {len(text)} characters; at most {LONGEST}")
    said = re.findall(r"[^\W_]+|[^\s\w.,;:!?\"'()-]", normalize_text(text).lower())
    unknown = tuple(dict.fromkeys(word for word in said if word not in (*WORDS, *GLUE)))
    if unknown:
        return Refusal(f"words it does not know: {', '.join(map(_suggest, unknown))}", unknown)
    chosen: list[str] = []
    assumed: list[str] = []
    for name, group, default in zip(NAMES, GROUPS, DEFAULTS, strict=True):
        found = [word for word in dict.fromkeys(said) if word in group]
        if len(found) > 1:
            return Refusal(f"a scene has one {name}, and {' and '.join(found)} were asked for")
        if not found and not default:
            return Refusal(f"name one {name}: {', '.join(group)}")
        assumed += [] if found else [default]
        chosen += found or [default]
    return Description(tuple(chosen), tuple(assumed))


def _suggest(word: str) -> str:
    """The word, shortened, with the nearest known one if there is one."""
    near = difflib.get_close_matches(word, WORDS, n=1, cutoff=0.6)
    return f"{word[:20]!r}" + (f" (did you mean {near[0]!r}?)" if near else "")


def walk(length: int, frames: int, seed: int) -> Tensor:
    """Latent vectors (frames, length) on an arc between two random ones.

    On the arc, unlike on the straight line, every vector has about the length that random ones
    have, which is all that the generator was trained on.
    """
    rng = torch.Generator().manual_seed(seed)
    ends = torch.randn(2, length, generator=rng)
    angle = torch.linspace(0, torch.pi / 2, frames)[:, None]
    return angle.cos() * ends[0] + angle.sin() * ends[1]


@torch.no_grad()
def shoot(text: str, frames: int = 12, seed: int = 0) -> Film | Refusal:
    """A short film, of so many frames, of the scene that a text describes.

    Another seed shows the scene otherwise.

    Raises:
        ValueError: frames < 1.
    """
    if frames < 1:
        raise ValueError(f"frames must be at least 1, got {frames}")
    start = time.perf_counter()
    found = understand(text)
    if isinstance(found, Refusal):
        return found
    labels = found.labels.expand(frames, -1)
    pictures = to_uint8(experiment.load_painter()(walk(LATENT, frames, seed), tokens(labels)))
    shown = scene_classifier.right(scene_classifier.load(), pictures, labels).all(dim=1)
    return Film(found, pictures, float(shown.double().mean()), time.perf_counter() - start)


def demo(words: list[str], out: Path = Path("film.png")) -> None:
    """Draw the description that the words make up, and write the frames as one picture."""
    text = " ".join(words) or "a small cat on the left at night"
    film = shoot(text)
    if isinstance(film, Refusal):
        print(f"no film: {film.reason}")
        print(f"known words: {', '.join(WORDS)}")
        return
    print(f"understood: {caption(film.description.labels[0])}")
    if film.description.assumed:
        print(f"assumed, for nothing was said: {', '.join(film.description.assumed)}")
    if film.description.new:
        print("no training scene showed this pair of object and background")
    print(f"frames that show it all, in the judge's eyes: {film.followed:.0%}")
    write_atomically(out, show.png(film.frames, columns=6, zoom=4))
    print(f"{len(film.frames)} frames in {film.seconds:.2f} s: {out}")


def page(text: str) -> str:
    """The answer to a text as HTML: the frames as a picture, or the refusal."""
    film = shoot(text)
    if isinstance(film, Refusal):
        return f"<p>No film: {escape(film.reason)}.</p>"
    data = base64.b64encode(show.png(film.frames, columns=6)).decode()
    said = caption(film.description.labels[0])
    rarely = " No training scene showed this pair." if film.description.new else ""
    return (
        f'<img alt="Twelve frames: {said}" width="480" src="data:image/png;base64,{data}">'
        f"<p>Understood: {said}.{rarely} "
        f"In the judge's eyes {film.followed:.0%} of the frames show all of it.</p>"
    )


def form(text: str = "a small cat on the left at night") -> None:
    """Show a field for a description, and its film below; answers while a kernel runs."""
    import ipywidgets as widgets
    from IPython.display import display

    field = widgets.Text(
        text, description="scene", continuous_update=False, layout={"width": "min(100%, 30em)"}
    )
    below = widgets.HTML(page(text))
    field.observe(lambda change: setattr(below, "value", page(change["new"])), "value")
    box = widgets.VBox([field, below])
    view = {"model_id": box.model_id, "version_major": 2, "version_minor": 0}
    # A short text stands in for the widget's own, which would hold the picture's bytes.
    display(
        {
            "application/vnd.jupyter.widget-view+json": view,
            "text/plain": "a form: describe a scene",
        },
        raw=True,
    )
