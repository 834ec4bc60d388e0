"""A GPT and four tables of counts write tunes to order, over three seeds (chapter 19)."""

from functools import cache
from typing import Any

import numpy as np
import torch

from aigc_lib.chapters.ch19_sound_and_motion import data, tune_gpt, tune_scores, tunes
from aigc_lib.chapters.ch19_sound_and_motion.tune_counts import TuneCounts
from aigc_lib.core import runtime
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.results import Recording

STEPS, TEMPERATURES, ENOUGH = 2_400, (1.0, 0.95, 0.9), 0.95
BACKS, FEW = (1, 2, 3, 5), 0.05  # copies that a short memory may make
# What each table is told of the clock. The short one looks back as far as it may without copying.
TABLES = {"plain table": "nothing", "place table": "place", "clock table": "all",
          "short clock table": "all"}  # fmt: skip
WRITERS = ("real tunes", *TABLES, "GPT")


def main(seeds: int = 3) -> None:
    """Train, write for the orders of the held-out tunes, and score.

    Args:
        seeds: How many of each.
    """
    torch.set_num_threads(1)
    split = data.load()
    judge = tune_scores.origin_judge(split.train)
    searches = (tune_scores.Runs(split.train), tune_scores.Runs(split.train, data.contour))
    recording = Recording("tunes", __file__, "aigc record 19 tunes", key=("writer", "seed"))
    for writer, seed in recording.missing((w, s) for s in range(seeds) for w in WRITERS):
        row: dict[str, Any] = {"writer": writer, "seed": seed}
        if writer == "real tunes":
            found = tune_scores.twins(split.test, split.train, seed)
            other_way = tune_scores.score(split.test, found, judge, searches)
            row |= {f"test_{k}": v for k, v in other_way.items()}
        else:
            written = (_learn if writer == "GPT" else _count)(split, seed, row)
            found = tunes.valid(written)
            row["valid"] = round(len(found) / len(written), 4)
        recording.add(row | tune_scores.score(found, split.test, judge, searches))
    recording.declare(*contests(recording.rows))


@cache
def _tables(told: str) -> tuple[dict[int, TuneCounts], dict[str, Any]]:
    """A table for each look-back; the price of validation tunes, and of test tunes at the best."""
    split, prices = data.load(), {}
    tables = {back: TuneCounts(split.train, back, told) for back in BACKS}
    for back, table in tables.items():
        prices[back] = round(tune_gpt.a_token(table.prices(split.valid), split.valid), 4)
    best = min(prices, key=lambda back: prices[back])
    nats = tune_gpt.a_token(tables[best].prices(split.test), split.test)
    told_in_row = {"valid_nats_by_back": list(prices.items()), "back": best}
    return tables, told_in_row | {"test_nats": round(nats, 4)}


@cache
def _copies() -> dict[int, float]:
    """By look-back of the clock table: the share of copies among tunes for validation orders."""
    split = data.load()
    runs, found = tune_scores.Runs(split.train), {}
    for back, table in _tables("all")[0].items():
        written = tunes.valid(table.write(tune_scores.orders(split.valid), seed=0))
        found[back] = float(np.mean([runs.longest(tune)[0] >= data.COPY for tune in written]))
    return found


def _count(split: data.Split, seed: int, row: dict[str, Any]) -> list[list[str]]:
    (tables, prices), back = _tables(TABLES[row["writer"]]), max(BACKS)
    if row["writer"] == "short clock table":
        row["copies_by_back"] = [[b, round(share, 4)] for b, share in _copies().items()]
        back = max((b for b, share in _copies().items() if share <= FEW), default=min(BACKS))
    row |= prices | {"written_back": back}
    return tables[back].write(tune_scores.orders(split.test), seed=seed)


def _learn(split: data.Split, seed: int, row: dict[str, Any]) -> list[list[str]]:
    """Train, and write at the warmest temperature that gives enough tunes on validation orders."""
    curve: list[list[float]] = []

    def tick(run: Any, told: dict[str, float]) -> None:
        nats = tune_gpt.a_token(tune_gpt.prices(run.model, split.valid), split.valid)
        curve.append([int(told["steps"]), round(nats, 4)])

    model = tune_gpt.fit(split.train, STEPS, seed=seed, device=runtime.device(), tick=STEPS // 9,
                         on_tick=tick)  # fmt: skip
    shares = {}
    for t in TEMPERATURES:
        written = tune_gpt.write(model, tune_scores.orders(split.valid), seed=seed, temperature=t)
        shares[t] = round(len(tunes.valid(written)) / len(written), 4)
    warm = max((t for t in shares if shares[t] >= ENOUGH), default=min(TEMPERATURES))
    nats = tune_gpt.a_token(tune_gpt.prices(model, split.test), split.test)
    row |= {"curve": curve, "valid_by_temperature": list(shares.items()), "temperature": warm,
            "test_nats": round(nats, 4)}  # fmt: skip
    return tune_gpt.write(model, tune_scores.orders(split.test), seed=100 + seed, temperature=warm)


def contests(rows: list[dict[str, Any]]) -> list[Contest]:
    """What the page's verdicts rest on: the price of real tunes, and how like them one writes."""
    mine = {w: [row for row in rows if row["writer"] == w] for w in WRITERS}
    curve = np.array([row["curve"] for row in mine["GPT"]], dtype=float).mean(0).round(4).tolist()
    likes = {w: [float(np.mean(list(r["distances"].values()))) for r in mine[w]] for w in WRITERS}
    table = "it is a table of counts, which does not train"
    once = "it is the training of the first contest, scored once, at its end"
    prices = [row["test_nats"] for row in mine["GPT"]]
    nats = {"GPT": Contestant(1, STEPS, prices, curve)}
    like = {"GPT": Contestant(len(TEMPERATURES), "the warmest valid", likes["GPT"], None, once)}
    for w, (first, *_) in ((w, mine[w]) for w in TABLES):
        short, prices = w == "short clock table", [row["test_nats"] for row in mine[w]]
        if not short:
            nats[w] = Contestant(len(BACKS), f"{first['back']} back", prices, None, table)
        tried, chosen = len(BACKS) if short else 1, f"{first['written_back']} back"
        like[w] = Contestant(tried, chosen, likes[w], None, table)

    def verdict(of: dict[str, Contestant]) -> dict[str, str]:
        best, against, *_ = sorted(of, key=lambda name: float(np.mean(of[name].scores)))
        return {"best": best, "against": against}

    return [
        Contest("price of real tunes", "nats a token", "lower", "the validation tunes",
                "the test tunes", nats, verdict(nats), baseline="plain table",
                unequal="the network had one setting, and each table four lengths to look back"),
        Contest("like real tunes", "mean of five energy distances, as shares", "lower",
                "validation orders", "the test tunes", like, verdict(like),
                float(np.mean(likes["real tunes"])), "plain table",
                unequal="the temperature was chosen for valid tunes, the short look-back for few "
                "copies, and the other tables look five tokens back, as is usual"),
    ]  # fmt: skip
