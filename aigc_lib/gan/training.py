"""The adversarial game, once: one discriminator step, one generator step, and the loop around them.

Read ``d_step`` and ``g_step`` first; everything else is bookkeeping. The loop measures time in
images seen, takes any pair of losses, and never waits for the device: statistics add up in a tensor
there and are read once a tick.
"""

import json
import math
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor
from tqdm.auto import tqdm

from aigc_lib.core import checkpoint as ckpt
from aigc_lib.core import distributed
from aigc_lib.core.files import write_atomically
from aigc_lib.core.pixels import normalize
from aigc_lib.core.speed import Replayed
from aigc_lib.core.training import Row, TrainingError
from aigc_lib.gan.losses import NON_SATURATING, AdversarialLoss
from aigc_lib.gan.state import Gan

STATISTICS = ("d_loss", "g_loss", "d_real", "d_fake")


class Stream(Protocol):
    """What ``fit`` trains on: endless batches that know their place (``Batches``, say)."""

    batch: int

    def __next__(self) -> Any:
        """The next batch: samples (N, ...), or (samples, labels)."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """The place in the stream."""
        ...

    def load_state_dict(self, state: dict[str, Any], /) -> object:
        """Go on from a place; ValueError if it belongs to another stream."""
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
    real_logits, fake_logits = gan.judge(real, *condition), gan.judge(fake, *condition)
    value = loss.discriminator(real_logits, fake_logits)
    total = value
    if loss.penalty is not None:
        # ``forward``, for that is never compiled: compiled code has no second derivative.
        penalty = loss.penalty(
            lambda x: gan.discriminator.forward(x, *condition), real, fake, gan.rng
        )
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
    value = loss.generator(gan.judge(fake, *condition))
    # The gradient must pass through the discriminator but not stop in it: computing the gradient
    # of its weights too would cost a third of this step and be thrown away.
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
    tick: int = 30_000,
    on_tick: Callable[[Gan, Row], None] | None = None,
    checkpoint: str | Path | None = None,
    config: Mapping[str, Any] | None = None,
    log: str | Path | None = None,
    progress: bool = True,
) -> list[Row]:
    """Train until the discriminator has seen ``images`` real images.

    Every ``tick`` images the mean statistics since the last tick become a row of the history, the
    checkpoint is written, and ``on_tick`` is called. If ``checkpoint`` exists already, training
    goes on from there: to the same weights, bit for bit on a CPU, as if it had never stopped.
    For the same reason ``on_tick`` leaves no trace in PyTorch's random state. In a job of several
    processes (``distributed``) a batch is shared among them, and the first alone shows and writes.

    Args:
        gan: the players.
        batches: endless batches on the same device, see ``step``.
        images: when to stop, counted from the very start of training.
        loss: the game's two losses.
        tick: in images.
        on_tick: called with the players and the new row; may draw samples.
        checkpoint: file to write at each tick and to resume from.
        config: plain values saved in the checkpoint; a resumed run must have the same.
        log: file for the rows, one JSON object a line; rewritten on resume.
        progress: show a progress bar.

    Returns:
        The history. Each row holds ``images`` (seen so far), ``seconds`` (since the start,
        resumed time included), ``d_loss`` and ``g_loss`` (nats), ``d_real`` and ``d_fake`` (mean
        probability of "real" given to real and to generated images).

    Raises:
        TrainingError: a loss or a weight became infinite or not a number.
        CheckpointError: the checkpoint does not fit the networks, the data or the recipe.
        ValueError: images or tick is less than a batch.
    """
    if images < batches.batch or tick < batches.batch:
        raise ValueError(f"images and tick must be at least one batch ({batches.batch} images)")
    config = dict(config or {})
    parts: dict[str, ckpt.Stateful] = {"gan": gan, "batches": batches}
    if checkpoint and Path(checkpoint).exists():
        ckpt.resume_run(checkpoint, parts, config, gan.device)
        if distributed.rank() == 0:
            _write_log(log, gan.history)
    gan.generator.train()
    gan.discriminator.train()
    before = gan.history[-1]["seconds"] if gan.history else 0.0
    start = time.perf_counter()
    advance = stepper(gan, loss)
    first = distributed.rank() == 0  # the one that shows and writes
    bar = tqdm(total=images, initial=gan.images_seen, unit="img", disable=not (progress and first),
               unit_scale=True, desc="training")  # fmt: skip
    with bar:
        while gan.images_seen < images:
            row = _run_tick(gan, batches, min(tick, images - gan.images_seen), advance)
            row["seconds"] = before + time.perf_counter() - start
            gan.history.append(row)
            bar.update(gan.images_seen - bar.n)
            bar.set_postfix(D=f"{row['d_loss']:.3f}", G=f"{row['g_loss']:.3f}")
            if not first:
                continue
            if checkpoint:
                ckpt.save_run(checkpoint, parts, config)
            _write_log(log, gan.history)
            if on_tick:
                with torch.random.fork_rng([gan.device] if gan.device.type == "cuda" else []):
                    on_tick(gan, row)
    return gan.history


def _write_log(log: str | Path | None, history: list[Row]) -> None:
    if log:
        lines = "".join(json.dumps(row) + "\n" for row in history)
        write_atomically(Path(log), lines.encode())


def stepper(gan: Gan, loss: AdversarialLoss) -> Callable[[Any], Tensor]:
    """``step`` for these players and losses: replayed from CUDA graphs if ``gan.speed`` says so."""
    if not gan.speed.graph:
        return lambda batch: step(gan, batch, loss)
    # A step with a penalty is other work than one without: each gets its recording.
    recorded: dict[bool, Replayed] = {}

    def advance(batch: Any) -> Tensor:
        samples, *condition = batch if isinstance(batch, tuple) else (batch,)
        now = loss.at(gan.steps)
        key = now.penalty is None
        if key not in recorded:
            recorded[key] = Replayed(partial(play, gan, now), gan.device, gan.rng)
        found = recorded[key](samples, *condition)
        count(gan, len(samples))
        return found

    return advance


def _run_tick(gan: Gan, batches: Stream, images: int, advance: Callable[[Any], Tensor]) -> Row:
    """Steps for at least ``images`` images; the only place where the host waits for the device."""
    totals = torch.zeros(len(STATISTICS), device=gan.device)
    steps = 0
    until = gan.images_seen + images
    while gan.images_seen < until:
        totals += advance(distributed.share(next(batches)))
        steps += 1
    distributed.average([totals])
    means = (totals / steps).tolist()
    # The last step's loss does not know the weights that this step made.
    weights = torch.cat([p.detach().flatten() for p in gan.generator.parameters()])
    if not all(math.isfinite(value) for value in means) or not bool(weights.isfinite().all()):
        raise TrainingError(
            "a loss or a weight stopped being a finite number between image "
            f"{until - images:,} and {gan.images_seen:,}: "
            f"{dict(zip(STATISTICS, means, strict=True))}. The last checkpoint, if any, is from "
            "before that. Lower the learning rate, or check the input."
        )
    return {"images": gan.images_seen, **dict(zip(STATISTICS, means, strict=True))}
