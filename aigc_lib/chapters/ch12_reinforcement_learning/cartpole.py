"""Balancing a pole: chapter 12's experiment, its settings and its score.

A cart is pushed to the left or to the right; each step that the pole stands earns 1. An episode is
terminated when the pole leans by more than 12 degrees or the cart leaves the track, and truncated
after 500 steps, so 500 is the best return (gymnasium's CartPole-v1; Barto et al., 1983).
"""

from typing import Any

import gymnasium
import torch
from torch import Tensor

from aigc_lib.chapters.ch12_reinforcement_learning import ppo, rollout
from aigc_lib.chapters.ch12_reinforcement_learning.actor_critic import ActorCritic
from aigc_lib.chapters.ch12_reinforcement_learning.ppo import Config
from aigc_lib.core.training import Row

NAME = "CartPole-v1"
ENVIRONMENTS = 16
BEST = 500
EPISODES = 100
FULL = Config()
SHORT = Config(updates=30)  # for a page that trains while it is read


def fresh(seed: int) -> ActorCritic:
    """The network before training."""
    torch.manual_seed(seed)
    return ActorCritic(observation=4, actions=2)


def fit(seed: int, settings: Config = FULL, progress: bool = True) -> tuple[ActorCritic, list[Row]]:
    """A network trained from nothing, and ``ppo.fit``'s history."""
    model = fresh(seed)
    env = gymnasium.make_vec(NAME, num_envs=ENVIRONMENTS)
    return model, ppo.fit(model, env, settings, seed, progress=progress)


def returns(model: ActorCritic, seed: int, n: int = EPISODES, greedy: bool = True) -> Tensor:
    """Returns of n whole episodes, float64 (n,), of seeds that no training run has used.

    They are played in gymnasium's plain CartPole, one environment an episode; training uses its
    vectorised twin, which is other code.
    """
    env = gymnasium.make_vec(NAME, num_envs=n, vectorization_mode="sync")
    return rollout.evaluate(model, env, 1_000_000 + 1000 * seed, greedy)


def summary(found: Tensor) -> dict[str, Any]:
    """Mean, standard deviation and least of returns (n,), and how many are the best possible."""
    return {
        "mean": float(found.mean()),
        "std": float(found.std()),
        "min": float(found.min()),
        "best": int((found == BEST).sum()),
        "episodes": len(found),
    }
