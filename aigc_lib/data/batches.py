"""An endless loader that lives on the device together with the images."""

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor


class Batches:
    """Endless batches of images that already lie on the device; each epoch in a new order.

    The order of an epoch depends on (seed, epoch) alone, not on the device nor on earlier epochs.
    It is drawn on the CPU and moved once an epoch; a step only indexes on the device, so that it
    never makes the host wait. Every batch is full: the last `len(images) % batch` images of an
    epoch's order are left out of that epoch (another epoch leaves out others).

    Attributes:
        epoch: the epoch of the latest batch, from 0.
        position: the number of batches drawn in this epoch, 0 to `steps_per_epoch`.
        steps_per_epoch: `len(images) // batch`.
    """

    def __init__(
        self,
        images: Tensor,
        batch: int,
        *,
        seed: int,
        labels: Tensor | None = None,
        shuffle: bool = True,
    ) -> None:
        """Begin at epoch 0.

        Args:
            images: uint8 (N, C, H, W).
            batch: images a batch, 1 to N.
            seed: 0 or more.
            labels: (N, ...) on the same device; then a batch is (images, labels).
            shuffle: False keeps the order of the images in every epoch.

        Raises:
            TypeError: the images are not uint8.
            ValueError: a shape, size, seed or device that does not fit; the message says which.
        """
        batch, seed = operator.index(batch), operator.index(seed)
        _check(images, batch, seed, labels)
        self.images, self.labels = images, labels
        self.batch, self.seed, self.shuffle = batch, seed, shuffle
        self.steps_per_epoch = len(images) // batch
        self._begin(0, 0)

    def _begin(self, epoch: int, position: int) -> None:
        self.epoch, self.position = epoch, position
        order = epoch_order(len(self.images), self.seed, epoch, self.shuffle)
        if self.images.is_cuda:  # from pinned memory the copy does not make the host wait
            self._order = order.pin_memory().to(self.images.device, non_blocking=True)
        else:
            self._order = order.to(self.images.device)

    def __iter__(self) -> "Batches":
        """Itself: the stream goes on where it is."""
        return self

    def __next__(self) -> Any:
        """The next batch: uint8 (B, C, H, W), or (images, labels) where there are labels."""
        if self.position == self.steps_per_epoch:
            self._begin(self.epoch + 1, 0)
        start = self.position * self.batch
        index = self._order[start : start + self.batch]
        self.position += 1
        images = self.images.index_select(0, index)
        return images if self.labels is None else (images, self.labels.index_select(0, index))

    def state_dict(self) -> dict[str, int | bool]:
        """The place in the stream, as plain numbers."""
        return {"epoch": self.epoch, "position": self.position, **self._identity()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on exactly where the stream of `state` was.

        Raises:
            ValueError: the state is of another stream (seed, batch, size or shuffle differ), is
                incomplete, or holds an impossible place. The stream is then as it was.
        """
        mine = self._identity()
        absent = [key for key in ("epoch", "position", *mine) if key not in state]
        if absent:
            raise ValueError(f"this is no state of Batches: it has no {', '.join(absent)}")
        other = [
            f"{key} {state[key]} (here {mine[key]})" for key in mine if state[key] != mine[key]
        ]
        if other:
            raise ValueError(f"this state is of another stream of batches: {', '.join(other)}")
        epoch, position = operator.index(state["epoch"]), operator.index(state["position"])
        if epoch < 0 or not 0 <= position <= self.steps_per_epoch:
            raise ValueError(
                f"no such place: epoch {epoch}, position {position} "
                f"(an epoch has {self.steps_per_epoch} batches)"
            )
        self._begin(epoch, position)

    def _identity(self) -> dict[str, int | bool]:
        size = len(self.images)
        return {"seed": self.seed, "batch": self.batch, "size": size, "shuffle": self.shuffle}


def epoch_order(size: int, seed: int, epoch: int, shuffle: bool = True) -> Tensor:
    """The order of an epoch: int64 (size,) on the CPU, a function of (seed, epoch) alone.

    torch's CPU generator uses 32 bits of its seed; NumPy's SeedSequence mixes the two numbers into
    as many, so that (0, 1) and (1, 0), say, have nothing in common.
    """
    if not shuffle:
        return torch.arange(size)
    mixed = int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])
    return torch.randperm(size, generator=torch.Generator().manual_seed(mixed))


def _check(images: Tensor, batch: int, seed: int, labels: Tensor | None) -> None:
    if images.dtype != torch.uint8:
        raise TypeError(f"Batches wants uint8 images, got {images.dtype}: normalise in the step")
    if images.ndim != 4:
        raise ValueError(f"Batches wants images (N, C, H, W), got shape {tuple(images.shape)}")
    if not 1 <= batch <= len(images):
        raise ValueError(f"batch is {batch}, but must be from 1 to the {len(images):,} images")
    if seed < 0:
        raise ValueError(f"seed is {seed}, but must be 0 or more")
    if labels is None:
        return
    if labels.ndim == 0 or len(labels) != len(images):
        raise ValueError(f"{len(images):,} images but labels of shape {tuple(labels.shape)}")
    if labels.device != images.device:
        raise ValueError(f"images are on {images.device} but labels on {labels.device}")
