"""The published setting, and that the two loops which are compared do the same work."""

import math

import pytest
import torch

from aigc_lib.chapters.ch10_pretraining_language_models import nanogpt
from aigc_lib.chapters.ch10_pretraining_language_models.nanogpt import NANO, NANO_GPU, Config, Text
from aigc_lib.core import results
from aigc_lib.lm import training
from aigc_lib.lm.tokenizers import Characters

TINY = Config(layers=1, heads=2, width=16, context=8, batch=4, steps=30, warmup=5)
TOKENS = torch.arange(400) % 7


def test_the_settings_are_the_published_ones():
    assert (NANO.layers, NANO.heads, NANO.width, NANO.context) == (4, 4, 128, 64)
    assert (NANO.batch, NANO.steps, NANO.lr) == (12, 2000, 2e-3)
    assert (NANO_GPU.layers, NANO_GPU.width, NANO_GPU.steps) == (6, 384, 5000)


def test_both_loops_take_the_same_steps():
    """From the same weights, on the same windows, to the same network."""
    trained = []
    for train in (nanogpt.fit, nanogpt.fit_plainly):
        model = nanogpt.fresh(TINY, 7, seed=3)
        before = training.evaluate(model, TOKENS)
        assert train(model, TOKENS, TINY, seed=5) > 0
        assert not model.training
        assert training.evaluate(model, TOKENS) < before - 0.3  # they do learn
        trained.append(model.state_dict())
    for name, ours in trained[0].items():
        torch.testing.assert_close(ours, trained[1][name], rtol=1e-3, atol=1e-4)


def test_a_rare_character_costs_all_its_tokens():
    tokenizer = Characters("abc" * 50)
    valid = "abcabc✓abc"
    text = Text(tokenizer, TOKENS, torch.tensor(tokenizer.encode(valid)), len(valid))
    assert len(text.valid) > len(valid)  # ✓ is spelt
    model = nanogpt.fresh(TINY, tokenizer.size, seed=0)
    found = nanogpt.score(model, text)
    per_token = training.evaluate(model, text.valid)
    assert found["held_out_characters"] == 10
    assert found["nats_per_character"] == pytest.approx(per_token * (len(text.valid) - 1) / 9)
    assert found["nats_per_character"] > per_token


def test_the_record_holds_the_bar():
    """At most 1.88 nats on every seed; the times stand there to be read, and are not asserted."""
    rows = results.load("pretraining")["rows"]
    ours, plain = ([row for row in rows if row["loop"] == name] for name in ("ours", "plain"))
    assert {row["seed"] for row in ours} == {row["seed"] for row in plain}
    assert len(ours) >= 3
    for row in rows:
        assert 1.5 < row["nats_per_character"] <= 1.88
        assert (row["steps"], row["batch"], row["context"]) == (2000, 12, 64)
        assert row["held_out_characters"] == 355_582
    for a, b in zip(ours, plain, strict=True):
        assert math.isclose(a["nats_per_character"], b["nats_per_character"], abs_tol=0.03)
