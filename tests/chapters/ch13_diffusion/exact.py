"""One-dimensional data whose posterior is taken by Bayes' rule and quadrature."""

import math

import torch
from scipy.integrate import quad
from torch import Tensor

CENTRES, SD = (-1.0, 0.2, 1.5), 0.3
SHAPED = torch.tensor(CENTRES, dtype=torch.float64).view(3, 1, 1, 1)
STRAIGHT = lambda t: (t, 1 - t)  # noqa: E731
COSINE = lambda t: (math.sin(t * math.pi / 2), math.cos(t * math.pi / 2))  # noqa: E731


def pixels(*values: float) -> Tensor:
    """Numbers as pictures of one pixel, (N, 1, 1, 1)."""
    return torch.tensor(values, dtype=torch.float64).view(-1, 1, 1, 1)


def at(t: float, n: int = 1) -> Tensor:
    """One time, n times."""
    return torch.full((n,), t, dtype=torch.float64)


def bell(x: float, mean: float = 0.0, sd: float = 1.0) -> float:
    """The density of N(mean, sd^2)."""
    return math.exp(-(((x - mean) / sd) ** 2) / 2) / (sd * math.sqrt(2 * math.pi))


def data(x: float) -> float:
    """The density of the data."""
    return sum(bell(x, c, SD) for c in CENTRES) / len(CENTRES)


def expect(f, y: float, t: float, schedule=STRAIGHT) -> float:
    """E[f(x, z); x_t = y]: an integral over x, of the data's density and that of the noise."""
    a, b = schedule(t)

    def inside(x: float) -> float:
        z = (y - a * x) / b
        return f(x, z) * data(x) * bell(z) / b

    peak = min(max(y / max(a, 0.1), -4), 5)
    found, _ = quad(inside, -4, 5, points=sorted({*CENTRES, peak}), limit=300, epsabs=1e-12)
    return float(found)


def density(y: float, t: float, schedule=STRAIGHT) -> float:
    """p_t(y)."""
    return expect(lambda x, z: 1.0, y, t, schedule)


def mean_of(f, y: float, t: float, schedule=STRAIGHT) -> float:
    """E[f(x, z) | x_t = y]."""
    return expect(f, y, t, schedule) / density(y, t, schedule)
