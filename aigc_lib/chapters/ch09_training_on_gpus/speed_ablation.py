"""From the textbook's training loop to ours, one change at a time (chapter 09).

A ``Rung`` says which changes are made. All rungs train the same networks by the same rule on the
same number of images; each is proved equal to the one below it by a test, but for the order of the
pictures (the first change) and for rounding.
"""

import statistics
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from torchvision import transforms
from tqdm import tqdm

from aigc_lib.benchmark.loops import FOLDERS, MODELS, Model
from aigc_lib.core import optim
from aigc_lib.core.pixels import normalize
from aigc_lib.core.speed import EAGER, Speed
from aigc_lib.data.batches import Batches
from aigc_lib.data.cache import cache_dir
from aigc_lib.data.images import load
from aigc_lib.gan import training
from aigc_lib.gan.acceleration import RecordedStep, accelerate
from aigc_lib.gan.losses import NON_SATURATING
from aigc_lib.gan.state import Gan


@dataclass(frozen=True)
class Rung:
    """Which changes are made to the textbook's loop.

    Attributes:
        on_device: all images lie on the device as bytes; else a ``DataLoader`` turns one picture at
            a time into a tensor.
        reads: how often the losses are read back from the device: each step, or once at the end.
        unused: compute the gradients of the discriminator's weights in the generator's step too,
            and throw them away.
        fused: update all weights of a network in one kernel.
        speed: see ``Speed``.
    """

    on_device: bool = False
    reads: bool = True
    unused: bool = True
    fused: bool = False
    speed: Speed = EAGER


def rungs(device: torch.device, *, images: bool = True, compiled: bool = False) -> dict[str, Rung]:
    """The ladder, from the textbook's loop up: each rung has one change more than the one before.

    Args:
        device: a CUDA graph is only a rung on a GPU.
        images: False for networks of fully connected layers, which have no memory layout to choose.
        compiled: with ``torch.compile``, which takes a compiler and minutes to warm up.
    """
    found = {"textbook": Rung()}
    found["images on the device"] = rung = Rung(on_device=True)
    found["nothing read back"] = rung = replace(rung, reads=False)
    found["no unused gradients"] = rung = replace(rung, unused=False)
    found["fused optimiser"] = rung = replace(rung, fused=True)
    speed = EAGER
    if images:
        speed = replace(speed, channels_last=True)
        found["channels last"] = rung = replace(rung, speed=speed)
    if device.type == "cuda":
        speed = replace(speed, graph=True)
        found["CUDA graph"] = rung = replace(rung, speed=speed)
    speed = replace(speed, bf16=True)
    found["bfloat16"] = rung = replace(rung, speed=speed)
    if compiled:
        # A compiled network cannot be recorded before it has been compiled: without the graph.
        speed = replace(speed, compile=True, graph=False)
        found["compiled"] = replace(rung, speed=speed)
    return found


