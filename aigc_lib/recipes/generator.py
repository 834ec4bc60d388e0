"""Export a trained generator as small shipped weights: those that ``loaders`` reads.

    aigc train-dcgan --data mnist --images 500000 --lr 0.001 --ema-half-life 50000 --out RUN
    python -m aigc_lib.recipes.generator --run RUN --out DIR

makes those of ``load_generator``; after ``aigc train --out RUN`` the second line makes those of
``load_first_gan``. It writes the averaged generator of a run in half precision, and a card with its
recipe and scores.
"""

from pathlib import Path

import torch
import tyro

from aigc_lib.core.unicode import lenient_output
from aigc_lib.pretrained.loaders import load_first_gan, load_generator
from aigc_lib.pretrained.weights import begun_card, write
from aigc_lib.recipes.gan import MLPConfig, load_run, plain
from aigc_lib.recipes.scores import score_gan


def main(run: Path, out: Path, n: int = 10_000, seed: int = 1) -> None:
    """Export the averaged generator of a run, and score what was exported.

    Args:
        run: folder that ``aigc train`` or ``aigc train-dcgan`` wrote.
        out: folder for the weights and the card; made if it is not there.
        n: samples to score.
        seed: of those samples.
    """
    gan, config = load_run(run)
    model, loader, sizes = (
        ("first-gan", load_first_gan, ("latent_dim", "hidden"))
        if isinstance(config, MLPConfig)
        else ("generator", load_generator, ("latent_dim", "width", "classes"))
    )
    card = begun_card(config.data, model, gan.average) | {
        "recipe": plain(config),
        "images": gan.images_seen,
        "sizes": {name: getattr(config, name) for name in sizes},
    }
    tensors = gan.average.state_dict()
    halves = {k: v.half() if v.is_floating_point() else v for k, v in tensors.items()}
    write(config.data, {model: halves}, card, out, model)
    # What was written is scored, not what was meant.
    gan.ema.network = loader(config.data, gan.device, out)
    card["scores"] = score_gan(gan, config.data, n, seed, config.classes)
    write(config.data, {model: halves}, card, out, model)
    print(f"written to {out}: Fréchet distance {card['scores']['frechet_distance']:.2f}")


if __name__ == "__main__":
    lenient_output()
    torch.set_grad_enabled(False)
    tyro.cli(main)
