"""Checks for chapter 04, "Why training fails"."""

import math
from itertools import product

import numpy as np
import torch
from torch import nn

from aigc_lib.chapters.ch04_training_dynamics import dirac
from aigc_lib.exercises.compare import WrongAnswer, close, is_function, same_shape, same_tensor
from aigc_lib.gan import losses


def _number(answer: object, expected: float, slips: dict[float, str], hint: str, what: str) -> None:
    """Like ``close``, with the hints that belong to the slips of this one exercise."""
    for wrong, why in slips.items():
        if isinstance(answer, (int, float)) and abs(answer - wrong) < 1e-3:
            raise WrongAnswer(why)
    close(answer, expected, tol=1e-3, hint=hint, what=what)


def check_1(answer: object) -> str:
    """The size of a multiplier: simultaneous updates, R1 weight 0.6, step 0.5."""
    squared = 1 - 0.5 * 0.6 + 0.0625
    slips = {
        squared: "that is the product of the two multipliers: the square of their size",
        math.sqrt(1 - 0.3 + 0.25): "the slope of a cross-entropy game is 1/2, not 1",
        math.sqrt(1 + 0.3 + 0.0625): "the penalty makes the product of the multipliers smaller",
        math.sqrt(0.7): "that is for alternating updates; both players move at once here",
        math.sqrt(1.0625): "that is without the penalty",
        0.85: "that is the real part; the size also knows the imaginary part",
    }
    hint = "the multipliers are 1 + h lambda; are they real or complex, and what is their product?"
    _number(answer, math.sqrt(squared), slips, hint, "the factor")
    return "complex multipliers: the square of their size is their product, 0.7625; it converges"


def check_2(answer: object) -> str:
    """W1 of (1/2 at 0, 1/2 at 3) and (1/4 at 1, 3/4 at 2)."""
    slips = {
        0.25: "that is the difference of the means; grains that move left do not pay others back",
        1.0: "these two share no place, so that is how much differs, not how far it must go",
        math.log(2): "that is the divergence; the distance also knows how far apart they are",
        5 / 12: "do not average over the width: the area itself is the distance",
    }
    hint = "draw both distribution functions; what is the area between them on (0,1), (1,2), (2,3)?"
    _number(answer, 1.25, slips, hint, "the distance")
    return "the area between the two distribution functions: 1/2 + 1/4 + 1/2"


def check_3(answer: object) -> str:
    """The largest step of alternating updates with R1 weight 3/4."""
    slips = {
        3.0: "that is the bound for simultaneous updates",
        8 / 3: "h gamma < 2 is needed but not enough: look at the parabola's other end",
        math.sqrt(0.5625 + 4) - 0.75: "the slope of a cross-entropy game is 1/2, not 1",
        4.0: "that is without the penalty",
    }
    hint = "at the bound one multiplier is -1: 1 + trace + determinant = 0, a quadratic in h"
    _number(answer, 2.0, slips, hint, "the step size")
    return "4 (5/4 - 3/4) = 2: there a multiplier leaves the circle at -1, and the game flips"


def check_4(answer: object) -> str:
    """One update of the saturating Dirac-GAN, against automatic derivatives."""
    update = is_function(answer, 5)
    for h, gamma, alternating in product((0.3, 1.0), (0.0, 0.8), (False, True)):
        loss = losses.with_r1(gamma, loss=losses.SATURATING)
        for start in ((0.7, -1.1), (-1.5, -0.6)):
            theta, omega = update(*start, h, gamma, alternating)
            found = float(theta), float(omega)
            wanted = dirac.simulate(loss, start, h, 1, alternating)[1].tolist()
            if np.allclose(found, wanted, atol=1e-6):
                continue
            way = "alternating" if alternating else "simultaneous"
            other = dirac.simulate(loss, start, h, 1, not alternating)[1].tolist()
            plain = dirac.simulate(losses.with_r1(gamma), start, h, 1, alternating)[1].tolist()
            hint = "each player goes down its own loss: -h times its derivative"
            if np.allclose(found, other, atol=1e-6):
                hint = "which omega does the generator see: the old one or the new one?"
            elif np.allclose(found, plain, atol=1e-6):
                hint = "that is the non-saturating generator; here it minimises -softplus"
            elif gamma and abs(found[1] - wanted[1]) > 1e-6:
                hint = "the penalty is gamma / 2 * omega^2, in the discriminator's loss alone"
            raise WrongAnswer(f"{way}, h={h}, gamma={gamma}, from {start}: {hint}")
    return "the same move as automatic derivatives make, for both orders"


