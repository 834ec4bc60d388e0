"""LoRA against peft, Hugging Face's library: outputs, gradients, merged weights."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from aigc_lib.chapters.ch11_fine_tuning import lora
from aigc_lib.chapters.ch11_fine_tuning.lora import add_lora, trainable
from tests.chapters.ch11_fine_tuning.lora_models import (
    GPT_TARGETS,
    SCALES,
    both,
    close,
    fill,
    gpt,
    logits,
    loss,
)


def pefts(model: nn.Module, rank: int, alpha: float, targets: Any):
    """The same model with LoRA by peft; call it before ``add_lora`` changes the model."""
    peft = pytest.importorskip("peft")
    config = peft.LoraConfig(r=rank, lora_alpha=alpha, target_modules=list(targets))
    wrapped = peft.get_peft_model(copy.deepcopy(model), config).base_model.model
    return wrapped.train(model.training)


def give(theirs: nn.Module, state: dict[str, torch.Tensor]) -> dict[str, nn.Parameter]:
    """Put our A and B into peft's model; its parameters under our names."""
    found = {}
    for name, value in state.items():
        layer, which = name.rsplit(".", 1)
        if which == "alpha":
            continue
        found[name] = theirs.get_parameter(f"{layer}.lora_{which}.default.weight")
        found[name].data.copy_(value)
    assert len(found) == sum(".lora_" in name for name, _ in theirs.named_parameters())
    return found


@both
@pytest.mark.parametrize(("rank", "alpha"), SCALES)
def test_outputs_and_gradients_are_pefts(build: Callable[[], nn.Module], targets, rank, alpha):
    ours = build()
    plain = logits(ours).detach()
    theirs = pefts(ours, rank, alpha, targets)
    add_lora(ours, rank, alpha, targets)
    state = fill(ours)
    wanted = give(theirs, state)
    assert close(logits(ours), logits(theirs))
    assert (logits(ours) - plain).abs().max() > 0.01  # so that the comparison means something
    loss(ours).backward()
    loss(theirs).backward()
    for name, parameter in wanted.items():
        assert parameter.grad.abs().max() > 1e-5
        assert close(ours.get_parameter(name).grad, parameter.grad), name
    lora.merge(ours)
    for layer in {name.rsplit(".", 1)[0] for name in state}:
        theirs.get_submodule(layer).merge()
        merged = theirs.get_submodule(layer).base_layer.weight
        assert close(ours.get_submodule(layer).base.weight, merged)
    assert close(logits(ours), logits(theirs))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_precisions_are_pefts(dtype):
    ours = gpt().to(dtype)
    theirs = pefts(ours, 4, 8.0, GPT_TARGETS)
    add_lora(ours, 4, 8.0, GPT_TARGETS)
    wanted = give(theirs, fill(ours))
    precise = torch.float64 if dtype == torch.float64 else torch.float32
    assert {p.dtype for p in trainable(ours)} == {p.dtype for p in wanted.values()} == {precise}
    assert logits(ours).dtype == dtype
    step = torch.finfo(dtype).eps  # one rounding, perhaps in another order
    assert torch.allclose(logits(ours), logits(theirs), rtol=2 * step, atol=step)
    weight = ours.blocks[0].attention.qkv.base.weight
    before = weight.detach().clone()
    lora.merge(ours)
    layer = ours.blocks[0].attention.qkv
    assert torch.equal(weight, (before + 2 * (layer.B @ layer.A)).to(dtype))  # rounded once
    lora.unmerge(ours)
    assert torch.equal(weight, before)
