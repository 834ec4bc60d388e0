"""Distributions in one and two dimensions, known exactly: a GAN can be compared with the truth."""

import math
import operator
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor


class Coverage(NamedTuple):
    """How samples cover the modes of a mixture.

    Attributes:
        modes: how many modes get at least a tenth of their fair share of the samples, each of them
            within 3 deviations of that mode.
        high_quality: share of the samples within 3 deviations of some mode.
        counts: int64 (K,), the high-quality samples of each mode.
    """

    modes: int
    high_quality: float
    counts: Tensor


class Mixture:
    """Equal parts of K round Gaussians.

    Args:
        centres: (K, d).
        sd: standard deviation of each part along each axis, positive.

    Raises:
        ValueError: centres of another shape, or sd not positive.
    """

    def __init__(self, centres: Tensor, sd: float) -> None:
        if centres.ndim != 2 or not len(centres) or not sd > 0:
            raise ValueError(f"need centres (K, d) and sd > 0, got {tuple(centres.shape)}, {sd}")
        self.centres, self.sd = centres.float(), sd

    def to(self, device: torch.device | str) -> "Mixture":
        """The same mixture on another device."""
        return Mixture(self.centres.to(device), self.sd)

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """``n`` fresh samples (n, d), float32, on the centres' device, which is also ``rng``'s."""
        device = self.centres.device
        part = torch.randint(len(self.centres), (n,), device=device, generator=rng)
        noise = torch.randn(n, self.centres.shape[1], device=device, generator=rng)
        return torch.addcmul(self.centres[part], noise, torch.full_like(noise, self.sd))

    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) at points (n, d), shape (n,), in the precision of ``x``.

        Raises:
            ValueError: no points, or of another dimension.
        """
        self._check(x)
        k, d = self.centres.shape
        square = (x[:, None] - self.centres.to(x)).square().sum(dim=2)
        scale = d * math.log(self.sd * math.sqrt(2 * math.pi)) + math.log(k)
        return (-square / (2 * self.sd**2)).logsumexp(dim=1) - scale

    def coverage(self, samples: Tensor) -> Coverage:
        """Count the modes that samples (n, d) reach.

        The rule of Srivastava et al., 2017 ("VEEGAN", section 4.1) counts a mode on its first
        sample; a tenth of the fair share keeps strays from counting, whatever n is.

        Raises:
            ValueError: no samples, or of another dimension.
        """
        self._check(samples)
        k = len(self.centres)
        # Exact differences: by its default, x^2 - 2xy + y^2, cdist loses the digits of a small sd.
        exact = "donot_use_mm_for_euclid_dist"
        pairs = torch.cdist(samples.to(self.centres), self.centres, compute_mode=exact)
        distance, nearest = pairs.min(dim=1)
        good = distance <= 3 * self.sd
        counts = torch.bincount(nearest[good], minlength=k)
        modes = int((counts >= 0.1 * len(samples) / k).sum())
        return Coverage(modes, float(good.double().mean()), counts)

    def _check(self, points: Tensor) -> None:
        """Refuse what would be broadcast into nonsense."""
        if points.ndim != 2 or not len(points) or points.shape[1] != self.centres.shape[1]:
            wanted = f"(n, {self.centres.shape[1]}) with n >= 1"
            raise ValueError(f"need points {wanted}, got {tuple(points.shape)}")


def line(mean: float = 0.0, sd: float = 1.0) -> Mixture:
    """One Gaussian in one dimension."""
    return Mixture(torch.tensor([[mean]]), sd)


def ring(modes: int = 8, radius: float = 2.0, sd: float = 0.02) -> Mixture:
    """Gaussians evenly on a circle; the sizes are those of Metz et al., 2017, "Unrolled GANs".

    Raises:
        ValueError: modes < 1, or sd not positive.
    """
    if modes < 1:
        raise ValueError(f"modes must be at least 1, got {modes}")
    angle = torch.arange(modes) * (2 * torch.pi / modes)
    return Mixture(radius * torch.stack([angle.cos(), angle.sin()], dim=1), sd)


def grid(side: int = 5, spacing: float = 2.0, sd: float = 0.05) -> Mixture:
    """``side * side`` Gaussians on a square grid around 0; sizes as in VEEGAN (2017).

    Raises:
        ValueError: side < 1, or sd not positive.
    """
    if side < 1:
        raise ValueError(f"side must be at least 1, got {side}")
    places = (torch.arange(side) - (side - 1) / 2) * spacing
    return Mixture(torch.cartesian_prod(places, places), sd)


class Draws:
    """Endless batches of fresh samples of a mixture: no sample is ever seen twice.

    Args:
        mixture: where they come from.
        batch: samples a batch, at least 1.
        seed: of the draws.

    Raises:
        ValueError: batch < 1.
    """

    def __init__(self, mixture: Mixture, batch: int, *, seed: int) -> None:
        if operator.index(batch) < 1:
            raise ValueError(f"batch must be at least 1, got {batch}")
        self.mixture, self.batch, self.seed = mixture, batch, seed
        self._rng = torch.Generator(mixture.centres.device).manual_seed(seed)

    def __iter__(self) -> "Draws":
        """Itself: the stream goes on where it is."""
        return self

    def __next__(self) -> Tensor:
        """The next batch: float32 (batch, d)."""
        return self.mixture.sample(self.batch, self._rng)

    def state_dict(self) -> dict[str, Any]:
        """The place in the stream."""
        place = {"seed": self.seed, "batch": self.batch, "rng": self._rng.get_state()}
        return {**place, "centres": self.mixture.centres, "sd": self.mixture.sd}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on exactly where the stream of ``state`` was.

        Raises:
            ValueError: the state is of another stream (seed, batch or mixture differ).
        """
        for key, mine in (("seed", self.seed), ("batch", self.batch), ("sd", self.mixture.sd)):
            if state.get(key) != mine:
                told = f"{key} {state.get(key)} (here {mine})"
                raise ValueError(f"this state is of other draws: {told}")
        if not torch.equal(state["centres"].to(self.mixture.centres), self.mixture.centres):
            raise ValueError("this state is of draws from a mixture with other centres")
        self._rng.set_state(state["rng"].cpu())
