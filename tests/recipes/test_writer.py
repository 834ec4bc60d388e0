"""The shipped language models: whole, small, as good as their cards say; and how they are made."""

import hashlib
import json
import math

import pytest
import torch

from aigc_lib.data.registry import find
from aigc_lib.data.texts import load_text
from aigc_lib.lm.ngram import bigram_nats, unigram_nats
from aigc_lib.lm.tokenizers import frequent
from aigc_lib.lm.training import evaluate
from aigc_lib.pretrained import weights
from aigc_lib.pretrained.loaders import load_writer
from aigc_lib.recipes import writer
from aigc_lib.recipes.writer import Config
from tests.support import small

NAMES = ["shakespeare", "tang"]


@pytest.mark.parametrize("name", NAMES)
def test_shipped_files_are_those_of_the_card(name):
    card = weights.read_card(name, model="writer")
    file = f"{name}-writer.safetensors"
    content = (weights.FOLDER / file).read_bytes()
    assert card["sha256"] == {file: hashlib.sha256(content).hexdigest()}
    assert len(content) < 1_000_000
    model, tokenizer = load_writer(name)
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())
    assert card["parameters"] == sum(p.numel() for p in model.parameters())
    assert model.config.vocabulary == tokenizer.size
    assert Config(**card["recipe"]) == writer.CONFIGS[name]
    assert card["data_sha256"] == {f: v.sha256 for f, v in find(name).files.items()}


@pytest.mark.parametrize("name", NAMES)
def test_shipped_writers_score_what_the_card_says(name):
    small.need(name)
    scores = weights.read_card(name, model="writer")["scores"]
    model, tokenizer = load_writer(name)
    text = load_text(name, "valid")[20_000:40_000]
    tokens = torch.tensor(tokenizer.encode(text))
    nats = evaluate(model, tokens) * (len(tokens) - 1) / (len(text) - 1)
    assert nats == pytest.approx(scores["nats"], rel=0.08)  # another part of the text
    assert nats < 0.85 * scores["bigram_nats"] < 0.85 * scores["unigram_nats"]
    assert scores["bits"] == pytest.approx(scores["nats"] / 0.6931, rel=1e-3)


def test_a_writer_continues_what_it_is_given():
    bard = load_writer("shakespeare")
    text = bard.write("JULIET:\n", 40, seed=1, top_k=5)
    assert text.startswith("JULIET:\n")
    assert len(text) == 8 + 40
    assert bard.write("JULIET:\n", 40, seed=1, top_k=5) == text
    assert bard.write("JULIET:\n", 40, seed=2, top_k=5) != text
    poems = load_writer("tang")
    for seed in range(5):  # whole characters only, though the rare ones are spelt in training
        assert set(poems.write("春", 60, seed=seed)) <= set(poems.tokenizer.characters)


def test_a_recipe_is_carried_out_and_scored(monkeypatch, tmp_path):
    texts = {"train": "to be or not to be " * 40 + "z", "valid": "not to be or to be " * 9}
    monkeypatch.setattr(writer, "load_text", lambda name, part: texts[part])
    tiny = Config("tang", rare=2, context=8, layers=1, heads=2, width=8, batch=4, steps=30)
    monkeypatch.setitem(writer.CONFIGS, "tang", tiny)
    writer.main("tang", tmp_path)
    card = json.loads((tmp_path / "tang-writer.json").read_text("utf8"))
    assert "z" not in card["characters"]
    assert card["recipe"]["steps"] == 30
    even = math.log(card["sizes"]["vocabulary"])
    assert card["scores"]["bigram_nats"] < card["scores"]["unigram_nats"] < even
    assert 0 < card["scores"]["nats"] < even + 0.2  # after thirty steps not much is learned
    again = load_writer("tang", folder=tmp_path)
    assert again.write("to b", 3).startswith("to b")
    writer.main("tang", tmp_path, steps=1)
    card = json.loads((tmp_path / "tang-writer.json").read_text("utf8"))
    assert card["recipe"]["steps"] == 1
    path = tmp_path / "tang-writer.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="damaged or was exchanged"):
        load_writer("tang", folder=tmp_path)


def test_rare_characters_are_left_out():
    assert frequent("abacab d", 2) == "ab"
    assert frequent("abacab d", 1) == " abcd"


def test_baselines_know_what_they_counted():
    tokens = torch.tensor([0, 1] * 500)
    assert bigram_nats(tokens, tokens, 4) < 0.001  # what follows is certain
    assert unigram_nats(tokens, tokens, 2) == pytest.approx(0.6931, abs=1e-3)
