"""Results that take long to compute, kept in the cache: embeddings of texts, converted weights.

Nothing here is downloaded. A file is a safetensors file, which holds numbers and no code, with the
SHA-256 of its numbers in its header. Removing the folder ``derived`` in the cache is always safe:
what is missing is computed again.
"""

import contextlib
import hashlib
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from aigc_lib.core.files import move, write_atomically
from aigc_lib.data.cache import cache_dir, make_folder


def _digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of names, types, shapes and bytes."""
    found = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)} ".encode())
        found.update(tensor.flatten().view(torch.uint8).numpy().data)
    return found.hexdigest()


def _read(path: Path, key: str) -> dict[str, Tensor]:
    """The tensors of a file; ValueError if it is damaged or was made from something else.

    FileNotFoundError: there is none.
    """
    try:
        with safe_open(path, framework="pt") as file:
            note = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise
    except (SafetensorError, OSError) as error:
        raise ValueError(f"cannot be read ({error})") from None
    if note.get("key") != key:
        raise ValueError(f"made from {note.get('key')!r}, wanted is {key!r}")
    if note.get("sha256") != _digest(tensors):
        raise ValueError("corrupt, its SHA-256 is not the one that it was written with")
    return tensors


def derived(
    name: str,
    key: str,
    build: Callable[[], dict[str, Tensor]],
    root: str | Path | None = None,
) -> dict[str, Tensor]:
    """The tensors that ``build`` returns, computed once and then read from the cache.

    A damaged file is kept aside, with ``.corrupt`` in its name, and computed again. If the cache
    cannot be read or written, a warning says so and the result is returned all the same.

    Args:
        name: of the result, such as "minilm-shop-faq"; part of the file's name.
        key: everything that the result depends on: checksums of the data, the model, a version.
            Another key is another file.
        build: computes the result, when it is not there.
        root: the cache folder; None for ``cache_dir()``.

    Raises:
        ValueError: a name that is no plain file name.
    """
    if not name or Path(name).name != name or name.startswith("."):
        raise ValueError(f"{name!r} must be a plain file name")
    short = hashlib.sha256(key.encode()).hexdigest()[:16]
    top = Path(root).expanduser().absolute() if root else cache_dir()
    path = top / "derived" / f"{name}-{short}.safetensors"
    try:
        return _read(path, key)
    except FileNotFoundError:
        pass
    except ValueError as error:
        aside, done = path.with_suffix(".corrupt"), "Computed again."
        with contextlib.suppress(OSError):  # of a read-only cache, or moved by another process
            move(path, aside)
            done = f"Kept aside as {aside.name}; computed again."
        warnings.warn(f"{path}: {error}. {done}", stacklevel=2)
    tensors = {item: tensor.detach().cpu().contiguous() for item, tensor in build().items()}
    try:
        make_folder(top, "derived")
        write_atomically(path, save(tensors, {"key": key, "sha256": _digest(tensors)}))
    except OSError as error:
        warnings.warn(
            f"{path} could not be written ({error}): {name} will be computed again next time. "
            "Free some space, or set AIGC_CACHE to a folder that can be written.",
            stacklevel=2,
        )
    return tensors
