"""Which kind of thing is it? A small labelled data set, its split, and ways to ask (chapter 11).

Names of pictures, with the kind that Unicode's table of emoji puts them into.
"""

import random
from collections.abc import Sequence

from aigc_lib.data.cache import fetch
from aigc_lib.pretrained.chat_model import layout

LABELS = ("animal", "clothing", "food", "transport")
Pair = tuple[str, str]  # kind and name

# How a model is asked; each ``{}`` is the name. The answer, a space and a kind, follows.
ASK = {
    "arrow": "{} ->",
    "kind of": "A {} is a kind of",
    "order": "Sort things into animal, clothing, food, transport.\n{}:",
    "chat": layout([{"role": "user", "content": 'Is "{}" an animal, clothing, food or transport?'}])
    + "It is",
    "chat, kind of": layout([{"role": "user", "content": "What is a {}?"}]) + "A {} is a kind of",
}


def load_kinds() -> list[Pair]:
    """Pairs of kind and name, ("animal", "ant") and so on, in alphabetical order.

    Raises:
        DataError: the file cannot be had; see ``aigc_lib.data.cache.fetch``.
    """
    lines = (fetch("kinds") / "kinds.tsv").read_text(encoding="utf8").splitlines()
    return [(kind, name) for kind, name in (line.split("\t") for line in lines)]


def words(name: str) -> set[str]:
    """The words of a name in small letters."""
    return set(name.lower().replace("-", " ").split())


def deal(
    pairs: Sequence[Pair], seed: int, each: int = 14, held: int = 24
) -> tuple[list[Pair], list[Pair]]:
    """Labelled pairs to learn from and held-out ones, so many of each kind, drawn by a seed.

    No held-out name shares a word with one to learn from: who has seen "tiger" must not be asked
    for "tiger face".

    Raises:
        ValueError: there are not enough names.
    """
    learn, test, rest = list[Pair](), list[Pair](), dict[str, list[Pair]]()
    rng = random.Random(seed)
    for kind in sorted({kind for kind, _ in pairs}):
        mine = [pair for pair in pairs if pair[0] == kind]
        rng.shuffle(mine)
        learn += mine[:each]
        rest[kind] = mine[each:]
    seen = set().union(*(words(name) for _, name in learn))
    for kind, mine in rest.items():
        fresh = [pair for pair in mine if not words(pair[1]) & seen][:held]
        if len(fresh) < held:
            raise ValueError(f"{held} names of {kind!r} wanted, {len(fresh)} left: ask for fewer")
        test += fresh
    return learn, test


def shown(pairs: Sequence[Pair], shots: int, ask: str) -> str:
    """A prompt that begins with ``shots`` solved examples of each kind; ``{}`` is the name."""
    chosen = [[pair for pair in pairs if pair[0] == kind][:shots] for kind in LABELS]
    rows = [row for one in zip(*chosen, strict=True) for row in one]
    return "".join(f"{ask.format(name)} {kind}\n" for kind, name in rows) + ask
