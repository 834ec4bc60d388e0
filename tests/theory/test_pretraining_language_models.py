"""Proofs, in numbers, of chapter 10's statements."""

import itertools
import math

import pytest
import torch

from aigc_lib import sampling, tokenisers
from aigc_lib.nets.gpt import GPT, Cache, GPTSize, attention_weights


@pytest.mark.label("eq-per-character")
def test_what_a_text_costs_does_not_depend_on_how_it_is_cut() -> None:
    """A model of characters, and the same model told as one of byte pairs: the same price."""
    text = "aababaab"
    p = {"a": 0.7, "b": 0.3}
    pairs = tokenisers.BytePairs([(97, 97), (97, 98)])  # "aa" and "ab" become one token each
    tokens = pairs.encode(text)
    assert len(tokens) < len(text)
    whole = -math.log(math.prod(p[c] for c in text))
    by_token = [-sum(math.log(p[c]) for c in pairs.decode([t])) for t in tokens]
    mean = sum(by_token) / len(tokens)
    assert mean * len(tokens) / len(text) == pytest.approx(whole / len(text))
    assert mean > 1.2 * whole / len(text)  # a token costs more than a character


@pytest.mark.label("thm-attention-scale")
@pytest.mark.parametrize("d", [1, 2, 6])
def test_the_product_of_two_random_vectors_has_variance_d(d: int) -> None:
    """All pairs of vectors of signs, which have mean 0 and variance 1 in each place."""
    signs = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=d)), dtype=torch.float64)
    products = (signs @ signs.T).flatten()
    assert float(products.mean()) == pytest.approx(0, abs=1e-12)
    assert float(products.square().mean()) == pytest.approx(d)
    # The library divides by the root of d: a query that equals one key and is opposite to another.
    q, k = torch.ones(2, d), torch.stack([torch.ones(d), -torch.ones(d)])
    seen = attention_weights(q, k)[1]
    assert float((seen[0] / seen[1]).log()) == pytest.approx(2 * math.sqrt(d), rel=1e-5)


@pytest.mark.label("eq-causal")
def test_what_comes_later_changes_nothing_before() -> None:
    torch.manual_seed(0)
    model = GPT(GPTSize(7, context=6, layers=2, heads=2, width=8)).eval()
    tokens = torch.randint(7, (1, 6))
    with torch.no_grad():
        before = model(tokens)
        for place in range(6):
            other = tokens.clone()
            other[0, place] = (other[0, place] + 1) % 7
            after = model(other)
            assert torch.equal(after[0, :place], before[0, :place])
            assert not torch.allclose(after[0, place:], before[0, place:])


@pytest.mark.label("thm-temperature")
def test_temperature_is_a_power_and_the_cold_limit_is_greedy() -> None:
    p = torch.tensor([[0.5, 0.3, 0.2]], dtype=torch.float64)
    for t in (0.3, 1.0, 2.5):
        found = sampling.distribution(p.log(), temperature=t)
        weights = torch.tensor([[x ** (1 / t) for x in p[0].tolist()]], dtype=torch.float64)
        torch.testing.assert_close(found, weights / weights.sum())
    cold = sampling.distribution(p.log(), temperature=0.02)
    assert float(cold[0, 0]) > 1 - 1e-10
    hot = sampling.distribution(p.log(), temperature=1e4)
    assert float((hot - 1 / 3).abs().max()) < 1e-3

    def entropy(t: float) -> float:
        q = sampling.distribution(p.log(), temperature=t)
        return float(-(q * q.log()).sum())

    grid = [entropy(t) for t in (0.3, 0.6, 1.0, 1.7, 3.0)]
    assert grid == sorted(grid)


@pytest.mark.label("eq-cache-cost")
def test_the_cache_reads_each_token_once() -> None:
    torch.manual_seed(0)
    model = GPT(GPTSize(7, context=16, layers=1, heads=1, width=4)).eval()
    read: list[int] = []
    model.embedding.register_forward_hook(lambda _m, args, _o: read.append(args[0].shape[1]))
    start, n = torch.tensor([[3]]), 10
    for cached, wanted in ((False, n * (n + 1) // 2), (True, n)):
        read.clear()
        sampling.generate(model, start, n, cached=cached)
        assert sum(read) == wanted
    assert Cache(model.size, 1).length == 0
