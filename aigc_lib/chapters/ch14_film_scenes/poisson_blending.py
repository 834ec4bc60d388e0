"""Pictures put into pictures: pasting, fading, gradient-domain blending, and filling holes.

The gradient-domain methods solve one linear equation a channel: inside a mask, the result has the
Laplacian of a guide (of the inserted piece; of nothing, where a hole is filled), and on the mask's
border it has the values of the surrounding picture.
Source: Perez et al., 2003, "Poisson Image Editing", equations 3 and 7; chapter 14.

All pictures are float64 arrays (H, W, C), in any unit; a mask is bool (H, W), true where something
is put in, and must not touch the picture's edge, where the border would be missing.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.sparse.linalg import splu

Picture = NDArray[np.float64]
Mask = NDArray[np.bool_]
NEXT = ((-1, 0), (1, 0), (0, -1), (0, 1))


def check_mask(picture: Picture, mask: Mask) -> None:
    """ValueError unless the mask fits the picture, is not empty and leaves its edge free."""
    if picture.ndim != 3 or mask.shape != picture.shape[:2] or mask.dtype != bool:
        raise ValueError(
            f"need a picture (H, W, C) and a bool mask (H, W), got {picture.shape} and "
            f"{mask.shape}, {mask.dtype}"
        )
    if not mask.any():
        raise ValueError("the mask is empty: nothing is to be put in")
    if (mask != np.pad(mask[1:-1, 1:-1], 1)).any():
        raise ValueError("the mask touches the picture's edge: leave one pixel free around it")


def poisson(target: Picture, source: Picture, mask: Mask) -> Picture:
    """Put the source's *gradients* into the target, of the same shape, inside the mask.

    Outside the mask the result is the target; values inside may leave the range of both pictures.

    Raises:
        ValueError: shapes that do not fit, an empty mask, or one that touches the edge.
    """
    check_mask(target, mask)
    if source.shape != target.shape:
        raise ValueError(f"source {source.shape} and target {target.shape} differ in shape")
    number = np.full(mask.shape, -1)
    rows, columns = np.nonzero(mask)
    number[rows, columns] = np.arange(len(rows))
    right = 4 * source[rows, columns]
    entries: list[tuple[Any, Any]] = []
    for dr, dc in NEXT:
        there = (rows + dr, columns + dc)
        right -= source[there]
        inside = mask[there]
        # A neighbour outside is known: it goes to the right-hand side.
        right[~inside] += target[there][~inside]
        entries.append((np.nonzero(inside)[0], number[there][inside]))
    i, j = (np.concatenate(part) for part in zip(*entries, strict=True))
    n = len(rows)
    links = sparse.csc_matrix((np.ones(len(i)), (i, j)), shape=(n, n))
    result = target.copy()
    result[rows, columns] = splu(4 * sparse.identity(n, format="csc") - links).solve(right)
    return result


def laplace(picture: Picture, mask: Mask) -> Picture:
    """Fill a hole as smoothly as can be: every pixel in it is the mean of its four neighbours."""
    return poisson(picture, np.zeros_like(picture), mask)


def nearest(picture: Picture, mask: Mask) -> Picture:
    """Fill a hole with the nearest pixel outside it."""
    check_mask(picture, mask)
    where = ndimage.distance_transform_edt(mask, return_distances=False, return_indices=True)
    filled: Picture = picture[where[0], where[1]]
    return filled


def ring_mean(picture: Picture, mask: Mask) -> Picture:
    """Fill a hole with the mean colour of the pixels around it."""
    check_mask(picture, mask)
    result = picture.copy()
    result[mask] = picture[ndimage.binary_dilation(mask) & ~mask].mean(axis=0)
    return result


def plain(target: Picture, source: Picture, mask: Mask) -> Picture:
    """Paste: the source inside the mask, the target outside."""
    check_mask(target, mask)
    return np.where(mask[..., None], source, target)


def feather(target: Picture, source: Picture, mask: Mask, width: float = 4.0) -> Picture:
    """Paste with a border that fades over ``width`` pixels inside the mask."""
    check_mask(target, mask)
    share = np.clip(ndimage.distance_transform_edt(mask) / (width + 1), 0, 1)[..., None]
    mixed: Picture = share * source + (1 - share) * target
    return mixed


def seam(picture: Picture, mask: Mask) -> float:
    """How visible the mask's border is: 1 if it is like its surroundings, more if it shows.

    The mean absolute difference of neighbouring pixels across the border, divided by that of
    neighbours one pixel further in and one further out.
    """
    check_mask(picture, mask)
    across, beside = [], []
    # Each pixel's distance to the border: 1, 2, ... inside, -1, -2, ... outside.
    steps = ndimage.distance_transform_cdt(mask, "taxicab").astype(int)
    steps -= ndimage.distance_transform_cdt(~mask, "taxicab").astype(int)
    for axis in (0, 1):
        jumps = np.abs(np.diff(picture, axis=axis)).mean(axis=2)
        a, b = (np.take(steps, np.arange(k, steps.shape[axis] - 1 + k), axis) for k in (0, 1))
        low, high = np.minimum(a, b), np.maximum(a, b)
        across.append(jumps[(low == -1) & (high == 1)])
        beside.append(jumps[((low == 1) & (high == 2)) | ((low == -2) & (high == -1))])
    surroundings = np.concatenate(beside).mean()
    return float(np.concatenate(across).mean() / max(surroundings, 1e-12))


def flicker(frames: Picture) -> float:
    """Path of the pixels over the distance they get: 1 if none ever turns back.

    The sum of the mean absolute differences of consecutive frames (T, ...), divided by the mean
    absolute difference of the last and the first.

    Raises:
        ValueError: fewer than two frames, or the last is the first.
    """
    if len(frames) < 2:
        raise ValueError("flicker needs at least two frames")
    path = np.abs(np.diff(frames, axis=0)).reshape(len(frames) - 1, -1).mean(axis=1).sum()
    way = np.abs(frames[-1] - frames[0]).mean()
    if way == 0:
        raise ValueError("the last frame is the first: there is no way to compare the path with")
    return float(path / way)
