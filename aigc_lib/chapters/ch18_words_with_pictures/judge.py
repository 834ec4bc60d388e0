"""Who checks the describer: a rule for colours, a classifier for garments.

Neither has seen the describer or its training pictures. The colour is measured: the mean colour of
what is not wall, compared with the six by its hue and brightness. The garment is judged by a small
network, trained on photographs of its own in all pairs, which may also answer "none of these".
"""

import functools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aigc_lib.chapters.ch18_words_with_pictures import products
from aigc_lib.chapters.ch18_words_with_pictures.products import COLOURS, GARMENTS
from aigc_lib.core import runtime
from aigc_lib.core.training import insist_on_finite
from aigc_lib.pretrained.loaders import load_into

NONE = len(GARMENTS)  # the answer "none of these"
SCENES, STEPS, BATCH, SEED = 8_000, 500, 64, 50_000
FAR = 0.12  # a colour further than this from all six is none of them
LEAST = 12  # pixels that are not wall, or nothing stands there
THRESHOLDS = (0.999, 0.998, 0.995, 0.99, 0.98, 0.95, 0.9, 0.8, 0.5)  # the strictest first


def halves(images: Tensor) -> Tensor:
    """Pictures (N, 3, 32, 32) as their left and right halves (N, 2, 3, 32, 16), from 0 to 1."""
    return torch.stack(images.float().div(255).split(16, dim=3), dim=1)


def ink(parts: Tensor) -> Tensor:
    """How far each pixel is from the wall, the median of the rim: (..., 32, 16)."""
    rim = torch.cat([parts[..., 0, :], parts[..., -1, :]], dim=-1)
    wall = rim.median(dim=-1).values
    return (parts - wall[..., None, None]).abs().amax(dim=-3)


def colours(images: Tensor) -> Tensor:
    """The measured colour left and right: int64 (N, 2), -1 where it is none of the six."""
    parts = halves(images)
    there = ink(parts) > 0.3
    count = there.sum((-1, -2))
    mean = (parts * there[:, :, None]).sum((-1, -2)) / count.clamp(min=1)[..., None]
    table = torch.tensor([rgb for _, _, rgb in COLOURS]).float() / 255
    apart = (F.normalize(mean, dim=-1)[:, :, None] - F.normalize(table, dim=-1)).square().sum(-1)
    # Orange and brown differ in brightness alone, so the length of the colour counts a little.
    apart = apart + 0.05 * (mean.norm(dim=-1)[..., None] - 0.8 * table.norm(dim=-1)).square()
    near, which = apart.min(-1)
    return torch.where((near < FAR) & (count >= LEAST), which, -1)


class GarmentJudge(nn.Module):
    """Halves of pictures (M, 3, 32, 16), 0 to 1, to logits of the garments and of none (M, 8)."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in ((1, 24), (24, 48), (48, 64)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)]
            layers += [nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
        self.net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 4 * 2, NONE + 1))

    def forward(self, parts: Tensor) -> Tensor:
        """Only the ink is looked at: a judge of shapes should hardly see colours."""
        logits: Tensor = self.net(ink(parts)[:, None])
        return logits


def strangers(parts: Tensor, rng: torch.Generator) -> Tensor:
    """Halves that show no garment: a quarter empty, a quarter noise, the rest cut up and mixed."""
    kind = torch.randint(4, (len(parts), 1, 1, 1), generator=rng)
    empty = 0.9 + 0.02 * torch.randn(parts.shape, generator=rng)
    noise = torch.rand(parts.shape, generator=rng)
    above = torch.cat([parts[:, :, 16:], parts.roll(1, 0)[:, :, :16]], dim=2)
    beside = torch.cat([parts.roll(2, 0)[..., 8:], parts.flip(2).roll(5, 2)[..., 8:]], dim=3)
    other = torch.where(kind == 0, empty, torch.where(kind == 1, noise, above))
    return torch.where(kind == 3, beside, other)


def fit(seed: int = 0, steps: int = STEPS) -> GarmentJudge:
    """Train one on pictures of its own; a fifth of what it sees shows no garment."""
    scenes = products.compose(SCENES, SEED + seed, "judge", held_out=None)
    parts, labels = halves(scenes.images).flatten(0, 1), scenes.labels[..., 0].flatten()
    rng, device = torch.Generator().manual_seed(seed), runtime.device()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = GarmentJudge().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    for _ in range(steps):
        rows = torch.randint(len(parts), (BATCH,), generator=rng)
        seen, wanted = parts[rows], labels[rows].clone()
        few = BATCH // 5
        seen[:few], wanted[:few] = strangers(seen[:few], rng), NONE
        loss = F.cross_entropy(model(seen.to(device)), wanted.to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    insist_on_finite({"loss": float(loss.detach())}, f"before step {steps}")
    return model.eval()


@torch.no_grad()
def garments(model: GarmentJudge, images: Tensor) -> Tensor:
    """The probability of each garment and of none, left and right: (N, 2, 8)."""
    device = next(model.parameters()).device
    parts = halves(images).flatten(0, 1).split(1_000)
    found = torch.cat([model(part.to(device)).softmax(1).cpu() for part in parts])
    return found.view(-1, 2, NONE + 1)


def claims(model: GarmentJudge, images: Tensor) -> Tensor:
    """What the judge itself would say: garment and colour, left and right (N, 2, 2); -1: none."""
    best = garments(model, images).argmax(2)
    return torch.stack([best.masked_fill(best == NONE, -1), colours(images)], dim=2)


def sure_of(model: GarmentJudge, images: Tensor, claims: Tensor) -> Tensor:
    """The judge's probability (N, 2) of claimed garments (N, 2); 0 where none is claimed."""
    found = garments(model, images).gather(2, claims.clamp(min=0)[..., None])[..., 0]
    return found * (claims >= 0)


def threshold_for(sure: Tensor, right: Tensor, rate: float, confidence: float = 0.95) -> float:
    """The lowest threshold of which it is sure that at most ``rate`` of what it confirms is wrong.

    sure (N,) is the judge's probability of each claim; the claims must be independent. Of the
    ``THRESHOLDS`` one after the other is tested: it holds if the upper end of Clopper and Pearson's
    interval for the share wrong is at most the rate. The first that fails ends the row, so all
    tests together err in at most 5 of 100 choices. 1.0, which confirms nothing, if none holds.
    """
    from scipy.stats import beta

    chosen = 1.0
    for threshold in THRESHOLDS:
        stated = sure > threshold
        n, wrong = int(stated.sum()), int((stated & ~right).sum())
        if not beta.ppf(confidence, wrong + 1, n - wrong) <= rate:  # no number if all are wrong
            break
        chosen = threshold
    return chosen


@functools.cache
def shipped() -> GarmentJudge:
    """The shipped judge, frozen: recorded with ``aigc record 18 describer``."""
    return load_into(GarmentJudge(), "words", "judge", model="describer")
