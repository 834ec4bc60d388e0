"""Training of the language model: its windows, its optimiser, its score, resuming."""

import itertools
import math

import pytest
import torch
import torch.nn.functional as F

from aigc_lib.core.checkpoint import CheckpointError
from aigc_lib.core.optim import cosine_lr
from aigc_lib.core.training import TrainingError
from aigc_lib.lm import training
from aigc_lib.lm.batches import TokenBatches
from aigc_lib.lm.training import Run, adamw, evaluate, fit
from aigc_lib.nets.gpt import GPT, GPTConfig

SIZE = GPTConfig(vocabulary=7, context=8, layers=2, heads=2, width=16)


def model(seed: int = 0, dropout: float = 0.0) -> GPT:
    torch.manual_seed(seed)
    return GPT(GPTConfig(7, 8, 2, 2, 16, dropout))


def text(n: int = 200, seed: int = 0) -> torch.Tensor:
    """0 1 2 3 4 5 6 0 1 ... with a mistake now and then."""
    rng = torch.Generator().manual_seed(seed)
    right, wrong = torch.arange(n) % 7, torch.randint(7, (n,), generator=rng)
    return torch.where(torch.rand(n, generator=rng) < 0.1, wrong, right)


def test_targets_are_the_next_tokens():
    tokens = torch.arange(50) + 100
    batches = TokenBatches(tokens, 4, 8, seed=3)
    starts = set()
    for _ in range(200):
        x, y = next(batches)
        assert x.shape == y.shape == (4, 8)
        assert torch.equal(x, x[:, :1] + torch.arange(8))
        assert torch.equal(y, x + 1)
        starts |= set(x[:, 0].tolist())
    assert starts == set(range(100, 142))  # the last window's last target is the last token


def test_a_stream_goes_on_where_it_was():
    tokens = text()
    stream = TokenBatches(tokens, 4, 8, seed=1)
    next(stream)
    state = stream.state_dict()
    wanted = [next(stream) for _ in range(3)]
    other = TokenBatches(tokens, 4, 8, seed=2)
    other.load_state_dict(state)
    for (x, y), (a, b) in zip(wanted, other, strict=False):
        assert torch.equal(x, a)
        assert torch.equal(y, b)
    for wrong in (TokenBatches(tokens[1:], 4, 8), TokenBatches(tokens, 3, 8)):
        with pytest.raises(ValueError, match="another stream"):
            wrong.load_state_dict(state)


def test_only_matrices_are_shrunk():
    net = model()
    optimizer = adamw(net, lr=0.1, weight_decay=0.5)
    assert sum(len(group["params"]) for group in optimizer.param_groups) == len([*net.parameters()])
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    for p in net.parameters():
        p.grad = torch.zeros_like(p)
    optimizer.step()
    for name, p in net.named_parameters():
        factor = 1 - 0.1 * 0.5 if p.ndim == 2 else 1.0
        assert torch.allclose(p, before[name] * factor), name


def test_the_learning_rate_rises_and_falls():
    rates = [cosine_lr(step, 100, 2.0, warmup=10) for step in range(101)]
    assert rates[0] == pytest.approx(0.2)
    assert rates[9] == rates[10] == pytest.approx(2.0)
    assert rates[55] == pytest.approx((2.0 + 0.2) / 2)
    assert rates[100] == pytest.approx(0.2)
    assert all(a >= b for a, b in itertools.pairwise(rates[10:]))


def test_evaluate_predicts_each_token_once():
    net, tokens = model(), text(45)  # five windows of 8, and 4 targets more
    with torch.no_grad():
        total, n = 0.0, 0
        for start in range(0, 44, 8):
            for place in range(start, min(start + 8, 44)):
                logits = net(tokens[None, start : place + 1])[0, -1]
                total += float(F.cross_entropy(logits, tokens[place + 1]))
                n += 1
    assert n == 44
    assert evaluate(net, tokens) == pytest.approx(total / n, rel=1e-5)
    assert evaluate(net, tokens, batch=1) == pytest.approx(evaluate(net, tokens), rel=1e-6)
    assert evaluate(net, tokens[:9]) == pytest.approx(evaluate(net, tokens[:9], batch=3), rel=1e-6)
    with torch.no_grad():
        short = float(F.cross_entropy(net(tokens[None, :4])[0], tokens[1:5]))
    assert evaluate(net, tokens[:5]) == pytest.approx(short, rel=1e-6)  # less than one window
    with pytest.raises(ValueError, match="at least 2"):
        evaluate(net, tokens[:1])


