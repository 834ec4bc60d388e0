"""The two conversions between stored pixels and what networks read."""

import torch
from torch import Tensor


def normalize(images: Tensor) -> Tensor:
    """uint8 0 to 255 -> float32 -1 to 1, same shape; TypeError for anything but uint8."""
    if images.dtype != torch.uint8:
        raise TypeError(f"normalise wants uint8 images, got {images.dtype}: normalised already?")
    return images.float().div_(127.5).sub_(1.0)


def to_uint8(images: Tensor) -> Tensor:
    """Floats -> uint8: -1 becomes 0 and 1 becomes 255, rounded; beyond is clipped, NaN becomes 0.

    The exact inverse of `normalise`. TypeError for anything but floats.
    """
    if not images.is_floating_point():
        raise TypeError(f"to_uint8 wants float images in [-1, 1], got {images.dtype}")
    scaled = images.detach().float().add(1.0).mul_(127.5).nan_to_num_(nan=0.0)
    return scaled.round_().clamp_(0.0, 255.0).to(torch.uint8)
