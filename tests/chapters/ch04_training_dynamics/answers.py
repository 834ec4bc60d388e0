"""Right and wrong answers to chapter 04's exercises, and what the hint to each wrong one says."""

import math

import numpy as np
import torch


def sigmoid(t):
    return 1 / (1 + math.exp(-t))


def update(theta, omega, h, gamma, alternating, *, saturating=True, penalty=1.0, first="d"):
    new_omega = omega - h * (sigmoid(omega * theta) * theta + penalty * gamma * omega)
    seen = new_omega if alternating else omega
    slope = sigmoid(seen * theta) if saturating else sigmoid(-seen * theta)
    new_theta = theta + h * slope * seen
    if alternating and first == "g":
        new_theta = theta + h * sigmoid(omega * theta) * omega
        s = sigmoid(omega * new_theta)
        new_omega = omega - h * (s * new_theta + gamma * omega)
    return new_theta, new_omega


def power(matrix, rounds, *, ones=False, squared=False):
    v = torch.randn(matrix.shape[1], generator=torch.Generator().manual_seed(0))
    v = torch.ones_like(v) if ones else v
    for _ in range(rounds):
        v = matrix.T @ (matrix @ v)
        v = v / v.norm()
    size = (matrix @ v).norm()
    return size**2 if squared else size


def penalty(critic, points, *, graph=True, mean=False, whole=False, target=1.0, detach=True):
    at = points.detach().requires_grad_() if detach else points.requires_grad_()
    out = critic(at).mean() if mean else critic(at).sum()
    (slope,) = torch.autograd.grad(out, at, create_graph=graph)
    if whole:
        return (slope.norm() - 1) ** 2
    if target == 0:
        return slope.square().sum(1).mean()
    return ((slope.norm(dim=1) - 1) ** 2).mean()


def diagnose(history, *, largest=20, signed=False, memory=0.5):
    d_loss = np.array([row["d_loss"] for row in history[len(history) // 2 :]])
    top = d_loss.max() if signed else np.abs(d_loss).max()
    if top > largest:
        return "divergence"
    if history[-1]["d_real"] - history[-1]["d_fake"] > 0.9:
        return "discriminator wins"
    centred = d_loss - d_loss.mean()
    return (
        "oscillation"
        if (centred[1:] * centred[:-1]).mean() > memory * (centred**2).mean()
        else "healthy"
    )


def exact(matrix, rounds):
    return torch.linalg.svdvals(matrix)[0]


RIGHT = {
    "04.1": math.sqrt(0.7625),
    "04.2": 1.25,
    "04.3": 2.0,
    "04.4": update,
    "04.5": power,
    "04.6": penalty,
    "04.7": diagnose,
}
WRONG = [
    ("04.1", 0.7625, "product of the two"),
    ("04.1", math.sqrt(0.95), "1/2, not 1"),
    ("04.1", math.sqrt(1.3625), "smaller"),
    ("04.1", math.sqrt(0.7), "alternating"),
    ("04.1", math.sqrt(1.0625), "without the penalty"),
    ("04.1", 0.85, "imaginary"),
    ("04.1", 3.0, "real or complex"),
    ("04.2", 0.25, "means"),
    ("04.2", 1.0, "how far"),
    ("04.2", 5 / 12, "area itself"),
    ("04.2", 2.5, "twice"),
    ("04.3", 3.0, "simultaneous"),
    ("04.3", 8 / 3, "other end"),
    ("04.3", math.sqrt(4.5625) - 0.75, "1/2, not 1"),
    ("04.3", 4.0, "without the penalty"),
    ("04.4", lambda *a: update(*a[:4], False), "old one or the new"),
    ("04.4", lambda *a: update(*a[:4], True), "old one or the new"),
    ("04.4", lambda *a: update(*a, saturating=False), "non-saturating"),
    ("04.4", lambda *a: update(*a, penalty=2.0), "gamma / 2"),
    ("04.4", lambda *a: update(*a, first="g"), "own loss"),
    ("04.5", lambda m, n: power(m, n, squared=True), "its square"),
    ("04.5", lambda m, n: power(m, n, ones=True), "right angle"),
    ("04.5", lambda m, n: m.norm(), "Frobenius"),
    ("04.5", exact, "not svd"),
    ("04.6", lambda c, x: penalty(c, x, graph=False), "create_graph"),
    ("04.6", lambda c, x: penalty(c, x, mean=True), "times too small"),
    ("04.6", lambda c, x: penalty(c, x, whole=True), "each point's own"),
    ("04.6", lambda c, x: penalty(c, x, target=0), "squared slope"),
    ("04.6", lambda c, x: penalty(c, x, detach=False), "caller's points"),
    ("04.7", lambda h: "healthy", "how far its answers"),
    ("04.7", lambda h: diagnose(h, signed=True), "sign"),
    ("04.7", lambda h: diagnose(h, largest=1e9), "largest loss"),
    ("04.7", lambda h: diagnose(h, memory=-2), "little noise"),
    ("04.7", lambda h: diagnose(h, memory=2), "same way"),
]
