"""Shares of classes, confidence and the inception score, by hand and by other programs."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch_fidelity.metric_isc import isc_features_to_metric
from torchmetrics.image.inception import InceptionScore

from aigc_lib.chapters.ch08_evaluating_generators.inception_score import inception_score
from aigc_lib.metrics.classes import class_counts, confident_share


def test_class_counts() -> None:
    classes = torch.tensor([3, 0, 3, 2])
    assert class_counts(classes, k=5).tolist() == [1, 0, 1, 2, 0]
    logits = nn.functional.one_hot(classes, 5).float() - 7
    assert class_counts(logits, k=5).tolist() == [1, 0, 1, 2, 0]
    assert class_counts(torch.tensor([], dtype=torch.int64)).tolist() == [0] * 10
    for bad in (torch.tensor([5]), torch.tensor([-1]), torch.zeros(2, 4), logits * math.nan):
        with pytest.raises(ValueError, match=r"classes must be|logits must be"):
            class_counts(bad, k=5)


def test_confident_share() -> None:
    # With logits (x, 0) the probability of the first class is the sigmoid of x.
    x = [math.log(p / (1 - p)) for p in (0.95, 0.85, 0.5, 0.08, 0.11)]
    logits = torch.tensor([[value, 0.0] for value in x])
    assert confident_share(logits) == pytest.approx(2 / 5)
    assert confident_share(logits, 0.8) == pytest.approx(4 / 5)
    assert confident_share(logits, 0.5) == 1
    assert confident_share(logits, 1) == 0
    for bad in (logits[:0], logits[0], logits * math.nan):
        with pytest.raises(ValueError, match="logits must be"):
            confident_share(bad)
    with pytest.raises(ValueError, match="threshold"):
        confident_share(logits, 90)


# --------------------------------------------------------------------------- inception score


def logits_of(seed: int, n: int, k: int) -> Tensor:
    return 3 * torch.from_numpy(np.random.default_rng(seed).normal(size=(n, k)))


def test_inception_score_of_samples_whose_score_is_known() -> None:
    sure = nn.functional.one_hot(torch.arange(40) % 10, 10).double().log()  # with -inf in it
    assert inception_score(sure, splits=1) == pytest.approx((10, 0), abs=1e-12)
    assert inception_score(sure[:4].repeat(9, 1), 1).mean == pytest.approx(4, abs=1e-12)
    # Always the same answer, sure or not: nothing is learnt from a sample.
    for same in (sure[:1], torch.zeros(1, 10), logits_of(0, 1, 10)):
        score = inception_score(same.repeat(20, 1), splits=2)
        assert score == pytest.approx((1, 0), abs=1e-12)
    # Two answers, p = 0.9 and 0.1 for one class, in equal numbers: mean 1/2, KL by hand.
    p = torch.tensor([[0.9, 0.1], [0.1, 0.9]], dtype=torch.float64)
    kl = 0.9 * math.log(0.9 / 0.5) + 0.1 * math.log(0.1 / 0.5)
    score = inception_score(p.log().repeat(5, 1), splits=5)
    assert score == pytest.approx((math.exp(kl), 0), abs=1e-12)


@pytest.mark.parametrize(("n", "splits"), [(100, 1), (100, 10), (103, 10), (7, 7), (50, 3)])
def test_inception_score_equals_torch_fidelity(n: int, splits: int) -> None:
    logits = logits_of(n, n, 6)
    wanted = isc_features_to_metric(logits, splits, shuffle=False)
    mean, std = inception_score(logits, splits)
    assert mean == pytest.approx(wanted["inception_score_mean"], rel=1e-10)
    assert std == pytest.approx(wanted["inception_score_std"], rel=1e-8, abs=1e-10)


@pytest.mark.filterwarnings("ignore:Metric .* will save all extracted features")
def test_inception_score_equals_torchmetrics_with_its_shuffle() -> None:
    logits = logits_of(1, 120, 6)
    other = InceptionScore(nn.Identity(), splits=8)
    other.update(logits)
    torch.manual_seed(5)
    mean, std = other.compute()
    ours = inception_score(logits, 8, torch.Generator().manual_seed(5))
    assert ours.mean == pytest.approx(float(mean), rel=1e-10)
    # torchmetrics divides by one less than the number of splits.
    assert ours.std == pytest.approx(float(std) * math.sqrt(7 / 8), rel=1e-8)


def test_inception_score_of_samples_in_order_needs_a_shuffle() -> None:
    ordered = 20 * nn.functional.one_hot(torch.arange(1000) // 100, 10).double()
    assert inception_score(ordered).mean == pytest.approx(1, abs=1e-6)
    shuffled = inception_score(ordered, generator=torch.Generator().manual_seed(0))
    # 100 draws of 10 classes lose about 9 / 200 of ln 10 in entropy: 10 exp(-0.045) = 9.56.
    assert 9.3 < shuffled.mean < 9.75
    assert shuffled.std > 0


def test_inception_score_refuses() -> None:
    logits = logits_of(0, 8, 4)
    for bad in (logits[0], logits[:, :1]):
        with pytest.raises(ValueError, match=r"must be \(N, k\)"):
            inception_score(bad, 1)
    for splits in (0, 9, -1):
        with pytest.raises(ValueError, match=f"8 samples cannot be split into {splits}"):
            inception_score(logits, splits)
    with pytest.raises(ValueError, match="0 samples"):
        inception_score(logits[:0], 1)
    for bad in (math.nan, -math.inf, math.inf):
        broken = logits.clone()
        broken[3] = bad
        with pytest.raises(ValueError, match="finite maximum"):
            inception_score(broken, 1)
