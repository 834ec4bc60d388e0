"""Right and wrong answers to chapter 06's exercises, and what the hint to each wrong one says."""

import math

import torch
import torch.nn.functional as F


def step(discriminator, optimizer, real, fake, *, detach=True, flip=1.0, move=True, clear=True):
    fake = fake.detach() if detach else fake
    loss = F.softplus(-flip * discriminator(real)).mean()
    loss = loss + F.softplus(flip * discriminator(fake)).mean()
    if clear:
        optimizer.zero_grad()
    loss.backward()
    if move:
        optimizer.step()


def slerp(a, b, steps):
    angle = torch.arccos(a @ b / (a.norm() * b.norm()))
    t = torch.linspace(0, 1, steps)[:, None]
    return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)


def verdict(a, b, errors=2.0, less=1, margin=0.0):
    a, b = torch.tensor(a), torch.tensor(b)
    if min(len(a), len(b)) < 2:
        return "undecided"
    gap, parts = float(a.mean() - b.mean()), [x.var(correction=less) / len(x) for x in (a, b)]
    if abs(gap) <= errors * math.sqrt(sum(parts)) - margin:
        return "undecided"
    return "a" if gap < 0 else "b"


def smooth(real, fake, s):
    return ((1 - s) * F.softplus(-real) + s * F.softplus(real)).mean() + F.softplus(fake).mean()


def smooth_both(real, fake, s):
    fake_loss = (1 - s) * F.softplus(fake) + s * F.softplus(-fake)
    return smooth(real, fake, s) - F.softplus(fake).mean() + fake_loss.mean()


def literal(real, fake, s):
    d = torch.sigmoid(real)
    real_loss = -(1 - s) * torch.log(d) - s * torch.log(1 - d)
    return real_loss.mean() - torch.log(1 - torch.sigmoid(fake)).mean()


def seeded(n, dim, rng):
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(0))


RIGHT = {
    "06.1": -math.log(0.8) - math.log(0.7),
    "06.2": smooth,
    "06.3": lambda n, dim, rng: torch.randn(n, dim, generator=rng),
    "06.4": slerp,
    "06.5": step,
    "06.6": verdict,
}
WRONG = [
    ("06.1", -math.log(0.8) - math.log(0.3), "target is 0"),
    ("06.1", (-math.log(0.8) - math.log(0.7)) / 2, "half"),
    ("06.1", math.log(0.8) + math.log(0.7), "sign"),
    ("06.1", (-math.log(0.8) - math.log(0.7)) / math.log(2), "bits"),
    ("06.1", (-math.log(0.8) - math.log(0.7)) / math.log(10), "base 10"),
    ("06.2", lambda real, fake, s: 16 * smooth(real, fake, s), "take the mean"),
    ("06.2", smooth_both, "real images' target only"),
    ("06.2", lambda real, fake, s: smooth(real, fake, 0.0), "costs t"),
    ("06.2", lambda real, fake, s: smooth(fake, real, s), "costs t"),
    ("06.2", literal, "softplus"),
    ("06.3", lambda n, dim, rng: torch.randn(dim, n, generator=rng), "transposed"),
    ("06.3", lambda n, dim, rng: torch.randn(n, dim), "generator"),
    ("06.3", seeded, "seed inside"),
    ("06.3", lambda n, dim, rng: torch.rand(n, dim, generator=rng), "deviation"),
    ("06.3", lambda n, dim, rng: torch.randn(n, dim, generator=rng).requires_grad_(), "gradient"),
    ("06.4", lambda a, b, n: torch.lerp(a, b, torch.linspace(0, 1, n)[:, None]), "straight"),
    ("06.4", lambda a, b, n: slerp(b, a, n), "start"),
    ("06.4", lambda a, b, n: slerp(a, b, n + 1), "shape"),
    ("06.5", lambda *a: step(*a, detach=False), "received a gradient"),
    ("06.5", lambda *a: step(*a, flip=-1.0), "move"),
    ("06.5", lambda *a: step(*a, move=False), "did not move"),
    ("06.5", lambda *a: step(*a, clear=False), "old gradients"),
    ("06.6", lambda a, b: "a" if sum(a) < sum(b) else "b", "spread"),
    ("06.6", lambda a, b: "undecided", "far apart"),
    ("06.6", lambda a, b: {"a": "b", "b": "a"}.get(verdict(a, b), "undecided"), "far apart"),
    ("06.6", lambda a, b: verdict(a, b, errors=1.0), "twice"),
    ("06.6", lambda a, b: verdict(a, b, less=0), "n - 1"),
    ("06.6", lambda a, b: verdict(a, b, margin=1e-9), "the same scores"),
]
