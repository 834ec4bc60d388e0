"""The textbook training loop and ours, side by side in one process.

``textbook`` is the loop that tutorials show, and the source article's once its mistakes are mended:
a ``DataLoader`` that turns one picture at a time into a tensor, an unfused optimiser, all gradients
computed, and losses read back at each step. Both loops train the same networks, from the same
weights, on the same number of images in batches of the same size.
"""

import statistics
import subprocess
import sys
import time
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import MNIST
from tqdm import tqdm

from aigc_lib import gan as game
from aigc_lib import runtime
from aigc_lib.data import Batches, cache_dir, load
from aigc_lib.losses import NON_SATURATING
from aigc_lib.nets.mlp import MLPDiscriminator, MLPGenerator

LATENT, HIDDEN, BATCH, LR = 100, (128,), 128, 2e-4  # the article's sizes


def _networks(seed: int) -> tuple[MLPGenerator, MLPDiscriminator]:
    torch.manual_seed(seed)
    return MLPGenerator(LATENT, HIDDEN), MLPDiscriminator(HIDDEN)


class Textbook:
    """The loop of the tutorials, on the article's sizes; kept slow on purpose, as a baseline."""

    def __init__(self, device: torch.device, seed: int = 0) -> None:
        load("mnist")  # fetches and verifies the files that torchvision then reads
        steps = [transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))]
        data = MNIST(str(cache_dir()), train=True, transform=transforms.Compose(steps))
        self.loader = DataLoader(data, batch_size=BATCH, shuffle=True, drop_last=True)
        self.batches = iter(self.loader)
        self.device = device
        generator, discriminator = _networks(seed)
        self.generator, self.discriminator = generator.to(device), discriminator.to(device)
        self.opt_g = torch.optim.Adam(generator.parameters(), lr=LR)
        self.opt_d = torch.optim.Adam(discriminator.parameters(), lr=LR)
        self.loss = nn.BCEWithLogitsLoss()

    def run(self, steps: int) -> float:
        """Train for ``steps`` steps; returns the last generator loss (nats)."""
        value = float("nan")
        for _ in range(steps):
            try:
                real, _ = next(self.batches)
            except StopIteration:
                self.batches = iter(self.loader)
                real, _ = next(self.batches)
            real = real.to(self.device)
            ones = torch.ones(len(real), 1, device=self.device)
            zeros = torch.zeros(len(real), 1, device=self.device)

            fake = self.generator(torch.randn(len(real), LATENT, device=self.device))
            self.opt_d.zero_grad()
            d_loss = self.loss(self.discriminator(real), ones)
            d_loss = d_loss + self.loss(self.discriminator(fake.detach()), zeros)
            d_loss.backward()
            self.opt_d.step()

            self.opt_g.zero_grad()
            g_loss = self.loss(self.discriminator(fake), ones)
            g_loss.backward()
            self.opt_g.step()
            d_loss.item()
            value = g_loss.item()
        return value


class Ours:
    """``gan.step`` on the same networks: images on the device, nothing read back while it runs."""

    def __init__(self, device: torch.device, seed: int = 0) -> None:
        images = load("mnist").images.to(device)
        self.gan = game.Gan(*_networks(seed), latent_dim=LATENT, lr=LR, device=device)
        self.batches = Batches(images, BATCH, seed=seed)
        self.advance = game.stepper(self.gan, NON_SATURATING)

    def run(self, steps: int) -> float:
        """Train for ``steps`` steps; returns the mean generator loss (nats)."""
        return game._run_tick(self.gan, self.batches, steps * BATCH, self.advance)["g_loss"]


LOOPS: dict[str, type[Textbook] | type[Ours]] = {"textbook": Textbook, "ours": Ours}


def _seconds(loop: Textbook | Ours, steps: int) -> float:
    start = time.perf_counter()
    loop.run(steps)  # both end by reading a value back, so a GPU has finished too
    return time.perf_counter() - start


def _peak(name: str) -> float:
    """Memory in MiB that one loop needs at its peak, on top of what importing everything takes.

    nan where the operating system does not tell.
    """
    code = (
        "from aigc_lib import bench, runtime; before = runtime.peak_memory_mib(); "
        f"bench.LOOPS[{name!r}](runtime.device()).run(50); "
        "print(runtime.peak_memory_mib() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600
    )
    return float(done.stdout.split()[-1])


def compare(rounds: int = 7, steps: int = 100, progress: bool = True) -> dict[str, Any]:
    """Time both loops in turn, in this process.

    Args:
        rounds: measured rounds, at least 5; one more, before them, warms up.
        steps: training steps of each loop in a round.
        progress: show a progress bar.

    Returns:
        ``ratio`` (median over the rounds of textbook time / our time), ``ratio_low`` and
        ``ratio_high`` (least and most), ``images_per_second`` and ``extra_mib`` of each loop, and
        ``machine``.

    Raises:
        ValueError: fewer than 5 rounds: a median of less says little.
    """
    if rounds < 5 or steps < 1:
        raise ValueError(f"need at least 5 rounds and 1 step, got {rounds} and {steps}")
    loops = {name: kind(runtime.device()) for name, kind in LOOPS.items()}
    times: dict[str, list[float]] = {name: [] for name in loops}
    for number in tqdm(range(rounds + 1), desc="rounds", disable=not progress):
        # Each goes first every other time, so that neither gains from a cool chip.
        for name in sorted(loops, reverse=number % 2 == 0):
            seconds = _seconds(loops[name], steps)
            if number:
                times[name].append(seconds)
    ratios = [a / b for a, b in zip(times["textbook"], times["ours"], strict=True)]
    return {
        "ratio": statistics.median(ratios),
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
        "rounds": rounds,
        "steps": steps,
        "batch": BATCH,
        "images_per_second": {
            name: steps * BATCH / statistics.median(values) for name, values in times.items()
        },
        "extra_mib": {name: _peak(name) for name in loops},
        "machine": runtime.machine(),
    }
