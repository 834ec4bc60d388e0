"""Make the small Shakespeare writer cheerful in every way of chapter 12, and record the scores.

    aigc record 12 steering     # three seeds: about half an hour

Every way gets three settings for each price of a nat. One run of each, with a seed of
its own, decides by J = reward - beta * KL; then the chosen one runs with every seed, and is judged
on texts that nothing was chosen by.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from statistics import mean
from typing import Any

import torch
from torch import Tensor

from aigc_lib.chapters.ch12_reinforcement_learning import alignment, sentiment_reward
from aigc_lib.chapters.ch12_reinforcement_learning.sentiment_reward import BETAS, GREEDY
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.results import Recording
from aigc_lib.core.training import Row
from aigc_lib.pretrained.loaders import load_writer

COUNTS = (4, 8, 16)
TRAINED = {  # learning rates; pairs that are seen several times need smaller steps
    "policy gradient": (3e-5, 1e-4, 3e-4),
    "DPO": (1e-5, 3e-5, 1e-4),
}
CHOICE = 100  # the seed of the runs that choose
Run = tuple[str, int | None, float | None, float | None, int]  # method, n, beta, lr, seed
TRIED, JUDGED, DRAWN = 512, 1024, 8192  # texts: to choose by, to judge a policy by, the best of n
PAIRS, CHOOSE, JUDGE = 500_000, 2_000_000, 1_000_000  # where the seeds of the texts start
UNFINISHED = "It had the same steps at each price; where its curve still rises, more would help."


@cache
def written(seed: int, n: int) -> tuple[Tensor, Tensor]:
    """Texts of the writer as it is, and what they earn."""
    writer = load_writer("shakespeare")
    texts = alignment.write(writer.model, sentiment_reward.prompt(writer), n, seed)
    return texts, sentiment_reward.reward(writer)(texts)


def worth(found: dict[str, Any], beta: float) -> float:
    """J of what was measured."""
    return float(found["reward"] - beta * found["kl"])


def taught(method: str, beta: float, lr: float, seed: int) -> dict[str, Any]:
    """One training: J on texts to choose by, on the way and at the end; and the judgement."""
    writer = load_writer("shakespeare")
    policy, start = sentiment_reward.trainable(writer), sentiment_reward.prompt(writer)
    game, curve = (policy, writer.model, start), list[list[float]]()
    settings = sentiment_reward.STEER if method == "policy gradient" else sentiment_reward.PREFER
    settings = replace(settings, beta=beta, lr=lr) if beta else GREEDY

    def look(row: Row) -> None:
        done = int(row["step"]) + 1
        if done == settings.steps or (seed != CHOICE and done * 4 % settings.steps == 0):
            seen = sentiment_reward.measure(writer, policy, TRIED, CHOOSE + done * 1000 + seed)
            curve.append([done, worth(seen, beta)])

    if method == "policy gradient":
        reward = sentiment_reward.reward(writer)
        alignment.steer(*game, reward, settings, seed, progress=False, on_step=look)
    else:
        texts, earned = written(PAIRS + seed, 4096)
        pairs = alignment.pair_up(texts, earned, seed=seed)
        alignment.prefer(*game, pairs, settings, seed, progress=False, on_step=look)
    found: dict[str, Any] = {"curve": curve, "steps": settings.steps}
    if seed != CHOICE:
        found |= sentiment_reward.measure(writer, policy, JUDGED, JUDGE + seed)
        found["J"] = worth(found, beta)
    return found


def best(n: int, seed: int) -> dict[str, Any]:
    """The best of n texts of the writer; n = 1 is the writer itself."""
    texts, earned = written(JUDGE + seed, DRAWN)
    kept = texts[sentiment_reward.best_of(earned, n, sentiment_reward.LOOKED)]
    found = sentiment_reward.described(load_writer("shakespeare"), kept)
    reward, kl = sentiment_reward.best_of_n(earned, n)
    return {**found, "reward": reward, "kl": kl}


def chosen(rows: Sequence[dict[str, Any]], method: str, beta: float) -> float:
    """The learning rate with the highest J at the end of the run that chooses."""
    some = [r for r in rows if (r["method"], r.get("beta"), r["seed"]) == (method, beta, CHOICE)]
    return max(some, key=lambda row: row["curve"][-1][1])["lr"]  # type: ignore[no-any-return]


def contest(rows: Sequence[dict[str, Any]], beta: float, seeds: int) -> Contest:
    """Who reaches the highest J at a price."""
    _, earned = written(CHOOSE, DRAWN)
    start, everyone = float(earned.mean()), dict[str, Contestant]()
    for method in TRAINED:
        lr = chosen(rows, method, beta)
        runs = [r for r in rows if (r["method"], r.get("beta")) == (method, beta)]
        runs = [r for r in runs if r["seed"] < seeds and r["lr"] == lr]
        points = zip(*(run["curve"] for run in runs), strict=True)
        curve = [[0, start], *([p[0][0], mean(y for _, y in p)] for p in points)]
        scores = [run["J"] for run in runs]
        everyone[method] = Contestant(len(TRAINED[method]), {"lr": lr}, scores, curve, UNFINISHED)
    kept = {n: sentiment_reward.best_of_n(earned, n) for n in COUNTS}
    n = max(kept, key=lambda n: kept[n][0] - beta * kept[n][1])
    scores = [worth(row, beta) for row in rows if row.get("n") == n]
    everyone["best of n"] = Contestant(3, {"n": n}, scores, None, "It trains nothing.")
    first = max(everyone, key=lambda name: mean(everyone[name].scores))
    rival = "best of n" if first == "policy gradient" else "policy gradient"
    plain = mean(row["reward"] for row in rows if row.get("n") == 1)
    return Contest(
        f"a nat costs {beta:g}", "J = reward - beta * KL, in units of the reward", "higher",
        f"{TRIED} texts at each look, of seeds of their own; one run for each setting",
        f"{JUDGED:,} other texts of each policy, {DRAWN:,} of the writer",
        everyone, {"best": first, "against": rival}, baseline=plain,
    )  # fmt: skip


def main(seeds: int = 3) -> None:
    """Record reward, KL and what the reward does not see, of every method.

    Args:
        seeds: how many, from 0 on.
    """
    torch.set_num_threads(1)  # a network this small gains nothing from more
    command = f"aigc record 12 steering --seeds {seeds}"
    recording = Recording("steering", __file__, command, key=("method", "n", "beta", "lr", "seed"))

    def run(*runs: Run) -> None:
        for method, n, beta, lr, seed in recording.missing(runs):
            found = best(n, seed) if n else taught(method, beta or 0.0, lr or 0.0, seed)
            key = {"method": method, "n": n, "beta": beta, "lr": lr, "seed": seed}
            recording.add({k: v for k, v in key.items() if v is not None} | found)

    tried = [
        (m, None, b, lr, CHOICE) for m, rates in TRAINED.items() for b in BETAS for lr in rates
    ]
    run(*tried)
    for s in range(seeds):
        run(*((m, None, b, chosen(recording.rows, m, b), s) for m in TRAINED for b in BETAS))
        run(*(("best of n", n, None, None, s) for n in (1, *COUNTS)))
        run(("policy gradient", None, 0.0, GREEDY.lr, s))
    recording.declare(*(contest(recording.rows, beta, seeds) for beta in BETAS))
