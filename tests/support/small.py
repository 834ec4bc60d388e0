"""A GAN and images so small that a step takes a millisecond, for the tests of the training."""

import os

import pytest
import torch
from torch import Tensor

from aigc_lib.data.batches import Batches
from aigc_lib.data.cache import cache_dir
from aigc_lib.data.registry import find
from aigc_lib.gan.state import Gan
from aigc_lib.nets.mlp import MLPDiscriminator, MLPGenerator

BATCH = 16
LATENT = 4
SHAPE = (1, 6, 6)


def gan(
    seed: int = 0,
    *,
    weights: int = 0,
    dropout: float = 0.0,
    width: int = 12,
    kind: type[Gan] = Gan,
    **more,
) -> Gan:
    """Players whose weights follow from ``weights`` and whose noise follows from ``seed``."""
    torch.manual_seed(weights)
    generator = MLPGenerator(LATENT, (width,), SHAPE)
    discriminator = MLPDiscriminator((width,), SHAPE, dropout)
    return kind(generator, discriminator, latent_dim=LATENT, seed=seed, **more)


def images(n: int = 100, seed: int = 0) -> Tensor:
    """Random uint8 images (n, 1, 6, 6)."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, *SHAPE), generator=generator, dtype=torch.uint8)


def batches(n: int = 100, seed: int = 0) -> Batches:
    """An endless stream of batches of 16 of them."""
    return Batches(images(n), BATCH, seed=seed)


def flat(state: object, where: str = "") -> dict[str, object]:
    """All leaves of nested dictionaries and lists, by their place."""
    if isinstance(state, dict):
        items = state.items()
    elif isinstance(state, list | tuple):
        items = enumerate(state)
    else:
        return {where: state}
    leaves: dict[str, object] = {}
    for key, item in items:
        leaves |= flat(item, f"{where}/{key}")
    return leaves


def differing(one: object, two: object, ignore: str = "/seconds") -> list[str]:
    """Where two states are not equal bit for bit; wall-clock times are left out."""
    a, b = flat(one), flat(two)
    places = [place for place in a.keys() | b.keys() if not place.endswith(ignore)]
    return sorted(p for p in places if p not in a or p not in b or not _same(a[p], b[p]))


def _same(a: object, b: object) -> bool:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        same_kind = a.dtype == b.dtype and a.shape == b.shape
        # Bytes, not values: NaN equals itself here, and 0 is not -0.
        return same_kind and a.cpu().numpy().tobytes() == b.cpu().numpy().tobytes()
    return type(a) is type(b) and a == b


def need(name: str) -> None:
    """Skip the test, visibly, where a data set is not in the cache; fail if all is required."""
    folder = cache_dir() / find(name).folder
    if not all((folder / file).is_file() for file in find(name).files):
        reason = f"{name} is not in the cache: aigc prepare {name}"
        (pytest.fail if os.environ.get("AIGC_REQUIRE_ALL") == "1" else pytest.skip)(reason)
