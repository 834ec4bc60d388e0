"""Checkpoints: complete, atomic, and safe to load.

A checkpoint is a dictionary of tensors, numbers, strings, lists and dictionaries. ``save`` writes
it to a temporary file beside its place, forces it to the disk, and renames it: whenever the machine
stops, the file at ``path`` is either the old one or the new one, whole. ``load`` compares the
checksums that the file holds, which PyTorch does not, and uses PyTorch's restricted unpickler, so
that neither a damaged file nor one from a stranger does harm.
"""

import io
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from aigc_lib.core.files import write_atomically

FORMAT = 1
PLAIN = (int, float, bool, str, type(None))


class CheckpointError(RuntimeError):
    """A checkpoint is missing, damaged, or does not fit what it is loaded into."""


def save(path: str | Path, state: Mapping[str, Any]) -> None:
    """Write ``state`` to ``path`` atomically.

    Raises:
        CheckpointError: the disk is full, the folder cannot be written, or ``state`` holds what
            ``load`` would refuse; an older checkpoint at ``path`` is untouched.
    """
    path = Path(path)
    _insist_on_plain(dict(state), "state")
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, **state}, buffer)
    try:
        write_atomically(path, buffer.getvalue())
    except OSError as error:
        raise CheckpointError(
            f"could not write the checkpoint {path}: {error.strerror or error}. "
            "Free some space or choose another folder; the previous checkpoint is untouched."
        ) from error


def _insist_on_plain(value: Any, where: str) -> None:
    """Refuse at once what could not be read back: found out on resuming, it would be too late."""
    if type(value) in (dict, OrderedDict):
        for key, item in value.items():
            _insist_on_plain(key, f"a key of {where}")
            _insist_on_plain(item, f"{where}[{key!r}]")
    elif type(value) in (list, tuple):
        for number, item in enumerate(value):
            _insist_on_plain(item, f"{where}[{number}]")
    elif not isinstance(value, torch.Tensor) and type(value) not in PLAIN:
        raise CheckpointError(
            f"{where} is of type {type(value).__module__}.{type(value).__qualname__}, which a "
            "checkpoint cannot hold: use tensors, numbers, strings, lists and dictionaries."
        )


def load(path: str | Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Read a checkpoint onto ``device``.

    Raises:
        CheckpointError: there is no such file, it is damaged, it holds something other than
            tensors and plain values, or it was written by another version of this library.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"there is no checkpoint at {path}. Train first, or check the path.")
    try:
        content = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            damaged = archive.testzip()  # compares the CRC-32 of every part
        if damaged:
            raise zipfile.BadZipFile(f"wrong checksum of {damaged}")
        state = torch.load(io.BytesIO(content), map_location=device, weights_only=True)
    except Exception as error:  # a damaged file can make the readers raise almost anything
        raise CheckpointError(
            f"{path} is damaged or not a checkpoint of this library ({type(error).__name__}). "
            "It was not loaded; delete it or restore a copy."
        ) from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} is not a checkpoint of format {FORMAT}. Train again with this version."
        )
    return state


def restore(network: nn.Module, weights: Mapping[str, Any], name: str) -> None:
    """Load ``weights`` into ``network``, or say where the two differ.

    Raises:
        CheckpointError: a weight is missing, unexpected, or has another shape.
    """
    mine = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    theirs = {key: tuple(tensor.shape) for key, tensor in weights.items()}
    for key in sorted(mine.keys() | theirs.keys()):
        if mine.get(key) != theirs.get(key):
            raise CheckpointError(
                f"the checkpoint was written by another {name}: its weight {key!r} has shape "
                f"{theirs.get(key, 'none')}, this network's has {mine.get(key, 'none')}. "
                "Build the network with the sizes it was trained with."
            )
    network.load_state_dict(weights)


def restore_rng(rng: torch.Generator, state: torch.Tensor) -> None:
    """Go on with the random numbers of a run.

    Raises:
        CheckpointError: they are of another kind of device.
    """
    if state.shape != rng.get_state().shape:
        raise CheckpointError(
            "the run was trained on another kind of device (CPU or GPU), whose random numbers "
            "this one cannot continue. Go on there, or choose the device with AIGC_DEVICE."
        )
    rng.set_state(state.cpu())


class Stateful(Protocol):
    """Anything that can tell its state and go back to it."""

    def state_dict(self) -> dict[str, Any]:
        """All that training changes, as tensors and plain values."""
        ...

    def load_state_dict(self, state: dict[str, Any], /) -> object:
        """Go back to a state; ValueError or CheckpointError if it does not fit."""
        ...


def save_run(path: str | Path, parts: Mapping[str, Stateful], config: Mapping[str, Any]) -> None:
    """Write all that is needed to go on with a run: its parts, its recipe, the random states.

    Args:
        path: the checkpoint.
        parts: such as the model with its optimisers, and the position in the data.
        config: plain values; ``resume_run`` insists on the same.

    Raises:
        CheckpointError: see ``save``.
    """
    rng = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        rng["cuda"] = torch.cuda.get_rng_state()
    states = {name: part.state_dict() for name, part in parts.items()}
    save(path, {"parts": states, "recipe": dict(config), "rng": rng})


def resume_run(
    path: str | Path,
    parts: Mapping[str, Stateful],
    config: Mapping[str, Any],
    device: torch.device | str = "cpu",
) -> None:
    """Put the parts of a run, and the random generators, back where ``save_run`` left them.

    Raises:
        CheckpointError: the file is damaged, or was written by another recipe, model or data.
    """
    state = load(path, device)
    theirs = state.get("recipe", {})
    differing = {key for key in theirs.keys() | config.keys() if theirs.get(key) != config.get(key)}
    if differing:
        told = ", ".join(
            f"{key} was {theirs.get(key)!r}, now {config.get(key)!r}" for key in sorted(differing)
        )
        raise CheckpointError(
            f"{path} was written with other settings ({told}). Use the same settings to continue, "
            "or another folder to start anew."
        )
    try:
        for name, part in parts.items():
            part.load_state_dict(state["parts"][name])
        torch.set_rng_state(state["rng"]["cpu"].cpu())
        if "cuda" in state["rng"] and torch.cuda.is_available():
            torch.cuda.set_rng_state(state["rng"]["cuda"].cpu())
    except (ValueError, KeyError) as error:
        raise CheckpointError(f"{path} does not fit this run: {error}") from error
