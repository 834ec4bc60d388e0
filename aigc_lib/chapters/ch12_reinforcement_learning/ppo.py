"""Proximal policy optimisation: act for a while, improve on what was done, again (chapter 12).

``rollout.Actor`` acts; ``improve`` takes a few epochs of ``losses.ppo_loss`` over what it brought
home; ``fit`` is the loop.

Source: Schulman et al., 2017, arXiv:1707.06347, algorithm 1. Left out: clipping of the value loss,
scaling of observations and rewards, several processes.
"""

import math
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from aigc_lib.chapters.ch12_reinforcement_learning import losses
from aigc_lib.chapters.ch12_reinforcement_learning.actor_critic import ActorCritic
from aigc_lib.chapters.ch12_reinforcement_learning.rollout import Actor, Env, Rollout
from aigc_lib.core.training import Row, insist_on_finite

STATISTICS = ("policy_loss", "value_loss", "entropy", "kl", "clipped")


@dataclass(frozen=True)
class Config:
    """What may be chosen; the defaults are for ``cartpole``.

    Attributes:
        updates, horizon: rounds of acting and improving; steps of each environment in one.
        epochs, batch: passes over a round's steps; steps in one gradient step, at most.
        lr: first learning rate of Adam; it falls in a line towards 0.
        gamma, lam: discount, and lambda of the advantages.
        clip: epsilon of the policy's loss.
        value_weight, entropy_weight: of the values' squared error; of being undecided.
        grad_clip: longest gradient; a longer one is shortened to it.
    """

    updates: int = 60
    horizon: int = 128
    epochs: int = 10
    batch: int = 256
    lr: float = 1e-3
    gamma: float = 0.99
    lam: float = 0.95
    clip: float = 0.2
    value_weight: float = 0.5
    entropy_weight: float = 0.0
    grad_clip: float = 0.5

    def __post_init__(self) -> None:
        """Refuse sizes below 1; ValueError."""
        if min(self.updates, self.horizon, self.epochs, self.batch) < 1:
            raise ValueError(f"updates, horizon, epochs and batch must be at least 1, got {self}")


def improve(
    model: ActorCritic,
    optimizer: torch.optim.Optimizer,
    rollout: Rollout,
    settings: Config,
    rng: torch.Generator,
) -> Tensor:
    """Some epochs of gradient steps on one round; means of ``STATISTICS``, float (5,).

    ``kl`` estimates KL(old policy || new one), ``clipped`` is the share of steps whose ratio stood
    outside 1 +- clip: both over all gradient steps of the round.
    """
    s = settings
    with torch.no_grad():
        values = model.values(rollout.observations)
        advantages = losses.advantages(
            rollout.rewards, values, model.values(rollout.next_observations),
            rollout.terminated, rollout.truncated, s.gamma, s.lam,
        )  # fmt: skip
    # From here on time and environment do not matter, and steps that were none are dropped.
    acted = rollout.observations, rollout.actions, rollout.log_probs
    seen, actions, old, gains, targets = (
        x[rollout.valid] for x in (*acted, advantages, advantages + values)
    )
    gains = (gains - gains.mean()) / (gains.std(correction=0) + 1e-8)
    totals, steps = torch.zeros(len(STATISTICS)), 0
    for _ in range(s.epochs):
        for chosen in torch.randperm(len(seen), generator=rng).split(s.batch):
            logits, guess = model.logits(seen[chosen]), model.values(seen[chosen])
            log_probs = losses.log_prob(logits, actions[chosen])
            policy_loss = losses.ppo_loss(log_probs, old[chosen], gains[chosen], s.clip)
            value_loss = (guess - targets[chosen]).square().mean()
            entropy = losses.entropies(logits).mean()
            loss = policy_loss + s.value_weight * value_loss - s.entropy_weight * entropy
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), s.grad_clip)
            optimizer.step()
            with torch.no_grad():
                kl = losses.kl_estimate(old[chosen], log_probs).mean()
                far = ((log_probs - old[chosen]).expm1().abs() > s.clip).float().mean()
                totals += torch.stack([policy_loss, value_loss, entropy, kl, far])
            steps += 1
    return totals / steps


def fit(
    model: ActorCritic,
    env: Env,
    settings: Config = Config(),
    seed: int = 0,
    *,
    progress: bool = True,
) -> list[Row]:
    """Train ``model`` in place; with the same seeds, to the same bits.

    Args:
        model: made for the environment's observations and actions.
        env: environments side by side, such as ``gymnasium.make_vec("CartPole-v1", 16)``.
        settings: of the training.
        seed: of environments, actions and the order of steps.
        progress: show a progress bar.

    Returns:
        one row an update: ``update``, ``steps`` (of environments, so far), ``seconds``, ``score``
        (mean return of the last 100 finished episodes; nan before the first), and ``STATISTICS``:
        losses, entropy and kl in nats, see ``improve``.

    Raises:
        TrainingError: a loss or a weight stopped being a finite number.
        ValueError: an environment that ``Actor`` cannot play.
    """
    s, history = settings, list[Row]()
    actor, rng = Actor(env, seed), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=s.lr, eps=1e-5)
    steps, start = 0, time.perf_counter()
    updates = range(1, s.updates + 1)
    with tqdm(updates, unit="update", disable=not progress, desc="training") as bar:
        for update in bar:
            for group in optimizer.param_groups:
                group["lr"] = s.lr * (1 - (update - 1) / s.updates)
            rollout = actor.play(model, s.horizon)
            found = improve(model, optimizer, rollout, s, rng).tolist()
            means = dict(zip(STATISTICS, found, strict=True))
            largest = torch.stack([p.detach().abs().max() for p in model.parameters()]).max().item()
            insist_on_finite({**means, "largest weight": largest}, f"in update {update}")
            steps += int(rollout.valid.sum())
            history.append({
                "update": update,
                "steps": steps,
                "seconds": time.perf_counter() - start,
                "score": float(np.mean(actor.returns)) if actor.returns else math.nan,
                **means,
            })  # fmt: skip
            bar.set_postfix(score=f"{history[-1]['score']:.1f}")
    return history
