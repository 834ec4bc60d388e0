"""Training a diffusion model: one regression, at random times (chapter 13).

Take a picture x, noise z and a time t, and ask the network at x_t = a(t) x + b(t) z for its target
(``schedules.Target``). Trained with the mean square, it learns the mean of the target over all
pairs (x, z) that pass there: nothing here plays against anything.
"""

import copy
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from aigc_lib.core import checkpoint as ckpt
from aigc_lib.core import distributed, optim
from aigc_lib.core.pixels import normalize
from aigc_lib.core.speed import Recorded, Speed, accelerated, tune
from aigc_lib.core.training import Row, insist_on_finite, run_ticks
from aigc_lib.data.batches import Batches
from aigc_lib.diffusion.schedules import STRAIGHT, Schedule, Target, target_of


class Diffusion:
    """A network and all that a training step changes about it.

    Args:
        network: (x_t, t, tokens) -> answer (N, C, H, W), such as ``nets.unet.UNet``.
        lr: Adam's highest step size.
        betas: Adam's decay rates.
        ema_half_life: of the averaged weights, in pictures.
        target: what the network is asked for.
        schedule: how pictures become noise.
        null: the empty description (L,); with it, a share ``drop`` of all descriptions is replaced
            by it, so that the network can be guided (``guidance``).
        seed: of noise and times. The weights' start is the caller's: seed before building them.
        device: where everything lives.

    Attributes:
        predict: how training calls the network: the network itself, or a faster or parallel twin.
        graph: on a GPU, record a step once and replay it; see ``accelerate``.
        average: the network with averaged weights, in evaluation mode.
        images_seen, history: how far training is; one row a tick, see ``fit``.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        lr: float = 4e-3,
        betas: tuple[float, float] = (0.9, 0.99),
        ema_half_life: float = 5_000,
        target: Target = "velocity",
        schedule: Schedule = STRAIGHT,
        null: Tensor | None = None,
        drop: float = 0.1,
        seed: int = 0,
        device: torch.device | str = "cpu",
    ) -> None:
        self.device = torch.device(device)
        self.network = network.to(self.device)
        parallel = distributed.world() > 1
        self.predict: Any = DistributedDataParallel(self.network) if parallel else self.network
        self.lr, self.target, self.schedule, self.drop = lr, target, schedule, drop
        self.null = null if null is None else null.to(self.device)
        self.graph = False
        self.optimizer = optim.adam(self.network, lr, betas)
        self.ema = optim.EMA(self.network, ema_half_life)
        self.rng = torch.Generator(self.device).manual_seed(seed)
        self.images_seen = 0
        self.history: list[Row] = []

    @property
    def average(self) -> nn.Module:
        """The network with averaged weights, in evaluation mode."""
        return self.ema.network

    def state_dict(self) -> dict[str, Any]:
        """All that training changes."""
        return {
            "network": self.network.state_dict(),
            "ema": self.ema.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "rng": self.rng.get_state(),
            "images_seen": self.images_seen,
            "history": self.history,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go back to a state; CheckpointError if it is of another network or kind of device."""
        ckpt.restore_rng(self.rng, state["rng"])
        ckpt.restore(self.network, state["network"], "network")
        ckpt.restore(self.average, state["ema"], "averaged network")
        # Adam keeps the tensors it is given and changes them: these are its own copies.
        self.optimizer.load_state_dict(copy.deepcopy(state["optimizer"]))
        self.images_seen = state["images_seen"]
        self.history = [dict(row) for row in state["history"]]


def accelerate(model: Diffusion, speed: Speed) -> Diffusion:
    """Let training use the switches of ``speed``; several processes record no graph."""
    tune(speed, model.device)
    model.graph = speed.graph and distributed.world() == 1
    model.predict = accelerated(model.predict, speed, model.device)
    if speed.channels_last:
        model.average.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


