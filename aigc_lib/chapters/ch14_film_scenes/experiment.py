"""Scenes from descriptions: chapter 14's players, their rivals, and how all are scored.

    aigc record 14 scenes     # every row of the chapter's table, and the shipped weights

The same training scenes, words and classifier for all. What is scored are descriptions whose pair
of object and background no training scene showed, and, beside them, descriptions that were trained
on.
"""

import functools
import time
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from aigc_lib.chapters.ch14_film_scenes import scenes
from aigc_lib.chapters.ch14_film_scenes.networks import LATENT, SceneDiscriminator, SceneGenerator
from aigc_lib.chapters.ch14_film_scenes.scene_classifier import SceneClassifier, answers, right
from aigc_lib.chapters.ch14_film_scenes.scenes import WORDS, Scenes, compose, tokens
from aigc_lib.core import runtime
from aigc_lib.core.pixels import to_uint8
from aigc_lib.core.speed import Speed
from aigc_lib.data.batches import Batches
from aigc_lib.gan import losses, training
from aigc_lib.gan.acceleration import accelerate
from aigc_lib.gan.state import Gan
from aigc_lib.metrics.features import extract
from aigc_lib.metrics.frechet import frechet_distance, statistics
from aigc_lib.pretrained.loaders import load_into

TRAINING = 8_000  # scenes that there are to learn from
BATCH = 64
SHORT, LONG = 32_000, 96_000  # scenes seen: by the chapter's own training, by the recorded ones
R1 = 1.0  # weight of the GAN's penalty
# Seeds of the scenes: what one learns from is never what another is scored by.
TRAIN_SEED, CLASSIFIER_SEED, PICKER_SEED, TEST_SEED = 1, 1_000, 2_000, 3_000

# Both players read; only the generator does, as the source article has it; neither does.
Kind = Literal["both read", "generator reads", "nobody reads"]


def players(kind: Kind, seed: int, device: torch.device | str = "cpu") -> Gan:
    """The two networks of one run, before training."""
    torch.manual_seed(seed)
    generator = SceneGenerator(0 if kind == "nobody reads" else len(WORDS))
    discriminator = SceneDiscriminator(len(WORDS) if kind == "both read" else 0)
    gan = Gan(
        generator,
        discriminator,
        latent_dim=LATENT,
        lr=2e-3,
        betas=(0.0, 0.99),
        ema_half_life=10_000,
        seed=seed,
        device=device,
    )
    return accelerate(gan, Speed(channels_last=True))


def fit(kind: Kind, train: Scenes, seed: int, images: int) -> Gan:
    """Train one pair of players until ``images`` scenes were seen.

    They come back to the processor, where all that looks at them draws the same random numbers.
    """
    device = runtime.device()
    gan, labels = players(kind, seed, device), tokens(train.labels).to(device)
    batches = Batches(train.images.to(device), BATCH, seed=seed, labels=labels)
    loss = losses.with_r1(R1, every=8)
    training.fit(gan, batches, images, loss=loss, tick=8_000, progress=False)
    for network in (gan.generator, gan.discriminator, gan.average):
        network.cpu()
    return gan


@torch.no_grad()
def draw(network: nn.Module, labels: Tensor, seed: int) -> Tensor:
    """A picture for each row of labels (N, 4): uint8 (N, 3, 32, 32).

    The network is a ``SceneGenerator`` in eval mode; one that is told nothing ignores the labels.
    """
    z = torch.randn(len(labels), LATENT, generator=torch.Generator().manual_seed(seed))
    parts = zip(z.split(500), tokens(labels).split(500), strict=True)
    return torch.cat([to_uint8(network(*part)) for part in parts])


def walk(length: int, frames: int, seed: int) -> Tensor:
    """Latent vectors (frames, length) on an arc between two random ones.

    On the arc, unlike on the straight line, every vector has about the length that random ones
    have, which is all that the generator was trained on.
    """
    ends = torch.randn(2, length, generator=torch.Generator().manual_seed(seed))
    angle = torch.linspace(0, torch.pi / 2, frames)[:, None]
    return angle.cos() * ends[0] + angle.sin() * ends[1]


@functools.cache
def load_painter() -> SceneGenerator:
    """The shipped generator of scenes, frozen; its card says how it was trained and scored."""
    return load_into(SceneGenerator(len(WORDS)), "scenes", "painter", model="scenes")


class Exam(NamedTuple):
    """Held-out descriptions (N, 4), pictures of them that are real, and others to compare with."""

    labels: Tensor
    real: Tensor
    reference: Tensor


def exam(repeats: int = 25, held_out: bool = True) -> Exam:
    """The test: ``repeats`` real scenes of each of the descriptions, twice, of other seeds."""
    labels = scenes.descriptions(held_out).repeat(repeats, 1)
    real, reference = (compose(len(labels), TEST_SEED + k, labels).images for k in (0, 1))
    return Exam(labels, real, reference)


def measure(classifier: SceneClassifier, images: Tensor, test: Exam) -> dict[str, Any]:
    """How well pictures follow the test's descriptions, and how like real ones they are.

    Returns:
        The share of pictures that are right in each group and in ``all`` four; that share for each
        of the ``pairs``, in the order of the objects; ``frechet``, the distance of the
        classifier's features from those of real pictures; ``variety``, the spread of pictures of
        one description, in units of the spread of real ones.
    """
    hits = right(classifier, images, test.labels)
    every = hits.all(dim=1, keepdim=True)
    shares = torch.cat([hits, every], dim=1).double().mean(dim=0).tolist()
    names = (*scenes.NAMES, "all")
    found: dict[str, Any] = {k: round(x, 4) for k, x in zip(names, shares, strict=True)}
    pairs = test.labels[:, :2].unique(dim=0)
    here = ((test.labels[:, :2] == pair).all(dim=1) for pair in pairs)
    found["pairs"] = [round(float(every[of_pair].double().mean()), 4) for of_pair in here]
    of_real, of_these = (
        statistics(extract(classifier.features, x)) for x in (test.reference, images)
    )
    found["frechet"] = round(frechet_distance(of_real, of_these), 4)
    found["variety"] = round(spread(images, test.labels) / spread(test.real, test.labels), 3)
    return found


def spread(images: Tensor, labels: Tensor) -> float:
    """Root mean square distance of a pixel from its mean over pictures of the same description."""
    groups = [images[(labels == label).all(dim=1)].double() for label in labels.unique(dim=0)]
    return float(torch.stack([group.var(dim=0).mean() for group in groups]).mean().sqrt())


def best_of(
    network: nn.Module, picker: SceneClassifier, labels: Tensor, n: int, seed: int
) -> Tensor:
    """For each description, the one of ``n`` fresh pictures that the picker likes best.

    The network is not told anything; choosing is all that makes the pictures, uint8
    (N, 3, 32, 32), follow a description.
    """
    pictures = draw(network, labels.repeat_interleave(n, dim=0), seed)
    wanted = tokens(labels).repeat_interleave(n, dim=0)
    liking = answers(picker, pictures).gather(1, wanted).sum(dim=1).view(len(labels), n)
    chosen = liking.argmax(dim=1) + n * torch.arange(len(labels))
    return pictures[chosen]


def timed(call: Any, *args: Any) -> tuple[Any, float]:
    """What a call gives, and its seconds of processor time, of all threads."""
    start = time.process_time()
    value = call(*args)
    return value, time.process_time() - start
