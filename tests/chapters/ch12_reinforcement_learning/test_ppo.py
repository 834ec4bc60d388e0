"""Acting in environments that start anew by themselves, and learning from it."""

import math
from functools import partial

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv
from gymnasium.wrappers import TimeLimit

from aigc_lib.chapters.ch12_reinforcement_learning import cartpole, losses, ppo
from aigc_lib.chapters.ch12_reinforcement_learning.actor_critic import ActorCritic
from aigc_lib.chapters.ch12_reinforcement_learning.ppo import Config, fit
from aigc_lib.chapters.ch12_reinforcement_learning.rollout import Actor, Rollout, evaluate
from aigc_lib.core.training import TrainingError


class Counter(gym.Env):
    """Observes (episode, step); every third episode is terminated after ``length`` steps.

    The others go on until a time limit. A step's reward is the new step's number.
    """

    observation_space = Box(-1e6, 1e6, (2,), np.float32)
    action_space = Discrete(2)

    def __init__(self, length: int) -> None:
        self.length, self.episode, self.step_number = length, 0, 0

    def _seen(self) -> np.ndarray:
        return np.array([self.episode, self.step_number], dtype=np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.episode, self.step_number = self.episode + 1, 0
        return self._seen(), {}

    def step(self, action):
        self.step_number += 1
        over = self.episode % 3 == 0 and self.step_number == self.length
        return self._seen(), float(self.step_number), over, False, {}


LENGTHS, LIMIT = (2, 3, 1), 5


def counters() -> VectorEnv:
    def make(length: int) -> gym.Env:
        return TimeLimit(Counter(length), LIMIT)

    # Without ``copy`` each step writes its observations over the last step's.
    return SyncVectorEnv([partial(make, n) for n in LENGTHS], copy=False)


def model(seed: int = 0, width: int = 4) -> ActorCritic:
    torch.manual_seed(seed)
    return ActorCritic(width, 2)


def cartpoles(n: int, mode: AutoresetMode | None = None) -> VectorEnv:
    if mode is None:
        return gym.make_vec("CartPole-v1", num_envs=n)
    how = {"autoreset_mode": mode}
    return gym.make_vec("CartPole-v1", num_envs=n, vectorization_mode="sync", vector_kwargs=how)


def rounds(actor: Actor, net: ActorCritic, *horizons: int) -> Rollout:
    return Rollout(*map(torch.cat, zip(*(actor.play(net, h) for h in horizons), strict=True)))


def test_every_step_leads_to_what_it_led_to():
    actor = Actor(counters())
    rollout = rounds(actor, model(width=2), 7, 6, 20)  # rounds end in the middle of episodes
    ended = rollout.terminated | rollout.truncated
    earned = 0.0
    for env, length in enumerate(LENGTHS):
        valid = rollout.valid[:, env]
        seen, led = (x[valid, env] for x in (rollout.observations, rollout.next_observations))
        assert torch.equal(led, seen + torch.tensor([0.0, 1.0]))  # the same episode, one step on
        assert torch.equal(rollout.rewards[valid, env], led[:, 1])
        terminated, truncated = rollout.terminated[valid, env], rollout.truncated[valid, env]
        third = seen[:, 0] % 3 == 0
        assert torch.equal(terminated, third & (led[:, 1] == length))
        assert torch.equal(truncated, ~third & (led[:, 1] == LIMIT))
        # Nothing is missing either: after an end comes step 0 of the next episode.
        wanted = torch.where((terminated | truncated)[:-1, None],
                             (seen[:-1] + torch.tensor([1.0, 0.0])) * torch.tensor([1.0, 0.0]),
                             led[:-1])  # fmt: skip
        assert torch.equal(seen[1:], wanted)
        earned += float(rollout.rewards[valid, env].sum() - led[-1, 1] * (led[-1, 1] + 1) / 2
                        * (not bool((terminated | truncated)[-1])))  # fmt: skip
    assert sum(actor.returns) == earned
    assert len(actor.returns) == int(ended.sum())
    assert not rollout.valid.all()
    assert not (ended & ~rollout.valid).any()
    assert (rollout.rewards[~rollout.valid] == 0).all()


def test_the_vectorised_cart_pole_marks_its_restarts():
    rollout = Actor(cartpoles(8), seed=0).play(model(), 200)
    ended = rollout.terminated | rollout.truncated
    assert ended.sum() > 20
    assert torch.equal(rollout.valid[1:], ~ended[:-1])
    fallen = rollout.next_observations[ended]
    assert ((fallen[:, 0].abs() > 2.4) | (fallen[:, 2].abs() > 0.2095)).all()
    assert (rollout.next_observations[~rollout.valid].abs() <= 0.05).all()  # a new start
    assert (rollout.observations[rollout.valid][:, 2].abs() < 0.2095).all()


def test_what_the_actor_remembers_is_what_the_policy_says():
    net = model()
    rollout = Actor(cartpoles(4), seed=0).play(net, 50)
    wanted = losses.log_prob(net.logits(rollout.observations), rollout.actions)
    assert torch.allclose(rollout.log_probs, wanted, atol=1e-6)
    assert 60 < rollout.actions.sum() < 140  # a fresh policy is undecided


def test_improving_ignores_steps_that_were_none():
    settings = Config(epochs=2, batch=10_000)
    results = []
    for spoil in (False, True):
        net = model()
        rollout = Actor(cartpoles(4), seed=0).play(net, 100)
        assert not rollout.valid.all()
        if spoil:
            for part in (rollout.observations, rollout.rewards, rollout.log_probs):
                part[~rollout.valid] = 1e3
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        rng = torch.Generator().manual_seed(0)
        results.append((ppo.improve(net, optimizer, rollout, settings, rng), net.state_dict()))
    assert torch.equal(results[0][0], results[1][0])
    assert all(torch.equal(a, results[1][1][name]) for name, a in results[0][1].items())


def test_the_first_gradient_step_is_reinforce_with_a_critic():
    net, twin = model(width=2), model(width=2)
    with torch.no_grad():
        for each in (net, twin):
            each.actor[-1].weight *= 50  # undecided, it would not feel the pull of the entropy
    rollout = Actor(counters()).play(net, 60)
    assert (rollout.truncated[:-1]).sum() > 10
    s = Config(epochs=1, batch=10_000, entropy_weight=0.02, grad_clip=1e9)
    optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
    found = ppo.improve(net, optimizer, rollout, s, torch.Generator())
    values = twin.values(rollout.observations)
    gains = losses.advantages(
        rollout.rewards, values, twin.values(rollout.next_observations),
        rollout.terminated, rollout.truncated, s.gamma, s.lam,
    )  # fmt: skip
    keep = rollout.valid
    targets = (gains + values.detach())[keep]
    gains = (gains[keep] - gains[keep].mean()) / gains[keep].std(correction=0)
    logits = twin.logits(rollout.observations)[keep]
    loss = -(losses.log_prob(logits, rollout.actions[keep]) * gains).mean()
    loss = loss + s.value_weight * (values[keep] - targets).square().mean()
    (loss - s.entropy_weight * losses.entropies(logits).mean()).backward()
    for after, before in zip(net.parameters(), twin.parameters(), strict=True):
        assert torch.allclose(after, before - before.grad, atol=1e-5)
    names = dict(zip(ppo.STATISTICS, found.tolist(), strict=True))
    assert names["entropy"] == pytest.approx(float(losses.entropies(logits.detach()).mean()))
    assert 0.1 < names["entropy"] < 0.65
    assert names["kl"] == pytest.approx(0, abs=1e-6)
    assert names["clipped"] == 0


def test_a_gradient_is_shortened():
    net, twin = model(), model()
    rollout = Actor(cartpoles(4), seed=0).play(net, 30)
    settings = Config(epochs=1, batch=10_000, grad_clip=0.01)
    optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
    ppo.improve(net, optimizer, rollout, settings, torch.Generator())
    pairs = zip(net.parameters(), twin.parameters(), strict=True)
    moved = torch.cat([(a - b).detach().flatten() for a, b in pairs])
    assert float(moved.norm()) == pytest.approx(0.01, rel=1e-3)


SMALL = Config(updates=12, horizon=64)


def test_a_short_training_beats_chance():
    net = model()
    chance = evaluate(net, cartpoles(50), seed=900, greedy=False)
    history = fit(net, cartpoles(8), SMALL, seed=0, progress=False)
    assert 15 < chance.mean() < 30  # about 22: the pole falls
    assert evaluate(net, cartpoles(50), seed=900).mean() > 3 * chance.mean()
    assert [row["update"] for row in history] == list(range(1, 13))
    last = history[-1]
    assert last["score"] > 1.5 * history[0]["score"]
    assert 0.95 * 12 * 8 * 64 < last["steps"] <= 12 * 8 * 64
    assert last["entropy"] < history[0]["entropy"] < math.log(2)
    assert all(0 <= row["kl"] < 0.1 and 0 <= row["clipped"] < 0.5 for row in history)


def test_the_same_seeds_give_the_same_bits():
    states = []
    for seed in (0, 0, 1):
        net = model()
        fit(net, cartpoles(4), Config(updates=2, horizon=16), seed, progress=False)
        states.append(torch.cat([p.detach().flatten() for p in net.parameters()]))
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


def test_the_seed_decides_what_is_played_and_the_rate_falls(monkeypatch):
    seen = []

    def watch(net, optimizer, rollout, settings, rng):
        seen.append((optimizer.param_groups[0]["lr"], rollout))
        return torch.zeros(5)

    monkeypatch.setattr(ppo, "improve", watch)
    for seed in (0, 0, 1):
        fit(model(), cartpoles(4), Config(updates=4, horizon=16, lr=0.8), seed, progress=False)
    assert [rate for rate, _ in seen[:4]] == pytest.approx([0.8, 0.6, 0.4, 0.2])
    first, same, other = (rollout for _, rollout in seen[::4])
    assert all(torch.equal(a, b) for a, b in zip(first, same, strict=True))
    assert not torch.equal(first.observations[0], other.observations[0])
    assert not torch.equal(first.actions, other.actions)
    one, two = (Actor(cartpoles(4), seed).play(model(), 16) for seed in (0, 0))
    assert torch.equal(one.actions, first.actions)
    assert torch.equal(two.actions, first.actions)


def test_evaluation_counts_one_whole_episode_each():
    found = evaluate(model(width=2), counters(), seed=0)
    assert found.tolist() == [15.0, 15.0, 15.0]  # 1 + 2 + ... + 5, all in their first episode


def test_a_greedy_policy_has_no_dice():
    net = model()
    with torch.no_grad():
        net.actor[-1].bias[1] = 0.3  # a little more probable, always
        net.actor[-1].weight.zero_()
    found = evaluate(net, cartpoles(20), seed=1)
    assert 8 <= found.min() <= found.max() <= 11  # pushed one way, the pole falls at once
    assert evaluate(net, cartpoles(20), seed=1, greedy=False).max() > 11


def test_what_cannot_be_is_refused(monkeypatch):
    for mode in (AutoresetMode.DISABLED, AutoresetMode.SAME_STEP):
        with pytest.raises(ValueError, match=f"autoreset mode is {mode}"):
            Actor(cartpoles(2, mode))
    with pytest.raises(ValueError, match="actions must"):
        Actor(gym.make_vec("Pendulum-v1", num_envs=2))
    with pytest.raises(ValueError, match="observations must"):
        Actor(gym.make_vec("FrozenLake-v1", num_envs=2))
    with pytest.raises(ValueError, match="horizon"):
        Config(horizon=0)
    with pytest.raises(ValueError, match="hidden"):
        ActorCritic(4, 2, hidden=())
    monkeypatch.setattr(losses, "ppo_loss", lambda new, *rest: new.sum() * math.nan)
    with pytest.raises(TrainingError, match="update 1"):
        fit(model(), cartpoles(2), SMALL, progress=False)


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_weights_that_are_no_numbers_stop_with_a_reason_though_the_losses_were(monkeypatch, wrong):
    def improve(net, *rest):
        with torch.no_grad():
            net.critic[0].weight[1, 2] = wrong
        return torch.zeros(len(ppo.STATISTICS))

    monkeypatch.setattr(ppo, "improve", improve)
    with pytest.raises(TrainingError, match="largest weight"):
        fit(model(), cartpoles(2), SMALL, progress=False)


def test_the_experiment_and_its_score():
    net, rows = cartpole.fit(3, Config(updates=1, horizon=8), progress=False)
    same, _ = cartpole.fit(3, Config(updates=1, horizon=8), progress=False)
    assert len(rows) == 1
    assert math.isnan(rows[0]["score"])  # no episode is that short
    found = cartpole.returns(net, 3, n=7)
    assert torch.equal(found, cartpole.returns(same, 3, n=7))
    assert not torch.equal(found, cartpole.returns(net, 4, n=7))
    assert cartpole.summary(torch.tensor([500.0, 400.0, 500.0])) == {
        "mean": pytest.approx(1400 / 3), "std": pytest.approx(57.735, abs=1e-3),
        "min": 400, "best": 2, "episodes": 3,
    }  # fmt: skip
    assert gym.spec(cartpole.NAME).max_episode_steps == cartpole.BEST
