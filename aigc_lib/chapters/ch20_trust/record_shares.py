"""Is it rarity, or are 5 to 9 harder? The same small GAN on three choices of digits, seed by seed.

aigc record 20 shares     # about two minutes on one thread
"""

import torch
from torch import Tensor

from aigc_lib.chapters.ch20_trust import fairness
from aigc_lib.core import runtime
from aigc_lib.core.pixels import to_uint8
from aigc_lib.core.results import Recording
from aigc_lib.data.images import load
from aigc_lib.pretrained.loaders import load_classifier

RARE = ("5 to 9", "none", "0 to 4")
DRAWN = 6_000
NO_CONTEST = (
    "One generator and one judge, with other digits rare. Which digits are rare is the question, "
    "not a rival; nothing was chosen."
)


def kept(labels: Tensor, rare: str) -> Tensor:
    """Which training pictures stay, bool (N,): one in nine of the rare digits, all others."""
    rng = torch.Generator().manual_seed(0)
    few = torch.rand(len(labels), generator=rng) < 1 / 9
    low = labels < 5
    return {"5 to 9": low | few, "none": torch.ones_like(low), "0 to 4": ~low | few}[rare]


def main(seeds: int = 2) -> None:
    """Record a row for each choice of digits and each seed.

    Args:
        seeds: how many, from 0 on.
    """
    torch.set_num_threads(1)
    runtime.keep_memory()
    train, judge = load("mnist"), load_classifier()
    command = f"aigc record 20 shares --seeds {seeds}"
    recording = Recording("shares", __file__, command, ("rare", "seed"))
    for rare, seed in recording.missing([(r, s) for s in range(seeds) for r in RARE]):
        gan = fairness.small_gan(train.images[kept(train.labels, rare)], seed)
        seen = fairness.read(judge, to_uint8(gan.sample(DRAWN, seed=3)))
        high = seen.classes >= 5
        recording.add({
            "rare": rare, "seed": seed,
            "share of 5 to 9": float(high.double().mean()),
            "share of 5 to 9 among sure": float(high[seen.sure].double().mean()),
            "sure of 0 to 4": float(seen.sure[~high].double().mean()),
            "sure of 5 to 9": float(seen.sure[high].double().mean()),
        })  # fmt: skip
    recording.declare(why_none=NO_CONTEST)
