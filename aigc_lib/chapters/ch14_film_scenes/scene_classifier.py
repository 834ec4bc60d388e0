"""What does a picture show? The classifier of scenes that scores chapter 14's makers."""

import functools
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aigc_lib.chapters.ch14_film_scenes.scenes import GROUPS, Scenes, compose, descriptions
from aigc_lib.core import runtime
from aigc_lib.core.pixels import normalize
from aigc_lib.core.training import insist_on_finite
from aigc_lib.data.batches import Batches
from aigc_lib.pretrained.loaders import load_into

BATCH = 64
SIZES = [len(group) for group in GROUPS]  # how many words each group has


class SceneClassifier(nn.Module):
    """Pictures (N, 3, 32, 32) in [-1, 1] to logits: what does the picture show?

    One answer for each group of words: object, background, side and size. The features are the 64
    units of the hidden layer after their ReLU.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in ((3, 32), (32, 64), (64, 64)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)]
            layers += [nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
        layers += [nn.Flatten(), nn.Linear(64 * 4 * 4, 64), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(64, sum(SIZES))

    def features(self, images: Tensor) -> Tensor:
        """(N, 3, 32, 32) in [-1, 1] -> (N, 64)."""
        hidden: Tensor = self.body(images)
        return hidden

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """(N, 3, 32, 32) in [-1, 1] -> the logits of each group, (N, size) each."""
        logits: Tensor = self.head(self.features(images))
        groups: tuple[Tensor, ...] = logits.split(SIZES, dim=1)
        return groups


def training_scenes(seed: int, n: int, every_pair: bool) -> Scenes:
    """Scenes to train a classifier on: all pairs, or only those that are not held out."""
    if not every_pair:
        return compose(n, seed)
    allowed = torch.cat([descriptions(held_out=False), descriptions(held_out=True)])
    chosen = torch.randint(len(allowed), (n,), generator=torch.Generator().manual_seed(seed))
    return compose(n, seed + 1, allowed[chosen])


def fit(scenes: Scenes, seed: int = 0, epochs: int = 4) -> SceneClassifier:
    """Train one with cross-entropy on what the scenes show; on the processor, in eval mode, frozen.

    TrainingError if the loss stops being a finite number.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        classifier = SceneClassifier()
    classifier.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    images, told = (part.to(runtime.device()) for part in (scenes.images, scenes.labels))
    classifier.to(images.device)
    batches = Batches(images, BATCH, seed=seed, labels=told)
    steps = epochs * batches.steps_per_epoch
    optimizer = torch.optim.Adam(classifier.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    for _ in range(steps):
        pictures, labels = next(batches)
        logits = classifier(normalize(pictures))
        loss = sum(F.cross_entropy(group, labels[:, k]) for k, group in enumerate(logits))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[union-attr]
        optimizer.step()
        schedule.step()
    insist_on_finite({"loss": float(loss)}, f"before step {steps}")
    return classifier.cpu().eval().requires_grad_(False)


@functools.cache
def load(name: Literal["judge", "picker"] = "judge") -> SceneClassifier:
    """A shipped classifier, frozen: the chapter's tables' judge, or the picker of samples.

    They learned from other scenes. The picker, too, knows all pairs, which is more than a maker of
    pictures may: what is chosen with it is the best that choosing can do.
    """
    return load_into(SceneClassifier(), "scenes", name, model="scenes")


@torch.no_grad()
def answers(classifier: SceneClassifier, images: Tensor) -> Tensor:
    """Log-probability of each word (N, 18) in uint8 pictures (N, 3, 32, 32)."""
    parts = [
        torch.cat([a.log_softmax(dim=1) for a in classifier(normalize(part))], dim=1)
        for part in images.split(500)
    ]
    return torch.cat(parts)


def right(classifier: SceneClassifier, images: Tensor, labels: Tensor) -> Tensor:
    """Which words of its description a picture shows, says the classifier: bool (N, 4)."""
    seen = answers(classifier, images).split(SIZES, dim=1)
    return torch.stack([a.argmax(dim=1) == labels[:, k] for k, a in enumerate(seen)], dim=1)
