"""Train the classifiers whose features score generated images: the recipe of the shipped weights.

    python -m aigc_lib.recipes.classifier --data mnist --out DIR

writes the weights, the statistics of the training set's features, and a card with the scores. The
same command gives the same bits on the same processor, versions and number of threads.
"""

from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
import tyro
from torch import Tensor
from tqdm import tqdm

from aigc_lib.core.pixels import normalize
from aigc_lib.core.unicode import lenient_output
from aigc_lib.data.batches import Batches
from aigc_lib.data.images import load
from aigc_lib.metrics.classes import class_counts
from aigc_lib.metrics.features import extract
from aigc_lib.metrics.frechet import floor, frechet_distance, statistics
from aigc_lib.nets.classifier import ImageClassifier
from aigc_lib.pretrained.weights import begun_card, write


def shifted(images: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Each image of uint8 (N, 1, H, W) moved by up to ``most`` pixels each way; 0 moves in."""
    n, _, height, width = images.shape
    padded = F.pad(images, (most, most, most, most))
    # The generator is the CPU's, so that every device draws the same shifts.
    by = torch.randint(2 * most + 1, (2, n, 1), generator=generator).to(images.device)
    rows = by[0] + torch.arange(height, device=images.device)
    columns = by[1] + torch.arange(width, device=images.device)
    sample = torch.arange(n, device=images.device)[:, None, None]
    return padded[:, 0][sample, rows[:, :, None], columns[:, None, :]][:, None]


def fit_classifier(
    images: Tensor,
    labels: Tensor,
    *,
    epochs: int = 8,
    batch: int = 128,
    lr: float = 2e-3,
    seed: int = 0,
    progress: bool = True,
) -> ImageClassifier:
    """Train an ``ImageClassifier`` with cross-entropy, on shifted images.

    Adam with a one-cycle learning rate (Smith and Topin, 2019, arXiv:1708.07120).

    Args:
        images: uint8 (N, 1, 28, 28), on the device to train on.
        labels: int64 (N,), 0..9.
        epochs: passes over the images.
        batch: images per step.
        lr: the highest learning rate.
        seed: of the weights, the order and the shifts.
        progress: show a progress bar.

    Returns:
        the classifier, in eval mode and without gradients.

    Raises:
        ValueError: fewer images than one batch, labels that do not fit them, or no epoch.
    """
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        classifier = ImageClassifier()
    classifier.to(images.device)
    # Convolutions run faster so; the weights are put back at the end.
    classifier.to(memory_format=torch.channels_last)
    batches = Batches(images, batch, seed=seed, labels=labels)
    generator = torch.Generator().manual_seed(seed)
    steps = epochs * batches.steps_per_epoch
    optimizer = torch.optim.Adam(classifier.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps)
    for _ in tqdm(range(steps), desc="classifier", unit="step", disable=not progress):
        x, y = next(batches)
        loss = F.cross_entropy(classifier(normalize(shifted(x, 2, generator))), y)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    classifier.to(memory_format=torch.contiguous_format)
    return classifier.eval().requires_grad_(False)


def _scores(classifier: ImageClassifier, images: Tensor, labels: Tensor) -> dict[str, Any]:
    """Accuracy, and recall of each class, in percent."""
    right = extract(classifier, images).argmax(dim=1) == labels.cpu()
    recall = class_counts(labels[right.to(labels.device)]) / class_counts(labels)
    return {
        "accuracy": round(100 * float(right.double().mean()), 4),
        "recall": [round(100 * r, 2) for r in recall.tolist()],
    }


def _distances(train: Tensor, test: Tensor, noise: Tensor) -> dict[str, Any]:
    """Fréchet distances that tell what a value means, from features of three sets of images."""
    reference = statistics(train)
    half = len(test) // 2
    return {
        "train_to_test": round(frechet_distance(reference, statistics(test)), 4),
        "train_to_uniform_noise": round(frechet_distance(reference, statistics(noise)), 2),
        f"floor_train_{len(test)}": [round(value, 4) for value in floor(train, len(test))],
        f"floor_test_{half}": [round(value, 4) for value in floor(test, half)],
    }


def main(
    data: Literal["mnist", "fashion-mnist"],
    out: Path,
    epochs: int = 8,
    seed: int = 0,
    threads: int = 2,
) -> None:
    """Train the classifier of a data set on the CPU and write it into a folder, with its card.

    Args:
        data: the data set, loaded in full.
        out: folder for the weights, the statistics and the card; made if it is not there.
        epochs: passes over the training images.
        seed: of the weights, the order and the shifts.
        threads: of the CPU; another number adds in another order and gives other bits.
    """
    torch.set_num_threads(threads)
    train, test = load(data), load(data, "test")
    classifier = fit_classifier(train.images, train.labels, epochs=epochs, seed=seed)
    noise = torch.rand(test.images.shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    features = [extract(classifier.features, x) for x in (train.images, test.images, noise)]
    card = begun_card(data, "classifier", classifier) | {
        "train": _scores(classifier, train.images, train.labels),
        "test": _scores(classifier, test.images, test.labels),
        "frechet_distance": _distances(*features),
    }
    card["command"] += f" --epochs {epochs} --seed {seed} --threads {threads}"
    mean, cov, n = statistics(features[0])
    reference = {"mean": mean, "cov": cov, "n": torch.tensor(n)}
    kinds = {"classifier": classifier.state_dict(), "statistics": reference}
    write(data, kinds, card, out)
    for split in ("train", "test"):
        print(f"{data}, {split}: {card[split]['accuracy']:.2f} % right")
    distance = card["frechet_distance"]["train_to_test"]
    print(f"Fréchet distance in its features, training to test set: {distance:.3f}")
    print(f"written to {out}")


if __name__ == "__main__":
    lenient_output()
    tyro.cli(main)
