"""LoRA: fine-tuning a network through small matrices beside its frozen ones (chapter 11).

Hu et al. (2021), "LoRA: Low-rank adaptation of large language models", arXiv:2106.09685, section
4.1. Any network of ``nn.Linear`` will do; other layers, trained biases, dropout and several LoRAs
at once are left out. A layer W x + b stays, and gains a product of two thin, trained matrices:

    y = W x + b + (alpha / rank) B A x        A (rank, in), B (out, rank)
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class LoRALinear(nn.Module):
    """A frozen linear layer with a trained product of low rank beside it.

    B starts at zero: at first nothing changes. A starts as an ``nn.Linear`` does, uniform in +-1 /
    sqrt(in), as in the authors' code (the paper's text says Gaussian). Both are float32 beside a
    half-precision base, which would round small steps away. ValueError for numbers out of range.

    Args:
        base: the layer, (..., in) -> (..., out); it is frozen, and lives on as ``.base``.
        rank: rows of A and columns of B, at most the smaller side of W.
        alpha: the product counts ``alpha / rank`` times.
    """

    def __init__(self, base: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        _check(base, "the layer", rank, alpha)
        self.base, self.scale = base.requires_grad_(False), alpha / rank
        wide = torch.promote_types(base.weight.dtype, torch.float32)
        self.A = nn.Parameter(base.weight.new_empty(rank, base.in_features, dtype=wide))
        self.B = nn.Parameter(base.weight.new_zeros(base.out_features, rank, dtype=wide))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))
        # Saved beside A and B, which mean nothing without it; their shapes tell the rank.
        self.alpha: Tensor
        self.register_buffer("alpha", base.weight.new_tensor(alpha, dtype=wide))
        self.register_load_state_dict_pre_hook(_refuse_others)
        self.original: Tensor | None  # while merged: W, to go back to
        self.register_buffer("original", None)
        # The state of a merged layer would hold the product twice: in W and beside it.
        self.register_state_dict_pre_hook(_refuse_merged)
        self.register_load_state_dict_pre_hook(_refuse_merged)
        self.train(base.training)  # a new module is in training mode, its model perhaps not

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) -> (..., out). Merged, it is one layer again."""
        y: Tensor = self.base(x)
        if self.original is not None:
            return y
        low = F.linear(F.linear(x.to(self.A.dtype), self.A), self.B)
        return (y + self.scale * low).to(y.dtype)

    @torch.no_grad()
    def merge(self) -> None:
        """Add the product to the weight, keeping W; RuntimeError if it is in there already."""
        _refuse_merged(self)
        self.original = self.base.weight.detach().clone()
        self.base.weight.copy_(self.original + self.scale * (self.B @ self.A))

    @torch.no_grad()
    def unmerge(self) -> None:
        """Put the kept W back: subtracting would round. RuntimeError if it is not merged."""
        if self.original is None:
            raise RuntimeError("this LoRA layer is not merged: there is nothing to undo")
        self.base.weight.copy_(self.original)
        self.original = None


def _refuse_merged(model: nn.Module, *_: object) -> None:
    if any(isinstance(part, LoRALinear) and part.original is not None for part in model.modules()):
        raise RuntimeError("LoRA is merged, its product is in the weight already: unmerge first")


def _refuse_others(layer: LoRALinear, state: dict[str, Any], prefix: str, *_: object) -> None:
    """What was saved must be of a layer made with the same rank and alpha."""
    A, alpha = state.get(f"{prefix}A"), state.get(f"{prefix}alpha")
    if A is not None and len(A) != len(layer.A):
        raise ValueError(f"{prefix}A was saved with rank {len(A)}, the layer has {len(layer.A)}")
    # Half a per cent is what rounding to half precision may do.
    if alpha is not None and not math.isclose(alpha, layer.alpha, rel_tol=0.005):
        raise ValueError(f"{prefix}A was saved with alpha {alpha:g}, the layer has {layer.alpha:g}")


def _check(layer: nn.Linear, name: str, rank: int, alpha: float) -> None:
    sides = layer.in_features, layer.out_features
    if not 1 <= rank <= min(sides):
        raise ValueError(f"rank must be from 1 to {min(sides)} for {name} {sides}, got {rank}")
    if not 0 < alpha < math.inf:
        raise ValueError(f"need alpha > 0, got {alpha}")


def add_lora(model: nn.Module, rank: int, alpha: float, targets: Sequence[str]) -> int:
    """Freeze ``model``, add LoRA to the layers that ``targets`` name; how many numbers train.

    Make the optimiser afterwards, with ``trainable(model)``. ``targets`` are ends of dotted names,
    in whole parts: "qkv" finds "blocks.0.attention.qkv"; the rest is ``LoRALinear``'s. A class
    derived from ``nn.Linear`` is no target: its user may read the weight and pass LoRA by.

    Raises:
        ValueError: a target names no linear layer; a weight is shared, say with the embedding,
            which merging would change too; a number is out of range; LoRA is there already.
    """
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        raise ValueError("this model has LoRA layers already: start from one without")
    linear = {name: part for name, part in model.named_modules() if type(part) is nn.Linear}
    chosen: dict[str, nn.Linear] = {}
    for target in [targets] if isinstance(targets, str) else targets or ["(none)"]:
        found = {name: linear[name] for name in linear if f".{name}".endswith(f".{target}")}
        if not found:
            raise ValueError(f"{target!r} is no linear layer's name; there are {sorted(linear)}")
        chosen |= found
    holders = list(model.named_parameters(remove_duplicate=False))
    for name, layer in chosen.items():
        _check(layer, name, rank, alpha)
        if len(tied := [holder for holder, weight in holders if weight is layer.weight]) > 1:
            raise ValueError(f"{' and '.join(tied)} are one weight: give {name} one of its own")
    model.requires_grad_(False)
    for name, layer in chosen.items():
        model.set_submodule(name, LoRALinear(layer, rank, alpha))
    return sum(parameter.numel() for parameter in trainable(model))


def trainable(model: nn.Module) -> list[nn.Parameter]:
    """The parameters that training changes, for the optimiser: after ``add_lora``, all A and B."""
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def _layers(model: nn.Module) -> dict[str, LoRALinear]:
    found = {name: part for name, part in model.named_modules() if isinstance(part, LoRALinear)}
    if not found:
        raise ValueError("this model has no LoRA layers: call add_lora first")
    return found


def lora_state(model: nn.Module) -> dict[str, Tensor]:
    """A copy of all A, B and alpha by name, for safetensors and ``load_state_dict(strict=False)``.

    A model whose layers have another rank or alpha refuses it with a ValueError.
    """
    return {
        f"{name}.{own}": getattr(part, own).detach().clone()
        for name, part in _layers(model).items()
        for own in ("A", "B", "alpha")
    }


def merge(model: nn.Module) -> None:
    """Merge all LoRA layers; RuntimeError, and nothing changed, if one is merged already."""
    _refuse_merged(model)
    for layer in _layers(model).values():
        layer.merge()


def unmerge(model: nn.Module) -> None:
    """Put all weights back, to the same bits; RuntimeError if a layer is not merged."""
    for layer in _layers(model).values():
        layer.unmerge()
