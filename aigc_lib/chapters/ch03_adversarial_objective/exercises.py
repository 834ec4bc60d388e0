"""Checks for chapter 03, "The adversarial objective"."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import softplus

from aigc_lib.exercises.compare import WrongAnswer, close, is_function, same_shape, same_tensor
from aigc_lib.gan import divergences


def check_1(answer: object) -> str:
    """D*(0) between p = N(0, 1) and q = N(1, 2^2)."""
    p, q = 1.0, math.exp(-1 / 8) / 2  # both times sqrt(2 pi), which cancels
    hint = "put x = 0 into both densities, with the factor 1 / sd of each"
    for wrong, why in (
        (q / (p + q), "that is the probability of 'generated'; D says how likely real is"),
        (1 / (1 + math.exp(-1 / 8)), "a density has the factor 1 / (sd sqrt(2 pi)); q's sd is 2"),
        (1 / (1 + math.exp(-1 / 4) / 2), "the exponent is (x - mean)^2 / (2 sd^2); sd^2 is 4"),
        (p / q, "that is the ratio p / q; D* is p / (p + q)"),
    ):
        if isinstance(answer, (int, float)) and abs(answer - wrong) < 1e-3:
            hint = why
    close(answer, p / (p + q), tol=1e-3, hint=hint, what="D*(0)")
    return "p(0) is 0.399 and q(0) is 0.176: seven in ten samples seen there are real"


def check_2(answer: object) -> str:
    """JSD of a fair coin and one that always shows heads."""
    p, q = torch.tensor([0.5, 0.5]).double(), torch.tensor([1.0, 0.0]).double()
    expected = float(divergences.jensen_shannon(p, q))
    hint = "the mean coin m shows heads with 3/4; a term with probability 0 contributes nothing"
    if isinstance(answer, (int, float)) and abs(answer - math.log(2)) < 1e-3:
        hint = "that is KL(q | p); JSD compares both coins with their mean"
    close(answer, expected, tol=1e-3, hint=hint, what="the divergence")
    return "KL(p | m) = 0.144 and KL(q | m) = log 4/3 = 0.288; half their sum is 0.216 nats"


def check_3(answer: Any) -> str:
    """Slopes (D's loss, saturating, non-saturating) of a generated sample's logit at D = 0.02."""
    try:
        found = [float(x) for x in answer]
    except (TypeError, ValueError):
        raise WrongAnswer("give three numbers, in the order of the question") from None
    if len(found) != 3:
        raise WrongAnswer(f"give three numbers, in the order of the question, not {len(found)}")
    if abs(found[1] + 0.98) < 1e-3 and abs(found[2] + 0.02) < 1e-3:
        raise WrongAnswer("the saturating loss is the flat one here: the last two are exchanged")
    for value, expected, what in zip(
        found,
        (0.02, -0.02, -0.98),
        ("the discriminator's slope", "the saturating slope", "the non-saturating slope"),
        strict=True,
    ):
        hint = "d softplus(t) / dt = sigmoid(t), and here sigmoid(l) = D = 0.02"
        if abs(value + 1 / (1 - 0.02)) < 1e-3 or abs(value + 1 / 0.02) < 1e-3:
            hint = "that is the slope in D; for the slope in the logit multiply by D (1 - D)"
        close(value, expected, tol=1e-4, hint=hint, what=what)
    return "where D rejects a sample, one generator loss pushes 49 times as hard as the other"


def check_4(answer: object) -> str:
    """Both losses with the labels swapped: generated samples have the target 1."""
    swapped = is_function(answer, 2)
    rng = torch.Generator().manual_seed(4)
    real, fake = 3 * torch.randn(9, 1, generator=rng), 3 * torch.randn(9, 1, generator=rng)
    d_loss, g_loss = swapped(real, fake)
    wanted_d = softplus(real).mean() + softplus(-fake).mean()
    standard = softplus(-real).mean() + softplus(fake).mean()
    if isinstance(d_loss, Tensor) and torch.allclose(d_loss, standard, atol=1e-4):
        raise WrongAnswer("the discriminator still has the usual labels: real 1, generated 0")
    same_tensor(d_loss, wanted_d, tol=1e-4, what="the discriminator's loss",
                hint="generated samples have the target 1, real ones 0")  # fmt: skip
    if isinstance(g_loss, Tensor) and torch.allclose(g_loss, softplus(-fake).mean(), atol=1e-4):
        raise WrongAnswer(
            "the generator helps the discriminator: both now want D = 1 on generated samples"
        )
    if isinstance(g_loss, Tensor) and torch.allclose(g_loss, -softplus(-fake).mean(), atol=1e-4):
        raise WrongAnswer("that is the saturating loss; it is flat where the generator does badly")
    same_tensor(g_loss, softplus(fake).mean(), tol=1e-4, what="the generator's loss",
                hint="it wants the answer of real samples, which is 0 now")  # fmt: skip
    if not torch.isfinite(torch.stack([*swapped(real * 1e4, fake * 1e4)])).all():
        raise WrongAnswer("it overflows for large logits: write it with softplus")
    return "the same game as ever, with the sign of every logit turned"


def check_5(answer: object) -> str:
    """Gradient (d/da, d/db) of the non-saturating loss for G(z) = a z + b, l(x) = w x + c."""
    gradient = is_function(answer, 5)
    rng = torch.Generator().manual_seed(5)
    z = torch.randn(50, generator=rng, dtype=torch.float64)
    for a, b, w, c in ((1.0, 0.0, 1.0, 0.0), (0.6, -1.2, 1.7, 0.4), (2.0, 0.5, -0.8, -0.3)):

        def loss(a: float, b: float, w: float = w, c: float = c) -> float:
            return float(softplus(-(w * (a * z + b) + c)).mean())

        h = 1e-5
        expected = torch.tensor([
            (loss(a + h, b) - loss(a - h, b)) / (2 * h),
            (loss(a, b + h) - loss(a, b - h)) / (2 * h),
        ]).double()  # fmt: skip
        pair = gradient(z, a, b, w, c)
        try:
            found = torch.tensor([float(x) for x in pair]).double()
        except (TypeError, ValueError):
            raise WrongAnswer("return two numbers, the slopes in a and in b") from None
        d = torch.sigmoid(w * (a * z + b) + c)
        mistakes = (
            (-d * w, "that is the gradient of the saturating loss"),
            (d - 1, "the factor w is missing: the slope of the logit in x"),
        )
        for weight, why in mistakes:
            slip = torch.stack([(weight * z).mean(), weight.mean()])
            if torch.allclose(found, slip, atol=1e-5) and not torch.allclose(
                slip, expected, atol=1e-4
            ):
                raise WrongAnswer(why)
        same_tensor(same_shape(found, (2,), "the gradient"), expected, tol=1e-5,
                    what="the gradient", hint="chain rule: (D - 1) * w * (z, 1), then the "
                    "mean over the noise")  # fmt: skip
    return "it agrees with central differences for three generators"


def check_6(answer: object) -> str:
    """The f-GAN bound for the squared Hellinger distance, with its activation."""
    bound = is_function(answer, 2)
    rng = torch.Generator().manual_seed(6)
    real, fake = torch.randn(2, 40, generator=rng, dtype=torch.float64)
    expected = (1 - (-real).exp()).mean() - (fake.exp() - 1).mean()
    found = bound(real, fake)
    if isinstance(found, Tensor):
        t = 1 - (-fake).exp()
        for wrong, why in (
            (-expected, "the critic makes this as large as it can: return the bound, not a loss"),
            ((1 - (-real).exp()).mean() - t.mean(), "the second mean is of f*(T), not of T"),
            (real.mean() - (fake / (1 - fake)).mean(), "apply the activation to v first"),
        ):
            if torch.allclose(found, wrong):
                raise WrongAnswer(why)
    same_tensor(found, expected, tol=1e-6, what="the bound",
                hint="T = 1 - exp(-v), f*(T) = T / (1 - T)")  # fmt: skip
    return "f*(1 - exp(-v)) is exp(v) - 1, so nothing can leave the domain of f*"


def check_7(answer: Any) -> str:
    """Two pairs of distributions, equally easy to tell apart, with very different divergences."""
    try:
        first, second = answer
        pairs = [(torch.tensor(p).double(), torch.tensor(q).double()) for p, q in (first, second)]
    except (TypeError, ValueError):
        raise WrongAnswer("give ((p1, q1), (p2, q2)), each a list of probabilities") from None
    values = []
    for number, (p, q) in enumerate(pairs, 1):
        if p.ndim != 1 or p.shape != q.shape:
            raise WrongAnswer(f"pair {number}: p and q need the same number of points")
        for name, part in (("p", p), ("q", q)):
            if not (part >= 0).all() or abs(float(part.sum()) - 1) > 1e-6:
                raise WrongAnswer(f"pair {number}: {name} is no distribution; it must sum to 1")
        success = 0.5 + float(divergences.total_variation(p, q)) / 2
        if abs(success - 0.75) > 5e-3:
            raise WrongAnswer(f"pair {number}: the best success is {success:.3f}, not 0.75")
        values.append(float(divergences.jensen_shannon(p, q)))
    low, high = values
    # The extremes at TV = 1/2: log 2 - h(1/4) = 0.131 and log(2) / 2 = 0.347.
    if low > high:
        raise WrongAnswer("the pair with the small divergence comes first")
    if low > 0.14:
        raise WrongAnswer(
            f"the first JSD is {low:.3f}; it can be below 0.14: let no point be certain"
        )
    if high < 0.34:
        raise WrongAnswer(
            f"the second JSD is {high:.3f}; it can be above 0.34: let some points give all away"
        )
    return f"both are told apart 3 times in 4, with JSD {low:.3f} and {high:.3f} nats"
