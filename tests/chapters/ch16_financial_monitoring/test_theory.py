"""Proofs, in numbers, of chapter 16's statements."""

import math

import numpy as np
import pytest
import torch

from aigc_lib.chapters.ch16_financial_monitoring import (
    calibration,
    cusum,
    semi_supervised_gan,
    topic_prompting,
)

RNG = torch.Generator().manual_seed(16)
LOGITS = 3 * torch.randn(40, 5, generator=RNG, dtype=torch.float64)


def probabilities(logits: torch.Tensor) -> np.ndarray:
    """The softmax over K + 1 classes, the last logit 0, by plain exponentials."""
    powers = np.exp(np.concatenate([logits.numpy(), np.zeros((len(logits), 1))], axis=1))
    return powers / powers.sum(1, keepdims=True)


@pytest.mark.label("eq-real")
def test_real_is_every_class_but_the_last() -> None:
    log_d, log_not = semi_supervised_gan.log_real(LOGITS)
    found = probabilities(LOGITS)
    np.testing.assert_allclose(log_d.exp().numpy(), found[:, :-1].sum(1), rtol=1e-12)
    np.testing.assert_allclose(log_not.exp().numpy(), found[:, -1], rtol=1e-9)


@pytest.mark.label("thm-two-tasks")
def test_one_softmax_does_two_tasks() -> None:
    labels = torch.randint(5, (40,), generator=RNG)
    whole = -np.log(probabilities(LOGITS)[np.arange(40), labels.numpy()])
    among = np.exp(LOGITS.numpy())
    named = -np.log(among[np.arange(40), labels.numpy()] / among.sum(1))
    real = -np.log(among.sum(1) / (among.sum(1) + 1))
    np.testing.assert_allclose(whole, named + real, rtol=1e-12)
    # The library's loss on the same examples, labelled and unlabelled, has both parts.
    fake = torch.full((3, 5), -60.0, dtype=torch.float64)  # surely generated: costs nothing
    found = semi_supervised_gan.d_loss(LOGITS, labels, LOGITS, fake, 1.0)
    assert float(found) == pytest.approx(whole.mean(), rel=1e-10)


@pytest.mark.label("eq-asked")
def test_less_the_name_alone_the_likeliest_report_wins() -> None:
    """By Bayes: for a model that knows all, the difference is log p(report | name) / p(report)."""
    joint = torch.rand(6, 4, generator=RNG, dtype=torch.float64) ** 3  # reports by names
    joint /= joint.sum()
    given = (joint / joint.sum(1, keepdim=True)).log()  # of the names, given a report
    alone = joint.sum(0).log()
    found = topic_prompting.rankings(given, alone, torch.ones(4))["calibrated"]
    wanted = (joint / joint.sum(0) / joint.sum(1, keepdim=True)).log()
    torch.testing.assert_close(found, wanted)
    assert not torch.equal(found.argmax(1), given.argmax(1))  # it matters here


@pytest.mark.label("thm-brier")
def test_a_brier_score_has_three_parts() -> None:
    said = torch.tensor([0.05, 0.35, 0.35, 0.65, 0.95])[torch.randint(5, (400,), generator=RNG)]
    came = (torch.rand(400, generator=RNG) < 0.3 + 0.5 * said).double()
    brier = float((said.double() - came).square().mean())
    apart, known, chance = calibration.brier_parts(calibration.bins(said, came))
    assert apart - known + chance == pytest.approx(brier, rel=1e-6)
    assert min(apart, known) > 1e-3  # neither part is idle here


@pytest.mark.label("eq-cusum")
def test_the_sum_never_falls_below_zero_and_adds_likelihood_ratios() -> None:
    rates = cusum.Rates(0.3, 0.75)
    bad = (torch.rand(300, generator=RNG) < 0.4).tolist()
    # By counting alone: a run of a bad and b others is worth this much.
    total, lowest, wanted = 0.0, 0.0, []
    for one in bad:
        total += math.log(0.75 / 0.3) if one else math.log(0.25 / 0.7)
        lowest = min(lowest, total)
        wanted.append(total - lowest)
    assert cusum.levels(bad, rates) == pytest.approx(wanted, abs=1e-9)
    assert max(wanted) > 2


@pytest.mark.label("thm-cusum-scan")
def test_the_sum_is_the_best_of_all_beginnings() -> None:
    rates = cusum.Rates(0.3, 0.75)
    bad = (torch.rand(80, generator=RNG) < 0.45).double().numpy()
    steps = bad * math.log(2.5) + (1 - bad) * math.log(0.25 / 0.7)
    best = [max(0.0, *(steps[j : t + 1].sum() for j in range(t + 1))) for t in range(80)]
    assert cusum.levels(bad.tolist(), rates) == pytest.approx(best, abs=1e-9)


def mean_time(threshold_units: int, up: int, q: float) -> float:
    """Mean time to the alarm of a sum that rises by ``up`` or falls by 1, by linear equations."""
    n = threshold_units
    matrix = np.eye(n)
    for level in range(n):
        matrix[level, max(0, level - 1)] -= 1 - q
        if level + up < n:
            matrix[level, level + up] -= q
    return float(np.linalg.solve(matrix, np.ones(n))[0])


@pytest.mark.label("thm-false-alarms")
@pytest.mark.parametrize("units", [2, 5, 9, 14])
def test_false_alarms_are_as_rare_as_promised(units: int) -> None:
    # Shares whose two steps are +2 and -1 of the same unit, so that the levels form a lattice.
    unit = 0.4
    q = (1 - math.exp(-unit)) / (math.exp(2 * unit) - math.exp(-unit))
    rates = cusum.Rates(q, q * math.exp(2 * unit))
    assert rates.step(1) == pytest.approx(2 * unit)
    assert rates.step(0) == pytest.approx(-unit)
    exact = mean_time(units, 2, q)
    h = units * unit
    assert exact >= math.exp(h)
    assert exact < 30 * math.exp(h)  # and the promise is not an idle one
    if units == 5:  # the library's alarms come as often as the equations say
        bad = (torch.rand(60_000, generator=RNG, dtype=torch.float64) < q).tolist()
        rung = cusum.alarms(bad, rates, h - 1e-9)
        assert 60_000 / len(rung) == pytest.approx(exact, rel=0.1)


@pytest.mark.label("thm-false-alarms")
def test_the_steps_of_the_proof_hold_one_by_one() -> None:
    q, s, h = 0.3, 0.75, 2.5
    rates = cusum.Rates(q, s)
    run = math.ceil(h / math.log(s / q))
    assert cusum.alarms([1.0] * run, rates, h) == [run - 1], "so many bad ones in a row ring"
    gen, ends, ratios = np.random.default_rng(16), [], []
    for _ in range(4000):
        total, level, n = 0.0, 0.0, 0
        while level < h:
            step = rates.step(float(gen.random() < q))
            total, level, n = (1 + total) * math.exp(step), max(0.0, level + step), n + 1
            if level < h:
                assert total <= n * math.exp(h)
                ratios.append(total / math.exp(h))
        assert total >= math.exp(h)
        ends.append((n, total))
    assert max(ratios) > 1.2  # the sum itself passes e^h without an alarm: only n e^h bounds it
    time, final = np.array(ends).T
    apart = time - final
    assert abs(apart.mean()) < 4 * apart.std() / math.sqrt(len(ends))  # E[T] = E[R_T]
    for k in (1, 3, 6):
        spread = math.sqrt(0.25 / len(ends))
        assert (time > k * run).mean() <= (1 - q**run) ** k + 4 * spread
    assert time.mean() > math.exp(h)
