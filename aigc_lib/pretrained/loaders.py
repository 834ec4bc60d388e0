"""The small networks that this project trained and ships, ready to use: frozen, in eval mode.

Weights lie in half precision where no score notices, and are computed with in float32. ``weights``
checks each file against its card before anything is read.
"""

from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from aigc_lib.core.checkpoint import CheckpointError, restore
from aigc_lib.lm.tokenizers import Characters
from aigc_lib.lm.writer import Writer
from aigc_lib.metrics.frechet import Statistics
from aigc_lib.nets.classifier import ImageClassifier
from aigc_lib.nets.dcgan import DCGenerator
from aigc_lib.nets.gpt import GPT, GPTConfig
from aigc_lib.nets.mlp import MLPGenerator
from aigc_lib.nets.unet import UNet
from aigc_lib.pretrained.weights import read, read_card

Network = TypeVar("Network", bound=nn.Module)


def load_into(
    network: Network,
    name: str,
    kind: str,
    folder: Path | None = None,
    device: torch.device | str = "cpu",
    model: str | None = None,
) -> Network:
    """Fill a network with shipped weights, and freeze it.

    Args:
        network: of the sizes that the weights were trained with.
        name, kind, folder: see ``weights.read``.
        device: where the network shall run.
        model: whose card names the file; ``kind`` by default.

    Raises:
        FileNotFoundError: the weights are missing.
        ValueError: the weights are damaged, or of another architecture.
    """
    tensors = read(name, kind, folder, model or kind)
    floats = {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}
    try:
        restore(network, floats, kind)
    except CheckpointError as error:
        raise ValueError(f"the weights of {name!r} are of another architecture: {error}") from None
    return network.to(device).eval().requires_grad_(False)


def load_classifier(
    name: str = "mnist", device: torch.device | str = "cpu", folder: Path | None = None
) -> ImageClassifier:
    """The classifier of a data set: ``mnist`` or ``fashion-mnist``; errors as in ``load_into``."""
    return load_into(ImageClassifier(), name, "classifier", folder, device)


def reference_statistics(name: str = "mnist", folder: Path | None = None) -> Statistics:
    """Statistics of the training set's features in ``load_classifier(name)``, as shipped.

    Equal to what ``statistics(extract(classifier.features, load(name).images))`` takes seconds to
    compute; errors as in ``load_into``.
    """
    tensors = read(name, "statistics", folder)
    return Statistics(tensors["mean"], tensors["cov"], int(tensors["n"]))


def load_generator(
    name: str = "mnist", device: torch.device | str = "cpu", folder: Path | None = None
) -> DCGenerator:
    """A conditional generator of ``mnist`` or ``fashion-mnist``; errors as in ``load_into``.

    Call it with latent vectors (N, 64) from N(0, I) and labels (N,).
    """
    sizes = read_card(name, folder, "generator")["sizes"]
    return load_into(DCGenerator(**sizes), name, "generator", folder, device)


def load_first_gan(
    name: str = "mnist", device: torch.device | str = "cpu", folder: Path | None = None
) -> MLPGenerator:
    """The generator of chapter 06, of fully connected layers; errors as in ``load_into``.

    Call it with latent vectors (N, 64) from N(0, I).
    """
    sizes = read_card(name, folder, "first-gan")["sizes"]
    return load_into(
        MLPGenerator(sizes["latent_dim"], sizes["hidden"]), name, "first-gan", folder, device
    )


def load_diffusion(
    name: str = "mnist", device: torch.device | str = "cpu", folder: Path | None = None
) -> UNet:
    """The diffusion model of ``mnist`` or ``fashion-mnist``; errors as in ``load_into``.

    Call it with noisy pictures (N, 1, 28, 28), times (N,) and classes (N, 1); class 10 is none.
    """
    sizes = read_card(name, folder, "diffusion")["sizes"]
    network = UNet(sizes["words"], sizes["channels"], tuple(sizes["widths"]))
    return load_into(network, name, "diffusion", folder, device)


def load_writer(
    name: str, device: torch.device | str = "cpu", folder: Path | None = None
) -> Writer:
    """A language model, ``shakespeare`` or ``tang``, ready to write; errors as in ``load_into``."""
    card = read_card(name, folder, "writer")
    model = load_into(GPT(GPTConfig(**card["sizes"])), name, "writer", folder, device)
    return Writer(model, Characters(card["characters"]))
