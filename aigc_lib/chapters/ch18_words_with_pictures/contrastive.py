"""Contrastive training: a picture shall find its own text among those of the batch, and back."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aigc_lib.chapters.ch18_words_with_pictures.data import LANGUAGES, Pictures
from aigc_lib.chapters.ch18_words_with_pictures.encoders import (
    SIDE,
    ImageEncoder,
    TextEncoder,
    bag,
)
from aigc_lib.core import runtime
from aigc_lib.core.training import insist_on_finite
from aigc_lib.pretrained.loaders import load_into

BATCH, STEPS, LONG, RENDERINGS = 256, 350, 900, 12  # LONG: the steps of the recorded runs
KEYWORDS = 8  # of a picture, at most, that training reads


def info_nce(pictures: Tensor, texts: Tensor, temperature: Tensor | float) -> Tensor:
    """Oord et al. (2018) in both directions, as CLIP has it: the mean of two cross-entropies.

    pictures and texts (N, d) of length 1; row k of one belongs to row k of the other. In nats.
    """
    scores = pictures @ texts.T / temperature
    own = torch.arange(len(scores), device=scores.device)
    return (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own)) / 2


class Model(nn.Module):
    """Both encoders and the temperature, which is learnt too, as its logarithm."""

    def __init__(self, temperature: float = 0.1, dropout: float = 0.3) -> None:
        super().__init__()
        self.pictures, self.texts = ImageEncoder(dropout=dropout), TextEncoder()
        self.log_temperature = nn.Parameter(torch.tensor(temperature).log())

    @property
    def temperature(self) -> Tensor:
        """Never below 0.01, as in CLIP."""
        return self.log_temperature.exp().clamp(min=0.01)

    @torch.no_grad()
    def read(self, texts: list[str]) -> Tensor:
        """Points (N, 64) of texts."""
        points: Tensor = self.texts(bag(texts).to(self.log_temperature.device))
        return points.cpu()

    @torch.no_grad()
    def look(self, pictures: Tensor) -> Tensor:
        """Points (N, 64) of pictures uint8 (N, 3, 32, 32)."""
        device = self.log_temperature.device
        return torch.cat([self.pictures(part.to(device)).cpu() for part in pictures.split(500)])


def render(cutouts: Tensor, seed: int | None = None) -> Tensor:
    """Cut-outs (N, 4, 64, 64) as pictures uint8 (N, 3, 32, 32): plain on white, or, with a seed,
    turned, moved, larger or smaller, on half of them another background, in another light.
    """
    n = len(cutouts)
    alpha = cutouts[:, 3:].float() / 255
    piece = torch.cat([cutouts[:, :3].float() * alpha, alpha], dim=1)
    if seed is None:
        piece = F.avg_pool2d(piece, 2)
        return (piece[:, :3] + 255 * (1 - piece[:, 3:])).round().to(torch.uint8)
    rng = torch.Generator().manual_seed(seed)
    zoom, turn = torch.rand(2, n, generator=rng)
    zoom, turn = 0.85 + 0.35 * zoom, 0.5 * (turn - 0.5)
    shift = 0.3 * (torch.rand(n, 2, generator=rng) - 0.5)
    rows = (zoom * turn.cos(), -zoom * turn.sin(), shift[:, 0],
            zoom * turn.sin(), zoom * turn.cos(), shift[:, 1])  # fmt: skip
    grid = F.affine_grid(torch.stack(rows, 1).view(n, 2, 3), [n, 4, 64, 64], align_corners=False)
    piece = F.avg_pool2d(F.grid_sample(piece, grid, align_corners=False), 64 // SIDE)
    ground = 255 * torch.rand(n, 3, 1, 1, generator=rng)
    ground[torch.rand(n, generator=rng) < 0.5] = 255
    light = 0.8 + 0.4 * torch.rand(n, 1, 1, 1, generator=rng)
    tint = 30 * (torch.rand(n, 3, 1, 1, generator=rng) - 0.5)
    picture = (piece[:, :3] + ground * (1 - piece[:, 3:])) * light + tint
    return picture.round().clamp(0, 255).to(torch.uint8)


@dataclass(frozen=True, eq=False)
class Material:
    """What training reads, on the device: pictures (R, N, 3, 32, 32), and a picture's bags."""

    pictures: Tensor
    bags: dict[str, Tensor] = field(default_factory=dict)  # each (N, 1 + KEYWORDS, LONGEST)


def prepare(pictures: Pictures, rows: Tensor, renderings: int = RENDERINGS) -> Material:
    """The training rows as renderings and bags; short lists of keywords are repeated."""
    drawn = torch.stack([render(pictures.cutouts[rows], seed) for seed in range(renderings)])
    bags = {}
    for language in LANGUAGES:
        told = []
        for row in rows.tolist():
            name, *keywords = pictures.texts[language][row]
            told.append(bag([name, *((keywords or [name]) * KEYWORDS)[:KEYWORDS]]))
        bags[language] = torch.stack(told)
    device = runtime.device()
    return Material(drawn.to(device), {name: each.to(device) for name, each in bags.items()})


def caption(bags: Tensor, rng: torch.Generator) -> Tensor:
    """A text for each picture, from its name and keywords (B, 1 + KEYWORDS, LONGEST): one bag.

    Each is taken with probability 0.3, the name with 0.65; then a fifth of the pieces go.
    """
    taken = torch.rand(bags.shape[:2], generator=rng) < 0.3
    taken[:, 0] |= torch.rand(len(bags), generator=rng) < 0.5
    taken[taken.sum(1) == 0, 0] = True
    kept = torch.rand(bags.shape, generator=rng) >= 0.2
    return (bags * (taken[..., None] & kept).to(bags.device)).flatten(1)


def fit(
    material: Material, seed: int = 0, steps: int = STEPS,
    on_step: Callable[[int, Model], None] = lambda step, model: None, **settings: Any,
) -> Model:  # fmt: skip
    """Train a model: pictures against English, and against Chinese; never one text with another.

    ``on_step`` is called before each step, and after the last. TrainingError if the loss stops
    being a finite number.
    """
    rng, device = torch.Generator().manual_seed(seed), material.pictures.device
    renderings, count = material.pictures.shape[:2]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Model(**settings).to(device)
        optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
        for step in range(steps):
            on_step(step, model)
            model.train()
            own = torch.randperm(count, generator=rng)[:BATCH].to(device)
            drawn = torch.randint(renderings, (BATCH,), generator=rng).to(device)
            pictures = material.pictures[drawn, own]
            if step % 2:
                pictures = pictures.flip(3)
            points, loss = model.pictures(pictures), torch.zeros((), device=device)
            for bags in material.bags.values():
                texts = model.texts(caption(bags[own], rng))
                loss = loss + info_nce(points, texts, model.temperature) / len(material.bags)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    insist_on_finite({"loss": float(loss.detach())}, f"before step {steps}")
    on_step(steps, model.eval())
    return model.eval()


@functools.cache
def shipped() -> Model:
    """The shipped model, frozen: recorded with ``aigc record 18 words``."""
    return load_into(Model(), "words", "search", model="words")
