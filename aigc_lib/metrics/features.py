"""Images -> features, and the checks that every score of features shares."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from aigc_lib.core.pixels import normalize


def in_range(images: Tensor) -> Tensor:
    """uint8 or float images as float in [-1, 1]; refuses floats of another range."""
    if images.dtype == torch.uint8:
        return normalize(images)
    if not images.is_floating_point():
        raise ValueError(f"images must be uint8, or float in [-1, 1], not {images.dtype}")
    # Written so that NaN fails too.
    if not bool((images.abs() <= 1 + 1e-4).all()):
        raise ValueError("float images must lie in [-1, 1] and hold no NaN; pass uint8 for 0..255")
    return images


def extract(features: Callable[[Tensor], Tensor], images: Tensor, batch: int = 500) -> Tensor:
    """Features of all images, taken ``batch`` at a time without gradients.

    Args:
        features: maps float images (B, C, H, W) in [-1, 1] to (B, d).
        images: (N, C, H, W), uint8 or float in [-1, 1], on the device of ``features``. Round
            generated images to uint8 first: the real ones were.
        batch: images per call; changes memory and time, not the result (but for rounding).

    Returns:
        (N, d) float64 on the CPU.

    Raises:
        ValueError: no images, images out of range, features of another shape, or a network in
            training mode (its BatchNorm would make the features depend on the batch).
    """
    if images.ndim != 4 or len(images) == 0:
        raise ValueError(f"images must be (N, C, H, W) with N >= 1, not {tuple(images.shape)}")
    if batch < 1:
        raise ValueError(f"batch must be at least 1, not {batch}")
    network = getattr(features, "__self__", features)
    if isinstance(network, nn.Module) and network.training:
        raise ValueError("the feature network is in training mode: call .eval() on it first")
    parts = []
    with torch.no_grad():
        for start in range(0, len(images), batch):
            x = in_range(images[start : start + batch])
            f = features(x)
            if f.ndim != 2 or len(f) != len(x):
                raise ValueError(f"features must be ({len(x)}, d), not {tuple(f.shape)}")
            # First to the CPU: some devices have no float64.
            parts.append(f.cpu().double())
    return torch.cat(parts)


def checked(features: Tensor) -> Tensor:
    """The features as float64, on the device where they are.

    Raises:
        ValueError: features that are not (n, d), or not finite.
    """
    if features.ndim != 2 or features.shape[1] == 0:
        raise ValueError(f"features must be (n, d), not {tuple(features.shape)}")
    features = features.double()
    finite = features.isfinite().all(dim=1)
    if not bool(finite.all()):
        bad = int((~finite).sum())
        raise ValueError(f"{bad} of {len(features)} samples have features that are not finite")
    return features


def pair(a: Tensor, b: Tensor, least: int) -> tuple[Tensor, Tensor]:
    """Two sets of features (n, d) and (m, d) as float64, at least ``least`` samples each.

    Raises:
        ValueError: features that are not (n, d), not finite, of different d, or too few.
    """
    a, b = checked(a), checked(b)
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"features of {a.shape[1]} and of {b.shape[1]} dimensions")
    if min(len(a), len(b)) < least:
        raise ValueError(f"need at least {least} samples of each, not {len(a)} and {len(b)}")
    return a, b


def blocks(x: Tensor, chunk: int) -> tuple[Tensor, ...]:
    """x cut into parts of ``chunk`` rows, the last one shorter.

    Raises:
        ValueError: chunk < 1.
    """
    if chunk < 1:
        raise ValueError(f"chunk must be at least 1, not {chunk}")
    parts: tuple[Tensor, ...] = x.split(chunk)
    return parts
