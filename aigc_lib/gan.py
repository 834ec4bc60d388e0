"""The adversarial game, once: one discriminator step, one generator step, and the loop around them.

Read ``d_step`` and ``g_step`` first; everything else is bookkeeping. The loop measures time in
images seen, takes any pair of losses, and never waits for the device: statistics add up in a tensor
there and are read once a tick.
"""

import copy
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from aigc_lib import checkpoint as ckpt
from aigc_lib import optim
from aigc_lib.data import Batches, normalise
from aigc_lib.losses import NON_SATURATING, AdversarialLoss

Row = dict[str, float]
STATISTICS = ("d_loss", "g_loss", "d_real", "d_fake")


class TrainingError(RuntimeError):
    """Training cannot go on; the message says since when and what to do."""


class Gan:
    """The two players and all that a training step changes.

    Args:
        generator: (N, latent_dim) -> (N, C, H, W) in [-1, 1].
        discriminator: (N, C, H, W) -> logits (N, 1).
        latent_dim: length of a latent vector.
        lr: Adam's step size, for both players or as (generator, discriminator).
        betas: Adam's decay rates.
        ema_half_life: half-life of the averaged generator, in images.
        seed: of the latent noise. The weights' start is the caller's: seed before building them.
        device: where everything lives.
        fused: update each network's parameters in one kernel (see ``optim.adam``).

    Attributes:
        average: the averaged generator; samples come from it unless asked otherwise.
        images_seen: how many real images the discriminator has seen.
        history: one row a tick, see ``fit``.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        *,
        latent_dim: int,
        lr: float | tuple[float, float] = 2e-4,
        betas: tuple[float, float] = (0.5, 0.99),
        ema_half_life: float = 50_000,
        seed: int = 0,
        device: torch.device | str = "cpu",
        fused: bool = True,
    ) -> None:
        lr_g, lr_d = lr if isinstance(lr, tuple) else (lr, lr)
        self.device = torch.device(device)
        self.latent_dim = latent_dim
        self.generator = generator.to(self.device)
        self.discriminator = discriminator.to(self.device)
        self.opt_g = optim.adam(self.generator, lr_g, betas, fused)
        self.opt_d = optim.adam(self.discriminator, lr_d, betas, fused)
        self.ema = optim.EMA(self.generator, ema_half_life)
        self.rng = torch.Generator(self.device).manual_seed(seed)
        self.images_seen = 0
        self.history: list[Row] = []

    @property
    def average(self) -> nn.Module:
        """The generator with averaged weights, in evaluation mode."""
        return self.ema.network

    def noise(self, n: int) -> Tensor:
        """Fresh latent vectors (n, latent_dim) from N(0, I), never the same twice."""
        return torch.randn(n, self.latent_dim, device=self.device, generator=self.rng)

    @torch.no_grad()
    def sample(self, n: int, *, seed: int, averaged: bool = True, batch: int = 1000) -> Tensor:
        """``n`` images (n, C, H, W) in [-1, 1]; the same seed gives the same images.

        Does not touch the training's random state, so looking at samples changes nothing.
        """
        if n < 1:
            raise ValueError(f"n must be at least 1, got {n}")
        rng = torch.Generator(self.device).manual_seed(seed)
        z = torch.randn(n, self.latent_dim, device=self.device, generator=rng)
        network = self.average if averaged else self.generator
        training = network.training
        network.eval()  # no dropout, and BatchNorm's running statistics stay as they are
        images = torch.cat([network(part) for part in torch.split(z, batch)])
        network.train(training)
        return images

    def state_dict(self) -> dict[str, Any]:
        """Everything a step changes, as tensors and plain values."""
        return {
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "ema": self.ema.state_dict(),
            "opt_g": self.opt_g.state_dict(),
            "opt_d": self.opt_d.state_dict(),
            "rng": self.rng.get_state(),
            "images_seen": self.images_seen,
            "history": self.history,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go back to a saved state.

        Raises:
            CheckpointError: the state belongs to networks of other sizes, or to another kind of
                device.
        """
        if state["rng"].shape != self.rng.get_state().shape:
            raise ckpt.CheckpointError(
                "the run was trained on another kind of device (CPU or GPU), whose random numbers "
                "this one cannot continue. Go on there, or choose the device with AIGC_DEVICE."
            )
        ckpt.restore(self.generator, state["generator"], "generator")
        ckpt.restore(self.discriminator, state["discriminator"], "discriminator")
        ckpt.restore(self.ema.network, state["ema"], "averaged generator")
        # Adam keeps the tensors it is given and changes them: these are its own copies.
        self.opt_g.load_state_dict(copy.deepcopy(state["opt_g"]))
        self.opt_d.load_state_dict(copy.deepcopy(state["opt_d"]))
        self.rng.set_state(state["rng"].cpu())
        self.images_seen = state["images_seen"]
        self.history = [dict(row) for row in state["history"]]


