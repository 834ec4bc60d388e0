"""Reinforcement learning's arithmetic, as pure functions (chapter 12).

A policy gives each action a probability. What it did is valued afterwards: the **return** is the
discounted sum of the rewards that followed, the **advantage** says how much better an action was
than the policy's usual ones in that state, and every policy-gradient loss here makes actions of
positive advantage more probable. Losses are to be minimised and scalar; logarithms are natural, so
entropies and divergences are in nats. ``ppo`` has the loop that uses them.

An episode ends in one of two ways, and they differ in what is known about the future:

    terminated    the world ended it (the pole fell): nothing more can be earned
    truncated     a clock ended it: more would have been earned, the value function says how much
"""

import torch
from torch import Tensor
from torch.nn.functional import softplus


def advantages(
    rewards: Tensor,
    values: Tensor,
    next_values: Tensor,
    terminated: Tensor,
    truncated: Tensor,
    gamma: float,
    lam: float,
) -> Tensor:
    """Generalised advantage estimates: sums of one-step surprises, each (gamma * lam) times less.

        delta_t = r_t + gamma * V(s_(t+1)) * [not terminated] - V(s_t)
        A_t     = delta_t + gamma * lam * A_(t+1) * [neither terminated nor truncated]

    lam = 0 trusts the values (A = delta), lam = 1 trusts the rewards (return minus value). A step
    that is both terminated and truncated counts as terminated. Episodes that the last row leaves
    unfinished are closed with the value of what comes next.

    Args:
        rewards: float (T, ...), time first, then environments; many episodes may follow another.
        values: V(s_t), float (T, ...).
        next_values: V of the observation that step t itself led to, float (T, ...). At an episode's
            end that is its **final** observation, never the first one of the next episode.
        terminated, truncated: how step t ended its episode, bool (T, ...).
        gamma, lam: discount and lambda, in [0, 1].

    Returns:
        float (T, ...). Without gradient: neither policy nor values may learn through this estimate.

    Raises:
        ValueError: shapes differ, or gamma or lam is outside [0, 1].
        TypeError: terminated or truncated is not bool.
    Source: Schulman et al., 2015, arXiv:1506.02438, equation 16.
    """
    _check_alike(rewards, values, next_values, terminated, truncated)
    if terminated.dtype != torch.bool or truncated.dtype != torch.bool:
        raise TypeError(f"ends must be bool, got {terminated.dtype} and {truncated.dtype}")
    if not (0 <= gamma <= 1 and 0 <= lam <= 1):
        raise ValueError(f"gamma and lam must lie in [0, 1], got {gamma} and {lam}")
    with torch.no_grad():
        # ``where`` and not a product with 0 or 1: what is cut off may be nan.
        deltas = rewards + gamma * torch.where(terminated, 0.0, next_values) - values
        ended = terminated | truncated
        found = torch.empty_like(deltas)
        later = torch.zeros_like(deltas[0]) if len(deltas) else deltas
        for t in reversed(range(len(deltas))):
            later = deltas[t] + gamma * lam * torch.where(ended[t], 0.0, later)
            found[t] = later
    return found


def ppo_loss(
    log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, clip: float = 0.2
) -> Tensor:
    """-E[min(r A, clip(r, 1 - clip, 1 + clip) A)] with r = pi(a|s) / pi_old(a|s).

    Where r has left the trust region in the direction that A asked for, the gradient is 0; where
    it left in the other direction, the gradient stays and brings it back. At r = 1 the gradient is
    that of REINFORCE, -E[log pi(a|s) A] (Williams, 1992).

    Args:
        log_probs: log pi(a|s) of the actions taken, float (N,).
        old_log_probs: the same under the policy that took them, float (N,); no gradient.
        advantages: float (N,); no gradient.
        clip: epsilon, above 0.

    Raises:
        ValueError: shapes differ, or clip is not positive.
    Source: Schulman et al., 2017, arXiv:1707.06347, equation 7.
    """
    _check_alike(log_probs, old_log_probs, advantages)
    if not clip > 0:
        raise ValueError(f"clip must be positive, got {clip}")
    ratio = (log_probs - old_log_probs.detach()).exp()
    gain = advantages.detach()
    return -torch.minimum(ratio * gain, ratio.clamp(1 - clip, 1 + clip) * gain).mean()


def log_prob(logits: Tensor, actions: Tensor) -> Tensor:
    """log pi(a|s) of actions int64 (N,) under logits (N, A): float (N,)."""
    return logits.log_softmax(-1).gather(-1, actions.unsqueeze(-1)).squeeze(-1)


def entropies(logits: Tensor) -> Tensor:
    """How undecided each row is: logits (..., A) to -sum p log p (...), 0 to log A nats.

    A logit may be -inf (an action that is never taken): it adds nothing, to the gradient neither.
    """
    log_p = logits.log_softmax(-1)
    finite = log_p.clamp(min=torch.finfo(log_p.dtype).min)  # 0 * -inf is not a number
    return -(log_p.exp() * finite).sum(-1)


def kl_estimate(log_p: Tensor, log_q: Tensor) -> Tensor:
    """KL(p || q) in nats from samples x of **p**: one estimate a sample, to be averaged.

    With r = q(x) / p(x) it is (r - 1) - log r. Its mean is the KL's, -E[log r], since E_p[r] = 1 if
    p is nowhere 0 where q is not; and it is never negative, since log r <= r - 1. It estimates the
    value: the gradient of its mean is in general not the KL's.

    Args:
        log_p, log_q: log-probabilities of the same samples, float (N,); as many come back.

    Raises:
        ValueError: shapes differ.
    Source: Schulman, 2020, "Approximating KL Divergence", joschu.net/blog/kl-approx.html.
    """
    _check_alike(log_p, log_q)
    log_r = log_q - log_p
    return log_r.expm1() - log_r


def dpo_loss(
    policy_chosen: Tensor,
    policy_rejected: Tensor,
    reference_chosen: Tensor,
    reference_rejected: Tensor,
    beta: float = 0.1,
) -> Tensor:
    """-E[log sigmoid(beta * (log pi/ref of the chosen answer - log pi/ref of the rejected))].

    Learns from pairs of answers, one liked better, without a reward model: beta * log(pi / ref) is
    the reward that the policy itself implies. It is log 2 while policy and reference agree.

    Args:
        policy_chosen, policy_rejected: log pi(answer|prompt), summed over tokens, float (N,).
        reference_chosen, reference_rejected: the same under the frozen model; no gradient.
        beta: how dear it is to leave the reference, above 0.

    Raises:
        ValueError: shapes differ, or beta is not positive.
    Source: Rafailov et al., 2023, arXiv:2305.18290, equation 7.
    """
    _check_alike(policy_chosen, policy_rejected, reference_chosen, reference_rejected)
    if not beta > 0:
        raise ValueError(f"beta must be positive, got {beta}")
    chosen = policy_chosen - reference_chosen.detach()
    rejected = policy_rejected - reference_rejected.detach()
    return softplus(-beta * (chosen - rejected)).mean()


def _check_alike(*tensors: Tensor) -> None:
    """Refuse what would broadcast silently: (N,) with (N, 1) makes (N, N)."""
    shapes = [tuple(x.shape) for x in tensors]
    if len(set(shapes)) > 1:
        raise ValueError(f"shapes must be the same, got {shapes}")
