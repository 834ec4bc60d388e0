"""What ``book/_assets/live-networks.mjs`` does with numbers, once more in Python."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

WORD = 2**32


def uniform(seed: int) -> Iterator[float]:
    """Mulberry32: endless numbers from [0, 1)."""
    state = seed
    while True:
        state = (state + 0x6D2B79F5) % WORD
        mixed = (state ^ (state >> 15)) * (state | 1) % WORD
        mixed ^= (mixed + (mixed ^ (mixed >> 7)) * (mixed | 61)) % WORD
        yield (mixed ^ (mixed >> 14)) / WORD


def normals(seed: int, n: int) -> Tensor:
    """(n,) from N(0, 1), n even, by Box and Muller's rule."""
    draws, found = uniform(seed), []
    for _ in range(n // 2):
        radius, angle = math.sqrt(-2 * math.log(1 - next(draws))), 2 * math.pi * next(draws)
        found += [radius * math.cos(angle), radius * math.sin(angle)]
    return torch.tensor(found)
