"""The two players of the adversarial game, and all that a training step changes about them."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from aigc_lib.core import checkpoint as ckpt
from aigc_lib.core import optim
from aigc_lib.core.training import Row


class Gan:
    """The two players and all that a training step changes.

    Args:
        generator: (N, latent_dim) -> samples (N, ...), such as images (N, C, H, W) in [-1, 1].
        discriminator: samples (N, ...) -> logits (N, 1). Conditional players take labels (N,) too.
        latent_dim: length of a latent vector.
        lr: Adam's step size, for both players or as (generator, discriminator).
        betas: Adam's decay rates.
        ema_half_life: half-life of the averaged generator, in images.
        seed: of the latent noise. The weights' start is the caller's: seed before building them.
        device: where everything lives.

    Attributes:
        generate: how the steps call the generator: (N, latent_dim) -> samples (N, ...), with their
            graph. The network itself, unless ``gan.acceleration`` put a faster twin here.
        discriminate: how they call the discriminator: samples (N, ...) -> logits (N, 1).
        advance: makes a step of both in place of ``training.step``, if ``gan.acceleration`` put a
            recorded one here.
        lr: the highest step sizes, (generator, discriminator).
        average: the averaged generator; samples come from it unless asked otherwise.
        images_seen: how many real samples the discriminator has seen.
        steps: how many steps that were.
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
    ) -> None:
        lr_g, lr_d = lr if isinstance(lr, tuple) else (lr, lr)
        self.device = torch.device(device)
        self.latent_dim = latent_dim
        self.generator = generator.to(self.device)
        self.discriminator = discriminator.to(self.device)
        self.generate: Callable[..., Tensor] = self.generator
        self.discriminate: Callable[..., Tensor] = self.discriminator
        self.advance: Callable[..., Tensor] | None = None
        self.lr = (lr_g, lr_d)
        self.opt_g = optim.adam(self.generator, lr_g, betas)
        self.opt_d = optim.adam(self.discriminator, lr_d, betas)
        self.ema = optim.EMA(self.generator, ema_half_life)
        self.rng = torch.Generator(self.device).manual_seed(seed)
        self.images_seen = 0
        self.steps = 0
        self.history: list[Row] = []

    @property
    def average(self) -> nn.Module:
        """The generator with averaged weights, in evaluation mode."""
        return self.ema.network

    def noise(self, n: int) -> Tensor:
        """Fresh latent vectors (n, latent_dim) from N(0, I), never the same twice."""
        return torch.randn(n, self.latent_dim, device=self.device, generator=self.rng)

    def set_lr(self, share: float) -> None:
        """Give both players this share of their highest step size."""
        optim.set_lr(self.opt_g, share * self.lr[0])
        optim.set_lr(self.opt_d, share * self.lr[1])

    @torch.no_grad()
    def sample(
        self,
        n: int,
        *,
        seed: int,
        labels: Tensor | None = None,
        averaged: bool = True,
        batch: int = 1000,
    ) -> Tensor:
        """``n`` samples (n, ...); the same seed gives the same samples.

        Does not touch the training's random state, so looking at samples changes nothing.

        Args:
            n: at least 1.
            seed: of the latent vectors, which do not depend on the labels.
            labels: int64 (n,) on the players' device, for a conditional generator.
            averaged: take the averaged generator, not the one in training.
            batch: samples a call; changes memory and time, not the result (but for rounding).

        Raises:
            ValueError: n < 1, or labels of another length, dtype or device.
        """
        if n < 1:
            raise ValueError(f"n must be at least 1, got {n}")
        if labels is not None:
            self._check_labels(labels, n)
        rng = torch.Generator(self.device).manual_seed(seed)
        z = torch.randn(n, self.latent_dim, device=self.device, generator=rng)
        network = self.average if averaged else self.generator
        training = network.training
        network.eval()  # no dropout, and BatchNorm's running statistics stay as they are
        given = [z] if labels is None else [z, labels]
        parts = zip(*(torch.split(tensor, batch) for tensor in given), strict=True)
        try:
            return torch.cat([network(*part) for part in parts])
        finally:
            network.train(training)

    def _check_labels(self, labels: Tensor, n: int) -> None:
        here = labels.device.type == self.device.type  # "cuda" and "cuda:0" may be the same
        if labels.shape != (n,) or labels.dtype != torch.int64 or not here:
            raise ValueError(
                f"{n} samples need labels ({n},), int64, on {self.device}, "
                f"got {tuple(labels.shape)}, {labels.dtype}, on {labels.device}"
            )

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
            "steps": self.steps,
            "history": self.history,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go back to a saved state.

        Raises:
            CheckpointError: the state belongs to networks of other sizes, or to another kind of
                device.
        """
        ckpt.restore_rng(self.rng, state["rng"])
        ckpt.restore(self.generator, state["generator"], "generator")
        ckpt.restore(self.discriminator, state["discriminator"], "discriminator")
        ckpt.restore(self.ema.network, state["ema"], "averaged generator")
        # Adam keeps the tensors it is given and changes them: these are its own copies.
        self.opt_g.load_state_dict(copy.deepcopy(state["opt_g"]))
        self.opt_d.load_state_dict(copy.deepcopy(state["opt_d"]))
        self.images_seen = state["images_seen"]
        self.steps = state["steps"]
        self.history = [dict(row) for row in state["history"]]
