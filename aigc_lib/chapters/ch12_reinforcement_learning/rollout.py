"""Playing environments with a policy, and scoring it (chapter 12).

``Actor`` plays many environments side by side; what it brings home is a ``Rollout``. ``evaluate``
plays whole episodes, once each. All on the processor, where the environments are.
"""

from collections import deque
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode, VectorEnv
from torch import Tensor

from aigc_lib.chapters.ch12_reinforcement_learning import losses
from aigc_lib.chapters.ch12_reinforcement_learning.actor_critic import ActorCritic

Env = VectorEnv[Any, Any, Any]
Array = npt.NDArray[Any]


class Rollout(NamedTuple):
    """What happened in T steps of N environments; all tensors are (T, N, ...), time first.

    Attributes:
        observations, next_observations: float (T, N, D); the second is what the step itself led
            to, at an episode's end its final observation.
        actions: int64 (T, N), and ``log_probs`` float (T, N) under the policy that took them.
        rewards: float (T, N).
        terminated, truncated: bool (T, N), see ``losses``.
        valid: bool (T, N); False where the environment only started a new episode.
    """

    observations: Tensor
    actions: Tensor
    log_probs: Tensor
    rewards: Tensor
    next_observations: Tensor
    terminated: Tensor
    truncated: Tensor
    valid: Tensor


class Actor:
    """Plays N environments with a policy, round after round, and keeps the finished returns.

    gymnasium 1.x starts a new episode by itself, unless told otherwise in **next-step** mode: the
    step that ends an episode returns its final observation; the step after it ignores its action,
    earns nothing and returns the new episode's first observation: not a step of any episode, so it
    is marked as not valid.

    Args:
        env: observations of D numbers, discrete actions from 0 on.
        seed: of the environments, and of the actions.

    Raises:
        ValueError: other spaces, or another way of starting new episodes.
    """

    def __init__(self, env: Env, seed: int = 0) -> None:
        check_playable(env)
        self.env = env
        self.rng = torch.Generator().manual_seed(seed)
        self.now = env.reset(seed=seed)[0]
        self.ended = np.zeros(env.num_envs, dtype=bool)  # by the step before
        self.earned = np.zeros(env.num_envs)
        self.returns: deque[float] = deque(maxlen=100)

    @torch.no_grad()
    def play(self, model: ActorCritic, horizon: int) -> Rollout:
        """``horizon`` steps of every environment, from where the last round stopped."""
        rows = []
        for _ in range(horizon):
            seen = _tensor(self.now)
            logits = model.logits(seen)
            actions = draw(logits, self.rng)
            came, rewards, terminated, truncated, _ = self.env.step(actions.numpy())
            ends = torch.from_numpy(np.stack([terminated, truncated, ~self.ended]))
            log_probs = losses.log_prob(logits, actions)
            rows.append((seen, actions, log_probs, _tensor(rewards), _tensor(came), *ends))
            self.now, self.ended = came, terminated | truncated
            self.earned += rewards
            self.returns.extend(self.earned[self.ended].tolist())
            self.earned[self.ended] = 0
        return Rollout(*map(torch.stack, zip(*rows, strict=True)))


def check_playable(env: Env) -> None:
    """Refuse an environment that ``Actor`` cannot play; ValueError."""
    seen, act = env.single_observation_space, env.single_action_space
    if not isinstance(seen, Box) or len(seen.shape) != 1:
        raise ValueError(f"observations must be vectors of numbers, got {seen}")
    if not isinstance(act, Discrete) or act.start != 0:
        raise ValueError(f"actions must be 0, 1, ..., got {act}")
    mode = env.metadata.get("autoreset_mode")
    if mode is not AutoresetMode.NEXT_STEP:
        raise ValueError(
            f"environments must start new episodes by themselves, at the next step; this one's "
            f"autoreset mode is {mode}. gymnasium.make_vec makes such environments."
        )


@torch.no_grad()
def evaluate(model: ActorCritic, env: Env, seed: int, greedy: bool = True) -> Tensor:
    """Undiscounted returns of one whole episode of each environment: float64 (N,).

    Args:
        model: the policy.
        env: as many environments as episodes are wanted; each must end some day.
        seed: of the environments; take one that training has not used.
        greedy: always the most probable action; else draw it, with the same seed.

    Raises:
        ValueError: an environment that ``Actor`` cannot play.
    """
    check_playable(env)
    rng = torch.Generator().manual_seed(seed)
    now = env.reset(seed=seed)[0]
    earned, over = np.zeros(env.num_envs), np.zeros(env.num_envs, dtype=bool)
    while not over.all():
        logits = model.logits(_tensor(now))
        actions = logits.argmax(-1) if greedy else draw(logits, rng)
        now, rewards, terminated, truncated, _ = env.step(actions.numpy())
        earned += np.where(over, 0.0, rewards)  # what a second episode earns does not count
        over |= terminated | truncated
    return torch.from_numpy(earned)


def draw(logits: Tensor, rng: torch.Generator) -> Tensor:
    """One action a row, with the policy's probabilities: logits (N, A) to int64 (N,)."""
    return torch.multinomial(logits.softmax(-1), 1, generator=rng).squeeze(1)


def _tensor(array: Array) -> Tensor:
    """A copy: environments may write their next observation into the same array."""
    return torch.tensor(array, dtype=torch.float32)
