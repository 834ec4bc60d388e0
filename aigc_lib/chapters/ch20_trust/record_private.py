"""Attack the membership of networks trained without noise and with, on three pools of pictures.

aigc record 20 private     # about two minutes on one thread
"""

from typing import Any

import torch
from torch import Tensor

from aigc_lib.chapters.ch20_trust import membership, private
from aigc_lib.chapters.ch20_trust.membership import Networks
from aigc_lib.core import runtime
from aigc_lib.core.results import Recording
from aigc_lib.data.images import load

POOL, NETWORKS, STEPS, Q, DELTA, RATE = 1_000, 17, 150, 0.2, 1e-3, 0.01
EPSILONS = (16.0, 4.0, 1.0)
NO_CONTEST = (
    "What one attack gets out of networks with more or less noise, and what the noise costs. "
    "Epsilon is the question, not a rival; settings were the first that were tried."
)


def flat(images: Tensor) -> Tensor:
    """Pictures as (N, 784) in [-0.5, 0.5]."""
    return images.flatten(1).float() / 255 - 0.5


def attacked(model: Networks, x: Tensor, y: Tensor, had: Tensor) -> dict[str, Any]:
    """Each network in turn is the target, and the others the attacker's."""
    sure = membership.sureness(model.logits(x), y)
    row: dict[str, Any] = {"lira": [], "loss": []}
    for k in range(len(had)):
        others = torch.arange(len(had)) != k
        scores = {"lira": membership.lira(sure[k], sure[others], had[others]), "loss": sure[k]}
        for name, score in scores.items():
            row[name].append(list(membership.at_rate(score, had[k], RATE, k)))
    return row


def main(seeds: int = 3) -> None:
    """Record a row for each way of training and each pool of ``POOL`` pictures of clothes.

    Args:
        seeds: how many pools, from the first training pictures on.
    """
    torch.set_num_threads(1)
    runtime.keep_memory()
    whole, test = load("fashion-mnist"), load("fashion-mnist", "test")
    command = f"aigc record 20 private --seeds {seeds}"
    recording = Recording("private", __file__, command, ("way", "epsilon", "seed"))
    ways = [("Adam", None), ("clipped", None), *(("private", eps) for eps in EPSILONS)]
    runs = [(way, eps, seed) for seed in range(seeds) for way, eps in ways]
    for way, eps, seed in recording.missing(runs):
        part = slice(seed * POOL, (seed + 1) * POOL)
        x, y = flat(whole.images[part]), whole.labels[part]
        had = membership.halves(NETWORKS, POOL, seed)
        sigma = private.noise_for(eps, Q, STEPS, DELTA) if eps else 0.0
        if way == "Adam":
            model = membership.fit(x, y, had, seed, STEPS)
        else:
            model = private.fit(x, y, had, sigma, seed, STEPS, Q)
        right = model.logits(flat(test.images[:2_000])).argmax(2) == test.labels[:2_000]
        row = {"way": way, "epsilon": eps, "seed": seed, "sigma": sigma,
               "accuracy": [round(v, 4) for v in right.double().mean(1).tolist()]}  # fmt: skip
        recording.add(row | attacked(model, x, y, had))
    recording.declare(why_none=NO_CONTEST)
