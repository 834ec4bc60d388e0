"""Random changes to images that a gradient passes through (chapter 07).

Changing the training images alone teaches the generator the changes: they leak into its samples.
Change real and generated images alike, each time the discriminator looks, and it can only compare
the two *after* the change; the gradient passes back through the change to the generator. That works
as long as the changed distributions still tell the originals apart.
Source: Zhao et al., 2020, "Differentiable Augmentation for Data-Efficient GAN Training", section 3;
what may leak nevertheless: Karras et al., 2020, StyleGAN2-ADA, section 2.2 and appendix C.

All functions take float images (N, C, H, W) in [-1, 1] and keep their shape, dtype and device. Each
image gets a change of its own, drawn on its device from ``rng``, or else from PyTorch's own
generator, whose state a checkpoint holds. They are differentiable twice (gradient penalties need
that), which is why there is no rotation: PyTorch's resampling is not.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

Change = Callable[[Tensor, torch.Generator | None], Tensor]

BLACK = -1.0  # what the data sets have around their pictures; Zhao et al. fill with grey


def translation(images: Tensor, rng: torch.Generator | None = None, share: float = 1 / 8) -> Tensor:
    """Shift by whole pixels, up to ``share`` of the height and width each way, and fill with black.

    All shifts, 0 included, are equally likely.
    """
    n, channels, height, width = images.shape
    places, inside = [], []
    for size in (height, width):
        most = int(size * share + 0.5)
        shift = torch.randint(-most, most + 1, (n, 1), device=images.device, generator=rng)
        # Where each pixel comes from. Modulo: no pixel is read twice, whatever lies outside.
        source = torch.arange(size, device=images.device) - shift
        inside.append((source >= 0) & (source < size))
        places.append(source % size)
    flat = (places[0][:, :, None] * width + places[1][:, None, :]).flatten(1)
    moved = images.flatten(2).gather(2, flat[:, None].expand(n, channels, height * width))
    seen = inside[0][:, :, None] & inside[1][:, None, :]
    return torch.where(seen[:, None], moved.view_as(images), BLACK)


def cutout(images: Tensor, rng: torch.Generator | None = None, share: float = 1 / 2) -> Tensor:
    """Black out a rectangle of ``share`` of the height and width, centred on any pixel alike.

    Near the edges part of it lies outside the image.
    """
    n, _, height, width = images.shape
    covered = []
    for size in (height, width):
        side = int(size * share + 0.5)
        centre = torch.randint(0, size, (n, 1), device=images.device, generator=rng)
        offset = torch.arange(size, device=images.device) - centre + side // 2
        covered.append((offset >= 0) & (offset < side))
    cut = covered[0][:, :, None] & covered[1][:, None, :]
    return torch.where(cut[:, None], BLACK, images)


def brightness(images: Tensor, rng: torch.Generator | None = None, most: float = 0.5) -> Tensor:
    """Add a number from -most to most to all values of an image; they may leave [-1, 1]."""
    return images + most * (2 * _uniform(images, rng) - 1)


def contrast(images: Tensor, rng: torch.Generator | None = None, most: float = 0.5) -> Tensor:
    """Stretch an image about its mean value by 1 - most to 1 + most; it may leave [-1, 1]."""
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (images - mean) * (1 + most * (2 * _uniform(images, rng) - 1))


def flip(images: Tensor, rng: torch.Generator | None = None, probability: float = 0.25) -> Tensor:
    """Mirror left and right with a probability below 1/2.

    At 1/2 a picture and its mirror image become equally likely, so that no discriminator behind the
    flip can tell which of the two is in the data: the flip then leaks into the samples.
    """
    return torch.where(_uniform(images, rng) < probability, images.flip(3), images)


CHANGES: dict[str, Change] = {
    f.__name__: f for f in (translation, cutout, brightness, contrast, flip)
}


def changes(policy: str) -> list[Change]:
    """The functions that a policy names, in order: "translation,cutout"; "" is no change.

    Raises:
        ValueError: an unknown name.
    """
    names = [name.strip() for name in policy.split(",")] if policy else []
    unknown = [name for name in names if name not in CHANGES]
    if unknown:
        raise ValueError(
            f"no change called {', '.join(map(repr, unknown))} in the policy {policy!r}: "
            f"use names from {', '.join(CHANGES)}, separated by commas"
        )
    return [CHANGES[name] for name in names]


def augment(
    images: Tensor, policy: str | Sequence[Change], rng: torch.Generator | None = None
) -> Tensor:
    """Apply the changes of ``policy``, one after the other.

    Args:
        images: float (N, C, H, W).
        policy: names, see ``changes``, or functions (images, rng) -> images.
        rng: on the images' device; PyTorch's own generator if None.

    Raises:
        TypeError: images that are not floats.
        ValueError: another shape, or an unknown name.
    """
    if not images.is_floating_point():
        raise TypeError(f"need float images in [-1, 1], got {images.dtype}: normalise them first")
    if images.ndim != 4:
        raise ValueError(f"need images (N, C, H, W), got {tuple(images.shape)}")
    for change in changes(policy) if isinstance(policy, str) else policy:
        images = change(images, rng)
    return images


class Augmented(nn.Module):
    """A discriminator that, in training, sees changed images only; in eval mode it is itself.

    Real and generated images come in separate calls and are changed independently, with changes
    from the same distribution. Random numbers come from PyTorch's own generator.

    Args:
        discriminator: (images, *condition) -> logits.
        policy: see ``augment``.

    Raises:
        ValueError: an unknown name in the policy.
    """

    def __init__(self, discriminator: nn.Module, policy: str | Sequence[Change]) -> None:
        super().__init__()
        self.discriminator = discriminator
        self.policy = changes(policy) if isinstance(policy, str) else list(policy)

    def forward(self, images: Tensor, *condition: Tensor) -> Tensor:
        """Images (N, C, H, W), and what the discriminator is told besides, to its logits."""
        if self.training:
            images = augment(images, self.policy)
        logits: Tensor = self.discriminator(images, *condition)
        return logits


def _uniform(images: Tensor, rng: torch.Generator | None) -> Tensor:
    """A number in [0, 1) for each image: (N, 1, 1, 1)."""
    shape = (len(images), 1, 1, 1)
    return torch.rand(shape, dtype=images.dtype, device=images.device, generator=rng)
