"""Checks for chapter 04, "Why training fails"."""

import math
from itertools import product

import numpy as np
import torch
from torch import nn

from aigc_lib.chapters.ch04_training_dynamics import dirac
from aigc_lib.exercises.compare import close, is_function, need, numbers, same_tensor
from aigc_lib.gan import losses


def check_1(answer: object) -> str:
    """The size of a multiplier: simultaneous updates, R1 weight 0.6, step 0.5."""
    squared = 1 - 0.5 * 0.6 + 0.0625
    mistakes = {
        "that is the product of the two multipliers: the square of their size": squared,
        "the slope of a cross-entropy game is 1/2, not 1": math.sqrt(1 - 0.3 + 0.25),
        "the penalty makes the product of the multipliers smaller": math.sqrt(1 + 0.3 + 0.0625),
        "that is for alternating updates; both players move at once here": math.sqrt(0.7),
        "that is without the penalty": math.sqrt(1.0625),
        "that is the real part; the size also knows the imaginary part": 0.85,
    }
    hint = "the multipliers are 1 + h lambda; are they real or complex, and what is their product?"
    right = math.sqrt(squared)
    close(answer, right, tol=1e-3, hint=hint, what="the factor", mistakes=mistakes)
    return "complex multipliers: the square of their size is their product, 0.7625; it converges"


def check_2(answer: object) -> str:
    """W1 of (1/2 at 0, 1/2 at 3) and (1/4 at 1, 3/4 at 2)."""
    mistakes = {
        "that is the difference of the means; grains that move left do not pay others back": 0.25,
        "these two share no place, so that is how much differs, not how far it must go": 1.0,
        "that is the divergence; the distance also knows how far apart they are": math.log(2),
        "do not average over the width: the area itself is the distance": 5 / 12,
    }
    hint = "draw both distribution functions; what is the area between them on (0,1), (1,2), (2,3)?"
    close(answer, 1.25, tol=1e-3, hint=hint, what="the distance", mistakes=mistakes)
    return "the area between the two distribution functions: 1/2 + 1/4 + 1/2"


def check_3(answer: object) -> str:
    """The largest step of alternating updates with R1 weight 3/4."""
    mistakes = {
        "that is the bound for simultaneous updates": 3.0,
        "h gamma < 2 is needed but not enough: look at the parabola's other end": 8 / 3,
        "the slope of a cross-entropy game is 1/2, not 1": math.sqrt(0.5625 + 4) - 0.75,
        "that is without the penalty": 4.0,
    }
    hint = "at the bound one multiplier is -1: 1 + trace + determinant = 0, a quadratic in h"
    close(answer, 2.0, tol=1e-3, hint=hint, what="the step size", mistakes=mistakes)
    return "4 (5/4 - 3/4) = 2: there a multiplier leaves the circle at -1, and the game flips"


def check_4(answer: object) -> str:
    """One update of the saturating Dirac-GAN, against automatic derivatives."""
    update = is_function(answer, 5)
    starts = ((0.7, -1.1), (-1.5, -0.6))
    for h, gamma, alternating, start in product((0.3, 1.0), (0.0, 0.8), (False, True), starts):
        loss = losses.with_r1(gamma, loss=losses.SATURATING)
        wanted = dirac.simulate(loss, start, h, 1, alternating)[1]
        pair = numbers(update(*start, h, gamma, alternating), 2, "return theta and omega, a pair")
        found = torch.tensor(pair, dtype=wanted.dtype)
        plain = dirac.simulate(losses.with_r1(gamma), start, h, 1, alternating)[1]
        other = dirac.simulate(loss, start, h, 1, not alternating)[1]
        mistakes = {
            "which omega does the generator see: the old one or the new one?": other,
            "that is the non-saturating generator; here it minimises -softplus": plain,
        }
        hint = "each player goes down its own loss: -h times its derivative"
        if gamma and abs(found[1] - wanted[1]) > 1e-5:
            hint = "the penalty is gamma / 2 * omega^2, in the discriminator's loss alone"
        way = "alternating" if alternating else "simultaneous"
        what = f"the {way} move from {start} with h={h} and gamma={gamma}"
        same_tensor(found, wanted, hint=hint, what=what, mistakes=mistakes)
    return "the same move as automatic derivatives make, for both orders"


