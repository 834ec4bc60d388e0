"""Make the small Shakespeare writer cheerful in every way of chapter 12, and record the scores.

    aigc record 12 steering     # three seeds: about seven minutes

Every policy is judged on 512 texts of its own that no training has seen.
"""

from dataclasses import replace
from typing import Any

import torch

from aigc_lib.chapters.ch12_reinforcement_learning import alignment, sentiment_reward
from aigc_lib.core.results import Recording
from aigc_lib.lm.writer import Writer
from aigc_lib.pretrained.loaders import load_writer

JUDGED = 512


def taught(writer: Writer, method: str, beta: float, seed: int) -> dict[str, Any]:
    """DPO on pairs from 4,096 texts of the writer, or the policy gradient."""
    policy, start = sentiment_reward.trainable(writer), sentiment_reward.prompt(writer)
    reward, row = sentiment_reward.reward(writer), {"method": method, "beta": beta}
    game = policy, writer.model, start
    if method == "DPO":
        texts = alignment.write(writer.model, start, 4096, 500_000 + seed)
        pairs = alignment.pair_up(texts, reward(texts))
        alignment.prefer(*game, pairs, sentiment_reward.PREFER, seed, progress=False)
        row["pairs"] = len(pairs.chosen)
    else:
        settings = replace(sentiment_reward.STEER, beta=beta)
        alignment.steer(*game, reward, settings, seed, progress=False)
    return row | sentiment_reward.measure(writer, policy, JUDGED, 1_000_000 + seed)


def best(writer: Writer, n: int, seed: int) -> dict[str, Any]:
    """The best of n texts of the writer; n = 1 is the writer itself."""
    texts = sentiment_reward.best_of(writer, n, JUDGED, 1_000_000 + seed)
    return {"method": "best of n", "n": n} | sentiment_reward.described(writer, texts)


def main(seeds: int = 3) -> None:
    """Record reward, KL and what the reward does not see, of every method.

    Args:
        seeds: how many, from 0 on.
    """
    torch.set_num_threads(1)  # a network this small gains nothing from more
    writer, command = load_writer("shakespeare"), f"aigc record 12 steering --seeds {seeds}"
    recording = Recording("steering", __file__, command, key=("method", "n", "beta", "seed"))
    ways = [
        *(("best of n", n, None) for n in (1, 4, 16)),
        *(("policy gradient", None, beta) for beta in sentiment_reward.BETAS),
        ("DPO", None, sentiment_reward.PREFER.beta),
    ]
    for method, n, beta, seed in recording.missing([(*w, s) for s in range(seeds) for w in ways]):
        found = best(writer, n, seed) if n else taught(writer, method, beta, seed)
        recording.add({"seed": seed, **found})