def loss_of(model: Diffusion, x: Tensor, tokens: Tensor) -> Tensor:
    """Mean square error of the network's answers at random times: a scalar.

    Of several processes each draws all noise, and takes its own share.

    Args:
        model: network, target and schedule; its generator draws.
        x: pictures (N, C, H, W) in [-1, 1].
        tokens: their descriptions, int64 (N, L).
    """
    whole = len(x) * distributed.world()
    noise = torch.randn(whole, *x.shape[1:], device=x.device, generator=model.rng)
    chance = torch.rand(whole, 2, device=x.device, generator=model.rng)
    z, chance = distributed.share(noise), distributed.share(chance)
    t, dropped = chance[:, 0], chance[:, 1:] < model.drop
    if model.null is not None:
        tokens = torch.where(dropped, model.null, tokens)
    a, b = model.schedule.at(t)
    wanted = target_of(x, z, t, model.target, model.schedule)
    error: Tensor = model.predict(a * x + b * z, t, tokens) - wanted
    return error.square().mean()


def learn(model: Diffusion, images: Tensor, tokens: Tensor) -> Tensor:
    """One step of the optimiser on uint8 pictures; returns the detached loss. The device's part."""
    loss = loss_of(model, normalize(images), tokens)
    model.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    model.optimizer.step()
    return loss.detach()


def fit(
    model: Diffusion,
    batches: Batches,
    images: int,
    *,
    warmup: int = 3_000,
    last_lr: float = 0.01,
    tick: int = 30_000,
    on_tick: Callable[[Diffusion, Row], None] | None = None,
    checkpoint: str | Path | None = None,
    config: Mapping[str, Any] | None = None,
    log: str | Path | None = None,
    progress: bool = True,
) -> list[Row]:
    """Train until ``images`` pictures were seen; from a checkpoint, if there is one.

    Args:
        model: what to train.
        batches: endless batches of (uint8 pictures, tokens) on the same device, shared among the
            processes of a job.
        images: when to stop, counted from the very start; it fixes the learning rate's curve too.
        warmup: pictures until the learning rate is full; from there it falls along half a cosine.
        last_lr: the share of the learning rate at the end; 1 keeps it constant.
        tick: pictures between rows, checkpoints and calls of ``on_tick``.
        on_tick: called with the model and its new row; may draw samples.
        checkpoint, config, log, progress: see ``core.training.run_ticks``.

    Returns:
        the history: rows of ``images``, ``seconds`` and ``loss`` (the mean since the last row).

    Raises:
        TrainingError: the loss stopped being a finite number.
        CheckpointError: the checkpoint does not fit.
        ValueError: images or tick is less than a batch.
    """
    if min(images, tick) < batches.batch:
        raise ValueError(f"images and tick must be at least one batch ({batches.batch} images)")
    model.network.train()
    advance: Callable[..., Tensor] = partial(learn, model)
    if model.graph:
        advance = Recorded(advance, model.device, model.rng)

    settings = {"images": images, "warmup": warmup, "last_lr": last_lr, "lr": model.lr,
                "target": model.target, "drop": model.drop}  # fmt: skip
    work = partial(_steps, model, batches, advance, (images, warmup, last_lr))
    return run_ticks(
        model, work, {"model": model, "batches": batches}, clock=lambda: model.images_seen,
        unit="images", end=images, tick=tick, device=model.device,
        on_tick=on_tick and (lambda row: on_tick(model, row)), checkpoint=checkpoint,
        config={**settings, **(config or {})},
        log=log, progress=progress, shown={"loss": "loss"},
    )  # fmt: skip


def _steps(
    model: Diffusion,
    batches: Batches,
    advance: Callable[..., Tensor],
    rates: tuple[int, int, float],
    n: int,
) -> Row:
    """Steps for at least ``n`` pictures; only at the end, for the loss, does the host wait."""
    total, steps, before = torch.zeros((), device=model.device), 0, model.images_seen
    while model.images_seen < before + n:
        lr = optim.cosine_lr(model.images_seen, rates[0], model.lr, *rates[1:])
        optim.set_lr(model.optimizer, lr)
        total += advance(*distributed.share(next(batches)))
        model.ema.update(model.network, batches.batch, model.images_seen)
        model.images_seen += batches.batch
        steps += 1
    distributed.average([total])
    norm = torch.nn.utils.get_total_norm(p.detach() for p in model.network.parameters())
    means = {"loss": float(total) / steps}
    span = f"between image {before:,} and {model.images_seen:,}"
    insist_on_finite(means | {"norm of the weights": float(norm)}, span)
    return means