def check_5(answer: object) -> str:
    """Power iteration against the singular value decomposition."""
    largest = is_function(answer, 2)
    generator = torch.Generator().manual_seed(5)
    cases = [torch.randn(*shape, generator=generator) for shape in ((6, 3), (3, 6), (1, 4))]
    # The last one's best direction is (1, -1): a start at (1, 1) never finds it.
    cases += [torch.diag(torch.tensor([3.0, 1.0, 0.5])), torch.tensor([[3.0, -3.0], [1.0, 1.0]])]
    hint = "repeat v = W'(W v), scaled to length 1; the value is the length of W v"
    angle = "your start is at a right angle to the best direction: start at random"
    for matrix in cases:
        exact, size = float(torch.linalg.svdvals(matrix)[0]), matrix.norm()
        mistakes = {
            "that is its square, the eigenvalue of W'W": exact**2,
            "that is the Frobenius norm: the root of the sum of all squared singular values": size,
        }
        what = f"the largest singular value of a {tuple(matrix.shape)} matrix"
        found, fallback = largest(matrix.clone(), 300), angle if matrix is cases[-1] else hint
        close(found, exact, tol=1e-3, hint=fallback, what=what, mistakes=mistakes)
    early, exact = float(largest(cases[0].clone(), 1)), float(torch.linalg.svdvals(cases[0])[0])
    iterated = early < exact * (1 - 1e-6)
    need(iterated, "after one round it is exact already: use power iteration, not svd")
    return "it rises to the largest singular value from below, whatever the shape"


def check_6(answer: object) -> str:
    """A gradient penalty: its value, its gradient, and that the points stay what they were."""
    penalty = is_function(answer, 2)
    torch.manual_seed(6)
    inner, outer = nn.Linear(3, 8).double(), nn.Linear(8, 1).double()
    critic = nn.Sequential(inner, nn.Tanh(), outer)
    points = torch.randn(16, 3, dtype=torch.float64)
    first, last = inner.weight.detach(), outer.weight.detach()
    bend = 1 - torch.tanh(points @ first.T + inner.bias.detach()) ** 2
    slopes = (bend * last) @ first  # the chain rule by hand
    expected = ((slopes.norm(dim=1) - 1) ** 2).mean()
    whole, shared = (slopes.norm() - 1) ** 2, ((slopes / 16).norm(dim=1) - 1).square().mean()
    mistakes = {
        "one length for the whole batch: take the length of each point's own slope": whole,
        "the slope of a mean is N times too small: sum the outputs before grad": shared,
        "that is the squared slope, not (size - 1)^2": slopes.square().sum(1).mean(),
    }
    hint = "the slope with respect to the points, its length, minus 1, squared"
    found = penalty(critic, points)
    same_tensor(found, expected, tol=1e-6, hint=hint, what="the penalty", mistakes=mistakes)
    graph = "it has no gradient with respect to the weights: create_graph=True"
    need(found.requires_grad, graph)
    found.backward()
    weights = last.clone().requires_grad_()
    again = (((bend * weights) @ first).norm(dim=1) - 1).square().mean()
    (wanted,) = torch.autograd.grad(again, weights)
    what = "its gradient with respect to the last layer"
    same_tensor(outer.weight.grad, wanted, tol=1e-6, what=what)
    changed = "it changed the caller's points: detach them before requires_grad_()"
    need(not points.requires_grad, changed)
    return "value and second-order gradient agree with the chain rule by hand"


def _curves(kind: str, seed: int) -> list[dict[str, float]]:
    """A clear case of a failure, 120 rows, with noise."""
    rng = np.random.default_rng(seed)
    t, noise = np.arange(120), rng.normal(size=(4, 120))
    d_loss, g_loss = 1.3 + 0.02 * noise[0], 0.8 + 0.02 * noise[1]
    d_real, d_fake = 0.52 + 0.01 * noise[2], 0.48 + 0.01 * noise[3]
    if kind == "discriminator wins":
        d_loss = 1.2 * np.exp(-t / 12) + 0.002 * np.abs(noise[0])
        g_loss = -d_loss / 2
        d_real, d_fake = 1 - 0.4 * np.exp(-t / 12), 0.4 * np.exp(-t / 12)
    elif kind == "oscillation":
        turn = 2 * np.pi * t / rng.uniform(18, 35) + rng.uniform(0, 6)
        d_loss += 0.4 * np.sin(turn)
        g_loss += 0.4 * np.cos(turn)
        d_fake += 0.2 * np.sin(turn)
    elif kind == "divergence":
        d_loss = (1.3 + np.exp(t / 12)) * (-1 if seed % 2 else 1)
        g_loss = -2 * d_loss
    rows = np.stack([d_loss, g_loss, d_real, d_fake], axis=1).tolist()
    return [dict(zip(("d_loss", "g_loss", "d_real", "d_fake"), row, strict=True)) for row in rows]


def check_7(answer: object) -> str:
    """An alarm that names the failure, tried on clear cases with noise."""
    diagnose = is_function(answer, 1)
    hints = {
        "healthy": "a level with a little noise is what a good run looks like",
        "discriminator wins": "look at how far its answers to real and generated lie apart",
        "oscillation": "a swing goes the same way for many rows; noise changes at each",
        "divergence": "look at the largest loss in size: either sign may run away",
    }
    for seed, kind in product(range(6), hints):
        found = diagnose(_curves(kind, seed))
        need(found == kind, f"a case of {kind!r} was called {found!r}: {hints[kind]}")
    return "all 24 clear cases named; collapse leaves no sure trace in these four curves"
