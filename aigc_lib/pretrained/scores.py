"""All scores of a set of images, in the features of the book's classifier (chapter 08)."""

from typing import Any

import torch
from torch import Tensor

from aigc_lib.data.images import load
from aigc_lib.data.registry import find
from aigc_lib.metrics.classes import class_counts, confident_share
from aigc_lib.metrics.features import extract
from aigc_lib.metrics.frechet import frechet_distance, statistics
from aigc_lib.metrics.kernel import kernel_distance
from aigc_lib.metrics.prdc import density_coverage, precision_recall
from aigc_lib.pretrained.loaders import load_classifier, reference_statistics

NEIGHBOURS_OF = 5_000  # the time of precision, recall, density and coverage grows with its square


def score(images: Tensor, data: str, labels: Tensor | None = None) -> dict[str, Any]:
    """Score images against the training set ``data``.

    Args:
        images: uint8 (N, 1, 28, 28).
        data: ``mnist`` or ``fashion-mnist``.
        labels: int64 (N,), what each image was meant to show.

    Returns:
        ``frechet_distance`` to the whole training set; ``kernel_distance``, ``precision``,
        ``recall``, ``density`` and ``coverage`` of the first 5,000 images at most, with as many of
        the training set; ``confident_share``; ``label_agreement``, if there are labels: the share
        of images that the classifier takes for what they were meant to be; ``classes``, how many
        images it finds in each; ``n``.
    """
    judge = load_classifier(data, images.device)
    features = extract(judge.features, images)
    with torch.no_grad():
        logits = judge.head(features.float().to(images.device))
    some = features[:NEIGHBOURS_OF]
    training = load(data).images[: len(some)].to(images.device)
    real = extract(judge.features, training)
    nearby = precision_recall(real=real, fake=some)
    dense = density_coverage(real=real, fake=some)
    found: dict[str, Any] = {
        "frechet_distance": frechet_distance(statistics(features), reference_statistics(data)),
        "kernel_distance": kernel_distance(some, real),
        "precision": nearby.precision,
        "recall": nearby.recall,
        "density": dense.density,
        "coverage": dense.coverage,
        "confident_share": confident_share(logits),
    }
    if labels is not None:
        found["label_agreement"] = float((logits.argmax(dim=1) == labels).double().mean())
    counts = class_counts(logits).tolist()
    found["classes"] = dict(zip(find(data).classes, counts, strict=True))
    found["n"] = len(images)
    return found


def usual_labels(data: str, n: int, seed: int) -> Tensor:
    """Classes (n,) to ask a generator for: drawn from the training set, in the data's shares."""
    known = load(data).labels
    return known[torch.randint(len(known), (n,), generator=torch.Generator().manual_seed(seed))]
