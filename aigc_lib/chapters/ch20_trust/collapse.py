"""Models trained on what models drew: how variety dies, and how much real data keeps it (ch. 20).

Shumailov et al. (2024), doi:10.1038/s41586-024-07566-y; Alemohammad et al. (2023),
arXiv:2307.01850.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from scipy.special import digamma
from torch import Tensor


class Loop(NamedTuple):
    """Means and variances of the fitted Gaussians: each (generations + 1, chains)."""

    mean: Tensor
    variance: Tensor


def gaussian_loop(n: int, generations: int, chains: int, real: int = 0, seed: int = 0) -> Loop:
    """Fit a Gaussian to n numbers, draw n from it, fit again; ``real`` of the n come from N(0, 1).

    The first is N(0, 1) itself. Variances are fitted without bias (divided by n - 1).

    Raises:
        ValueError: n < 2, or more real numbers than n.
    """
    if n < 2 or not 0 <= real <= n:
        raise ValueError(f"need n >= 2 and 0 <= real <= n, got {n} and {real}")
    rng = torch.Generator().manual_seed(seed)
    mean, variance = [torch.zeros(chains).double()], [torch.ones(chains).double()]
    for _ in range(generations):
        noise = torch.randn(chains, n, generator=rng, dtype=torch.float64)
        drawn = mean[-1][:, None] + variance[-1].sqrt()[:, None] * noise
        drawn[:, :real] = noise[:, :real]
        mean.append(drawn.mean(1))
        variance.append(drawn.var(1))
    return Loop(torch.stack(mean), torch.stack(variance))


def expected_moments(n: int, generations: int, real: int = 0) -> np.ndarray:
    """E variance and E mean^2 of each generation, (generations + 1, 2), exactly."""
    a, c = real / n, real * (n - real) / (n * (n - 1))
    step = np.array([[1 - a, c], [(1 - a) / n, (1 - a) ** 2]])
    moments = [np.array([1.0, 0.0])]
    for _ in range(generations):
        moments.append(step @ moments[-1] + np.array([a, a / n]))
    return np.stack(moments)


def log_drift(n: int) -> float:
    """E log variance gained per generation without real data: below 0, about -1 / (n - 1)."""
    return float(digamma((n - 1) / 2)) - math.log((n - 1) / 2)


class Digits(NamedTuple):
    """A generator that can be fitted again in a moment: one Gaussian a class in a plane of 40."""

    mean: Tensor  # (10, d)
    root: Tensor  # (10, d, d): of the covariance
    plane: Tensor  # (784, d)
    middle: Tensor  # (784,)

    @classmethod
    def fit(cls, pictures: Tensor, labels: Tensor, plane: Tensor, middle: Tensor) -> "Digits":
        """Fit pictures uint8 (N, 1, 28, 28) whose classes are 0..9."""
        flat = (pictures.flatten(1).float() / 255 - middle) @ plane
        parts = [flat[labels == k] for k in range(10)]
        values, vectors = torch.linalg.eigh(torch.stack([part.T.cov() for part in parts]))
        root = vectors * values.clamp(min=0).sqrt()[:, None, :]
        return cls(torch.stack([part.mean(0) for part in parts]), root, plane, middle)

    def draw(self, labels: Tensor, seed: int) -> Tensor:
        """Pictures uint8 (N, 1, 28, 28) of these classes."""
        rng = torch.Generator().manual_seed(seed)
        noise = torch.randn(len(labels), self.mean.shape[1], generator=rng)
        points = self.mean[labels] + torch.einsum("nij,nj->ni", self.root[labels], noise)
        flat = (points @ self.plane.T + self.middle).clamp(0, 1)
        return (255 * flat).round().to(torch.uint8).view(-1, 1, 28, 28)


def digit_loop(
    images: Tensor, labels: Tensor, generations: int, real: float, seed: int, a_class: int = 100
) -> list[Tensor]:
    """Pictures of each generation; a share ``real`` of what it learns from is real, always fresh.

    Each generation learns from ``a_class`` pictures a class. The plane is that of all real ones.
    """
    flat = images.flatten(1).float() / 255
    middle = flat.mean(0)
    plane = torch.linalg.eigh((flat - middle).T.cov()).eigenvectors[:, -40:]
    rng = torch.Generator().manual_seed(seed)
    asked = torch.arange(10).repeat_interleave(a_class)
    keep = round(real * a_class)
    is_real = (torch.arange(a_class) < keep).repeat(10)

    def fresh() -> Tensor:
        """Real pictures of the asked classes, drawn anew."""
        rows = [(labels == k).nonzero()[:, 0] for k in range(10)]
        picked = [r[torch.randperm(len(r), generator=rng)[:a_class]] for r in rows]
        return images[torch.cat(picked)]

    known, drawn = fresh(), []
    for generation in range(generations):
        model = Digits.fit(known, asked, plane, middle)
        drawn.append(model.draw(asked, seed=1_000 * seed + generation))
        known = torch.where(is_real[:, None, None, None], fresh(), drawn[-1])
    return drawn
