"""A GPT and counting write tunes to order, over three seeds (chapter 19)."""

from typing import Any

import numpy as np
import torch

from aigc_lib.chapters.ch19_sound_and_motion import data, tune_gpt, tunes
from aigc_lib.chapters.ch19_sound_and_motion.tune_counts import TuneCounts
from aigc_lib.chapters.ch19_sound_and_motion.tune_scores import (
    Runs,
    orders,
    origin_judge,
    recognised,
    score,
    twins,
)
from aigc_lib.core import runtime
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.results import Recording

STEPS, TEMPERATURES, ENOUGH = 2_400, (1.0, 0.95, 0.9), 0.95
WRITERS = ("real tunes", "plain counting", "counting", "GPT")


def main(seeds: int = 3) -> None:
    """Train, write for the orders of the held-out tunes, and score.

    Args:
        seeds: How many of each.
    """
    torch.set_num_threads(1)
    split = data.load()
    runs, judge = Runs(split.train), origin_judge(split.train)
    recording = Recording("tunes", __file__, "aigc record 19 tunes", key=("writer", "seed"))
    for writer, seed in recording.missing((w, s) for s in range(seeds) for w in WRITERS):
        row: dict[str, Any] = {"writer": writer, "seed": seed}
        if writer == "real tunes":
            found = twins(split.test, split.train, seed)
            row["held_out_runs"] = sorted(runs.longest(tune)[0] for tune in split.test)[::20]
            row["held_out_origins"] = recognised(judge, split.test)
        else:
            write = _learn if writer == "GPT" else _count
            written = write(split, seed, row)
            found = tunes.valid(written)
            row["valid"] = round(len(found) / len(written), 4)
        recording.add(row | score(found, split.test, runs, judge))
    recording.declare(*contests(recording.rows))


def _count(split: data.Split, seed: int, row: dict[str, Any]) -> list[list[str]]:
    """Five tokens back to write; for the price, as many as validation tunes favour."""
    clock = row["writer"] == "counting"
    tables = {back: TuneCounts(split.train, back, clock) for back in range(1, 6)}
    prices = {back: round(table.price(split.valid), 4) for back, table in tables.items()}
    back = min(prices, key=lambda each: prices[each])
    row |= {"valid_nats_by_back": list(prices.items()), "back": back,
            "test_nats": round(tables[back].price(split.test), 4)}  # fmt: skip
    return tables[5].write(orders(split.test), seed=seed)


def _learn(split: data.Split, seed: int, row: dict[str, Any]) -> list[list[str]]:
    """Train, and write at the warmest temperature that gives enough tunes on validation orders."""
    curve: list[list[float]] = []

    def tick(run: Any, told: dict[str, float]) -> None:
        curve.append([int(told["steps"]), round(tune_gpt.price(run.model, split.valid), 4)])

    model = tune_gpt.fit(
        split.train, STEPS, seed=seed, device=runtime.device(),
        tick=STEPS // 9, on_tick=tick,
    )  # fmt: skip
    shares = {}
    for t in TEMPERATURES:
        written = tune_gpt.write(model, orders(split.valid), seed=seed, temperature=t)
        shares[t] = round(len(tunes.valid(written)) / len(written), 4)
    warm = max((t for t in shares if shares[t] >= ENOUGH), default=min(TEMPERATURES))
    row |= {"curve": curve, "valid_by_temperature": list(shares.items()), "temperature": warm,
            "test_nats": round(tune_gpt.price(model, split.test), 4)}  # fmt: skip
    return tune_gpt.write(model, orders(split.test), seed=100 + seed, temperature=warm)


def contests(rows: list[dict[str, Any]]) -> list[Contest]:
    """What the page's verdicts rest on: the price of real tunes, and how like them one writes."""
    mine = {w: [row for row in rows if row["writer"] == w] for w in WRITERS}
    gpt = mine["GPT"]
    curve = np.array([row["curve"] for row in gpt], dtype=float).mean(0).round(4).tolist()
    table = "it is a table of counts, which does not train"
    nats = {"GPT": Contestant(1, STEPS, [row["test_nats"] for row in gpt], curve)}
    likes = {w: [float(np.mean(list(r["distances"].values()))) for r in mine[w]] for w in WRITERS}
    once = "it is the training of the first contest, scored once, at its end"
    like = {"GPT": Contestant(len(TEMPERATURES), "the warmest valid", likes["GPT"], None, once)}
    for w in ("plain counting", "counting"):
        prices = [row["test_nats"] for row in mine[w]]
        nats[w] = Contestant(5, f"{mine[w][0]['back']} back", prices, None, table)
        like[w] = Contestant(1, "5 back", likes[w], None, table)

    def verdict(of: dict[str, Contestant]) -> dict[str, str]:
        best, against, *_ = sorted(of, key=lambda name: float(np.mean(of[name].scores)))
        return {"best": best, "against": against}

    return [
        Contest("price of real tunes", "nats a token", "lower", "the validation tunes",
                "the test tunes", nats, verdict(nats), baseline="plain counting",
                unequal="the network had one setting, and counting five lengths to look back"),
        Contest("like real tunes", "mean of five energy distances", "lower", "validation orders",
                "the test tunes", like, verdict(like), float(np.mean(likes["real tunes"])),
                "plain counting",
                unequal="the network's temperature was chosen, for valid tunes alone"),
    ]  # fmt: skip
