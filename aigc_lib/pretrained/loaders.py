"""The small networks that this project trained and ships, ready to use."""

from pathlib import Path

import torch

from aigc_lib.lm.tokenizers import Characters
from aigc_lib.lm.writer import Writer
from aigc_lib.metrics.frechet import Statistics
from aigc_lib.nets.classifier import ImageClassifier
from aigc_lib.nets.dcgan import DCGenerator
from aigc_lib.nets.gpt import GPT, GPTConfig
from aigc_lib.pretrained import weights
from aigc_lib.pretrained.weights import read, read_card


def load_classifier(
    name: str = "mnist", device: torch.device | str = "cpu", folder: Path | None = None
) -> ImageClassifier:
    """The trained classifier of a data set, frozen: in eval mode and without gradients.

    Args:
        name: ``mnist`` or ``fashion-mnist``.
        device: where its weights go.
        folder: read other weights than the shipped ones, as ``recipes.classifier`` wrote them.

    Raises:
        FileNotFoundError: no classifier of that name, or its weights are missing.
        ValueError: the weights are damaged, or of another architecture.
    """
    tensors = read(name, "classifier", folder)
    classifier = ImageClassifier()
    try:
        classifier.load_state_dict(tensors)
    except RuntimeError as error:
        raise ValueError(f"the weights for {name!r} are of another architecture: {error}") from None
    return classifier.to(device).eval().requires_grad_(False)


def reference_statistics(name: str = "mnist", folder: Path | None = None) -> Statistics:
    """Statistics of the training set's features in ``load_classifier(name)``, as shipped.

    Equal to what ``statistics(extract(classifier.features, load(name).images))`` takes seconds to
    compute.

    Raises:
        FileNotFoundError: no classifier of that name, or its statistics are missing.
        ValueError: the statistics are damaged.
    """
    tensors = read(name, "statistics", folder)
    return Statistics(tensors["mean"], tensors["cov"], int(tensors["n"]))


def load_generator(
    name: str = "mnist", device: torch.device | str = "cpu", folder: Path | None = None
) -> DCGenerator:
    """A conditional generator that this project trained and ships, frozen and in eval mode.

    Call it with latent vectors (N, 64) from N(0, I) and labels (N,). Its weights are stored in half
    precision, which no score notices, and computed with in float32.

    Args:
        name: ``mnist`` or ``fashion-mnist``.
        device: where its weights go.
        folder: read other weights than the shipped ones, as ``recipes.generator`` wrote them.

    Raises:
        FileNotFoundError: no generator of that name, or its weights are missing.
        ValueError: the weights are damaged, or of another architecture.
    """
    tensors = read(name, "generator", folder, model="generator")
    sizes = read_card(name, folder, model="generator")["sizes"]
    generator = DCGenerator(**sizes)
    try:
        generator.load_state_dict({key: value.float() for key, value in tensors.items()})
    except RuntimeError as error:
        raise ValueError(f"the weights for {name!r} are of another architecture: {error}") from None
    return generator.to(device).eval().requires_grad_(False)


def load_writer(
    name: str, device: torch.device | str = "cpu", folder: Path | None = None
) -> Writer:
    """A shipped language model, ready to write; its parameters want no gradient.

    Args:
        name: "shakespeare" or "tang".
        device: where it shall run.
        folder: where its files lie; default: the shipped ones.

    Raises:
        FileNotFoundError, ValueError: see ``weights.read``.
    """
    card = weights.read_card(name, folder, "writer")
    model = GPT(GPTConfig(**card["sizes"]))
    tensors = weights.read(name, "writer", folder, "writer")
    model.load_state_dict({key: value.float() for key, value in tensors.items()})
    model.requires_grad_(False).eval()
    return Writer(model.to(device), Characters(card["characters"]))
