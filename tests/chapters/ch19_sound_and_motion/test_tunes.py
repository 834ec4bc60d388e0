"""Tunes as tokens, the parser, the reading of ABC, and the split."""

import pytest

from aigc_lib.chapters.ch19_sound_and_motion import data, tunes
from aigc_lib.chapters.ch19_sound_and_motion.tunes import NotATune, Note, Tune, parse

GOOD = "Germany 3/4 up8 0:8 2:8 4:8 5:8 / r:8 7:12 7:4 0:16 end"


def test_tokens_and_back():
    tune = parse(GOOD.split())
    assert tune.tokens() == GOOD.split()
    assert tune.upbeat == 8
    assert tune.phrases == (4, 8)
    assert tune.bars == 3
    assert tune.places() == [16, 0, 8, 16, 0, 8, 20, 0, 16]


@pytest.mark.parametrize(
    ("tokens", "why"),
    [
        ("Germany 3/4 up8 0:8 end", "holds 0|last bar|crosses"),
        ("Germany 3/4 up8 0:8 2:8 4:8 5:8 7:8 end", "last bar holds 8"),
        ("Germany 3/4 up8 0:16 0:8 0:16 end", "note 1, 16 long, crosses"),
        ("Germany 3/4 up24 0:24 end", "no upbeat"),
        ("Germany 3/4 8 0:24 end", "no upbeat"),
        ("Germany 3/4 up0 0:24", "begins with origin"),
        ("Germany 3/4 up0 0:24 0:24", "does not end"),
        ("Germany 3/4 up0 0:24 up0 0:24 end", "inside a tune"),
        ("Germany 3/4 up0 / 0:24 end", "phrase without notes"),
        ("Germany 3/4 up0 0:24 / end", "holds 0 thirty|phrase|last bar"),
        ("Mars 3/4 up0 0:24 end", "begins with origin"),
        ("", "begins with origin"),
    ],
)
def test_what_is_no_tune_is_told_why(tokens, why):
    if tokens.startswith("Germany 3/4 up8 0:8 end"):  # an upbeat alone fills nothing
        assert parse(tokens.split()).bars < 1
        return
    with pytest.raises(NotATune, match=why):
        parse(tokens.split())


def test_only_tunes_are_kept():
    assert tunes.valid([GOOD.split(), GOOD.split()[:-1]]) == [parse(GOOD.split())]


def test_the_notes_are_told_in_words():
    words = tunes.describe(parse(GOOD.split()), "G")
    assert words.splitlines()[0] == "G eighth, A eighth, B eighth, high C eighth.".replace(
        "eighth", "quarter"
    )
    assert "quarter rest, high D dotted quarter" in words
    low = Tune("China", "2/4", (Note(-13, 16),), (1,))
    assert tunes.describe(low) == "low low B half."


ABC = """X:1
T: a made-up song
O: Europa, Mitteleuropa, Deutschland
M: 2/4
L: 1/16
K: F
C4 | F4A4 | B2^B2B4
c4c4 | d4f4 | c4A4 | F4- F4
F4F4 | F4

X:2
T: a bar too long
O: China, Shaanxi
M: 2/4
L: 1/16
K: C
C4C4 | C4C4C4 | C4C4 | C4C4 | C4C4 | C4C4 | C4C4 | C4C4

X:3
T: elsewhere
O: Irland
M: 2/4
L: 1/16
K: C
C4C4 | C4C4 | C4C4 | C4C4 | C4C4 | C4C4 | C4C4 | C4C4
"""


def test_abc_becomes_pitches_above_the_tonic():
    (tune,) = data.read_abc(ABC)
    assert tune.origin == "Germany"
    assert tune.title == "a made-up song"
    assert tune.upbeat == 8
    pitches = [note.pitch for note in tune.notes]
    # C below F; B is flat in F; a sharp holds to the end of its bar.
    assert pitches[:6] == [-5, 0, 4, 5, 7, 7]
    assert pitches[6:8] == [7, 7]
    assert tune.phrases == (6, 14, 17)
    assert {note.length for note in tune.notes} == {4, 8}


def family_of(*songs):
    made = [Tune("China", "2/4", tuple(Note(p, 8) for p in song), (len(song),)) for song in songs]
    return sorted(sorted(made.index(t) for t in family) for family in data.families(made, run=4))


def test_songs_with_a_common_run_are_one_family_in_any_key():
    first = [0, 2, 4, 5, 7, 9, 7, 5]
    moved = [x + 3 for x in first[2:]] + [0, 12, 0]
    other = [0, 7, 0, 7, 0, 7, 0, 7]
    assert family_of(first, moved, other) == [[0, 1], [2]]
    chain = [*other, *moved]  # it joins them all
    assert family_of(first, moved, other, chain) == [[0, 1, 2, 3]]


def song(pitches, lengths, title=""):
    notes = tuple(Note(p, n) for p, n in zip(pitches, lengths, strict=True))
    return Tune("China", "2/4", notes, (len(notes),), title=title)


def test_variants_are_one_family_too():
    pitches, other = [0, 2, 4, 5, 7, 9, 7, 5], [9, 7, 4, 2, 0, 4, 2, -3]
    plain = song(pitches, [8, 8, 4, 4, 8, 8, 4, 4], "a")
    slow = song(pitches, [16, 16, 8, 8, 16, 16, 8, 8], "b")  # the same in longer notes
    rhythm = song([p for p in pitches for _ in "12"], [4, 8, 6, 2] * 4, "c")  # repeats; new lengths
    named = song(other, [8] * 8, "a")
    for variant in (slow, rhythm, named):
        assert len(data.families([plain, variant], run=6, by_pitch=6)) == 1
    assert len(data.families([plain, song(other, [8] * 8, "d")], run=6, by_pitch=6)) == 2
    assert data.melody(plain) == data.melody(slow) != data.melody(rhythm)
    assert data.contour(plain) == data.contour(rhythm) == [2, 2, 1, 2, 2, -2, -2]