class Climber:
    """A training loop that makes the changes of one rung.

    Args:
        model: the networks and their settings, from ``loops.MODELS``.
        rung: the changes.
        device: where it runs.
        seed: of the weights, the noise and the order of the data.
    """

    def __init__(self, model: Model, rung: Rung, device: torch.device, seed: int = 0) -> None:
        self.rung, self.device = rung, device
        data = load("mnist")
        self.gan = Gan(
            *model.build(seed),
            latent_dim=model.latent_dim,
            lr=model.lr,
            betas=model.betas,
            seed=seed,
            device=device,
        )
        if not rung.fused:
            gan = self.gan
            gan.opt_g = optim.adam(gan.generator, model.lr, model.betas, fused=False)
            gan.opt_d = optim.adam(gan.discriminator, model.lr, model.betas, fused=False)
        accelerate(self.gan, rung.speed)
        self.advance = RecordedStep() if rung.speed.graph else training.step
        if rung.on_device:
            self.batches: Iterator[Any] = iter(
                Batches(data.images.to(device), model.batch, seed=seed)
            )
        else:
            convert = [transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))]
            pictures = FOLDERS["mnist"](str(cache_dir()), transform=transforms.Compose(convert))
            self.loader = DataLoader(pictures, model.batch, shuffle=True, drop_last=True)
            self.batches = iter(())

    def next_batch(self) -> Tensor:
        """Images (N, 1, 28, 28) on the device: bytes, or floats in [-1, 1] from the loader."""
        try:
            batch = next(self.batches)
        except StopIteration:  # an epoch of the loader is over, or not yet begun
            self.batches = iter(self.loader)
            batch = next(self.batches)
        images: Tensor = batch[0] if isinstance(batch, list) else batch
        return images.to(self.device)

    def step(self, real: Tensor) -> Tensor:
        """One step of both players; their statistics, on the device, see ``gan.STATISTICS``."""
        if not self.rung.unused:
            return self.advance(self.gan, real)
        gan, loss = self.gan, NON_SATURATING
        if not real.is_floating_point():
            real = normalize(real)
        fake = gan.generate(gan.noise(len(real)))
        found = training.d_step(gan, real, fake, loss)
        gan.opt_g.zero_grad(set_to_none=True)
        value = loss.generator(gan.discriminate(fake))
        value.backward()  # through the discriminator's weights too
        gan.opt_g.step()
        training.count(gan, len(real))
        return torch.stack([found[0], value.detach(), *found[1:]])

    def run(self, steps: int) -> float:
        """Train for ``steps`` steps; the last generator loss (nats), read back at the end."""
        value = torch.zeros(4, device=self.device)
        for _ in range(steps):
            value = self.step(self.next_batch())
            if self.rung.reads:
                value.tolist()
        return float(value[1])


def host_syncs(climber: Climber, steps: int = 5) -> int | None:
    """How often the host waits for the GPU in ``steps`` steps; None on a CPU, which never waits."""
    if climber.device.type != "cuda":
        return None
    climber.run(5)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            for _ in range(steps):
                value = climber.step(climber.next_batch())
                if climber.rung.reads:
                    value.tolist()
        finally:
            torch.cuda.set_sync_debug_mode("default")
    return sum("synchronizing" in str(w.message) for w in caught)


def climb(
    model: str,
    ladder: Mapping[str, Rung],
    device: torch.device,
    rounds: int = 5,
    steps: int = 10,
    progress: bool = True,
) -> list[dict[str, Any]]:
    """Time all rungs in turn, in one process.

    Args:
        model: ``mlp`` or ``dcgan``.
        ladder: see ``rungs``; the first is what the others are compared with.
        device: where to run.
        rounds: measured rounds, at least 5; one more, before them, warms up.
        steps: training steps of each rung in a round.
        progress: show a progress bar.

    Returns:
        a row a rung: ``model``, ``rung``, ``ratio`` (median over the rounds of the first rung's
        time over this one's), ``low`` and ``high`` (least and most), ``images_per_second`` and, on
        a GPU, ``host_syncs`` in five steps and ``peak_mib``.

    Raises:
        ValueError: fewer than 5 rounds: a median of less says little.
    """
    if rounds < 5 or steps < 1:
        raise ValueError(f"need at least 5 rounds and 1 step, got {rounds} and {steps}")
    climbers = {name: Climber(MODELS[model], rung, device) for name, rung in ladder.items()}
    times: dict[str, list[float]] = {name: [] for name in climbers}
    for number in tqdm(range(rounds + 1), desc=model, disable=not progress):
        for name in sorted(climbers, reverse=number % 2 == 0):
            start = time.perf_counter()
            climbers[name].run(steps)  # ends by reading a value back: a GPU has finished too
            if number:
                times[name].append(time.perf_counter() - start)
    first = times[next(iter(ladder))]
    rows = []
    for name, climber in climbers.items():
        ratios = [a / b for a, b in zip(first, times[name], strict=True)]
        row = {
            "model": model,
            "rung": name,
            "ratio": statistics.median(ratios),
            "low": min(ratios),
            "high": max(ratios),
            "images_per_second": steps * MODELS[model].batch / statistics.median(times[name]),
        }
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
            climber.run(steps)
            row["peak_mib"] = torch.cuda.max_memory_allocated() / 2**20
            row["host_syncs"] = host_syncs(climber)
        rows.append(row)
    return rows


def title(rows: Mapping[str, Any]) -> str:
    """Where and when a recorded ladder was measured, in one line."""
    machine = rows["machine"]
    return f"{machine['device']}, PyTorch {machine['torch']}, {rows['date']}"
