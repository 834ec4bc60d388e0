"""What a step keeps in memory between its forward and its backward pass (chapter 09)."""

from collections.abc import Callable

import torch
from torch import Tensor


def saved_bytes(forward: Callable[[], object]) -> int:
    """Bytes of all tensors that autograd keeps for the backward pass of ``forward()``.

    Exact, and the same on every device: tensors are counted as they are stored, each piece of
    memory once. Weights that are kept count too.
    """
    held: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        held[storage.data_ptr()] = storage.nbytes()
        return tensor.detach()  # the tensor itself would keep its own graph alive

    # The result keeps the graph alive, so that no memory is counted that was used again.
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        result = forward()
    del result
    return sum(held.values())
