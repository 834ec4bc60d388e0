"""Chapter 16's parts: figures, moods, near repeats, calibration, surges, the classifier's game."""

import math
from dataclasses import replace
from datetime import datetime

import pytest
import torch

from aigc_lib.chapters.ch16_financial_monitoring import (
    calibration,
    corpus,
    cusum,
    earnings_parser,
    few_labels,
    semi_supervised_gan,
)
from aigc_lib.chapters.ch16_financial_monitoring.earnings_parser import Figures
from aigc_lib.core import results
from aigc_lib.core.training import TrainingError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,443,000", 1_443_000),
        ("loss 491,000", -491_000),
        ("profit 2.5 mln dlrs", 2_500_000),
        ("nine cts", 0.09),
        ("28-3/4 cts", 0.2875),
        ("nil", 0),
        ("not given", None),
        ("", None),
        ("12-", None),
    ],
)
def test_amounts(text, value):
    assert earnings_parser.amount(text) == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("Shr 1 ct vs 2\n Net 100,000 vs 90,000\n Revs 1 vs 2", Figures("net", 1e5, 9e4)),
        ("Oper net loss 2,000 vs profit 1,000", Figures("net", -2000, 1000)),
        ("Net 5,521,000 vs NA", None),
        ("Net interest payable 2 mln vs 1 mln", None),
        ("Qtly div 35 cts vs 35 cts prior", Figures("dividend", 0.35, 0.35)),
        ("It lost 558,800 dlrs, compared to a loss of 469,200.",
         Figures("profit", -558_800, -469_200)),
        ("A loss of 4.4 mln dlrs against a profit of 7.5 mln", Figures("profit", -4.4e6, 7.5e6)),
        ("Net income was 86.2 mln dlrs, down\nfrom 102.6 mln", Figures("profit", 86.2e6, 102.6e6)),
        ("Net income of 2.3 mln dlrs, up from fiscal 1985", None),
        ("Net worth rose to 140 mln dlrs from 130 mln", None),
        ("Sales rose to 140 mln dlrs from 130 mln", None),
        ("", None),
    ],
)  # fmt: skip
def test_figures(body, found):
    read = earnings_parser.figures(body)
    assert (read is None) == (found is None)
    if read and found:
        assert read.what == found.what
        assert read[1:] == pytest.approx(found[1:])


def test_moods():
    moods = [earnings_parser.mood(Figures("net", now, 2.0)) for now in (1.0, 2.0, 3.0)]
    assert moods == ["negative", "neutral", "positive"]


def test_words_hold_no_figures():
    body = "Shr 23 cts vs 12 cts\n  Net 1,535,000 vs loss 783,000\nIt paid 3.5 mln.\n REUTER"
    shown = earnings_parser.words("TOKHEIM CORP <TOK> 1ST QTR", body)
    assert shown == "TOKHEIM CORP ST QTR It paid mln."
    assert not any(c.isdigit() for c in shown)


def test_near_repeats_are_found_in_earlier_parts_only():
    story = "the bank of england gave the market help of many millions today it said"
    other = "opec ministers meet in vienna to speak of prices for crude oil this week"
    texts = [story, other, story + " again", other, "wheat crops are poor in the far east"]
    assert corpus.repeated(texts, [0, 0, 1, 0, 1]) == [False, False, True, False, False]
    assert corpus.repeated(texts, [0, 0, 0, 0, 0]) == [False] * 5  # one part: nothing leaks


def test_parts_follow_each_other_in_time():
    assert corpus.part_of(datetime(1987, 3, 26, 23, 59)) == 0
    assert corpus.part_of(datetime(1987, 3, 27)) == 1
    assert corpus.part_of(datetime(1987, 4, 9)) == 2


def test_calibration_error_by_hand():
    said = torch.tensor([0.25] * 4 + [0.5] * 6)
    came = torch.tensor([1.0, 0, 0, 0] + [1.0] * 5 + [0.0])
    assert calibration.ece(said, came) == pytest.approx(0.2)
    with pytest.raises(ValueError, match="as many outcomes"):
        calibration.ece(said, came[:3])


def test_the_floor_is_what_right_forecasts_get():
    rng = torch.Generator().manual_seed(7)  # not the floor's own
    said = torch.rand(500, generator=rng)
    floor = calibration.floor(said, rounds=50)
    assert 0.01 < floor.mean() < 0.06
    came = (torch.rand(500, generator=rng) < said).float()
    assert calibration.ece(said, came) < floor.max() * 1.5
    assert calibration.ece(said, 1 - came) > 2 * floor.max()


def test_temperature_undoes_a_scale():
    rng = torch.Generator().manual_seed(1)
    logits = 2 * torch.randn(4000, 4, generator=rng)
    labels = torch.multinomial(logits.softmax(1), 1, generator=rng)[:, 0]
    found = calibration.temperature(3 * logits, labels)
    assert found == pytest.approx(3, rel=0.1)
    # At the best temperature the mean logit of the labels is that of the forecasts.
    forecast = (3 * logits.double() / found).softmax(1)
    told = logits.double().gather(1, labels[:, None]).mean()
    assert float((forecast * logits).sum(1).mean()) == pytest.approx(float(told), abs=1e-4)


