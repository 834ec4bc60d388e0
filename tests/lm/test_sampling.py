"""Which tokens may follow, and what is drawn: against the definitions, with and without a cache."""

import pytest
import torch

from aigc_lib.lm.sampling import distribution, generate
from aigc_lib.nets.gpt import GPT, GPTConfig

P = torch.tensor([[0.5, 0.25, 0.15, 0.07, 0.03]])
SHUFFLED = torch.tensor([3, 0, 4, 1, 2])


def kept(**settings) -> list[float]:
    """What becomes of P when its tokens stand in another order."""
    found = distribution(P[:, SHUFFLED].log(), **settings)
    back = torch.empty_like(found)
    back[:, SHUFFLED] = found
    return back[0].tolist()


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, [0.5, 0.25, 0.15, 0.07, 0.03]),
        ({"temperature": 0.0}, [1, 0, 0, 0, 0]),
        ({"temperature": 0.5}, [0.25, 0.0625, 0.0225, 0.0049, 0.0009]),  # squares
        ({"top_k": 2}, [0.5, 0.25, 0, 0, 0]),
        ({"top_k": 99}, [0.5, 0.25, 0.15, 0.07, 0.03]),
        ({"top_p": 0.4}, [1, 0, 0, 0, 0]),
        ({"top_p": 0.51}, [0.5, 0.25, 0, 0, 0]),  # one is not enough, two are
        ({"top_p": 0.74}, [0.5, 0.25, 0, 0, 0]),
        ({"top_p": 0.76}, [0.5, 0.25, 0.15, 0, 0]),
        ({"top_p": 1.0}, [0.5, 0.25, 0.15, 0.07, 0.03]),
        ({"top_k": 3, "top_p": 0.6}, [0.5, 0.25, 0, 0, 0]),  # 0.5 / 0.9 is less than 0.6
    ],
)
def test_by_the_definitions(settings, wanted):
    total = sum(wanted)
    assert kept(**settings) == pytest.approx([w / total for w in wanted], abs=1e-6)


def test_repetition_makes_what_was_seen_less_likely():
    logits = torch.tensor([[2.0, -1.0, 0.5]])
    found = distribution(logits, seen=torch.tensor([[0, 1, 0]]), repetition=2.0)
    wanted = torch.tensor([[1.0, -2.0, 0.5]]).softmax(-1)
    assert torch.allclose(found, wanted)
    assert torch.equal(distribution(logits, seen=torch.tensor([[0]])), logits.softmax(-1))


def test_what_is_dropped_never_comes():
    found = distribution(P.log(), without=torch.tensor([0, 3]), top_k=2)
    assert found[0].tolist() == pytest.approx([0, 0.625, 0.375, 0, 0])
    assert distribution(P.log(), without=torch.tensor([0]), temperature=0)[0].tolist() == [
        0,
        1,
        0,
        0,
        0,
    ]


@pytest.mark.parametrize(
    "settings", [{"temperature": -1}, {"top_p": 0}, {"top_p": 1.1}, {"top_k": 0}, {"repetition": 0}]
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match="need temperature"):
        kept(**settings)


@pytest.fixture
def model() -> GPT:
    torch.manual_seed(0)
    model = GPT(GPTConfig(vocabulary=11, context=12, layers=2, heads=2, width=16))
    for p in model.parameters():  # at its start every token is about as likely as any other
        torch.nn.init.normal_(p, std=0.5)
    return model


@pytest.mark.parametrize("settings", [{"temperature": 0}, {"top_k": 5}, {"repetition": 1.3}])
@pytest.mark.parametrize("start", [1, 5, 20])
def test_the_cache_changes_nothing(model, settings, start):
    """Within the context of 12, across its end, and from beyond it."""
    prompt = torch.randint(11, (3, start), generator=torch.Generator().manual_seed(1))
    plain = generate(model, prompt, 16, seed=4, cached=False, **settings)
    assert plain.shape == (3, start + 16)
    assert torch.equal(plain[:, :start], prompt)
    assert torch.equal(generate(model, prompt, 16, seed=4, **settings), plain)


def test_greedy_is_the_most_likely_token_of_each_step(model):
    text = torch.tensor([[3]])
    with torch.no_grad():
        for _ in range(8):
            text = torch.cat([text, model.eval()(text)[:, -1:].argmax(-1)], dim=1)
    assert torch.equal(generate(model, torch.tensor([[3]]), 8, temperature=0), text)


def test_draws_follow_the_probabilities(model):
    prompt = torch.tensor([[3, 7]]).repeat(4000, 1)
    drawn = generate(model, prompt, 1, seed=2)[:, -1]
    with torch.no_grad():
        p = model(prompt[:1])[0, -1].softmax(-1)
    share = drawn.bincount(minlength=11) / 4000
    assert float((share - p).abs().max()) < 4 * 0.5 / 4000**0.5
    again = generate(model, prompt, 1, seed=2)[:, -1]
    assert torch.equal(again, drawn)
    assert not torch.equal(generate(model, prompt, 1, seed=3)[:, -1], drawn)


def test_an_empty_prompt_is_refused(model):
    for prompt in (torch.zeros(1, 0, dtype=torch.long), torch.zeros(3, dtype=torch.long)):
        with pytest.raises(ValueError, match="at least one token"):
            generate(model, prompt, 2)
