"""Sentence embeddings against ``transformers``, a text at a time."""

import pytest
import torch

from aigc_lib.data.cache import fetch
from aigc_lib.pretrained import sentence_embedder

TEXTS = [
    "How can I send a dress back?",
    "",
    "Returning clothes",
    "The moon is made of cheese.",
    "退货 🙂",
    "word " * 300,
]


@pytest.fixture(scope="module")
def reference():
    """Mean of the last states of the tokens that are no padding, one text after the other."""
    from transformers import BertModel, BertTokenizerFast

    folder = fetch("minilm")
    tokenizer = BertTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    model = BertModel.from_pretrained(folder, add_pooling_layer=False).eval()
    points = []
    for text in TEXTS:
        read = tokenizer(text, truncation=True, max_length=128, return_tensors="pt")
        with torch.no_grad():
            states = model(**read).last_hidden_state[0]
        points.append(states.mean(0) / states.mean(0).norm())
    return torch.stack(points)


def test_equal_to_transformers(reference):
    found = sentence_embedder.embed(TEXTS)
    assert found.shape == (len(TEXTS), sentence_embedder.WIDTH)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, reference, atol=2e-5, rtol=0)


def test_batch_and_order_change_nothing(reference):
    found = sentence_embedder.load()(TEXTS[::-1], batch=2)
    torch.testing.assert_close(found.flip(0), reference, atol=2e-5, rtol=0)


def test_what_means_the_same_is_near():
    like = (
        sentence_embedder.embed(TEXTS) @ sentence_embedder.embed(["I want to give back a skirt"]).T
    )
    assert int(like.argmax()) == 0
    assert float(like[0]) > float(like[3]) + 0.3


def test_longest_cuts_the_text():
    short, long = (
        sentence_embedder.embed(["word " * 6]),
        sentence_embedder.embed(["word " * 300], longest=8),
    )
    torch.testing.assert_close(short, long, atol=2e-5, rtol=0)


def test_a_name_keeps_the_result_and_follows_the_texts(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path))
    calls = []

    def counted(longest):
        def embedder(texts):
            calls.append(list(texts))
            return torch.full((len(texts), sentence_embedder.WIDTH), float(len(calls)))

        return embedder

    monkeypatch.setattr(sentence_embedder, "load", counted)
    first = sentence_embedder.embed(["a", "b"], "pair")
    assert torch.equal(first, sentence_embedder.embed(["a", "b"], "pair"))
    assert len(calls) == 1
    sentence_embedder.embed(["ab", ""], "pair")  # the same characters, other texts
    sentence_embedder.embed(["a", "b"], "pair", longest=16)
    assert len(calls) == 3


def test_no_texts():
    assert sentence_embedder.embed([]).shape == (0, sentence_embedder.WIDTH)
    assert sentence_embedder.embed([], "none").shape == (0, sentence_embedder.WIDTH)


@pytest.mark.parametrize("longest", [8, 128])
def test_reach_is_what_the_points_depend_on(longest):
    text = "Ünïcode word, " + "word " * 300
    end = sentence_embedder.reach(text, longest)
    assert 0 < end < len(text)
    assert sentence_embedder.reach(text[:end], longest) == end
    points = sentence_embedder.embed([text, text[:end], text[: end - 4]], longest=longest)
    torch.testing.assert_close(points[0], points[1], atol=2e-5, rtol=0)
    assert float((points[0] - points[2]).norm()) > 1e-3
    for short in ("", "a few words "):
        assert sentence_embedder.reach(short, longest) == len(short)
