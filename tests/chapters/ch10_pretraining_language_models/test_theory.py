"""Proofs, in numbers, of chapter 10's statements."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_lib.chapters.ch10_pretraining_language_models import mae, mae_training
from aigc_lib.chapters.ch10_pretraining_language_models.mae import MAEConfig, MaskedAutoencoder
from aigc_lib.lm import sampling, tokenizers
from aigc_lib.nets.gpt import GPT, Cache, GPTConfig, attention_weights


@pytest.mark.label("eq-per-character")
def test_what_a_text_costs_does_not_depend_on_how_it_is_cut() -> None:
    """A model of characters, and the same model told as one of byte pairs: the same price."""
    text = "aababaab"
    p = {"a": 0.7, "b": 0.3}
    pairs = tokenizers.BytePairs([(97, 97), (97, 98)])  # "aa" and "ab" become one token each
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
    model = GPT(GPTConfig(7, context=6, layers=2, heads=2, width=8)).eval()
    tokens = torch.randint(7, (1, 6))
    with torch.no_grad():
        before = model(tokens)
        for place in range(6):
            other = tokens.clone()
            other[0, place] = (other[0, place] + 1) % 7
            after = model(other)
            assert torch.equal(after[0, :place], before[0, :place])
            assert not torch.allclose(after[0, place:], before[0, place:])


@pytest.mark.label("eq-layer-norm")
def test_a_layer_norm_has_the_scale_as_its_spread_and_the_shift_as_its_mean() -> None:
    """NumPy's moments of what comes out, and PyTorch's layer; a longer vector changes nothing."""
    x = torch.randn(3, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 4 + 7
    layer = torch.nn.LayerNorm(8, dtype=torch.float64)
    out = layer(x).detach().numpy()
    np.testing.assert_allclose(out.mean(1), 0, atol=1e-12)
    np.testing.assert_allclose(out.std(1), 1, rtol=1e-5)
    with torch.no_grad():
        layer.weight.fill_(3.0)
        layer.bias.fill_(-2.0)
    moved = layer(1000 * x).detach().numpy()
    np.testing.assert_allclose(moved, 3 * out - 2, atol=1e-4)
    rows = x.numpy()
    centred = rows - rows.mean(1, keepdims=True)
    wanted = 3 * centred / np.sqrt(rows.var(1, keepdims=True) + 1e-5) - 2
    np.testing.assert_allclose(layer(x).detach().numpy(), wanted, rtol=1e-10)


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
    model = GPT(GPTConfig(7, context=16, layers=1, heads=1, width=4)).eval()
    read: list[int] = []
    model.embedding.register_forward_hook(lambda _m, args, _o: read.append(args[0].shape[1]))
    start, n = torch.tensor([[3]]), 10
    for cached, wanted in ((False, n * (n + 1) // 2), (True, n)):
        read.clear()
        sampling.generate(model, start, n, cached=cached)
        assert sum(read) == wanted
    assert Cache(model.config, 1).length == 0


@pytest.mark.label("thm-repetition")
@given(
    logits=st.lists(st.floats(-5, 5), min_size=4, max_size=4),
    strength=st.floats(1.01, 3),
)
def test_a_penalty_lowers_what_was_seen_and_nothing_else(
    logits: list[float], strength: float
) -> None:
    """Odds, one by one, from the library's probabilities against the definition."""
    x = torch.tensor([logits], dtype=torch.float64)
    p = sampling.distribution(x, seen=torch.tensor([[0, 1, 1]]), repetition=strength)[0].log()
    for seen in (0, 1):
        by = strength if logits[seen] < 0 else 1 / strength
        assert float(p[seen] - p[3]) == pytest.approx(by * logits[seen] - logits[3], abs=1e-9)
        assert float(p[seen] - p[3]) <= logits[seen] - logits[3] + 1e-9
    assert float(p[2] - p[3]) == pytest.approx(logits[2] - logits[3], abs=1e-9)


