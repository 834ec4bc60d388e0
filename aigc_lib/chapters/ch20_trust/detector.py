"""Real or generated? Detectors of this book's own generators, and what they miss (chapter 20)."""

import io
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from aigc_lib.core.pixels import normalize, to_uint8
from aigc_lib.nets.classifier import FEATURES, ImageClassifier
from aigc_lib.pretrained.loaders import load_diffusion, load_first_gan, load_generator
from aigc_lib.recipes.diffusion import DRAWINGS, draw

MAKERS = ("first GAN", "DCGAN", "diffusion")


@torch.no_grad()
def drawn(maker: str, n: int, seed: int) -> Tensor:
    """n digits, uint8 (n, 1, 28, 28), of one of the shipped generators; all classes alike often."""
    rng = torch.Generator().manual_seed(seed)
    labels, z = torch.arange(n) % 10, torch.randn(n, 64, generator=rng)
    if maker == "diffusion":
        return draw(load_diffusion("mnist"), labels, seed, DRAWINGS["mnist"])
    made = load_first_gan()(z) if maker == "first GAN" else load_generator()(z, labels)
    return to_uint8(made)


class Detector(nn.Module):
    """Pictures (N, 1, 28, 28) in [-1, 1] to a score (N,): high for generated ones."""

    def __init__(self) -> None:
        super().__init__()
        self.body = ImageClassifier().body
        self.head = nn.Linear(FEATURES, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N,) of "generated"."""
        scores: Tensor = self.head(self.body(images))[:, 0]
        return scores


def fit(real: Tensor, fake: Tensor, seed: int, steps: int = 300, batch: int = 64) -> Detector:
    """Train a detector on uint8 pictures, half of each batch from each side."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Detector()
    rng = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    told = torch.cat([torch.zeros(batch // 2), torch.ones(batch // 2)])
    for _ in range(steps):
        some = [x[torch.randint(len(x), (batch // 2,), generator=rng)] for x in (real, fake)]
        loss = F.binary_cross_entropy_with_logits(model(normalize(torch.cat(some))), told)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return model.eval().requires_grad_(False)


@torch.no_grad()
def score(model: Detector, images: Tensor) -> Tensor:
    """The detector's score (N,) of uint8 pictures."""
    return torch.cat([model(normalize(some)) for some in images.split(500)])


def spectrum(images: Tensor) -> Tensor:
    """Log power of uint8 pictures by spatial frequency: (N, 15), mean over all directions.

    What a practitioner looks at first: generators leave traces in the high frequencies
    (Durall et al., 2020, arXiv:2003.01826).
    """
    power = torch.fft.fft2(images[:, 0].float() / 255).abs() ** 2
    steps = torch.fft.fftfreq(28) * 28
    ring = (steps[:, None] ** 2 + steps**2).sqrt().round().long().clamp(max=14)
    total = torch.zeros(len(images), 15).index_add(1, ring.flatten(), power.flatten(1))
    return (total / torch.bincount(ring.flatten(), minlength=15) + 1e-6).log()


def faint(images: Tensor) -> Tensor:
    """How many pixels of each uint8 picture are nearly black, 1 to 3 of 255: (N,).

    The background of real digits is exactly black, and no generator's is: a trace of the file.
    """
    return ((images > 0) & (images < 4)).flatten(1).sum(1)


def cleaned(images: Tensor) -> Tensor:
    """The uint8 pictures without that trace: what is at most 10 of 255 becomes black."""
    return images * (images > 10)


class Caught(NamedTuple):
    """How well scores of generated pictures stand out of those of real ones."""

    auc: float  # the chance that a generated picture scores above a real one
    caught: float  # share above the threshold
    alarms: float  # share of the real ones that are, too


def judged(real: Tensor, fake: Tensor, others: Tensor, rate: float = 0.01) -> Caught:
    """Scores of test pictures against a threshold that ``rate`` of ``others``, real, exceed."""
    from sklearn.metrics import roc_auc_score

    threshold = others.double().quantile(1 - rate)
    truth = np.r_[np.zeros(len(real)), np.ones(len(fake))]
    auc = float(roc_auc_score(truth, torch.cat([real, fake]).numpy()))
    return Caught(auc, float((fake > threshold).double().mean()),
                  float((real > threshold).double().mean()))  # fmt: skip


def jpeg(image: Tensor, quality: int) -> Tensor:
    """One picture uint8 (C, H, W) through JPEG and back."""
    buffer, array = io.BytesIO(), image.permute(1, 2, 0).numpy()
    grey = array.shape[2] == 1
    Image.fromarray(array[..., 0] if grey else array).save(buffer, "JPEG", quality=quality)
    back = torch.from_numpy(np.array(Image.open(buffer)))
    return back[None] if grey else back.permute(2, 0, 1)


def shaken(images: Tensor, kind: str, seed: int = 0) -> Tensor:
    """What happens to pictures on their way: "jpeg", "noise" of 8 grey levels, or "blur"."""
    if kind == "jpeg":
        return torch.stack([jpeg(image, 75) for image in images])
    if kind == "noise":
        rng = torch.Generator().manual_seed(seed)
        return to_uint8(normalize(images) + 8 / 127.5 * torch.randn(images.shape, generator=rng))
    weights = torch.tensor([0.1, 0.8, 0.1])
    kernel = (weights[:, None] * weights).view(1, 1, 3, 3)
    padded = F.pad(normalize(images), (1, 1, 1, 1), mode="replicate")
    return to_uint8(F.conv2d(padded, kernel))
