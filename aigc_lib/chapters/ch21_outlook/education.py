"""Sums for pupils, written by a small language model and marked by a program.

An exercise is a line such as ``2:67+58=125``: how many carries were ordered, the sum, its result.
The sums are of two numbers of two digits; carries are 0, 1 or 2, and are what makes sums hard.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from aigc_lib.core.training import Row
from aigc_lib.lm.batches import TokenBatches
from aigc_lib.lm.sampling import generate
from aigc_lib.lm.training import Run, fit
from aigc_lib.nets.gpt import GPT, GPTConfig

SIGNS = "\n0123456789+=:"
LINE = re.compile(r"([012]):([1-9]\d)\+([1-9]\d)=(\d{1,3})")
LEVELS = (0, 1, 2)


def carries(a: int, b: int) -> int:
    """How often one carries when adding two numbers of two digits."""
    first = a % 10 + b % 10 >= 10
    return first + (a // 10 + b // 10 + first >= 10)


def template(level: int, rng: torch.Generator) -> str:
    """The baseline: draw numbers until they carry as often as is ordered; a computer adds."""
    while True:
        a, b = torch.randint(10, 100, (2,), generator=rng).tolist()
        if carries(a, b) == level:
            return f"{level}:{a}+{b}={a + b}"


class Mark(NamedTuple):
    """What a program says of one exercise."""

    form: bool  # it can be read at all
    answer: bool  # the result is right
    ordered: bool  # it carries as often as was ordered
    new: bool  # it was not among those learnt from


def mark(line: str, level: int, learnt: frozenset[str] = frozenset()) -> Mark:
    """Check a line that was written for ``level``."""
    found = LINE.fullmatch(line)
    if not found:
        return Mark(False, False, False, False)
    _, a, b, result = map(int, found.groups())
    sum_of = line.partition(":")[2]
    return Mark(True, a + b == result, carries(a, b) == level, sum_of not in learnt)


def turn(line: str) -> str:
    """The line with its result written from the right, as pupils add; and back."""
    head, equals, result = line.partition("=")
    return head + equals + result[::-1]


def encode(text: str) -> Tensor:
    """Tokens int64 (T,): one a sign."""
    return torch.tensor([SIGNS.index(sign) for sign in text])


def decode(tokens: Tensor) -> str:
    """The line that tokens (T,) begin with, after a first line break."""
    text = "".join(SIGNS[k] for k in tokens.tolist())
    return turn(text[1:].partition("\n")[0])


def collection(n: int, seed: int) -> list[str]:
    """``n`` different right exercises to learn from, a third of each level."""
    rng = torch.Generator().manual_seed(seed)
    found: dict[str, None] = {}
    while len(found) < n:
        found[template(LEVELS[len(found) % 3], rng)] = None
    return list(found)


def train(lines: list[str], seed: int, steps: int,
          on_tick: Callable[[int, GPT], None] | None = None, tick: int = 250) -> GPT:  # fmt: skip
    """A GPT of two small blocks that learnt the lines, in random windows of all of them."""
    torch.manual_seed(seed)
    model = GPT(GPTConfig(len(SIGNS), context=24, layers=2, heads=4, width=64))
    text = "\n".join(["", *map(turn, lines), ""])
    batches = TokenBatches(encode(text), 64, 24, seed)

    def tell(run: Run, row: Row) -> None:
        if on_tick:
            on_tick(int(row["steps"]), run.model)

    fit(Run(model, lr=3e-3), batches, steps, tick=tick, on_tick=tell, progress=False)
    return model


def write(model: GPT, level: int, n: int, seed: int, temperature: float = 1.0) -> list[str]:
    """``n`` lines for a level; one that does not end is cut."""
    start = encode(f"\n{level}:").repeat(n, 1)
    told = generate(model, start, 10, seed=seed, temperature=temperature)
    return [decode(row) for row in told]


def blind(line: str) -> str:
    """The line without its order: 0 stands in its place, whatever was ordered."""
    return "0" + line[1:]


def solve(model: GPT, lines: list[str]) -> list[bool]:
    """Whether a model, asked for the results only, gives the right ones."""
    start = torch.stack([encode("\n" + line[:8]) for line in lines])  # up to the sign "="
    told = generate(model, start, 4, temperature=0)
    return [decode(row) == line for row, line in zip(told, lines, strict=True)]
