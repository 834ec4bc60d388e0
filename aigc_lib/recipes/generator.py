"""Export a trained generator as small shipped weights: the recipe of ``load_generator``'s.

    aigc train-dcgan --data mnist --images 500000 --lr 0.001 --ema-half-life 50000 --out RUN
    python -m aigc_lib.recipes.generator --run RUN --out DIR

writes the averaged generator of a run in half precision, and a card with its recipe and scores.
"""

from pathlib import Path

import torch
import tyro

from aigc_lib.core.unicode import lenient_output
from aigc_lib.nets.dcgan import DCGenerator
from aigc_lib.pretrained.loaders import load_generator
from aigc_lib.pretrained.weights import begun_card, write
from aigc_lib.recipes.gan import DCGANConfig, load_run, plain
from aigc_lib.recipes.scores import score_gan


def main(run: Path, out: Path, n: int = 10_000, seed: int = 1) -> None:
    """Export the averaged generator of a run, and score what was exported.

    Args:
        run: folder that ``aigc train-dcgan`` wrote.
        out: folder for the weights and the card; made if it is not there.
        n: samples to score.
        seed: of those samples.
    """
    gan, config = load_run(run)
    if not isinstance(config, DCGANConfig) or not isinstance(gan.average, DCGenerator):
        raise ValueError(f"{run} is not a run of aigc train-dcgan")
    card = begun_card(config.data, "generator", gan.average) | {
        "recipe": plain(config),
        "images": gan.images_seen,
        "sizes": {name: getattr(config, name) for name in ("latent_dim", "width", "classes")},
    }
    tensors = gan.average.state_dict()
    halves = {k: v.half() if v.is_floating_point() else v for k, v in tensors.items()}
    write(config.data, {"generator": halves}, card, out, model="generator")
    # What was written is scored, not what was meant.
    gan.ema.network = load_generator(config.data, gan.device, out)
    card["scores"] = score_gan(gan, config.data, n, seed, config.classes)
    write(config.data, {"generator": halves}, card, out, model="generator")
    print(f"written to {out}: Fréchet distance {card['scores']['frechet_distance']:.2f}")


if __name__ == "__main__":
    lenient_output()
    torch.set_grad_enabled(False)
    tyro.cli(main)