@pytest.mark.label("thm-repetition")
def test_a_constant_added_to_all_logits_changes_what_the_penalty_does() -> None:
    x, seen = torch.tensor([[2.0, 1.0, 0.5]]), torch.tensor([[0]])
    assert torch.allclose(sampling.distribution(x), sampling.distribution(x - 3))
    moved = [sampling.distribution(x + c, seen=seen, repetition=2.0)[0, 0] for c in (0, -3)]
    odds = [float(p / (1 - p)) for p in moved]
    rest = math.exp(1.0) + math.exp(0.5)
    assert odds[0] == pytest.approx(math.exp(1.0) / rest, rel=1e-5)  # 2 became 1
    assert odds[1] == pytest.approx(math.exp(-2.0 + 3) / rest, rel=1e-5)  # -1 became -2
    zero = sampling.distribution(x - 2, seen=seen, repetition=9.0)
    assert torch.allclose(zero, sampling.distribution(x))  # a logit of 0 is not touched at all


@pytest.mark.label("eq-masked-loss")
@pytest.mark.parametrize("hidden_count", [1, 3])
def test_only_what_was_hidden_counts(hidden_count: int) -> None:
    """Pixel by pixel on the pictures themselves; and no change to a visible guess changes it."""
    rng = torch.Generator().manual_seed(0)
    patches, guesses = torch.rand(2, 5, 4, 9, generator=rng)
    order = torch.stack([torch.randperm(4, generator=rng) for _ in range(5)])
    seen, hidden = order[:, hidden_count:], order[:, :hidden_count]
    model = Told(guesses)
    total = 0.0
    for n in range(5):
        for place in hidden[n].tolist():
            for i in range(9):
                total += float(guesses[n, place, i] - patches[n, place, i]) ** 2
    found = mae.loss_of(model, patches, seen, hidden)
    assert float(found) == pytest.approx(total / (5 * hidden_count * 9), rel=1e-5)
    model.guesses = guesses.scatter(1, seen[:, :, None].expand(-1, -1, 9), 99.0)
    assert torch.equal(mae.loss_of(model, patches, seen, hidden), found)


class Told(MaskedAutoencoder):
    """Guesses what it was told, whatever it sees."""

    def __init__(self, guesses: torch.Tensor) -> None:
        super().__init__(MAEConfig(side=6, patch=3, visible=1, width=4, layers=1, heads=1))
        self.guesses = guesses

    def forward(self, patches: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """The guesses."""
        return self.guesses


@pytest.mark.label("eq-unseen")
@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**31), visible=st.integers(1, 15))
def test_what_is_hidden_changes_nothing(seed: int, visible: int) -> None:
    """For any picture and any places: other pixels there, the same code and the same guesses."""
    rng = torch.Generator().manual_seed(seed)
    model = mae_training.fresh(seed % 5).eval()
    patches, others = torch.rand(2, 3, 16, 49, generator=rng) * 2 - 1
    seen, hidden = mae.choose(3, 16, visible, rng)
    mixed = patches.scatter(1, hidden[:, :, None].expand(-1, -1, 49), others)
    assert not torch.equal(mixed, patches)
    with torch.no_grad():
        assert torch.equal(model.encode(mixed, seen), model.encode(patches, seen))
        assert torch.equal(model(mixed, seen), model(patches, seen))
        shown = patches.clone()
        shown[:, seen[0, 0]] += 0.5
        assert not torch.allclose(model(shown, seen)[0], model(patches, seen)[0], atol=1e-6)


@pytest.mark.label("thm-mean-guess")
def test_the_mean_of_what_fits_is_the_best_guess() -> None:
    """All guesses of a grid, over a small joint distribution given as fractions."""
    joint = {  # (visible, hidden): probability
        (0, 0): Fraction(1, 8), (0, 4): Fraction(3, 8), (1, 1): Fraction(1, 3),
        (1, 2): Fraction(1, 12), (1, 6): Fraction(1, 12),
    }  # fmt: skip
    assert sum(joint.values()) == 1
    grid = [Fraction(i, 20) for i in range(121)]

    def price(guess: dict[int, Fraction]) -> Fraction:
        return sum((p * (y - guess[x]) ** 2 for (x, y), p in joint.items()), Fraction(0))

    best = min(({0: a, 1: b} for a in grid for b in grid), key=price)
    assert best == {0: Fraction(3), 1: Fraction(2)}  # (0 + 3 * 4) / 4 and (4 * 1 + 2 + 6) / 6
    left = (Fraction(3) + Fraction(10, 3)) / 2  # the variances where 0 and where 1 is visible
    assert price(best) == left
    blind = min(grid, key=lambda a: price({0: a, 1: a}))
    assert blind == Fraction(5, 2)  # the mean of all
    assert price({0: blind, 1: blind}) == left + Fraction(1, 4)  # what the visible explains