def test_rates_are_checked():
    with pytest.raises(ValueError, match="usual < surge"):
        cusum.Rates(0.5, 0.4)


def test_a_cusum_rings_and_starts_afresh():
    rates = cusum.Rates(0.2, 0.8)  # steps of log 4
    ring = 3 * math.log(4) - 1e-9
    assert cusum.alarms([1, 1, 1, 1, 1, 1], rates, ring) == [2, 5]
    assert cusum.alarms([1, 1, 0, 1, 1], rates, ring) == [4]
    assert cusum.alarms([0] * 50 + [1, 1, 1], rates, ring) == [52]  # good days save nothing up


def test_a_window_rings_at_its_count():
    assert cusum.window_alarms([1, 0, 1, 0, 0, 1, 1], 3, 2) == [2, 6]


def test_a_threshold_is_the_smallest_that_is_quiet_enough():
    rng = torch.Generator().manual_seed(2)
    streams = [(torch.rand(300, generator=rng) < 0.3).float().tolist() for _ in range(20)]
    rates = cusum.Rates(0.3, 0.7)
    h = cusum.pick_threshold(streams, rates, 1.0)
    assert cusum.false_alarms(streams, rates, h).mean() <= 1
    assert cusum.false_alarms(streams, rates, h - 0.1).mean() > 1
    with pytest.raises(ValueError, match="no threshold"):
        cusum.pick_threshold([[1.0] * 300], rates, 0.5, top=2)


def test_a_planted_surge_is_found_and_its_delay_counted():
    day = cusum.Day(tuple(8 + k / 10 for k in range(80)), (0.0,) * 80)
    full, spot = cusum.plant(day, [1.0] * 20, 2.0, seed=3)
    assert len(full.bad) == 100
    assert sum(full.bad) == 20
    assert list(full.hours) == sorted(full.hours)
    assert full.bad[spot.start] == 1
    rates = cusum.Rates(0.1, 0.5)  # every second story is bad in this surge
    stories, hours = cusum.delay(full, spot, rates, 3.0)
    assert 3 <= stories <= 7
    assert 0 < hours < 1
    assert cusum.delay(full, spot, rates, 1000) is None


def test_months_are_made_of_whole_days():
    days = [cusum.Day((9.0, 10.0), (1.0, 1.0)), cusum.Day((9.0,), (0.0,))]
    for month in cusum.months(days, 3, seed=0, length=5):
        runs = [len(run) for run in "".join(map(str, map(int, month))).split("0") if run]
        assert all(run % 2 == 0 for run in runs)
        assert 5 <= len(month) <= 10


def blobs(n, seed):
    """Three well separated classes in ten dimensions."""
    rng = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 3
    return torch.randn(n, 10, generator=rng) + 6 * torch.eye(10)[y], y


@pytest.mark.parametrize("game", [0.0, 0.3])
def test_both_classifiers_learn_and_leave_the_random_numbers_alone(game):
    (x, y), (more, _), (asked, wanted) = blobs(9, 0), blobs(300, 1), blobs(300, 2)
    settings = semi_supervised_gan.Config(game=game, steps=150)
    before = torch.random.get_rng_state()
    net = semi_supervised_gan.fit(x, y, more, 3, settings, seed=0)
    assert torch.equal(before, torch.random.get_rng_state())
    assert (net(asked).argmax(1) == wanted).float().mean() > 0.9
    again = semi_supervised_gan.fit(x, y, more, 3, settings, seed=0)
    assert torch.equal(net(asked), again(asked))
    if game:  # and the game has had an effect
        plain = semi_supervised_gan.fit(x, y, more, 3, replace(settings, game=0.0), seed=0)
        assert not torch.equal(net(asked), plain(asked))


def test_a_loss_that_is_no_number_stops_with_a_reason():
    (x, y), (more, _) = blobs(9, 0), blobs(30, 1)
    settings = semi_supervised_gan.Config(steps=3, lr=float("inf"))
    with pytest.raises(TrainingError, match="learning rate"):
        semi_supervised_gan.fit(x, y, more, 3, settings, seed=0)


def test_labels_outside_are_refused():
    x, y = blobs(9, 0)
    with pytest.raises(ValueError, match="labels in 0"):
        semi_supervised_gan.fit(x, y, x, 2, semi_supervised_gan.Config(), seed=0)


def test_the_record_is_complete():
    rows = results.load("finance")["rows"]
    keys = {(row["method"], row["labels"], row["seed"]) for row in rows}
    assert keys == {
        (m, n, s) for m in few_labels.METHODS for n in few_labels.SIZES for s in range(5)
    }
    assert all(0 < row["f1"] < 1 and 0 < row["right"] < 1 for row in rows)
