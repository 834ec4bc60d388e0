"""Between stored pixels and what networks read, both ways; many pictures as one."""

import math
from typing import Any

import numpy as np
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


def to_grid(images: Tensor, columns: int = 8) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Tile images (N, C, H, W), uint8 or float in [-1, 1], into one uint8 picture (H', W', C).

    C is 1 or 3; grey pictures come back as (H', W'). A last row that is not full is filled with
    black; fewer images than ``columns`` make one shorter row. One black pixel separates the tiles.

    Raises:
        ValueError: another shape, or columns < 1.
        TypeError: integers other than uint8.
    """
    if images.ndim != 4 or images.shape[1] not in (1, 3) or not len(images) or columns < 1:
        raise ValueError(
            f"need images (N, 1 or 3, H, W) and columns >= 1, got {tuple(images.shape)}, {columns}"
        )
    if images.dtype != torch.uint8:
        images = to_uint8(images)
    tiles = images.cpu().permute(0, 2, 3, 1).numpy()
    n, height, width, channels = tiles.shape
    columns = min(columns, n)
    rows = math.ceil(n / columns)
    grid = np.zeros((rows * (height + 1) - 1, columns * (width + 1) - 1, channels), np.uint8)
    for i, tile in enumerate(tiles):
        top, left = i // columns * (height + 1), i % columns * (width + 1)
        grid[top : top + height, left : left + width] = tile
    return grid[..., 0] if channels == 1 else grid
