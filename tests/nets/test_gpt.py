"""The GPT against transformers' GPT-2, against formulas by hand, and with its cache."""

import math
import re

import pytest
import torch
import torch.nn.functional as F

from aigc_lib.nets.gpt import (
    GPT,
    Attention,
    Cache,
    GPTConfig,
    attention_weights,
    causal_mask,
)

SIZE = GPTConfig(vocabulary=31, context=16, layers=3, heads=4, width=24)


GPT2_NAMES = {
    r"wte\.": "embedding.",
    r"wpe\.": "positions.",
    r"ln_f\.": "norm.",
    r"h\.(\d+)\.ln_1\.": r"blocks.\1.norm1.",
    r"h\.(\d+)\.ln_2\.": r"blocks.\1.norm2.",
    r"h\.(\d+)\.attn\.c_attn\.": r"blocks.\1.attention.qkv.",
    r"h\.(\d+)\.attn\.c_proj\.": r"blocks.\1.attention.out.",
    r"h\.(\d+)\.mlp\.c_fc\.": r"blocks.\1.network.0.",
    r"h\.(\d+)\.mlp\.c_proj\.": r"blocks.\1.network.2.",
}


def from_gpt2(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A state of GPT-2 as ``transformers`` names it, under our names."""
    found = {}
    for old, value in state.items():
        short = old.removeprefix("transformer.")
        # The score table is the embedding; older files hold the masks too.
        if short == "lm_head.weight" or re.fullmatch(r"h\.\d+\.attn\.(masked_)?bias", short):
            continue
        (name,) = [re.sub(f"^{p}", n, short) for p, n in GPT2_NAMES.items() if re.match(p, short)]
        # GPT-2 stores the matrices of its linear layers the other way round.
        found[name] = value.T if ".c_" in short and value.ndim == 2 else value
    return found


@pytest.fixture
def model() -> GPT:
    torch.manual_seed(0)
    return GPT(SIZE).eval()


def tokens(batch: int = 2, length: int = 16, seed: int = 0) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randint(SIZE.vocabulary, (batch, length), generator=rng)


def test_logits_loss_and_greedy_tokens_are_gpt2s():
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(1)
    theirs = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            vocab_size=31, n_positions=16, n_embd=24, n_layer=3, n_head=4,
            resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
            bos_token_id=0, eos_token_id=None, pad_token_id=0,
        )
    ).eval()  # fmt: skip
    for parameter in theirs.parameters():  # biases and norms too, which start as 0 and 1
        torch.nn.init.normal_(parameter, std=0.3)
    ours = GPT(SIZE).eval()
    ours.load_state_dict(from_gpt2(theirs.state_dict()))
    x = tokens()
    with torch.no_grad():
        assert torch.allclose(ours(x), theirs(x).logits, atol=1e-5)
        loss = F.cross_entropy(ours(x)[:, :-1].flatten(0, 1), x[:, 1:].flatten())
        assert float(loss) == pytest.approx(float(theirs(x, labels=x).loss), abs=1e-5)
        best = theirs.generate(x[:, :4], max_new_tokens=10, do_sample=False)
        line = x[:, :4]
        for _ in range(10):
            line = torch.cat([line, ours(line)[:, -1:].argmax(-1)], dim=1)
    assert torch.equal(line, best)


def test_attention_by_hand():
    torch.manual_seed(0)
    layer = Attention(SIZE).eval()
    x = torch.randn(1, 5, 24)
    layer.requires_grad_(False)
    q, k, v = layer.split(x)
    for head in range(4):
        part = slice(6 * head, 6 * head + 6)  # queries first, then keys, then values
        assert torch.allclose(q[0, head], F.linear(x, layer.qkv.weight, layer.qkv.bias)[0][:, part])
    rows = []
    for t in range(5):
        heads = []
        for h in range(4):
            scores = [math.exp(float(q[0, h, t] @ k[0, h, s]) / math.sqrt(6)) for s in range(t + 1)]
            mixed = sum(w * v[0, h, s] for s, w in enumerate(scores))
            heads.append(mixed / sum(scores))
        rows.append(torch.cat(heads))
    wanted = layer.out(torch.stack(rows))
    assert torch.allclose(layer(x)[0], wanted, atol=1e-6)


def test_the_mask_and_the_weights():
    assert causal_mask(3, 3).tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert causal_mask(2, 4).tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]
    q, k = torch.randn(2, 2, 3, 5, 8)
    weights = attention_weights(q, k)
    assert torch.allclose(weights.sum(-1), torch.ones(2, 3, 5))
    assert not weights.triu(1).any()
    assert torch.equal(weights[..., 0, 0], torch.ones(2, 3))


def test_no_token_sees_the_future(model):
    x = tokens(1)
    changed = x.clone()
    changed[0, 9] = (x[0, 9] + 1) % SIZE.vocabulary
    with torch.no_grad():
        a, b = model(x)[0], model(changed)[0]
    assert torch.equal(a[:9], b[:9])
    assert all(not torch.allclose(a[t], b[t], atol=1e-6) for t in range(9, 16))


@pytest.mark.parametrize("parts", [[1] * 16, [16], [5, 1, 10], [3, 13]])
def test_the_cache_gives_the_same_logits(model, parts):
    x = tokens()
    cache = Cache(SIZE, 2)
    with torch.no_grad():
        found = torch.cat([model(part, cache) for part in x.split(parts, dim=1)], dim=1)
        assert torch.allclose(found, model(x), atol=1e-5)
    assert cache.length == 16


def test_attention_maps_are_those_of_the_forward_pass(model):
    x = tokens()
    maps = model.attention_maps(x)
    assert maps.shape == (3, 2, 4, 16, 16)
    assert torch.allclose(maps.sum(-1), torch.ones(3, 2, 4, 16))
    with torch.no_grad():
        first = model.blocks[0]
        stream = model.embedding(x) + model.positions.weight
        v = first.attention.split(first.norm1(stream))[2]
        mixed = first.attention.out((maps[0] @ v).transpose(1, 2).flatten(2))
        assert torch.allclose(mixed, first.attention(first.norm1(stream)), atol=1e-5)


def test_it_starts_as_gpt2_does(model):
    big = GPT(GPTConfig(vocabulary=500, context=64, layers=8, heads=2, width=128))
    assert float(big.embedding.weight.detach().std()) == pytest.approx(0.02, rel=0.05)
    wanted = 0.02 / math.sqrt(16)
    assert float(big.blocks[3].attention.out.weight.detach().std()) == pytest.approx(
        wanted, rel=0.05
    )
    assert float(big.blocks[3].network[2].weight.detach().std()) == pytest.approx(wanted, rel=0.05)
    assert float(big.blocks[3].network[0].weight.detach().std()) == pytest.approx(0.02, rel=0.05)
    assert not big.blocks[0].attention.qkv.bias.any()
    with torch.no_grad():  # so that at first all tokens are nearly equally likely
        loss = F.cross_entropy(model(tokens())[:, :-1].flatten(0, 1), tokens()[:, 1:].flatten())
    assert float(loss) == pytest.approx(math.log(31), abs=0.1)


def test_dropout_only_in_training():
    torch.manual_seed(0)
    model = GPT(GPTConfig(vocabulary=31, context=16, layers=1, heads=2, width=8, dropout=0.5))
    x = tokens()
    assert not torch.equal(model(x), model(x))
    model.eval()
    assert torch.equal(model(x), model(x))


def test_what_cannot_be_is_refused(model):
    with pytest.raises(ValueError, match="17 tokens, but the context holds 16"):
        model(tokens(1, 17))
    cache = Cache(SIZE, 1)
    model(tokens(1, 10), cache)
    with pytest.raises(ValueError, match="20 tokens"):
        model(tokens(1, 10), cache)
    for wrong in ({"heads": 5}, {"layers": 0}, {"dropout": 1.0}, {"vocabulary": 0}):
        with pytest.raises(ValueError, match=r"heads|layers|dropout|vocabulary"):
            GPTConfig(**({"vocabulary": 10, "width": 24} | wrong))
