"""A tune written to order, and a clip of moving digits to order, or a refusal that says why.

    aigc demo 19 China 2/4 G      writes tune.wav, and says its notes
    aigc demo 19 digits 37 1.5    writes clip.gif: a 3 and a 7, at 1.5 pixels a frame

The tunes come from the chapter's network, which is trained when it is first asked (about a minute)
and then kept in the cache. The clips come from the law itself, which won the chapter's comparison.
"""

import difflib
import functools
import io
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from aigc_lib.chapters.ch19_sound_and_motion import audio, bouncing, data, tune_gpt, tunes
from aigc_lib.chapters.ch19_sound_and_motion.record_tunes import STEPS
from aigc_lib.chapters.ch19_sound_and_motion.tune_scores import orders
from aigc_lib.chapters.ch19_sound_and_motion.tunes import KEYS, METRES, ORIGINS, Tune
from aigc_lib.core.files import write_atomically
from aigc_lib.core.unicode import normalize_text
from aigc_lib.pretrained.derived import derived

FEWEST = 15  # real tunes of an order, below which nothing is promised
TRIES, TEMPERATURE = 20, 0.8  # careful: the tool wants a tune, not variety


@dataclass(frozen=True)
class Refusal:
    """Why there is nothing."""

    reason: str


@dataclass(frozen=True, eq=False)
class Written:
    """A tune in its key, its sound, and its notes in words."""

    tune: Tune
    key: str
    sound: Tensor
    words: str


@functools.cache
def _known() -> Counter[tuple[str, str]]:
    """How many real tunes there are of each order."""
    return Counter(orders(data.load().train))


@functools.cache
def _writer() -> tune_gpt.TuneGPT:
    """The trained network, from the cache where it is there."""
    train, model = data.load().train, tune_gpt.TuneGPT()
    key = f"1 {STEPS} {sorted(file.sha256 for file in data.ESSEN.files.values())}"
    model.load_state_dict(
        derived("folk-tunes", key, lambda: tune_gpt.fit(train, STEPS).state_dict())
    )
    return model


def _choose(said: object, known: tuple[str, ...], what: str) -> str:
    """Which of the known words was meant; ValueError if none."""
    text = normalize_text(str(said)).strip()
    near = difflib.get_close_matches(text.title(), known, n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]}?" if near else ""
    for each in known:
        if each.lower() == text.lower():
            return each
    raise ValueError(f"no {what} {text[:20]!r}: take one of {', '.join(known)}{hint}")


def _check_seed(seed: object) -> None:
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**31:
        raise ValueError(f"a seed is a whole number from 0 on, and not {str(seed)[:20]!r}")


def tune(
    origin: str,
    metre: str = "2/4",
    key: str = "C",
    seed: int = 0,
    model: tune_gpt.TuneGPT | None = None,
) -> Written | Refusal:
    """A tune in the manner of a place; another seed gives another tune.

    ``model`` writes; None for the tool's own.

    Raises:
        DataError: the songs cannot be had, of which it learns.
    """
    try:
        where = _choose(origin, ORIGINS, "origin")
        how = _choose(metre, tuple(METRES), "metre")
        on = _choose(key, tuple(KEYS), "key")
        _check_seed(seed)
    except ValueError as error:
        return Refusal(str(error))
    if _known()[where, how] < FEWEST:
        have = ", ".join(m for m in METRES if _known()[where, m] >= FEWEST)
        return Refusal(f"the songs from {where} are hardly ever in {how}: take {have}")
    written = tune_gpt.write(
        model or _writer(), [(where, how)] * TRIES, seed=seed, temperature=TEMPERATURE
    )
    for found in tunes.valid(written):
        return Written(found, on, audio.perform(found, on), tunes.describe(found, on))
    return Refusal(f"{TRIES} times the network wrote what is no tune: take another seed")


def clip(digits: str, speed: float = 1.5, seed: int = 0, frames: int = 24) -> Tensor | Refusal:
    """A clip in which these digits fly and bounce: uint8 (frames, 1, 32, 32)."""
    text = normalize_text(str(digits)).strip()
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        return Refusal(f"give one to four digits, such as '37', and not {text[:20]!r}")
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not 0 <= speed <= 4:
        return Refusal(f"a speed is 0 to 4 pixels a frame, and not {str(speed)[:20]!r}")
    if not 1 <= frames <= 500:
        return Refusal(f"a clip has 1 to 500 frames, and not {frames}")
    try:
        _check_seed(seed)
    except ValueError as error:
        return Refusal(str(error))
    labels = torch.tensor([int(digit) for digit in text])
    made = bouncing.film(len(text), seed, ((speed, speed),), "test", frames, labels)
    return made.frames.amax(dim=0)[:, None]


def gif(pictures: Tensor, zoom: int = 6) -> bytes:
    """Pictures (T, 1, H, W) as a film that goes round for ever."""
    large = pictures.repeat_interleave(zoom, 2).repeat_interleave(zoom, 3)[:, 0].numpy()
    first, *others = map(Image.fromarray, large)
    buffer = io.BytesIO()
    first.save(buffer, "GIF", save_all=True, append_images=others, duration=80, loop=0)
    return buffer.getvalue()


def demo(words: list[str], folder: Path = Path()) -> None:
    """Write a tune or a clip, as the words say, and tell what was done."""
    words = words or ["China", "2/4", "G"]
    if words[0].lower() == "digits":
        try:
            speed = float(words[2]) if len(words) > 2 else 1.5
            film = clip(words[1] if len(words) > 1 else "37", speed)
        except ValueError:
            film = clip("0", math.nan)
        if isinstance(film, Refusal):
            print(f"no clip: {film.reason}")
        else:
            write_atomically(folder / "clip.gif", gif(film))
            print(f"{len(film)} frames: {folder / 'clip.gif'}")
        return
    origin, metre, key = (*words[:3], *("China", "2/4", "C")[len(words) :])
    found = tune(origin, metre, key)
    if isinstance(found, Refusal):
        print(f"no tune: {found.reason}")
        return
    write_atomically(folder / "tune.wav", audio.wav(found.sound))
    print(f"{found.tune.origin}, {found.tune.metre}, on {found.key}:\n{found.words}")
    print(f"{len(found.sound) / audio.RATE:.0f} seconds: {folder / 'tune.wav'}")
