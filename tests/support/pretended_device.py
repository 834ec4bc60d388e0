"""A second device without hardware: tensors that say they are elsewhere, computed on the CPU.

Unlike fake tensors these have values, so that a whole page can run. Only what PyTorch does between
devices is imitated: an operation on tensors of two devices raises, NumPy cannot read a tensor that
is not on the CPU, and a generator draws on its own device only. The name is that of Apple's GPU:
it asks for none of the paths (graphs, bfloat16) that are written for CUDA alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_map

DEVICE = torch.device("mps")
CPU = torch.device("cpu")
# They carry values from one device to another.
CARRY = ("copy_", "to", "cpu", "_foreach_copy_")
# Reading these on the host is what NumPy and Matplotlib do.
HOST = ("numpy", "__array__")


class Generator(torch.Generator):
    """A generator of the CPU that remembers for which device it was made."""

    def __new__(cls, device: Any = "cpu") -> "Generator":
        made = super().__new__(cls)
        made.pretended = torch.device(device)
        return made

    @property
    def device(self) -> torch.device:
        """The device that was asked for."""
        return self.pretended


def device_like(value: Any) -> bool:
    """Whether an argument names a device."""
    return isinstance(value, torch.device) or (
        isinstance(value, str) and value.split(":")[0] in ("cpu", "mps")
    )


class PretendedDevice(TorchFunctionMode):
    """Keeps, for each block of memory, whether it is pretended to be on the other device."""

    def __init__(self) -> None:
        super().__init__()
        self.there: dict[int, StorageWeakRef] = {}

    def elsewhere(self, tensor: torch.Tensor) -> bool:
        """Whether the tensor is on the pretended device."""
        ref = self.there.get(tensor.untyped_storage().data_ptr())
        return ref is not None and not ref.expired()

    def put(self, tensor: torch.Tensor, elsewhere: bool) -> None:
        """Say where the tensor's memory is."""
        storage = tensor.untyped_storage()
        if elsewhere and storage.data_ptr():
            self.there[storage.data_ptr()] = StorageWeakRef(storage)
        else:
            self.there.pop(storage.data_ptr(), None)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        owner = getattr(func, "__self__", None)
        if func is torch.device or name in ("_parse_to", "_has_compatible_shallow_copy_type"):
            return func(*args, **kwargs)
        if name == "__get__" and owner is torch.Tensor.device:
            return DEVICE if self.elsewhere(args[0]) else CPU
        if name == "__get__" and owner is torch.Tensor.grad:
            grad = func(*args)
            if grad is not None:
                self.put(grad, self.elsewhere(args[0]))
            return grad
        given = [t for t in tree_flatten((args, kwargs))[0] if isinstance(t, torch.Tensor)]
        places = {self.elsewhere(t) for t in given if t.numel()}
        if name in HOST and True in places:
            raise TypeError("can't convert mps:0 device type tensor to numpy. Use Tensor.cpu()")
        asked = self.asked(name, args, kwargs)
        meet = asked is None and name not in CARRY and len(places) == 2
        if meet and self.mixed(name, args, given):
            raise RuntimeError(
                f"Expected all tensors to be on the same device, but {name} got some on mps and "
                "some on the CPU"
            )
        if name in CARRY and asked is None:  # to(other), copy_(from)
            asked = (name != "to" and self.elsewhere(given[0])) or self.elsewhere(given[-1])
            asked = self.elsewhere(given[0]) if name == "copy_" else asked
        target = (True in places) if asked is None else asked
        source = kwargs.get("generator")
        if isinstance(source, torch.Generator) and (source.device.type == "mps") != target:
            raise RuntimeError(f"Expected a generator of the device of the result in {name}")
        args, kwargs = tree_map(lambda x: CPU if device_like(x) else x, (args, kwargs))
        result = func(*args, **kwargs)
        for tensor in tree_flatten(result)[0]:
            if isinstance(tensor, torch.Tensor) and self.elsewhere(tensor) != target:
                if any(tensor is t or shares(tensor, t) for t in given):
                    if name not in ("to", "cpu"):
                        continue
                    result = tensor = tensor.clone()  # a real device would have copied it
                self.put(tensor, target)
        return result

    def asked(self, name: str, args: Any, kwargs: Any) -> bool | None:
        """The device that a call names: True for the pretended one, None if it names none."""
        if name == "cpu":
            return False
        named = kwargs.get("device")
        if named is None and name == "to":
            named = next((arg for arg in args[1:] if device_like(arg)), None)
        return None if named is None else torch.device(named).type == "mps"

    def mixed(self, name: str, args: Any, given: list[torch.Tensor]) -> bool:
        """Whether tensors of two devices meet where PyTorch does not allow it."""
        if name in ("__getitem__", "__setitem__") and isinstance(args[0], torch.Tensor):
            index = [t for t in tree_flatten(args[1])[0] if isinstance(t, torch.Tensor)]
            rest = given if name == "__getitem__" else [args[0], *given[-1:]]
            if self.elsewhere(args[0]):  # indices on the CPU are allowed, not the other way round
                rest = [t for t in rest if all(t is not i for i in index)]
            given = rest
        elif name == "__set__":  # p.data = q
            return False
        # A number on the CPU may meet anything.
        return len({self.elsewhere(t) for t in given if t.dim() or self.elsewhere(t)}) == 2


def shares(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors lie in one block of memory."""
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


@contextmanager
def pretended_device() -> Iterator[torch.device]:
    """Inside, ``runtime.device()`` is the pretended one; the values are those of the CPU."""
    from unittest.mock import patch

    from aigc_lib.core import runtime

    with (
        patch.object(runtime, "device", lambda: DEVICE),
        patch.object(torch, "Generator", Generator),
        PretendedDevice(),
    ):
        yield DEVICE
