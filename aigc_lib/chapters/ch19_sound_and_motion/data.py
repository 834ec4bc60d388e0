"""Folk songs of the Essen collection, read from the package music21 (chapter 19).

The archive is read as data, and none of its code is run. The songs are written in ABC, a notation
of letters. Kept are the songs of four origins and four metres whose bars add up and whose lengths
are plain; they are more than 4,000. Non-commercial use: loaded at each build, never committed.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, partial
from hashlib import sha256
from itertools import pairwise

from aigc_lib.chapters.ch19_sound_and_motion import tunes
from aigc_lib.chapters.ch19_sound_and_motion.tunes import METRES, NotATune, Note, Tune
from aigc_lib.data.cache import fetch
from aigc_lib.data.packages import from_wheel
from aigc_lib.data.sources import packaged, pins

ESSEN = packaged(
    "essen",
    "the Python package music21",
    partial(from_wheel, "music21==10.5.1", "music21/corpus/essenFolksong"),
    pins("""
    e06c3ad76fa721c7f48610c14e6505710871ce377a952ec3b4c234e38ac8e5d0 100753 altdeu10.abc
    aed0d90d8ecb79a59599857474b02ba4cd880301d0ac2a7adb7ccc4add934cbb 125253 boehme10.abc
    d34e9679e845e410af478c8183841365734cc63d1ccda123458a09ed3742f2c3 90953 boehme20.abc
    17e8c80c24cd274d8b76ca62b07020caedb350f4417db11e8ba078208cfbd03e 186749 erk10.abc
    318244ab4c90d54a8f8b33fbf8263dd4a5e4bebf982a10e12b83f63444e10ee5 101417 erk20.abc
    51a736589682412335fd76d2f078f7353eb995af0bda3a7b9c986c4a2293571d 206354 erk30.abc
    48c7b54d6ff416dcc9e0504292374c630cc580bfcc5bd226719ad17aecfc7973 171915 fink0.abc
    b03f2e73184c031f59522e542bad6d966e9a7f61911555e183b9760176a642b5 247918 han1.abc
    1c7b8c37ef2d76ad109cd729ddb7931b778b707f96dda7991126b5f06bedff69 195076 han2.abc
    f4ac1846da34b9421c67844d1e99362abd4183b03ea34f8fcf655b65bc1759d6 54384 kinder0.abc
    c76395741f94c391d9097e6083dc8e89c2d6cad910f0e4e418acffd5f7704c82 160212 lot.abc
    0053ef991848694876f80764c64c3a7d9f2354f0ca9e33f72bb3e0ba71c7bb1b 210046 lux.abc
    2c655a1284379b1aae3d4f187d259a26e02dff2f63a36bcb77685b44df31581d 194233 zuccal0.abc
    """),
)
DATASETS = (ESSEN,)

PLACES = {"China": "China", "Lothringen": "Lorraine", "Luxemburg": "Luxembourg",
          "Deutschland": "Germany"}  # fmt: skip
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SHARPS = {"C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5, "F": -1, "Bb": -2, "Eb": -3, "Ab": -4}
SIGN = re.compile(r"(\^|_|=)?([A-Ga-gz])([,']*)(\d*)|([|\n])|[-\s]")
SHORTEST, LONGEST = 16, 112  # tokens of a tune
COPY, COPY_BY_PITCH = 12, 18  # moves: tunes that share so long a run stay on one side of the split


def read_abc(text: str) -> Iterator[Tune]:
    """The songs of an ABC file that fit. A line ends a phrase; a tied note is struck again."""
    for block in re.split(r"\n\s*(?=X:)", text.replace("\r", "")):
        head = dict(re.findall(r"^([A-Z]): *(.*?) *$", block, re.MULTILINE)[::-1])
        body = re.sub(r"^[A-Z]:.*\n?", "", block, flags=re.MULTILINE).strip()
        place = next((mine for theirs, mine in PLACES.items() if theirs in head.get("O", "")), None)
        if place and head["M"] in METRES and head["K"] in SHARPS:
            try:
                tune = _read(place, head["M"], head["K"], int(Fraction(head["L"]) * 32), body)
                yield replace(tune, title=head.get("T", ""))
            except NotATune:
                continue


def _read(origin: str, metre: str, key: str, unit: int, body: str) -> Tune:
    """One song; NotATune if it does not fit."""
    sharps = SHARPS[key]
    raised = dict.fromkeys("FCGDAEB"[: max(sharps, 0)], 1)
    raised |= dict.fromkeys("BEADGCF"[: max(-sharps, 0)], -1)
    tonic = LETTERS[key[0]] + raised.get(key[0], 0)
    found, phrases = list[Note](), list[int]()
    bar, place, end, upbeat, here = METRES[metre], 0, 0, None, dict(raised)
    for match in SIGN.finditer(body):
        if match.start() != end:
            raise NotATune(f"{body[end]!r} is not understood")
        end = match.end()
        accidental, letter, octave, length, line = match.groups()
        if line == "|" and upbeat is None:
            upbeat = place % bar
        full = line and (place - (upbeat or 0)) % bar == 0
        if full:
            here = dict(raised)  # accidentals end with their bar
        if line == "\n":
            phrases.append(len(found))
        elif line and not full:
            raise NotATune("a bar that does not add up")
        elif letter:
            found.append(Note(None, int(length or 1) * unit))
            place += found[-1].length
            if letter != "z":
                name, up = letter.upper(), letter.islower() + octave.count("'") - octave.count(",")
                if accidental:
                    here[name] = {"^": 1, "_": -1, "=": 0}[accidental]
                pitch = LETTERS[name] + here.get(name, 0) + 12 * up - tonic
                found[-1] = Note(pitch, found[-1].length)
    if end != len(body) or not found:
        raise NotATune("a sign is not understood")
    ends = tuple(dict.fromkeys(n for n in phrases if 0 < n < len(found)))
    tune = Tune(origin, metre, tuple(found), (*ends, len(found)), upbeat or 0)
    tokens = tune.tokens()
    if not SHORTEST <= len(tokens) <= LONGEST or not set(tokens) <= set(tunes.TOKENS):
        raise NotATune("too short, too long, too wide, or with an odd length")
    return tunes.parse(tokens)  # which raises if its bars do not add up


@dataclass(frozen=True)
class Split:
    """The tunes: to learn from, to choose by, and to test on."""

    train: list[Tune]
    valid: list[Tune]
    test: list[Tune]


@cache
def load() -> Split:
    """All tunes, split eight to one to one; families stay together. Raises a DataError."""
    folder = fetch("essen")
    found = [t for name in ESSEN.files for t in read_abc((folder / name).read_text("latin-1"))]
    parts: tuple[list[Tune], ...] = ([], [], [])
    for family in families(found):
        mark = min(int(sha256(" ".join(t.tokens()).encode()).hexdigest(), 16) for t in family)
        parts[max(0, mark % 10 - 7)].extend(family)
    return Split(*parts)


def melody(tune: Tune) -> list[tuple[int, float]]:
    """Its moves, the same in any key and in longer notes: semitones up, and how much longer."""
    sounding = [note.length for note in tune.notes if note.pitch is not None]
    ratios = [b / a for a, b in pairwise(sounding)]
    return list(zip((b - a for a, b in pairwise(tune.pitches)), ratios, strict=True))


def contour(tune: Tune) -> list[int]:
    """Its moves in pitch alone, repeated notes taken as one: the same in any rhythm."""
    return [b - a for a, b in pairwise(tune.pitches) if a != b]


def families(
    found: Sequence[Tune], run: int = COPY, by_pitch: int = COPY_BY_PITCH
) -> list[list[Tune]]:
    """Tunes in groups: in one stand those that share a title or a run of so many moves."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first, pairs = dict[tuple[object, ...], int](), []
    for i, tune in enumerate(found):
        marks: list[tuple[object, ...]] = [(tune.title, tune.origin)] if tune.title else []
        for moves, length in ((melody(tune), run), (contour(tune), by_pitch)):
            starts = range(max(1, len(moves) - length + 1))
            marks += [(length, *moves[k : k + length]) for k in starts]
        pairs += [(i, first.setdefault(mark, i)) for mark in marks]
    shape = (len(found), len(found))
    graph = coo_array(([1] * len(pairs), tuple(zip(*pairs, strict=True))), shape=shape)
    groups = defaultdict(list)
    for tune, family in zip(found, connected_components(graph)[1].tolist(), strict=True):
        groups[family].append(tune)
    return list(groups.values())
