"""The adversarial game, once: one discriminator step, one generator step, and the loop around them.

Read ``d_step`` and ``g_step`` first; all else is bookkeeping. The loop measures time in images
seen, takes any pair of losses, and never waits for the device: statistics are read once a tick.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from aigc_lib.core import distributed, optim
from aigc_lib.core.checkpoint import Stateful
from aigc_lib.core.pixels import normalize
from aigc_lib.core.training import Row, insist_on_finite, run_ticks
from aigc_lib.gan.losses import NON_SATURATING, AdversarialLoss
from aigc_lib.gan.state import Gan

STATISTICS = ("d_loss", "g_loss", "d_real", "d_fake")


class Stream(Stateful, Protocol):
    """What ``fit`` trains on: endless batches that know their place (``Batches``, say)."""

    batch: int

    def __next__(self) -> Any:
        """The next batch: samples (N, ...), or (samples, labels)."""
        ...


def d_step(
    gan: Gan, real: Tensor, fake: Tensor, loss: AdversarialLoss, condition: tuple[Tensor, ...] = ()
) -> tuple[Tensor, ...]:
    """One step of the discriminator: tell ``real`` from ``fake``.

    Args:
        gan: the players; only the discriminator changes.
        real, fake: samples (N, ...), images in [-1, 1]. ``fake`` is cut from the generator's graph
            here, so that no gradient of this loss can reach the generator.
        loss: the game's two losses and, perhaps, its penalty.
        condition: what the discriminator is told besides, such as labels; nothing if empty.

    Returns:
        Three detached scalars on the device: the loss (without the penalty), and the mean
        probability of "real" that the discriminator gave to real and to generated samples.
    """
    gan.opt_d.zero_grad(set_to_none=True)
    fake = fake.detach()
    real_logits = gan.discriminate(real, *condition)
    fake_logits = gan.discriminate(fake, *condition)
    value = loss.discriminator(real_logits, fake_logits)
    total = value
    if loss.penalty is not None:
        # The network itself, which is never compiled: compiled code has no second derivative.
        penalty = loss.penalty(lambda x: gan.discriminator(x, *condition), real, fake, gan.rng)
        # Lazy: applied on one step of k, k times as strong (Karras et al., 2020, appendix B).
        total = value + loss.penalty_every * penalty
    total.backward()
    gan.opt_d.step()
    with torch.no_grad():
        return value.detach(), real_logits.sigmoid().mean(), fake_logits.sigmoid().mean()


def g_step(
    gan: Gan, fake: Tensor, loss: AdversarialLoss, condition: tuple[Tensor, ...] = ()
) -> Tensor:
    """One step of the generator: make the discriminator say "real".

    Args:
        gan: the players; only the generator changes.
        fake: G(z), samples (N, ...) still attached to the generator's graph.
        loss: the game's two losses.
        condition: what the discriminator is told besides, such as labels; nothing if empty.

    Returns:
        The detached loss, a scalar on the device.
    """
    gan.opt_g.zero_grad(set_to_none=True)
    value = loss.generator(gan.discriminate(fake, *condition))
    # The gradient passes through the discriminator, whose own weights need none: computing theirs
    # too would cost a third of this step and be thrown away.
    value.backward(inputs=gan.opt_g.param_groups[0]["params"])
    gan.opt_g.step()
    return value.detach()


def step(gan: Gan, batch: Any, loss: AdversarialLoss = NON_SATURATING) -> Tensor:
    """One step of each player.

    Args:
        gan: the players.
        batch: samples (N, ...): uint8 images (N, C, H, W), which are normalised here, or floats,
            which are taken as they are. Or (samples, labels): both players are then told the
            labels, ``generator(z, labels)`` and ``discriminator(x, labels)``.
        loss: the game's two losses.

    Returns:
        ``STATISTICS`` of this step: a float tensor (4,), on the device.
    """
    samples, *condition = batch if isinstance(batch, tuple) else (batch,)
    found = play(gan, loss.at(gan.steps), samples, *condition)
    count(gan, len(samples))
    return found


def play(gan: Gan, loss: AdversarialLoss, samples: Tensor, *condition: Tensor) -> Tensor:
    """What a step does on the device, and nothing that the host must know or decide."""
    real = samples if samples.is_floating_point() else normalize(samples)
    fake = gan.generate(gan.noise(len(real)), *condition)
    d_loss, d_real, d_fake = d_step(gan, real, fake, loss, condition)
    g_loss = g_step(gan, fake, loss, condition)
    return torch.stack([d_loss, g_loss, d_real, d_fake])


def count(gan: Gan, n: int) -> None:
    """What a step of ``n`` samples does besides: average the weights, move the clock."""
    seen = n * distributed.world()
    gan.ema.update(gan.generator, seen, gan.images_seen)
    gan.images_seen += seen
    gan.steps += 1


def fit(
    gan: Gan,
    batches: Stream,
    images: int,
    *,
    loss: AdversarialLoss = NON_SATURATING,
    last_lr: float = 1.0,
    tick: int = 30_000,
    on_tick: Callable[[Gan, Row], None] | None = None,
    checkpoint: str | Path | None = None,
    config: Mapping[str, Any] | None = None,
    log: str | Path | None = None,
    progress: bool = True,
) -> list[Row]:
    """Train until the discriminator has seen ``images`` real images.

    Every ``tick`` images the mean statistics since the last tick become a row of the history; then
    the checkpoint is written. If ``checkpoint`` exists already, training goes on from there, see
    ``core.training.run_ticks``. In a job of several processes a batch is shared among them.

    Args:
        gan: the players.
        batches: endless batches on the same device, see ``step``.
        images: when to stop, counted from the very start of training.
        loss: the game's two losses.
        last_lr: the share of the step sizes at the end, to which they fall along half a cosine.
        tick: in images.
        on_tick: called with the players and the new row; may draw samples.
        checkpoint, config, log, progress: see ``run_ticks``.

    Returns:
        The history. Each row holds ``images`` (seen so far), ``seconds`` (since the start,
        resumed time included), ``d_loss`` and ``g_loss`` (nats), ``d_real`` and ``d_fake`` (mean
        probability of "real" given to real and to generated images).

    Raises:
        TrainingError: a loss or a weight became infinite or not a number.
        CheckpointError: the checkpoint does not fit the networks, the data or the config.
        ValueError: images or tick is less than a batch.
    """
    if images < batches.batch or tick < batches.batch:
        raise ValueError(f"images and tick must be at least one batch ({batches.batch} images)")
    gan.generator.train()
    gan.discriminator.train()
    return run_ticks(
        gan,
        lambda n: play_for(gan, batches, n, loss, (images, last_lr)),
        {"gan": gan, "batches": batches},
        clock=lambda: gan.images_seen,
        unit="images",
        end=images,
        tick=tick,
        device=gan.device,
        on_tick=on_tick and (lambda row: on_tick(gan, row)),
        checkpoint=checkpoint,
        config=config,
        log=log,
        progress=progress,
        shown={"d_loss": "D", "g_loss": "G"},
    )


def play_for(
    gan: Gan,
    batches: Stream,
    images: int,
    loss: AdversarialLoss = NON_SATURATING,
    falling: tuple[int, float] = (1, 1.0),
) -> Row:
    """Steps for at least ``images`` images; the only place where the host waits for the device.

    Args:
        gan, batches, images, loss: see ``fit``.
        falling: at which image the step sizes end, and at which share; they stay with a share of 1.

    Returns:
        the means of ``STATISTICS`` over these steps.

    Raises:
        TrainingError: one of them, or a weight of the generator, is not finite.
    """
    totals = torch.zeros(len(STATISTICS), device=gan.device)
    steps, before, advance = 0, gan.images_seen, gan.advance or step
    while gan.images_seen < before + images:
        if falling[1] < 1:
            gan.set_lr(optim.cosine_lr(gan.images_seen, falling[0], 1.0, 0, falling[1]))
        totals += advance(gan, distributed.share(next(batches)), loss)
        steps += 1
    distributed.average([totals])
    # The last step's loss does not know the weights that this step made.
    weights = torch.cat([p.detach().flatten() for p in gan.generator.parameters()])
    means = dict(zip(STATISTICS, (totals / steps).tolist(), strict=True))
    largest = {"largest weight": float(weights.abs().max())}
    insist_on_finite(means | largest, f"between image {before:,} and {gan.images_seen:,}")
    return means
