"""The classifier's training loop, Wilson's interval and the bootstrap's."""

import copy

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from aigc_lib.chapters.ch05_workflow import few_shot
from aigc_lib.core.stats import bootstrap, wilson
from aigc_lib.core.training import TrainingError

X = torch.randn(40, 3, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] + 0.3 * X[:, 1] > 0).long()
TRAIN, VALID = (X[:20], Y[:20]), (X[20:], Y[20:])


def network(dropout: float = 0.0) -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, 2))


def run(net: nn.Module, **settings) -> few_shot.History:
    lr = settings.pop("lr", 0.1)
    return few_shot.fit(net, TRAIN, VALID, torch.optim.SGD(net.parameters(), lr=lr), **settings)


def loss_of(net: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    return -net(x).log_softmax(1)[torch.arange(len(x)), y].mean().item()


def test_it_learns_and_ends_in_evaluation_mode():
    net = network()
    history = run(net, epochs=30)
    assert not net.training
    assert len(history.train) == len(history.valid) == 30
    assert history.train[-1] < 0.6 * history.train[0]


def test_the_weights_of_the_best_epoch_are_kept():
    net = network()
    history = run(net, epochs=40, lr=3.0)
    assert history.best == min(range(40), key=history.valid.__getitem__) < 39
    assert loss_of(net, *VALID) == pytest.approx(history.valid[history.best], rel=1e-5)
    assert loss_of(net, *TRAIN) == pytest.approx(history.train[history.best], rel=1e-5)


def test_one_full_batch_is_one_step_down_the_gradient():
    net = network()
    by_hand = copy.deepcopy(net)
    run(net, epochs=1, batch=20)
    loss = nn.functional.cross_entropy(by_hand(X[:20]), Y[:20])
    loss.backward()
    for found, before in zip(net.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(found.detach(), before.detach() - 0.1 * before.grad)


def test_patience_counts_epochs_without_a_better_one():
    long, short = run(network(), epochs=200, lr=3.0), run(network(), epochs=200, lr=3.0, patience=4)
    steps = len(short.valid)
    assert short.valid == long.valid[:steps]
    assert steps - 1 - short.best == 4
    assert steps < 200


def test_the_seed_decides_and_the_callers_random_state_is_untouched():
    torch.manual_seed(7)
    wanted = torch.rand(3)
    losses = []
    for seed in (0, 0, 1):
        net = network(0.5)
        torch.manual_seed(7)
        losses.append(run(net, epochs=3, batch=7, seed=seed).train)
        assert torch.equal(torch.rand(3), wanted)
    assert losses[0] == losses[1] != losses[2]


def test_frozen_layers_stay_in_evaluation_mode():
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2), nn.BatchNorm1d(2), nn.Dropout())
    net[:2].requires_grad_(False)
    few_shot.training_mode(net)
    assert [layer.training for layer in net] == [False, False, True, True]
    before = net[0].running_mean.clone()
    net(5 + X)
    assert torch.equal(net[0].running_mean, before)
    assert net[2].running_mean.any()


@pytest.mark.parametrize("settings", [{"epochs": 0}, {"batch": 0}, {"patience": 0}])
def test_settings_below_one_are_refused(settings):
    with pytest.raises(ValueError, match="at least 1"):
        run(network(), **settings)


def test_labels_must_fit_the_inputs():
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="train needs a label"):
        few_shot.fit(net, (X[:5], Y[:4]), VALID, optimizer)
    with pytest.raises(ValueError, match="valid needs a label"):
        few_shot.fit(net, TRAIN, (X[:0], Y[:0]), optimizer)


def test_a_loss_that_was_never_finite_is_an_error():
    with pytest.raises(TrainingError, match="lower the learning rate"):
        run(network(), lr=float("inf"), epochs=2)


@pytest.mark.parametrize("right", [(0, 9), (9, 9)])
def test_wilsons_ends_are_exactly_0_and_1(right):
    low, high = wilson(*right)
    assert (low == 0, high == 1) == (right[0] == 0, right[0] == 9)
    assert 0.25 < high - low < 0.35


@pytest.mark.parametrize("wrong", [(1, 0), (-1, 5), (6, 5), (3, 5, 1.0)])
def test_wilson_refuses_impossible_counts(wrong):
    with pytest.raises(ValueError, match="right <= n"):
        wilson(*wrong)


@pytest.mark.parametrize("wrong", [(0, 5, 0.5), (1, 0, 0.5), (1, 5, 1.2)])
def test_expected_best_refuses_nonsense(wrong):
    with pytest.raises(ValueError, match="k >= 1"):
        few_shot.expected_best(*wrong)


def test_expected_best_of_sure_things():
    assert few_shot.expected_best(3, 7, 0.0) == 0
    assert few_shot.expected_best(3, 7, 1.0) == 1


def test_a_bootstrap_interval_covers_the_mean_as_often_as_it_says():
    rng = torch.Generator().manual_seed(1)
    inside = 0
    for seed in range(200):
        mean, low, high = bootstrap(torch.randn(80, generator=rng), 400, seed=seed)
        assert low < mean < high
        inside += low < 0 < high
    assert 176 <= inside <= 199  # 190 expected


def test_a_bootstrap_interval_is_scipys():
    values = torch.randn(40, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    theirs = stats.bootstrap(
        (values.numpy(),), np.mean, n_resamples=20_000, method="percentile", rng=0
    ).confidence_interval
    mean, low, high = bootstrap(values, 20_000)
    assert mean == pytest.approx(float(values.mean()))
    assert low == pytest.approx(theirs.low, abs=0.02)
    assert high == pytest.approx(theirs.high, abs=0.02)


@pytest.mark.parametrize(
    ("values", "confidence"), [(torch.zeros(0), 0.95), (torch.zeros(2, 2), 0.9), (torch.ones(3), 1)]
)
def test_bootstrap_refuses_what_has_no_interval(values, confidence):
    with pytest.raises(ValueError, match="need values"):
        bootstrap(values, confidence=confidence)


def test_expected_max_refuses_none():
    with pytest.raises(ValueError, match="at least one"):
        few_shot.expected_max(0)