def best_possible(tokens: torch.Tensor) -> float:
    """Nats a token of the predictor that knows how ``text`` is made, window by window."""
    right, wrong = math.log(0.9 + 0.1 / 7), math.log(0.1 / 7)
    total = 0.0
    for start in range(0, len(tokens) - 1, 8):
        phases = torch.zeros(7, dtype=torch.float64)  # log-likelihood of 0 standing at ``start``
        for place in range(start, min(start + 8, len(tokens) - 1)):
            seen = (torch.arange(7) + place - start) % 7 == tokens[place]
            phases += torch.where(seen, right, wrong)
            comes = (torch.arange(7) + place + 1 - start) % 7 == tokens[place + 1]
            total -= float((phases.log_softmax(0) + torch.where(comes, right, wrong)).logsumexp(0))
    return total / (len(tokens) - 1)


def test_it_learns_what_can_be_learned():
    run = Run(model(), lr=1e-2)
    history = fit(run, TokenBatches(text(20_000), 16, 8), 900, warmup=10, tick=300, progress=False)
    assert [row["steps"] for row in history] == [300, 600, 900]
    other = text(4000, seed=1)
    score, floor = evaluate(run.model, other), best_possible(other)
    assert floor < score < 1.2 * floor < 0.5 * math.log(7)


def test_a_gradient_is_shortened(monkeypatch):
    seen = []
    real = torch.nn.utils.clip_grad_norm_

    def watch(parameters, most):
        parameters = list(parameters)
        real(parameters, most)
        seen.append(float(torch.cat([p.grad.flatten() for p in parameters]).norm()))

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", watch)
    fit(Run(model()), TokenBatches(text(), 4, 8), 3, grad_clip=0.01, progress=False)
    assert seen == pytest.approx([0.01] * 3, rel=1e-3)


def state(run: Run) -> list[torch.Tensor]:
    return [p.detach() for p in run.model.parameters()]


def test_an_interrupted_run_goes_on_to_the_same_bits(tmp_path):
    def begin(seed: int) -> tuple[Run, TokenBatches]:
        torch.manual_seed(seed)
        return Run(model(seed, dropout=0.2)), TokenBatches(text(), 4, 8, seed=seed)

    def stop(run, row):
        if row["steps"] == 20:
            raise KeyboardInterrupt

    whole, stream = begin(0)
    fit(whole, stream, 30, tick=10, progress=False)
    path = tmp_path / "checkpoint.pt"
    run, stream = begin(0)
    with pytest.raises(KeyboardInterrupt):
        fit(run, stream, 30, tick=10, on_tick=stop, checkpoint=path, progress=False)
    again, stream = begin(5)  # another start: all must come from the file
    history = fit(again, stream, 30, tick=10, checkpoint=path, progress=False)
    assert [row["steps"] for row in history] == [10, 20, 30]
    assert all(torch.equal(a, b) for a, b in zip(state(whole), state(again), strict=True))
    assert not again.model.training
    with pytest.raises(CheckpointError):
        fit(*begin(0), 40, tick=10, checkpoint=path, progress=False)  # another learning-rate curve


def test_on_tick_may_add_to_the_row_and_leaves_no_trace():
    def score(run, row):
        row["valid"] = evaluate(run.model, text(50))
        torch.rand(3)

    results = []
    for on_tick in (None, score):
        torch.manual_seed(0)
        run = Run(model(dropout=0.3))
        stream = TokenBatches(text(), 4, 8)
        rows = fit(run, stream, 6, tick=2, on_tick=on_tick, progress=False)
        results.append((state(run), rows))
    assert all(torch.equal(a, b) for a, b in zip(results[0][0], results[1][0], strict=True))
    assert all(0 < row["valid"] < 3 for row in results[1][1])


def test_what_cannot_be_is_refused(monkeypatch):
    with pytest.raises(ValueError, match="at least 9 tokens"):
        TokenBatches(text(8), 4, 8)
    with pytest.raises(ValueError, match="batch and context"):
        TokenBatches(text(), 0, 8)
    with pytest.raises(ValueError, match="steps and tick"):
        fit(Run(model()), TokenBatches(text(), 4, 8), 0)
    monkeypatch.setattr(training, "loss_of", lambda m, x, y: m(x).sum() * float("nan"))
    with pytest.raises(TrainingError, match="Lower the learning"):
        fit(Run(model()), TokenBatches(text(), 4, 8), 2, progress=False)
