"""LoRA against weights built by hand; what it trains, and what it must leave alone."""

import contextlib
import math

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from aigc_lib.chapters.ch11_fine_tuning import lora
from aigc_lib.chapters.ch11_fine_tuning.lora import (
    LoRALinear,
    add_lora,
    lora_state,
    trainable,
)
from aigc_lib.lm.batches import TokenBatches
from aigc_lib.lm.training import Run, fit
from tests.chapters.ch11_fine_tuning.lora_models import (
    GPT_TARGETS,
    LLAMA_TARGETS,
    SCALES,
    bits,
    both,
    close,
    fill,
    gpt,
    llama,
    logits,
    loss,
    same,
    tokens,
)


@both
@pytest.mark.parametrize(("rank", "alpha"), SCALES)
def test_merging_is_the_weight_built_by_hand(build, targets, rank, alpha):
    plain, ours = build(), build()
    add_lora(ours, rank, alpha, targets)
    state = fill(ours)
    for layer in {name.rsplit(".", 1)[0] for name in state}:
        a, b = (state[f"{layer}.{which}"].double() for which in "AB")
        product = sum(torch.outer(b[:, k], a[k]) for k in range(rank))
        weight = plain.get_parameter(f"{layer}.weight")
        weight.data = (weight.double() + product * alpha / rank).float()
    with torch.no_grad():
        assert close(logits(ours), logits(plain))
        lora.merge(ours)
        assert close(logits(ours), logits(plain))
    for name, parameter in ours.named_parameters():
        if name.endswith("base.weight"):
            assert close(parameter, plain.get_parameter(name.replace(".base.", ".")))


@both
def test_unmerging_gives_the_same_bits(build, targets):
    model = build()
    before = bits(model)
    add_lora(model, 4, 8.0, targets)
    fill(model)
    with torch.no_grad():
        apart = logits(model)
        for _ in range(2):
            lora.merge(model)
            assert not same(bits(model), before)
            lora.unmerge(model)
            assert same(bits(model), before)
        assert torch.equal(logits(model), apart)
    layer = next(part for part in model.modules() if isinstance(part, LoRALinear))
    weight, product = layer.base.weight, layer.scale * layer.B @ layer.A
    assert not torch.equal(weight + product - product, weight)  # subtracting would not have done


def test_the_kept_weight_moves_with_the_model():
    model = gpt()
    wanted = model.blocks[0].attention.qkv.weight.detach().double()
    add_lora(model, 4, 8.0, ["qkv"])
    fill(model)
    lora.merge(model)
    model.double()
    assert model.blocks[0].attention.qkv.original.dtype == torch.float64
    lora.unmerge(model)
    assert torch.equal(model.blocks[0].attention.qkv.base.weight, wanted)


@both
def test_only_a_and_b_are_trained(build, targets):
    model = build()
    before, sides = bits(model), {n: p.shape for n, p in model.named_parameters()}
    count = add_lora(model, 3, 16.0, targets)
    names = [name for name, p in model.named_parameters() if p.requires_grad]
    layers = {name.rsplit(".", 1)[0] for name in names}
    assert sorted(names) == sorted(f"{layer}.{which}" for layer in layers for which in "AB")
    assert all(a is model.get_parameter(n) for n, a in zip(names, trainable(model), strict=True))
    assert count == sum(p.numel() for p in trainable(model))
    assert count == sum(3 * sum(sides[f"{layer}.weight"]) for layer in layers)
    assert {t for t in targets if any(layer.endswith(t) for layer in layers)} == set(targets)
    assert len(layers) == 2 * len(targets)  # two blocks
    state = lora_state(model)
    # All parameters: weight decay must not reach the frozen ones either.
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.5)
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        value = loss(model.train())
        value.backward()
        losses.append(value.item())
        assert all((p.grad is not None) == p.requires_grad for p in model.parameters())
        optimizer.step()
    assert losses[-1] < losses[0]
    assert same(bits(model), before)
    for name, value in lora_state(model).items():
        assert torch.equal(value, state[name]) == name.endswith("alpha")


