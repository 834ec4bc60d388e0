"""Pretraining a masked autoencoder, and asking what its features are worth (chapter 10).

``fit`` lowers the mean squared error of the pixels that were hidden. ``probe`` is the linear probe:
a logistic regression on frozen features and few labels.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from tqdm.auto import tqdm

from aigc_lib.chapters.ch10_pretraining_language_models.mae import (
    MAEConfig,
    MaskedAutoencoder,
    choose,
    loss_of,
    to_patches,
)
from aigc_lib.core.optim import cosine_lr, set_lr
from aigc_lib.core.pixels import normalize
from aigc_lib.core.training import Row, insist_on_finite
from aigc_lib.data.batches import Batches
from aigc_lib.data.images import load
from aigc_lib.lm.training import adamw

Part = tuple[Tensor, Tensor]  # pictures or features (N, ...) and classes (N,)
STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0)
BATCH = 64


class Clothes(NamedTuple):
    """Fashion-MNIST in four parts that share no picture; images are uint8 (N, 1, 28, 28).

    Attributes:
        unlabelled: to pretrain on, without labels.
        labelled: 5,000 to learn the classes from.
        valid: 1,000 to choose settings of the probe on.
        test: 8,000 to test on. The first 2,000 of the test split are left out: they were looked at
            while the settings of this module were chosen.
    """

    unlabelled: Tensor
    labelled: Part
    valid: Part
    test: Part


def clothes() -> Clothes:
    """Load the pictures and divide them."""
    train, test = load("fashion-mnist"), load("fashion-mnist", "test")
    x, y = train.images, train.labels
    return Clothes(
        x[6000:], (x[:5000], y[:5000]), (x[5000:6000], y[5000:6000]),
        (test.images[2000:], test.labels[2000:]),
    )  # fmt: skip


def few(labelled: Part, n: int, seed: int) -> Part:
    """``n`` of the labelled pictures, drawn without regard to their class."""
    drawn = torch.randperm(len(labelled[1]), generator=torch.Generator().manual_seed(seed))[:n]
    return labelled[0][drawn], labelled[1][drawn]


@dataclass(frozen=True)
class Config:
    """How ``fit`` trains.

    Attributes:
        steps: how many.
        lr, warmup: the highest learning rate, which ends at a tenth; steps until it is reached.
        weight_decay: of the matrices.
        contrast: guess each hidden patch less its mean and divided by its standard deviation, so
            that its pattern counts and not how bright it is (He et al., 2022, section 4.1).
    """

    steps: int = 1500
    lr: float = 3e-3
    warmup: int = 100
    weight_decay: float = 0.05
    contrast: bool = False


PAGE = Config()
LONG = Config(steps=12_000, lr=2e-3, contrast=True)


def fresh(seed: int) -> MaskedAutoencoder:
    """The network before training."""
    torch.manual_seed(seed)
    return MaskedAutoencoder(MAEConfig())


def fit(
    model: MaskedAutoencoder,
    batches: Batches,
    settings: Config,
    seed: int,
    *,
    tick: int = 250,
    on_tick: Callable[[Row], None] | None = None,
    progress: bool = True,
) -> list[Row]:
    """Train; the model ends in evaluation mode.

    Args:
        model: to train, on the device of the batches.
        batches: endless pictures without labels.
        settings: of the training.
        seed: of what is hidden.
        tick, on_tick: steps between rows; what is called with each, and may add to it.
        progress: show a progress bar.

    Returns:
        rows of ``steps``, ``seconds`` and ``loss`` (mean since the last row).

    Raises:
        TrainingError: the loss stopped being a finite number.
        ValueError: steps or tick below 1.
    """
    if settings.steps < 1 or tick < 1:
        raise ValueError(f"steps and tick must be at least 1, got {settings.steps} and {tick}")
    size, device = model.config, batches.images.device
    rng = torch.Generator(device).manual_seed(seed)
    optimizer = adamw(model, settings.lr, settings.weight_decay)
    history: list[Row] = []
    total, start = torch.zeros((), device=device), time.perf_counter()
    model.train()
    for step in tqdm(range(settings.steps), unit="step", desc="training", disable=not progress):
        set_lr(optimizer, cosine_lr(step, settings.steps, settings.lr, settings.warmup))
        patches = to_patches(normalize(next(batches)), size.patch)
        seen, hidden = choose(len(patches), size.places, size.visible, rng)
        loss = loss_of(model, patches, seen, hidden, settings.contrast)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        total += loss.detach()
        if (step + 1) % tick == 0 or step + 1 == settings.steps:
            mean = float(total) / ((step % tick) + 1)
            insist_on_finite({"loss": mean}, f"before step {step + 1}")
            history.append(
                {"steps": step + 1, "seconds": time.perf_counter() - start, "loss": mean}
            )
            if on_tick:
                on_tick(history[-1])
            total.zero_()
    model.eval()
    return history


@torch.no_grad()
def evaluate(model: MaskedAutoencoder, images: Tensor, contrast: bool = False) -> float:
    """``loss_of`` over held-out pictures uint8 (N, 1, H, W); the same patches hidden every time."""
    images = images.to(model.embed.weight.device)
    patches = to_patches(normalize(images), model.config.patch)
    rng = torch.Generator(patches.device).manual_seed(0)
    seen, hidden = choose(len(patches), model.config.places, model.config.visible, rng)
    total = 0.0
    for part in torch.arange(len(images)).split(500):
        loss = loss_of(model, patches[part], seen[part], hidden[part], contrast)
        total += float(loss) * len(part)
    return total / len(images)


class Probed(NamedTuple):
    """A linear probe: right answers of how many, and the inverse regularisation it chose."""

    right: int
    of: int
    strength: float


def probe(train: Part, valid: Part, test: Part, strengths: Sequence[float] = STRENGTHS) -> Probed:
    """A logistic regression on features; how strongly it is held back is chosen on ``valid``.

    Every feature is first shifted and scaled to mean 0 and variance 1 on ``train``, as He et al.
    (2022, appendix A.1) do for their probe. ``test`` has no part in any choice.

    Raises:
        ValueError: an empty part, or labels that do not fit the features.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    for name, (x, y) in (("train", train), ("valid", valid), ("test", test)):
        if not len(x) or x.ndim != 2 or len(x) != len(y):
            raise ValueError(
                f"{name} needs a label for each row of features, got {tuple(x.shape)} and {len(y)}"
            )
    scale = StandardScaler().fit(train[0].cpu().numpy())
    learned, chosen, tested = [
        (scale.transform(x.cpu().numpy()), y.cpu().numpy()) for x, y in (train, valid, test)
    ]
    # Each strength starts from the weights of the one before: the same optimum, sooner.
    lines = LogisticRegression(max_iter=500, warm_start=True)
    tried = []
    for strength in sorted(strengths):
        lines.set_params(C=strength).fit(*learned)
        right = int((lines.predict(tested[0]) == tested[1]).sum())
        tried.append((lines.score(*chosen), Probed(right, len(tested[1]), strength)))
    return max(tried, key=lambda found: found[0])[1]