def check_5(answer: object) -> str:
    """Power iteration against the singular value decomposition."""
    largest = is_function(answer, 2)
    generator = torch.Generator().manual_seed(5)
    # Its best direction is (1, -1): a start at (1, 1) never finds it.
    hidden = torch.tensor([[3.0, -3.0], [1.0, 1.0]])
    cases = [torch.randn(*shape, generator=generator) for shape in ((6, 3), (3, 6), (1, 4))]
    cases += [torch.diag(torch.tensor([3.0, 1.0, 0.5])), hidden]
    for matrix in cases:
        exact = float(torch.linalg.svdvals(matrix)[0])
        found = largest(matrix.clone(), 300)
        what = f"the largest singular value of a {tuple(matrix.shape)} matrix"
        hint = "repeat v = W'(W v), scaled to length 1; the value is the length of W v"
        if abs(float(found) - exact**2) < 1e-3 < abs(exact**2 - exact):
            hint = "that is its square, the eigenvalue of W'W"
        elif abs(float(found) - float(matrix.norm())) < 1e-3:
            hint = "that is the Frobenius norm: the root of the sum of all squared singular values"
        elif matrix is cases[-1]:
            hint = "your start is at a right angle to the best direction: start at random"
        close(found, exact, tol=1e-3, hint=hint, what=what)
    early = float(largest(cases[0].clone(), 1))
    if not early < float(torch.linalg.svdvals(cases[0])[0]) * (1 - 1e-6):
        raise WrongAnswer("after one round it is exact already: use power iteration, not svd")
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
    found = penalty(critic, points)
    if isinstance(found, torch.Tensor) and found.ndim == 0:
        whole = (slopes.norm() - 1) ** 2
        shared = ((slopes / len(points)).norm(dim=1) - 1).square().mean()
        for value, why in (
            (whole, "one length for the whole batch: take the length of each point's own slope"),
            (shared, "the slope of a mean is N times too small: sum the outputs before grad"),
            (slopes.square().sum(1).mean(), "that is the squared slope, not (size - 1)^2"),
        ):
            if abs(float(found.detach()) - float(value)) < 1e-6:
                raise WrongAnswer(why)
    hint = "the slope with respect to the points, its length, minus 1, squared"
    same_tensor(found, expected, tol=1e-6, hint=hint, what="the penalty")
    if not found.requires_grad:
        raise WrongAnswer("it has no gradient with respect to the weights: create_graph=True")
    found.backward()
    gradient = outer.weight.grad
    gradient = same_shape(gradient, (1, 8), "the gradient of the last layer")
    weights = last.clone().requires_grad_()
    again = (((bend * weights) @ first).norm(dim=1) - 1).square().mean()
    (wanted,) = torch.autograd.grad(again, weights)
    same_tensor(gradient, wanted, tol=1e-6, what="its gradient with respect to the last layer")
    if points.requires_grad:
        raise WrongAnswer("it changed the caller's points: detach them before requires_grad_()")
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
        d_loss = d_loss + 0.4 * np.sin(turn)
        g_loss = g_loss + 0.4 * np.cos(turn)
        d_fake = d_fake + 0.2 * np.sin(turn)
    elif kind == "divergence":
        d_loss = (1.3 + np.exp(t / 12)) * (-1 if seed % 2 else 1)
        g_loss = -2 * d_loss
    columns = {"d_loss": d_loss, "g_loss": g_loss, "d_real": d_real, "d_fake": d_fake}
    return [{key: float(column[i]) for key, column in columns.items()} for i in range(120)]


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
        if found != kind:
            raise WrongAnswer(f"a case of {kind!r} was called {found!r}: {hints[kind]}")
    return "all 24 clear cases named; collapse leaves no sure trace in these four curves"
