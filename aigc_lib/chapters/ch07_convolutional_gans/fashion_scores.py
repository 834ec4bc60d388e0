"""What chapter 07 asks of generated pictures of clothes, besides a Fréchet distance.

Do they show what was ordered, do they differ within a class, do the shoes point the way that shoes
do, do the clothes hang in the middle, and are they copies?
"""

from typing import Any

import torch
from torch import Tensor

from aigc_lib.data.images import ImageSet
from aigc_lib.metrics.features import extract
from aigc_lib.metrics.frechet import frechet_distance, statistics
from aigc_lib.metrics.neighbours import nearest
from aigc_lib.nets.classifier import ImageClassifier
from aigc_lib.pretrained.loaders import reference_statistics

DATA = "fashion-mnist"
CLASSES = 10
SHOES = (7, 9)  # sneakers and ankle boots: nearly all of them point to the left
EVEN = (0, 1, 2, 3, 4, 6, 8)  # clothes and bags: as heavy on the left as on the right


def even_labels(n: int, device: torch.device | str = "cpu") -> Tensor:
    """Labels (n,) that name every class equally often: 0, 1, ..., 9, 0, 1, ..."""
    return torch.arange(n, device=device) % CLASSES


def variety(features: Tensor, labels: Tensor) -> float:
    """Variance of features (N, d) within a class, summed over d and averaged over the classes.

    It is 0 where every class has one picture only.
    """
    parts = [features[labels == k] for k in range(CLASSES)]
    return sum(float(part.var(dim=0).sum()) for part in parts) / CLASSES


def mirrored(images: Tensor, labels: Tensor, train: ImageSet) -> float:
    """Share of the shoes among uint8 images (N, 1, 28, 28) that point to the right.

    A shoe points to the right if it is more like its class's mean picture mirrored than like the
    mean picture itself.
    """
    right, shoes = 0, 0
    for k in SHOES:
        mean = train.images[train.labels == k].float().mean(dim=0)
        x = images[labels == k].float()
        right += int(((x * mean.flip(2)).sum((1, 2, 3)) > (x * mean).sum((1, 2, 3))).sum())
        shoes += len(x)
    return right / shoes


def off_centre(images: Tensor) -> float:
    """Mean distance in pixels, to the left or right, of an image's centre of mass from the middle.

    Images are uint8 (N, 1, H, W). One that is all black counts as centred.
    """
    mass = images.double().sum(dim=(1, 2))
    place = torch.arange(images.shape[3], device=images.device).double()
    place -= place.mean()
    return float(((mass @ place) / mass.sum(dim=1).clamp(min=1)).abs().mean())


def closeness(images: Tensor, shown: Tensor, held_out: Tensor, n: int = 500) -> float:
    """How near images come to the training pictures, as a multiple of how near real ones come.

    The median distance, by pixels, of the first ``n`` images to the nearest of ``shown``, over the
    same for the first ``n`` of ``held_out``. Near 0 means copies; all are uint8 (N, C, H, W).
    """
    ours, theirs = (nearest(x[:n], shown)[1].median() for x in (images, held_out))
    return float(ours / theirs)


def score(
    images: Tensor, labels: Tensor, classifier: ImageClassifier, train: ImageSet
) -> dict[str, Any]:
    """All that the chapter's tables say of uint8 images (N, 1, 28, 28) and their labels (N,).

    Returns:
        ``frechet``: distance to the training set in its features. ``agreement``: share of
        the images whose class the classifier finds to be their label. ``variety``: see there.
        ``mirrored``: of the shoes. ``off_centre``: of clothes and bags, in pixels.
    """
    even = torch.isin(labels, torch.tensor(EVEN, device=labels.device))
    features = extract(classifier.features, images)
    weight, bias = (p.cpu().double() for p in (classifier.head.weight, classifier.head.bias))
    found = (features @ weight.T + bias).argmax(dim=1)
    return {
        "frechet": round(frechet_distance(statistics(features), reference_statistics(DATA)), 3),
        "agreement": round(float((found == labels.cpu()).double().mean()), 4),
        "variety": round(variety(features, labels.cpu()), 3),
        "mirrored": round(mirrored(images, labels, train), 4),
        "off_centre": round(off_centre(images[even]), 4),
    }
