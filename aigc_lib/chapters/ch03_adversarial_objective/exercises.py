"""Checks for chapter 03, "The adversarial objective"."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import softplus

from aigc_lib.exercises.compare import WrongAnswer, close, is_function, need, numbers, same_tensor
from aigc_lib.gan import divergences


def check_1(answer: object) -> str:
    """D*(0) between p = N(0, 1) and q = N(1, 2^2)."""
    p, q = 1.0, math.exp(-1 / 8) / 2  # both times sqrt(2 pi), which cancels
    mistakes = {
        "that is the probability of 'generated'; D says how likely real is": q / (p + q),
        "a density has the factor 1 / (sd sqrt(2 pi)); q's sd is 2": 1 / (1 + math.exp(-1 / 8)),
        "the exponent is (x - mean)^2 / (2 sd^2); sd^2 is 4": 1 / (1 + math.exp(-1 / 4) / 2),
        "that is the ratio p / q; D* is p / (p + q)": p / q,
    }
    hint = "put x = 0 into both densities, with the factor 1 / sd of each"
    close(answer, p / (p + q), tol=1e-3, hint=hint, what="D*(0)", mistakes=mistakes)
    return "p(0) is 0.399 and q(0) is 0.176: seven in ten samples seen there are real"


def check_2(answer: object) -> str:
    """JSD of a fair coin and one that always shows heads."""
    p, q = torch.tensor([0.5, 0.5]).double(), torch.tensor([1.0, 0.0]).double()
    expected = float(divergences.jensen_shannon(p, q))
    mistakes = {"that is KL(q | p); JSD compares both coins with their mean": math.log(2)}
    hint = "the mean coin m shows heads with 3/4; a term with probability 0 contributes nothing"
    close(answer, expected, tol=1e-3, hint=hint, what="the divergence", mistakes=mistakes)
    return "KL(p | m) = 0.144 and KL(q | m) = log 4/3 = 0.288; half their sum is 0.216 nats"


def check_3(answer: Any) -> str:
    """Slopes (D's loss, saturating, non-saturating) of a generated sample's logit at D = 0.02."""
    found = numbers(answer, 3, "give three numbers, in the order of the question")
    exchanged = abs(found[1] + 0.98) < 1e-3 and abs(found[2] + 0.02) < 1e-3
    need(not exchanged, "the saturating loss is the flat one here: the last two are exchanged")
    logit = "for the slope in the logit multiply by D (1 - D)"
    mistakes = {
        f"that is the slope of log(1 - D) in D; {logit}": -1 / 0.98,
        f"that is the slope of -log D in D; {logit}": -1 / 0.02,
    }
    hint = "d softplus(t) / dt = sigmoid(t), and here sigmoid(l) = D = 0.02"
    names = ("discriminator's", "saturating", "non-saturating")
    for name, value, expected in zip(names, found, (0.02, -0.02, -0.98), strict=True):
        close(value, expected, hint=hint, what=f"the {name} slope", mistakes=mistakes)
    return "where D rejects a sample, one generator loss pushes 49 times as hard as the other"


def check_4(answer: object) -> str:
    """Both losses with the labels swapped: generated samples have the target 1."""
    swapped = is_function(answer, 2)
    rng = torch.Generator().manual_seed(4)
    real, fake = 3 * torch.randn(9, 1, generator=rng), 3 * torch.randn(9, 1, generator=rng)
    d_loss, g_loss = swapped(real, fake)
    usual, helped = softplus(-real).mean() + softplus(fake).mean(), softplus(-fake).mean()
    mistakes = {"the discriminator still has the usual labels: real 1, generated 0": usual}
    hint, what = "generated samples have the target 1, real ones 0", "the discriminator's loss"
    wanted = softplus(real).mean() + helped
    same_tensor(d_loss, wanted, tol=1e-4, hint=hint, what=what, mistakes=mistakes)
    mistakes = {
        "the generator helps the discriminator: both now want D = 1 on generated samples": helped,
        "that is the saturating loss; it is flat where the generator does badly": -helped,
    }
    hint, what = "it wants the answer of real samples, which is 0 now", "the generator's loss"
    wanted = softplus(fake).mean()
    same_tensor(g_loss, wanted, tol=1e-4, hint=hint, what=what, mistakes=mistakes)
    finite = torch.isfinite(torch.stack([*swapped(real * 1e4, fake * 1e4)])).all()
    need(finite, "it overflows for large logits: write it with softplus")
    return "the same game as ever, with the sign of every logit turned"


def check_5(answer: object) -> str:
    """Gradient (d/da, d/db) of the non-saturating loss for G(z) = a z + b, l(x) = w x + c."""
    gradient = is_function(answer, 5)
    rng = torch.Generator().manual_seed(5)
    z = torch.randn(50, generator=rng, dtype=torch.float64)
    h = torch.tensor(1e-5, dtype=torch.float64)
    for a, b, w, c in ((1.0, 0.0, 1.0, 0.0), (0.6, -1.2, 1.7, 0.4), (2.0, 0.5, -0.8, -0.3)):

        def loss(a: Any, b: Any, w: float = w, c: float = c) -> Tensor:
            return softplus(-(w * (a * z + b) + c)).mean()

        rise = torch.stack([loss(a + h, b) - loss(a - h, b), loss(a, b + h) - loss(a, b - h)])
        found = numbers(gradient(z, a, b, w, c), 2, "return two numbers, the slopes in a and in b")
        d = torch.sigmoid(w * (a * z + b) + c)
        saturating, steep = (torch.stack([(s * z).mean(), s.mean()]) for s in (-d * w, d - 1))
        mistakes = {
            "that is the gradient of the saturating loss": saturating,
            "the factor w is missing: the slope of the logit in x": steep,
        }
        hint = "chain rule: (D - 1) * w * (z, 1), then the mean over the noise"
        slopes, what = torch.tensor(found, dtype=torch.float64), "the gradient"
        same_tensor(slopes, rise / (2 * h), hint=hint, what=what, mistakes=mistakes)
    return "it agrees with central differences for three generators"


def check_6(answer: object) -> str:
    """The f-GAN bound for the squared Hellinger distance, with its activation."""
    rng = torch.Generator().manual_seed(6)
    real, fake = torch.randn(2, 40, generator=rng, dtype=torch.float64)
    first, t = (1 - (-real).exp()).mean(), 1 - (-fake).exp()
    bound, bare = first - (fake.exp() - 1).mean(), real.mean() - (fake / (1 - fake)).mean()
    mistakes = {
        "the critic makes this as large as it can: return the bound, not a loss": -bound,
        "the second mean is of f*(T), not of T": first - t.mean(),
        "apply the activation to v first": bare,
    }
    hint = "T = 1 - exp(-v), f*(T) = T / (1 - T)"
    found = is_function(answer, 2)(real, fake)
    same_tensor(found, bound, tol=1e-6, hint=hint, what="the bound", mistakes=mistakes)
    return "f*(1 - exp(-v)) is exp(v) - 1, so nothing can leave the domain of f*"


def check_7(answer: Any) -> str:
    """Two pairs of distributions, equally easy to tell apart, with very different divergences."""
    try:
        first, second = answer
        pairs = [(torch.tensor(p).double(), torch.tensor(q).double()) for p, q in (first, second)]
    except (TypeError, ValueError):
        raise WrongAnswer("give ((p1, q1), (p2, q2)), each a list of probabilities") from None
    for number, (p, q) in enumerate(pairs, 1):
        alike = p.ndim == 1 and p.shape == q.shape
        need(alike, f"pair {number}: p and q need the same number of points")
        for name, part in (("p", p), ("q", q)):
            proper = (part >= 0).all() and abs(float(part.sum()) - 1) <= 1e-6
            need(proper, f"pair {number}: {name} is no distribution; it must sum to 1")
        success = 0.5 + float(divergences.total_variation(p, q)) / 2
        wrong = f"pair {number}: the best success is {success:.3f}, not 0.75"
        need(abs(success - 0.75) <= 5e-3, wrong)
    low, high = (float(divergences.jensen_shannon(p, q)) for p, q in pairs)
    # The extremes at TV = 1/2: log 2 - h(1/4) = 0.131 and log(2) / 2 = 0.347.
    need(low <= high, "the pair with the small divergence comes first")
    hint = "it can be below 0.14: let no point be certain"
    need(low <= 0.14, f"the first JSD is {low:.3f}; {hint}")
    hint = "it can be above 0.34: let some points give all away"
    need(high >= 0.34, f"the second JSD is {high:.3f}; {hint}")
    return f"both are told apart 3 times in 4, with JSD {low:.3f} and {high:.3f} nats"
