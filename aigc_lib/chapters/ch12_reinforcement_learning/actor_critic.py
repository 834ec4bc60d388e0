"""A network that acts and values: logits of actions, and the value of the state (chapter 12)."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from aigc_lib.nets.mlp import check_sizes


class ActorCritic(nn.Module):
    """Observations (N, D) to logits of the actions (N, A) and values of the states (N,).

    Two separate networks: values are as large as returns, and in shared layers their gradient
    would drown the policy's.

    Args:
        observation: D, numbers in an observation.
        actions: A, how many there are to choose from.
        hidden: widths of each network's hidden layers.

    Raises:
        ValueError: a size is not positive.
    """

    def __init__(self, observation: int, actions: int, hidden: Sequence[int] = (64, 64)) -> None:
        super().__init__()
        check_sizes(observation=observation, actions=actions, hidden=hidden)
        # A last layer near 0 makes a fresh policy try all actions alike, whatever it sees.
        self.actor = _mlp([observation, *hidden, actions], last=0.01)
        self.critic = _mlp([observation, *hidden, 1], last=1.0)

    def logits(self, observations: Tensor) -> Tensor:
        """(..., D) -> (..., A): the policy alone."""
        found: Tensor = self.actor(observations)
        return found

    def values(self, observations: Tensor) -> Tensor:
        """(..., D) -> (...): expected discounted return from here on."""
        found: Tensor = self.critic(observations)
        return found.squeeze(-1)


def _mlp(widths: list[int], last: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    gains = [2**0.5] * (len(widths) - 2) + [last]
    for (narrow, wide), gain in zip(pairwise(widths), gains, strict=True):
        layer = nn.Linear(narrow, wide)
        nn.init.orthogonal_(layer.weight, gain)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.Tanh()]
    return nn.Sequential(*layers[:-1])
