"""Training a diffusion model: one regression, at random times (chapter 13).

Take a picture x, noise z and a time t, and ask the network at x_t = a(t) x + b(t) z for its target
(``schedules.Target``). Trained with the mean square, it learns the mean of the target over all
pairs (x, z) that pass there: nothing here plays against anything.
"""

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from aigc_lib.core import checkpoint as ckpt
from aigc_lib.core import distributed, optim
from aigc_lib.core.pixels import normalize
from aigc_lib.core.speed import Recorded, Speed, accelerated
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
        # On a GPU the rate is a tensor, so that a recorded step reads what it is now.
        rate: Any = torch.tensor(lr, device=self.device) if self.device.type == "cuda" else lr
        self.optimizer = optim.adam(self.network, rate, betas)
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
    """Let training use the switches of ``speed``, but for ``graph``, which is of ``fit``."""
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
    draws = {"device": x.device, "generator": model.rng}
    z = torch.randn(whole, *x.shape[1:], **draws)  # type: ignore[call-overload]
    chance = torch.rand(whole, 2, **draws)  # type: ignore[call-overload]
    z, chance = distributed.share(z), distributed.share(chance)
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
    graph: bool = False,
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
        graph: on a GPU, record a step once and replay it.
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
    size = batches.batch
    if images < size or tick < size:
        raise ValueError(f"images and tick must be at least one batch ({size} images)")
    model.network.train()
    advance: Callable[[Tensor, Tensor], Tensor] = lambda x, tokens: learn(model, x, tokens)  # noqa: E731
    if graph:
        advance = Recorded(advance, model.device, model.rng)

    def work(n: int) -> Row:
        return _steps(model, batches, n, advance, (images, warmup, last_lr))

    return run_ticks(
        model, work, {"model": model, "batches": batches}, clock=lambda: model.images_seen,
        unit="images", end=images, tick=tick, device=model.device,
        on_tick=on_tick and (lambda row: on_tick(model, row)), checkpoint=checkpoint,
        config={"images": images, "warmup": warmup, "last_lr": last_lr, **(config or {})},
        log=log, progress=progress, shown={"loss": "loss"},
    )  # fmt: skip


def _steps(
    model: Diffusion,
    batches: Batches,
    n: int,
    advance: Callable[[Tensor, Tensor], Tensor],
    rates: tuple[int, int, float],
) -> Row:
    """Steps for at least ``n`` pictures; only at the end, for the loss, does the host wait."""
    total, steps, before = torch.zeros((), device=model.device), 0, model.images_seen
    end, warmup, last = rates
    while model.images_seen < before + n:
        lr = optim.cosine_lr(model.images_seen, end, model.lr, warmup, last)
        optim.set_lr(model.optimizer, lr)
        total += advance(*distributed.share(next(batches)))
        model.ema.update(model.network, batches.batch, model.images_seen)
        model.images_seen += batches.batch
        steps += 1
    distributed.average([total])
    means = {"loss": float(total) / steps}
    insist_on_finite(means, f"between image {before:,} and {model.images_seen:,}")
    return means
