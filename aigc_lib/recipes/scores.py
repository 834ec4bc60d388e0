"""The scores of a trained GAN, as its records and cards hold them."""

from typing import Any

from aigc_lib.core.pixels import to_uint8
from aigc_lib.gan.state import Gan
from aigc_lib.pretrained.scores import score, usual_labels


def score_gan(gan: Gan, data: str, n: int, seed: int, classes: int = 0) -> dict[str, Any]:
    """Score ``n`` samples of the averaged generator, see ``pretrained.scores``.

    Args:
        gan: the players.
        data: what they were trained on.
        n: how many samples.
        seed: of the samples.
        classes: above 0 for conditional players: they are asked for the usual labels.
    """
    labels = usual_labels(data, n, seed).to(gan.device) if classes else None
    images = to_uint8(gan.sample(n, seed=seed, labels=labels))
    return {**score(images, data, labels), "seed": seed, "images_seen": gan.images_seen}
