"""What LoRA refuses, and that a refusal changes nothing."""

import copy
import math

import pytest
from torch import nn

from aigc_lib.chapters.ch11_fine_tuning import lora
from aigc_lib.chapters.ch11_fine_tuning.lora import add_lora, lora_state
from tests.chapters.ch11_fine_tuning.lora_models import bits, fill, gpt, llama, same


def test_a_model_without_lora_has_nothing_to_keep_or_merge():
    for call in (lora_state, lora.merge, lora.unmerge):
        with pytest.raises(ValueError, match="no LoRA layers"):
            call(gpt())


def test_a_merged_model_refuses_what_would_count_twice():
    model = gpt()
    add_lora(model, 4, 8.0, ["qkv"])
    state, whole = fill(model), model.state_dict()
    assert not any("original" in name for name in whole)
    with pytest.raises(RuntimeError, match="not merged"):
        lora.unmerge(model)
    first, second = (block.attention.qkv for block in model.blocks)
    second.merge()
    before = bits(model)
    for refused in (
        second.merge,
        lambda: lora.merge(model),
        model.state_dict,
        copy.deepcopy(model).state_dict,
        lambda: second.load_state_dict(whole),
        lambda: model.load_state_dict(whole),
    ):
        with pytest.raises(RuntimeError, match="unmerge first"):
            refused()
        assert same(bits(model), before)
        assert same(lora_state(model), state)
    assert first.original is None
    second.unmerge()
    model.load_state_dict(whole)
    assert not any(p.grad_fn for p in model.parameters())


@pytest.mark.parametrize(
    ("rank", "alpha", "told"),
    [
        (4, 16.0, r"blocks\.0\.attention\.qkv\.A was saved with alpha 8, the layer has 16"),
        (2, 8.0, r"blocks\.0\.attention\.qkv\.A was saved with rank 4, the layer has 2"),
        (4, 8.1, "the layer has 8.1"),
    ],
)
def test_what_was_saved_with_another_rank_or_alpha_is_refused(rank, alpha, told):
    model, other = gpt(), gpt()
    add_lora(model, 4, 8.0, ["qkv"])
    add_lora(other, rank, alpha, ["qkv"])
    state, before = fill(model), lora_state(other)
    for saved, strict in ((state, False), (model.state_dict(), True)):
        with pytest.raises(ValueError, match=told):
            other.load_state_dict(saved, strict=strict)
        assert same(lora_state(other), before)


def test_half_precision_may_round_alpha():
    model, other = gpt(), gpt()
    for one in (model, other):
        add_lora(one, 4, 8.3, ["qkv"])
    model.bfloat16()
    assert float(model.blocks[0].attention.qkv.alpha) != pytest.approx(8.3, rel=1e-4)
    other.load_state_dict(lora_state(model), strict=False)
    assert other.blocks[0].attention.qkv.scale == 8.3 / 4


class Special(nn.Linear):
    """Another layer, though derived from a linear one."""


def shared() -> nn.Module:
    line = nn.Linear(16, 16)
    return nn.ModuleDict({"one": line, "two": nn.ModuleDict({"three": line})})


@pytest.mark.parametrize(
    ("build", "settings", "told"),
    [
        (gpt, {"targets": ["q_proj"]}, r"'q_proj' is no linear layer's name.*attention\.qkv"),
        (gpt, {"targets": ["qkv", "k"]}, r"'k' is no linear layer's name"),
        (gpt, {"targets": ["embedding"]}, r"'embedding' is no linear"),
        (gpt, {"targets": []}, r"no linear layer's name; there are \['blocks\.0"),
        (gpt, {"rank": 0}, r"rank must be from 1 to 16 for blocks.0.attention.qkv \(16, 48\)"),
        (gpt, {"rank": 17}, r"rank must be from 1 to 16 .*got 17"),
        (gpt, {"rank": -1}, "rank must be"),
        (gpt, {"alpha": 0.0}, "alpha > 0"),
        (gpt, {"alpha": math.nan}, "alpha > 0"),
        # The first layer could take the rank, the second cannot: the first stays as it was too.
        (
            lambda: nn.Sequential(nn.Linear(9, 9), nn.Linear(9, 2)),
            {"targets": ["0", "1"]},
            "for 1",
        ),
        (lambda: nn.Sequential(Special(9, 9)), {"targets": ["0"]}, r"'0' is no .* are \[\]"),
        (lambda: nn.Linear(9, 9), {"targets": []}, "no linear layer's name"),
        (shared, {"targets": ["one"]}, r"one\.weight and two\.three\.weight are one weight"),
        (lambda: llama(tied=True), {"targets": ["lm_head"]}, r"embed_tokens.*lm_head.*one weight"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(build, settings, told):
    model = build()
    before, parts = bits(model), [(name, id(part)) for name, part in model.named_modules()]
    with pytest.raises(ValueError, match=told):
        add_lora(model, **({"rank": 4, "alpha": 8.0, "targets": ["qkv"]} | settings))
    assert [(name, id(part)) for name, part in model.named_modules()] == parts
    assert same(bits(model), before)
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_twice_is_refused():
    model = gpt()
    add_lora(model, 4, 8.0, ["qkv"])
    for targets in (["qkv"], ["network.0"], ["base"]):
        with pytest.raises(ValueError, match="already"):
            add_lora(model, 4, 8.0, targets)
    assert len(lora_state(model)) == 6
