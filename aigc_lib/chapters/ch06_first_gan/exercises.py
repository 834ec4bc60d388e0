"""Checks for chapter 06, "Your first GAN"."""

import math

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from aigc_lib.exercises.compare import close, equal, is_function, need, same_shape, same_tensor


def check_1(answer: object) -> str:
    """The discriminator's loss when it gives 0.8 to real images and 0.3 to generated ones."""
    expected, other = -math.log(0.8) - math.log(1 - 0.3), -math.log(0.8) - math.log(0.3)
    mistakes = {
        "the generated image's target is 0: use log(1 - D)": other,
        "it is half the right number: the loss adds the two terms": expected / 2,
        "it is to the base 10; use the natural logarithm": expected / math.log(10),
    }
    hint = "add the two cross-entropies: the real image's target is 1, the generated one's is 0"
    close(answer, expected, tol=1e-3, hint=hint, what="the loss", mistakes=mistakes)
    return "-log 0.8 - log 0.7 = 0.580 nats, far below the 1.386 of a guesser"


def check_2(answer: object) -> str:
    """A discriminator loss with one-sided label smoothing: real images get the target ``1 - s``."""
    smooth_loss = is_function(answer, 3)
    generator = torch.Generator().manual_seed(6)
    hint = "a target t costs t * softplus(-l) + (1 - t) * softplus(l)"
    for s in (0.0, 0.1, 0.3):
        real, fake = 3 * torch.randn(2, 16, 1, generator=generator)
        expected = binary_cross_entropy_with_logits(real, torch.full_like(real, 1 - s))
        expected = expected + binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))
        both = expected - s * fake.mean()
        mistakes = {
            "smooth the real images' target only; the generated ones' is 0": both,
            "that is a sum over the batch: take the mean": len(real) * expected,
        }
        found, what = smooth_loss(real, fake, s), f"the loss with smoothing {s}"
        same_tensor(found, expected, tol=1e-4, hint=hint, what=what, mistakes=mistakes)
    extreme = smooth_loss(torch.tensor([[1e4]]), torch.tensor([[-1e4]]), 0.1)
    finite = torch.isfinite(torch.as_tensor(extreme)).all()
    need(finite, "it overflows for large logits: write it with softplus")
    return "certainty about real images now costs something, and only about those"


def check_3(answer: object) -> str:
    """Fresh latent noise, batch by batch, from a given random generator."""
    fresh = is_function(answer, 3)
    rng = torch.Generator().manual_seed(3)
    first, second = (same_shape(fresh(500, 64, rng), (500, 64), "the noise") for _ in range(2))
    seeded = "the second batch equals the first: do not seed inside the function"
    need(not torch.equal(first, second), seeded)
    again = fresh(500, 64, torch.Generator().manual_seed(3))
    foreign = "it does not come from the generator that was given: pass generator=rng"
    need(torch.equal(first, again), foreign)
    need(not first.requires_grad, "noise is no parameter: nobody needs its gradient")
    mean, spread = float(first.mean()), float(first.std())
    # 32,000 draws: the mean's standard error is 0.0056, the deviation's 0.004.
    normal = abs(mean) <= 0.03 and abs(spread - 1) <= 0.03
    need(normal, f"mean {mean:.2f} and deviation {spread:.2f}; N(0, 1) has 0 and 1")
    return "new noise at each call, repeatable from the seed, and no gradient kept"


def check_4(answer: object) -> str:
    """Spherical interpolation between two latent vectors."""
    generator = torch.Generator().manual_seed(4)
    a, b = (8 * x / x.norm() for x in torch.randn(2, 64, generator=generator))
    path = same_shape(is_function(answer, 3)(a, b, 5), (5, 64), "the path")
    same_tensor(path[0], a, tol=1e-4, what="the path's start")
    same_tensor(path[-1], b, tol=1e-4, what="the path's end")
    angle, t = torch.arccos((a @ b / 64).clamp(-1, 1)), torch.linspace(0, 1, 5)[:, None]
    expected = (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)
    line = torch.lerp(a, b, t)
    mistakes = {"that is the straight line; its middle is shorter than any noise drawn": line}
    hint = "weigh a by sin((1-t)w)/sin w, b by sin(tw)/sin w; w: the angle"
    same_tensor(path, expected, tol=1e-3, hint=hint, what="the path", mistakes=mistakes)
    return "every point of the path is as long as the ends, so the generator knows its like"


def check_5(answer: object) -> str:
    """A discriminator step whose gradient does not reach the generator."""
    step = is_function(answer, 4)
    torch.manual_seed(5)
    generator, discriminator = nn.Linear(4, 6), nn.Linear(6, 1)
    optimizer = torch.optim.SGD(discriminator.parameters(), lr=0.1)
    real, before = torch.randn(8, 6), discriminator.weight.detach().clone()
    fake = generator(torch.randn(8, 4))
    logits = discriminator(torch.cat([real, fake.detach()]))
    targets = torch.cat([torch.ones(8, 1), torch.zeros(8, 1)])
    expected = 2 * binary_cross_entropy_with_logits(logits, targets)
    (slope,) = torch.autograd.grad(expected, discriminator.weight)
    old = torch.ones_like(slope)
    discriminator.weight.grad = old.clone()  # such as a generator's step leaves
    step(discriminator, optimizer, real, fake)
    reached = "the generator received a gradient: cut the generated images loose"
    need(generator.weight.grad is None, reached)
    moved = discriminator.weight.detach() - before
    need(moved.any(), "the discriminator did not move: call backward() and step()")
    hint = "minimise softplus(-real).mean() + softplus(fake).mean()"
    added = {"old gradients were added: call zero_grad() before backward()": -0.1 * (slope + old)}
    same_tensor(moved, -0.1 * slope, hint=hint, what="the discriminator's move", mistakes=added)
    fake.sum().backward()  # type: ignore[no-untyped-call]
    lost = "the generated images lost their graph, which the generator's step needs"
    need(generator.weight.grad is not None, lost)
    return "the discriminator learned, and the generator's gradients stayed empty"


def check_6(answer: object) -> str:
    """Whether scores over seeds support the claim that one setting is better."""
    verdict = is_function(answer, 2)
    cases = (
        ([10.0, 10.5, 9.8], [14.0, 13.6, 14.4], "a", "far apart, little spread: a is better"),
        ([14.0, 13.6, 14.4], [10.0, 10.5, 9.8], "b", "lower is better: here b wins"),
        ([10.0, 14.0, 18.0], [11.0, 15.0, 20.0], "undecided", "the spread swamps the difference"),
        ([10.0, 10.1, 9.9], [10.0, 10.1, 9.9], "undecided", "the same scores decide nothing"),
        ([10.0, 10.0], [10.0, 10.0], "undecided", "the same scores decide nothing"),
        ([9.0], [12.0], "undecided", "one seed has no spread, so it decides nothing"),
        ([10.0, 11.0, 12.0], [11.1, 12.1, 13.1], "undecided", "ask for twice the standard error"),
        ([10.0, 11.0, 12.0], [11.5, 12.5, 13.5], "undecided", "s divides by n - 1 and not by n"),
    )
    for a, b, expected, hint in cases:
        equal(verdict(a, b), expected, hint=hint, what=f"the verdict on a={a}, b={b}")
    return "a difference counts only when it is larger than what the seeds alone bring about"
