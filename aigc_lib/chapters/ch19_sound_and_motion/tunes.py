"""Tunes as tokens, and the small parser that says whether tokens are a tune (chapter 19).

A tune is written as its origin, its metre, its upbeat, its notes, and ``end``; ``/`` ends a phrase:
``China 2/4 up0 0:8 2:8 7:16 / ...``. A note is its pitch in semitones above the key's note and its
length in thirty-seconds of a whole note: ``7:4`` is a fifth above that note, an eighth long;
``r:4`` is a rest. The upbeat is what sounds before the first whole bar. Bar lines are not written:
they follow from the lengths. The key is no token either: it shifts all pitches alike.
"""

import contextlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

ORIGINS = ("China", "Germany", "Lorraine", "Luxembourg")
METRES = {"2/4": 16, "3/4": 24, "4/4": 32, "6/8": 24}  # a bar in thirty-seconds
KEYS = {"C": 0, "Db": 1, "D": 2, "Eb": 3, "E": 4, "F": 5, "F#": 6, "G": 7, "Ab": -4, "A": -3,
        "Bb": -2, "B": -1}  # fmt: skip
PHRASE, END = "/", "end"
NAMES = ("C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")
LENGTHS = {1: "thirty-second", 2: "sixteenth", 3: "dotted sixteenth", 4: "eighth",
           6: "dotted eighth", 8: "quarter", 12: "dotted quarter", 16: "half", 24: "dotted half",
           32: "whole"}  # fmt: skip
LOWEST, HIGHEST = -12, 24  # semitones
NOTES = [f"{pitch}:{n}" for pitch in ("r", *range(LOWEST, HIGHEST + 1)) for n in LENGTHS]
TOKENS = [*ORIGINS, *METRES, END, PHRASE, *(f"up{n}" for n in range(32)), *NOTES]


class NotATune(ValueError):
    """Tokens that are no tune; the message says where they go wrong."""


@dataclass(frozen=True)
class Note:
    """A note, or a rest if ``pitch`` is None."""

    pitch: int | None  # semitones above the note that the key is named after
    length: int  # in thirty-seconds

    def __str__(self) -> str:
        """The note's token."""
        return f"{'r' if self.pitch is None else self.pitch}:{self.length}"


@dataclass(frozen=True)
class Tune:
    """A tune, without its key."""

    origin: str
    metre: str
    notes: tuple[Note, ...]
    phrases: tuple[int, ...] = ()  # after so many notes a phrase ends; the last is the tune's end
    upbeat: int = 0  # thirty-seconds before the first bar line
    title: str = field(default="", compare=False)  # of a song, to find its variants

    @property
    def bars(self) -> float:
        """Its length in bars."""
        return sum(note.length for note in self.notes) / METRES[self.metre]

    @property
    def pitches(self) -> list[int]:
        """Its pitches in order, rests left out."""
        return [note.pitch for note in self.notes if note.pitch is not None]

    def tokens(self) -> list[str]:
        """The tune as tokens, from its origin to ``end``; inverse of ``parse``."""
        found = [self.origin, self.metre, f"up{self.upbeat}"]
        for number, note in enumerate(self.notes, 1):
            found.append(str(note))
            if number in self.phrases and number < len(self.notes):
                found.append(PHRASE)
        return [*found, END]

    def places(self) -> list[int]:
        """Where each note begins in its bar, and last where the tune ends; in thirty-seconds."""
        bar, place = METRES[self.metre], -self.upbeat
        found = [place % bar]
        for note in self.notes:
            place += note.length
            found.append(place % bar)
        return found


def parse(tokens: Sequence[str]) -> Tune:
    """The tune that tokens are; NotATune if they are none.

    Every bar must add up to the metre: no note crosses a bar line, and the tune ends with a full
    bar, or with one that the upbeat makes full.
    """
    if len(tokens) < 5 or tokens[0] not in ORIGINS or tokens[1] not in METRES:
        raise NotATune("a tune begins with origin, metre and upbeat, and has notes and an end")
    if tokens[-1] != END:
        raise NotATune("the tune does not end")
    bar, notes, phrases = METRES[tokens[1]], list[Note](), list[int]()
    if not re.fullmatch(r"up\d+", tokens[2]) or int(tokens[2][2:]) >= bar:
        raise NotATune(f"{tokens[2]!r} is no upbeat of {tokens[1]}")
    upbeat = int(tokens[2][2:])
    for sign in tokens[3:-1]:
        if found := re.fullmatch(r"(r|-?\d+):(\d+)", sign):
            notes.append(Note(None if found[1] == "r" else int(found[1]), int(found[2])))
        elif sign != PHRASE:
            raise NotATune(f"{sign!r} inside a tune")
        elif len(notes) in (0, *phrases):
            raise NotATune("a phrase without notes")
        else:
            phrases.append(len(notes))
    tune = Tune(tokens[0], tokens[1], tuple(notes), (*phrases, len(notes)), upbeat)
    places = tune.places()
    for number, (place, note) in enumerate(zip(places, notes, strict=False), 1):
        if place + note.length > bar:
            raise NotATune(f"note {number}, {note.length} long, crosses the bar line")
    if places[-1] not in (0, bar - upbeat) or not notes or len(notes) in phrases:
        raise NotATune(f"the last bar holds {places[-1]} thirty-seconds of {bar}")
    return tune


def valid(written: Iterable[Sequence[str]]) -> list[Tune]:
    """The tunes among what was written."""
    found = []
    for tokens in written:
        with contextlib.suppress(NotATune):
            found.append(parse(tokens))
    return found


def describe(tune: Tune, key: str = "C") -> str:
    """The notes in words, a line for each phrase; C is the one in the middle of a piano."""
    said = []
    for note in tune.notes:
        octave, step = divmod((note.pitch or 0) + KEYS[key], 12)
        name = "low " * -octave + "high " * octave + f"{NAMES[step]} {LENGTHS[note.length]}"
        said.append(name if note.pitch is not None else f"{LENGTHS[note.length]} rest")
    lines = (", ".join(said[a:b]) for a, b in pairwise((0, *tune.phrases)))
    return ".\n".join(lines) + "."
