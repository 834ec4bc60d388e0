"""A tune written to order, or a refusal that says why: aigc demo 19 China 2/4 G.

The chapter's network writes it; it is trained when it is first asked (about a minute) and then kept
in the cache. Each tune comes with the longest passage that it shares with a song.
"""

import difflib
import functools
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from aigc_lib.chapters.ch19_sound_and_motion import audio, data, tune_gpt, tunes
from aigc_lib.chapters.ch19_sound_and_motion.record_tunes import STEPS
from aigc_lib.chapters.ch19_sound_and_motion.tune_scores import Runs, orders
from aigc_lib.chapters.ch19_sound_and_motion.tunes import KEYS, METRES, ORIGINS, Tune
from aigc_lib.core.files import write_atomically
from aigc_lib.core.unicode import normalize_text
from aigc_lib.pretrained.derived import derived

FEWEST, TRIES = 15, 20  # real tunes of an order, below which nothing is promised; attempts
FAINT = ("Lorraine", "Luxembourg")  # which a judge hears in real songs less than half of the time


@dataclass(frozen=True)
class Refusal:
    """Why there is nothing."""

    reason: str


@dataclass(frozen=True, eq=False)
class Written:
    """A tune in its key, its sound, its notes in words, and what to know before it is used."""

    tune: Tune
    key: str
    sound: Tensor
    words: str
    notes: str


_known = functools.cache(lambda: Counter(orders(data.load().train)))  # real tunes of each order
_runs = functools.cache(lambda: Runs(data.load().train))


@functools.cache
def _writer() -> tune_gpt.TuneGPT:
    """The trained network, from the cache where it is there."""
    train, model = data.load().train, tune_gpt.TuneGPT()
    key = f"2 {STEPS} {sorted(file.sha256 for file in data.ESSEN.files.values())}"
    model.load_state_dict(
        derived("folk-tunes", key, lambda: tune_gpt.fit(train, STEPS).state_dict())
    )
    return model


def _choose(said: object, known: tuple[str, ...], what: str) -> str:
    """Which of the known words was meant; ValueError if none."""
    text = normalize_text(str(said)).strip()
    for each in known:
        if each.lower() == text.lower():
            return each
    near = difflib.get_close_matches(text.title(), known, n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise ValueError(f"no {what} {text[:20]!r}: take one of {', '.join(known)}{hint}")


def tune(
    origin: str, metre: str = "2/4", key: str = "C", seed: int = 0,
    model: tune_gpt.TuneGPT | None = None,
) -> Written | Refusal:  # fmt: skip
    """A tune in the manner of a place; another seed gives another one.

    ``model`` writes; None for the tool's own, which raises a DataError if there are no songs.
    """
    try:
        where = _choose(origin, ORIGINS, "origin")
        how, on = _choose(metre, tuple(METRES), "metre"), _choose(key, tuple(KEYS), "key")
    except ValueError as error:
        return Refusal(str(error))
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**31:
        return Refusal(f"a seed is a whole number from 0 on, and not {str(seed)[:20]!r}")
    if _known()[where, how] < FEWEST:
        have = ", ".join(m for m in METRES if _known()[where, m] >= FEWEST)
        return Refusal(f"the songs from {where} are hardly ever in {how}: take {have}")
    for found in tunes.valid(tune_gpt.write(model or _writer(), [(where, how)] * TRIES, seed=seed)):
        notes = f"longest passage that a song has too: {_runs().longest(found)[0]} moves"
        if where in FAINT:
            notes += f"; even real songs from {where} are hard to tell from others"
        return Written(found, on, audio.perform(found, on), tunes.describe(found, on), notes)
    return Refusal(f"{TRIES} times the network wrote what is no tune: take another seed")


def demo(words: list[str], folder: Path = Path()) -> None:
    """Write a tune, as the words say, and tell what was done."""
    origin, metre, key = (*words[:3], *("China", "2/4", "G")[len(words) :])
    found = tune(origin, metre, key)
    if isinstance(found, Refusal):
        print(f"no tune: {found.reason}")
        return
    write_atomically(folder / "tune.wav", audio.wav(found.sound))
    print(f"{found.tune.origin}, {found.tune.metre}, on {found.key}:\n{found.words}")
    print(f"{found.notes}\n{len(found.sound) / audio.RATE:.0f} seconds: {folder / 'tune.wav'}")