def test_a_layer_of_its_own_is_frozen_too():
    base = nn.Linear(5, 4)
    layer = LoRALinear(base, 2, 1.0)
    layer(torch.randn(3, 5)).sum().backward()
    assert base.weight.grad is None
    assert base.bias.grad is None
    assert trainable(layer) == [layer.A, layer.B]
    assert layer.A.shape == (2, 5)
    assert layer.B.shape == (4, 2)


@both
def test_at_the_start_nothing_changes(build, targets):
    model = build()
    before = logits(model)
    add_lora(model, 4, 8.0, targets)
    assert not any(module.training for module in model.modules())
    assert torch.equal(logits(model), before)
    lora.merge(model)
    assert torch.equal(logits(model), before)


def test_a_starts_as_a_linear_layer_does_and_b_at_zero():
    torch.manual_seed(0)
    layer = LoRALinear(nn.Linear(400, 100), 50, 8.0)
    assert not layer.B.any()
    assert float(layer.A.detach().abs().max()) == pytest.approx(1 / 20, rel=0.01)
    assert float(layer.A.detach().std()) == pytest.approx(1 / (20 * math.sqrt(3)), rel=0.02)


@both
def test_the_state_goes_through_a_file(build, targets, tmp_path):
    model = build()
    shapes = {n.removesuffix(".weight"): p.shape for n, p in model.named_parameters()}
    add_lora(model, 4, 8.0, targets)
    fill(model)
    save_file(lora_state(model), tmp_path / "lora.safetensors")
    stored = load_file(tmp_path / "lora.safetensors")
    for name, value in stored.items():
        layer, which = name.rsplit(".", 1)
        out, into = shapes[layer]
        assert value.shape == {"A": (4, into), "B": (out, 4), "alpha": ()}[which]
    other = build()
    add_lora(other, 4, 8.0, targets)
    assert not torch.equal(logits(other), logits(model))
    other.load_state_dict(stored, strict=False)
    assert torch.equal(logits(other), logits(model))
    lora.merge(model)
    assert same(lora_state(model), stored)  # merged or not
    for value in lora_state(other).values():
        value.zero_()  # a copy
    assert same(lora_state(other), stored)


def test_a_language_model_is_fine_tuned_with_lm_fit_and_resumes(tmp_path):
    text = tokens().flatten().repeat(3)
    before = bits(gpt())

    def tune(path, seed: int, last: int) -> tuple[Run, list[int]]:
        """Train to 30 steps, or stop after ``last``; the steps that were reported."""
        model, seen = gpt(), []
        torch.manual_seed(seed)  # of A
        add_lora(model, 4, 8.0, GPT_TARGETS)
        run = Run(model, lr=0.01)

        def tick(run: Run, _: dict[str, float]) -> None:
            if run.steps > last:
                raise KeyboardInterrupt
            seen.append(run.steps)

        settings = {"warmup": 2, "tick": 10, "checkpoint": path, "progress": False}
        with contextlib.suppress(KeyboardInterrupt):
            fit(run, TokenBatches(text, 4, 8), 30, on_tick=tick, **settings)
        assert same(bits(model), before)
        return run, seen

    whole, seen = tune(tmp_path / "whole.pt", seed=1, last=30)
    assert seen == [10, 20, 30]
    assert whole.history[-1]["loss"] < whole.history[0]["loss"]
    assert tune(tmp_path / "parts.pt", seed=1, last=10)[1] == [10]
    rest, seen = tune(tmp_path / "parts.pt", seed=2, last=30)
    assert seen == [20, 30]
    assert same(lora_state(rest.model), lora_state(whole.model))


def test_names_match_in_whole_parts():
    model = nn.Sequential()
    model.add_module("proj", nn.Linear(4, 4))
    model.add_module("q_proj", nn.Linear(4, 4))
    model.add_module("inner", nn.ModuleDict({"proj": nn.Linear(4, 4)}))
    add_lora(model, 1, 1.0, "proj")
    found = [name for name, part in model.named_modules() if isinstance(part, LoRALinear)]
    assert found == ["proj", "inner.proj"]


def test_a_tie_elsewhere_stays():
    model = llama(tied=True)
    add_lora(model, 4, 8.0, LLAMA_TARGETS)
    fill(model)
    lora.merge(model)
    assert model.lm_head.weight is model.model.embed_tokens.weight
