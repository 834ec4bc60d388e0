"""Text to numbers and back (chapter 10): by characters, and by byte pairs.

Both give back every string exactly, whatever it holds. ``Characters`` has a number for each
character of the text that it was made from. ``BytePairs`` starts from the 256 bytes and gives
frequent neighbours a number of their own, as GPT-2 does (Sennrich, Haddow and Birch, 2016,
arXiv:1508.07909; on bytes: Radford et al., 2019).
"""

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

# Words with the space before them, runs of signs, and white space but for a last space that
# belongs to the word after it. Every character falls into one of the cases.
WORDS = re.compile(r" ?\w+| ?[^\w\s]+|\s+(?!\S)|\s+")
HEX = 16
LONE = "surrogatepass"  # half a surrogate pair is no character, but a Python string may hold it


class Characters:
    """One token for each character of a text.

    A character that the text lacks is spelt as its UTF-8 bytes in hexadecimal digits, each of the
    16 digits a token that stands for nothing else. The tokens 0 to 15 are the digits, the
    characters follow in the order of their code points.

    Args:
        text: its characters are the ones with a token.
    """

    def __init__(self, text: Iterable[str]) -> None:
        self.characters = "".join(sorted(set(text)))
        self.numbers = {c: HEX + i for i, c in enumerate(self.characters)}
        self.size = HEX + len(self.characters)

    def encode(self, text: str) -> list[int]:
        """Tokens of a text."""
        found: list[int] = []
        for character in text:
            if character in self.numbers:
                found.append(self.numbers[character])
            else:
                for byte in character.encode("utf8", LONE):
                    found += divmod(byte, HEX)
        return found

    def decode(self, tokens: Sequence[int]) -> str:
        """Text of tokens; digits that spell no character, as a model may write them, become �.

        Raises:
            ValueError: a token that is not one.
        """
        _check(tokens, self.size)
        found, digits = [], []
        for token in [*tokens, None]:
            if token is not None and token < HEX:
                digits.append(token)
                continue
            if digits:
                found.append(_spelt(digits))
                digits = []
            if token is not None:
                found.append(self.characters[token - HEX])
        return "".join(found)


def _spelt(digits: Sequence[int]) -> str:
    """The characters that hexadecimal digits spell; a digit too many is replaced, not dropped."""
    pairs = zip(digits[::2], digits[1::2], strict=False)
    return _text(bytes(HEX * high + low for high, low in pairs)) + "�" * (len(digits) % 2)


def _text(content: bytes) -> str:
    """Bytes as text: exactly if they are text, else with � for what is not."""
    try:
        return content.decode("utf8", LONE)
    except UnicodeDecodeError:
        return content.decode("utf8", "replace")


def _check(tokens: Sequence[int], size: int) -> None:
    wrong = [token for token in tokens if not 0 <= token < size]
    if wrong:
        raise ValueError(f"tokens are from 0 to {size - 1}, got {wrong[0]}")


class BytePairs:
    """Byte pair encoding: tokens 0 to 255 are bytes, each merge adds the next number.

    Args:
        merges: pairs of tokens in the order in which they were learned; ``learn`` makes them.
    """

    def __init__(self, merges: Sequence[tuple[int, int]]) -> None:
        self.merges = list(merges)
        self.rank = {pair: i for i, pair in enumerate(self.merges)}
        self.pieces = [bytes([i]) for i in range(256)]
        for a, b in self.merges:
            self.pieces.append(self.pieces[a] + self.pieces[b])
        self.size = len(self.pieces)
        self._known: dict[str, list[int]] = {}  # words that were encoded already

    def encode(self, text: str) -> list[int]:
        """Tokens of a text: in each word, the earliest learned merge is made first."""
        found: list[int] = []
        for word in WORDS.findall(text):
            if word not in self._known:
                self._known[word] = self._merge(list(word.encode("utf8", LONE)))
            found += self._known[word]
        return found

    def _merge(self, word: list[int]) -> list[int]:
        while len(word) > 1:
            pairs = itertools.pairwise(word)
            best = min(pairs, key=lambda pair: self.rank.get(pair, len(self.rank)))
            if best not in self.rank:
                break
            word = join(word, best, 256 + self.rank[best])
        return word

    def decode(self, tokens: Sequence[int]) -> str:
        """Text of tokens; bytes that are no UTF-8, as a model may write them, become �.

        Raises:
            ValueError: a token that is not one.
        """
        _check(tokens, self.size)
        return _text(b"".join(self.pieces[token] for token in tokens))


def join(word: Sequence[int], pair: tuple[int, int], token: int) -> list[int]:
    """The word with every occurrence of a pair, from left to right, replaced by one token."""
    found, i = [], 0
    while i < len(word):
        if i + 1 < len(word) and (word[i], word[i + 1]) == pair:
            found.append(token)
            i += 2
        else:
            found.append(word[i])
            i += 1
    return found


def learn(text: str, merges: int) -> BytePairs:
    """Learn a byte pair encoding: again and again, join the most frequent pair of neighbours.

    Pairs are counted within words. Of equally frequent pairs the one with the smaller tokens is
    taken. Learning ends early when no pair occurs twice.

    Args:
        text: to learn from.
        merges: how many pairs to join, 0 or more.

    Raises:
        ValueError: a negative number of merges.
    """
    if merges < 0:
        raise ValueError(f"merges must be 0 or more, got {merges}")
    kinds = Counter(WORDS.findall(text))
    words = [list(word.encode("utf8", LONE)) for word in kinds]
    times = list(kinds.values())
    # How often a pair occurs, and in which words: a merge touches only those.
    count: Counter[tuple[int, int]] = Counter()
    where: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for i, word in enumerate(words):
        for pair in itertools.pairwise(word):
            count[pair] += times[i]
            where[pair].add(i)
    found: list[tuple[int, int]] = []
    while len(found) < merges and count:
        best = min(count, key=lambda pair: (-count[pair], pair))
        if count[best] < 2:
            break
        for i in sorted(where.pop(best)):
            for pair in zip(words[i], words[i][1:], strict=False):
                count[pair] -= times[i]
            words[i] = join(words[i], best, 256 + len(found))
            for pair in zip(words[i], words[i][1:], strict=False):
                count[pair] += times[i]
                where[pair].add(i)
        del count[best]
        found.append(best)
    return BytePairs(found)


def frequent(text: str, times: int) -> str:
    """The characters that a text has at least so many times, in the order of their code points."""
    return "".join(sorted(c for c, n in Counter(text).items() if n >= times))
