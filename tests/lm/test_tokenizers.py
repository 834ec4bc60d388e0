"""Tokenisers give back every string, and learn and apply merges as the definition says."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_lib.lm.tokenizers import WORDS, BytePairs, Characters, join, learn

TEXT = """From fairest creatures we desire increase,
That thereby beauty's rose might never die,
But as the riper should by time decease,
His tender heir might bear his memory. 床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。
"""
CHARACTERS = Characters(TEXT)
PAIRS = learn(TEXT, 60)
STRINGS = [
    "", " ", "  \n\t ", "rose", "Zebra 99%", "春眠不覺曉", "👩‍🔬🇨🇳", "\x00\x1b\x7f\u200b", "a\r\nb",
    "\ud800 lone", "\U0010ffff", "é vs é", TEXT, " leading and trailing ",
]  # fmt: skip


@pytest.mark.parametrize("tokenizer", [CHARACTERS, PAIRS, BytePairs([])])
@pytest.mark.parametrize("text", STRINGS)
def test_examples_come_back(tokenizer, text):
    tokens = tokenizer.encode(text)
    assert tokenizer.decode(tokens) == text
    assert all(0 <= token < tokenizer.size for token in tokens)


ANY = st.text(st.characters(exclude_categories=()), max_size=60) | st.text(TEXT, max_size=60)


@settings(deadline=None, max_examples=300)
@given(ANY)
def test_every_string_comes_back(text):
    assert CHARACTERS.decode(CHARACTERS.encode(text)) == text
    assert PAIRS.decode(PAIRS.encode(text)) == text
    assert "".join(WORDS.findall(text)) == text  # no character is lost between words


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(0, CHARACTERS.size - 1), max_size=30))
def test_whatever_a_model_writes_is_some_text(tokens):
    assert isinstance(CHARACTERS.decode(tokens), str)
    assert isinstance(PAIRS.decode([token % PAIRS.size for token in tokens]), str)


def test_one_token_a_character():
    assert len(CHARACTERS.encode(TEXT)) == len(TEXT)
    assert CHARACTERS.size == 16 + len(set(TEXT))
    assert CHARACTERS.encode("é") == [0xC, 0x3, 0xA, 0x9]  # the UTF-8 bytes c3 a9
    assert CHARACTERS.decode([0xC, 0x3, 0xA]) == "\ufffd\ufffd"


def test_merges_by_hand():
    # "aaabdaaabac": aa occurs 4 times (overlaps counted), then ab within what is left.
    found = learn("aaabdaaabac", 3)
    a, b = ord("a"), ord("b")
    assert found.merges[0] == (a, a)
    assert found.merges[1] == (
        a,
        b,
    )  # aa ab d aa ab ac: (a, b) and (aa, a) twice, (a, b) is smaller
    assert found.merges[2] == (256, 257)
    assert found.encode("aaab") == [258]
    assert found.pieces[258] == b"aaab"
    assert join([1, 1, 1, 2], (1, 1), 9) == [9, 1, 2]


def slow_learn(text: str, merges: int) -> list[tuple[int, int]]:
    """The definition: count everything anew before each merge."""
    words = [list(word.encode()) for word in WORDS.findall(text)]
    found: list[tuple[int, int]] = []
    for _ in range(merges):
        count: dict[tuple[int, int], int] = {}
        for word in words:
            for pair in itertools.pairwise(word):
                count[pair] = count.get(pair, 0) + 1
        if not count or max(count.values()) < 2:
            break
        best = min(count, key=lambda pair: (-count[pair], pair))
        words = [join(word, best, 256 + len(found)) for word in words]
        found.append(best)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_learning_equals_counting_anew(seed):
    rng = random.Random(seed)
    text = "".join(rng.choice("aab c\n月") for _ in range(400))
    wanted = slow_learn(text, 40)
    assert learn(text, 40).merges == wanted
    assert learn(TEXT, 40).merges == slow_learn(TEXT, 40)


def test_it_shortens_what_it_learned_from():
    assert len(PAIRS.encode(TEXT)) < 0.75 * len(TEXT.encode())
    assert learn("abc", 10).merges == []  # nothing occurs twice


def test_equal_to_the_field_s_library_on_the_same_merges():
    library = pytest.importorskip("tokenizers")
    names = [chr(i) for i in range(33, 127)] + [
        chr(i) for i in [*range(161, 173), *range(174, 256)]
    ]
    # GPT-2 writes each byte as a visible character: itself where it is one, else from 256 on.
    order = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [i for i in range(256) if i not in order]
    visible = dict(zip(order, names, strict=True)) | {b: chr(256 + i) for i, b in enumerate(rest)}

    def spelt(token: int) -> str:
        return "".join(visible[byte] for byte in PAIRS.pieces[token])

    model = library.models.BPE(
        vocab={spelt(i): i for i in range(PAIRS.size)},
        merges=[(spelt(a), spelt(b)) for a, b in PAIRS.merges],
    )
    theirs = library.Tokenizer(model)
    split = library.pre_tokenizers.Split(library.Regex(WORDS.pattern), "isolated")
    to_bytes = library.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    theirs.pre_tokenizer = library.pre_tokenizers.Sequence([split, to_bytes])
    for text in [*STRINGS, "die die, might never; 明月 明月光", TEXT * 3]:
        if not any("\ud800" <= c <= "\udfff" for c in text):
            assert PAIRS.encode(text) == theirs.encode(text).ids


def test_wrong_tokens_and_numbers_are_refused():
    for tokenizer in (CHARACTERS, PAIRS):
        for token in (-1, tokenizer.size):
            with pytest.raises(ValueError, match=f"got {token}"):
                tokenizer.decode([token])
    with pytest.raises(ValueError, match="0 or more"):
        learn(TEXT, -1)
