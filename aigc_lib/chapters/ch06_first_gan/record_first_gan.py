"""Train chapter 6's GAN with several seeds, score each, and record the scores.

    aigc record 06 first_gan

About a minute and a half a seed on two CPU cores.
"""

from typing import Any

from aigc_lib.core import runtime
from aigc_lib.core.results import Recording
from aigc_lib.gan.evaluate import score_gan
from aigc_lib.gan.training import fit
from aigc_lib.recipes.gan import MLPConfig, build, stream


def train_and_score(seed: int, images: int) -> dict[str, Any]:
    """Train from one seed and score 10,000 samples, as the chapter does."""
    device = runtime.device()
    config = MLPConfig(seed=seed)
    players = build(config, device)
    history = fit(players, stream(config, device), images)
    seconds = round(history[-1]["seconds"], 1)
    found = score_gan(players, config.data, n=10_000, seed=3)  # the chapter's samples
    return {"images": images, "seconds": seconds, **found, "sample_seed": 3, "seed": seed}


def main(seeds: int = 5, images: int = 400_000) -> None:
    """Record the scores of several seeds.

    Args:
        seeds: how many, from 0 on.
        images: real images seen in each run; the chapter's number.
    """
    command = f"aigc record 06 first_gan --seeds {seeds} --images {images}"
    recording = Recording("first-gan-seeds", __file__, command, key=("seed", "images"))
    for run in recording.missing([(seed, images) for seed in range(seeds)]):
        recording.add(train_and_score(*run))
    recording.declare(why_none="One way of training, repeated, to see how far its score scatters.")