def d_step(gan: Gan, real: Tensor, fake: Tensor, loss: AdversarialLoss) -> tuple[Tensor, ...]:
    """One step of the discriminator: tell ``real`` from ``fake``.

    Args:
        gan: the players; only the discriminator changes.
        real, fake: images (N, C, H, W) in [-1, 1]. ``fake`` is cut from the generator's graph here,
            so that no gradient of this loss can reach the generator.
        loss: the game's two losses.

    Returns:
        Three detached scalars on the device: the loss in nats, and the mean probability of "real"
        that the discriminator gave to real and to generated images.
    """
    gan.opt_d.zero_grad(set_to_none=True)
    real_logits = gan.discriminator(real)
    fake_logits = gan.discriminator(fake.detach())
    value = loss.discriminator(real_logits, fake_logits)
    value.backward()
    gan.opt_d.step()
    with torch.no_grad():
        return value.detach(), real_logits.sigmoid().mean(), fake_logits.sigmoid().mean()


def g_step(gan: Gan, fake: Tensor, loss: AdversarialLoss) -> Tensor:
    """One step of the generator: make the discriminator say "real".

    Args:
        gan: the players; only the generator changes.
        fake: G(z), images (N, C, H, W) still attached to the generator's graph.
        loss: the game's two losses.

    Returns:
        The detached loss in nats, a scalar on the device.
    """
    gan.opt_g.zero_grad(set_to_none=True)
    value = loss.generator(gan.discriminator(fake))
    # The gradient must pass through the discriminator but not stop in it: computing the gradient
    # of its weights too would cost a third of this step and be thrown away.
    value.backward(inputs=gan.opt_g.param_groups[0]["params"])
    gan.opt_g.step()
    return value.detach()


def step(gan: Gan, images: Tensor, loss: AdversarialLoss = NON_SATURATING) -> Tensor:
    """One step of each player on a batch of uint8 images (N, C, H, W).

    Returns:
        ``STATISTICS`` of this step: a float tensor (4,), on the device.
    """
    fake = gan.generator(gan.noise(len(images)))
    d_loss, d_real, d_fake = d_step(gan, normalise(images), fake, loss)
    g_loss = g_step(gan, fake, loss)
    gan.ema.update(gan.generator, len(images), gan.images_seen)
    gan.images_seen += len(images)
    return torch.stack([d_loss, g_loss, d_real, d_fake])


def fit(
    gan: Gan,
    batches: Batches,
    images: int,
    *,
    loss: AdversarialLoss = NON_SATURATING,
    tick: int = 30_000,
    on_tick: Callable[[Gan, Row], None] | None = None,
    checkpoint: str | Path | None = None,
    recipe: Mapping[str, Any] | None = None,
    log: str | Path | None = None,
    progress: bool = True,
) -> list[Row]:
    """Train until the discriminator has seen ``images`` real images.

    Every ``tick`` images the mean statistics since the last tick become a row of the history, the
    checkpoint is written, and ``on_tick`` is called. If ``checkpoint`` exists already, training
    goes on from there: to the same weights, bit for bit on a CPU, as if it had never stopped.
    For the same reason ``on_tick`` leaves no trace in PyTorch's random state.

    Args:
        gan: the players.
        batches: endless source of uint8 batches on the same device.
        images: when to stop, counted from the very start of training.
        loss: the game's two losses.
        tick: in images.
        on_tick: called with the players and the new row; may draw samples.
        checkpoint: file to write at each tick and to resume from.
        recipe: plain values saved in the checkpoint; a resumed run must have the same.
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
    recipe = dict(recipe or {})
    parts: dict[str, ckpt.Stateful] = {"gan": gan, "batches": batches}
    if checkpoint and Path(checkpoint).exists():
        ckpt.resume_run(checkpoint, parts, recipe, gan.device)
        _write_log(log, gan.history)
    gan.generator.train()
    gan.discriminator.train()
    before = gan.history[-1]["seconds"] if gan.history else 0.0
    start = time.perf_counter()
    bar = tqdm(total=images, initial=gan.images_seen, unit="img", disable=not progress,
               unit_scale=True, desc="training")  # fmt: skip
    with bar:
        while gan.images_seen < images:
            row = _run_tick(gan, batches, min(tick, images - gan.images_seen), loss)
            row["seconds"] = before + time.perf_counter() - start
            gan.history.append(row)
            bar.update(gan.images_seen - bar.n)
            bar.set_postfix(D=f"{row['d_loss']:.3f}", G=f"{row['g_loss']:.3f}")
            if checkpoint:
                ckpt.save_run(checkpoint, parts, recipe)
            _write_log(log, gan.history)
            if on_tick:
                with torch.random.fork_rng([gan.device] if gan.device.type == "cuda" else []):
                    on_tick(gan, row)
    return gan.history


def _write_log(log: str | Path | None, history: list[Row]) -> None:
    if log:
        lines = "".join(json.dumps(row) + "\n" for row in history)
        ckpt.write_atomically(Path(log), lines.encode())


def _run_tick(gan: Gan, batches: Iterator[Tensor], images: int, loss: AdversarialLoss) -> Row:
    """Steps for at least ``images`` images; the only place where the host waits for the device."""
    totals = torch.zeros(len(STATISTICS), device=gan.device)
    steps = 0
    until = gan.images_seen + images
    while gan.images_seen < until:
        totals += step(gan, next(batches), loss)
        steps += 1
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
