"""A neural ranker, trained by likelihood, by pairs, or by a discriminator (chapter 17).

IRGAN (Wang et al., 2017, doi:10.1145/3077136.3080786) for one request h: the generator is a
distribution p(i | h) over the films, from which it draws; the discriminator's logit f(h, i) tells
films that were really liked from drawn ones. A drawn film is no picture that a gradient could pass
through, so the generator learns by the policy gradient of chapter 12, with the reward
log(1 + e^f).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm.auto import tqdm

from aigc_lib.core.training import insist_on_finite


class Ranker(nn.Module):
    """Scores of all films for histories: (N, films) of 0 and 1 -> (N, films), any real numbers.

    A history is the sum of its films' vectors, divided by the square root of their number; the
    score is its inner product with a film's other vector, plus the film's own number. Vectors come
    from the films' texts, ``points`` (films, D), by a matrix, are free for every film, or are the
    sum of both; ValueError if neither.
    """

    def __init__(
        self, points: Tensor, *, text: bool = True, free: bool = True, width: int = 64
    ) -> None:
        super().__init__()
        if not text and not free:
            raise ValueError("a film needs a vector: from its text, free, or both")
        films, d = points.shape
        self.text, self.free = text, free
        self.register_buffer("points", points, persistent=False)
        if text:
            self.given, self.told = (nn.Linear(d, width, bias=False) for _ in range(2))
            self.liked_text = nn.Linear(d, 1, bias=False)
        if free:
            self.source, self.target = (
                nn.Parameter(0.01 * torch.randn(films, width)) for _ in range(2)
            )
            self.liked = nn.Parameter(torch.zeros(films))

    def forward(self, history: Tensor) -> Tensor:
        """Scores (N, films)."""
        known = asked = own = history.new_zeros(())
        if self.text:
            known, asked = self.given(self.points), self.told(self.points)
            own = self.liked_text(self.points)[:, 0]
        if self.free:
            known, asked, own = known + self.source, asked + self.target, own + self.liked
        person = history @ known / history.sum(1, keepdim=True).clamp(min=1).sqrt()
        return person @ asked.T + own


@dataclass(frozen=True)
class Config:
    """Of a training; the rates are AdamW's."""

    steps: int = 600
    batch: int = 64  # people a step
    lr: float = 5e-3
    weight_decay: float = 0.3
    draws: int = 64  # films drawn a person and step, by the pairs and the game
    critic_lr: float = 1e-3  # of the discriminator


def part(liked: Tensor, batch: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw people, and hide between a tenth and nine tenths of what each likes: shown and hidden.

    People of whom nothing would be hidden are left out.
    """
    rows = liked[torch.randint(len(liked), (batch,), generator=rng)]
    share = 0.1 + 0.8 * torch.rand(batch, 1, generator=rng)
    keep = (torch.rand(rows.shape, generator=rng) < share).float()
    some = (rows * (1 - keep)).any(1)
    return (rows * keep)[some], (rows * (1 - keep))[some]


def log_choice(scores: Tensor, shown: Tensor) -> Tensor:
    """log p(i | h): a softmax over the films that are not in the history."""
    return scores.masked_fill(shown > 0, -torch.inf).log_softmax(1)


def pair_loss(good: Tensor, bad: Tensor) -> Tensor:
    """-log of the probability that the liked film wins against the other one, in nats (BPR:
    Rendle et al., 2009, arXiv:1205.2618)."""
    return F.softplus(bad - good).mean()


def _step(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def fit_likelihood(model: Ranker, liked: Tensor, config: Config, seed: int = 0) -> Ranker:
    """Maximise the log-probability of what was hidden; TrainingError if it is no number."""
    rng = torch.Generator().manual_seed(seed)
    adam = torch.optim.AdamW(model.parameters(), config.lr, weight_decay=config.weight_decay)
    for _ in tqdm(range(config.steps), desc="likelihood", delay=30, leave=False):
        shown, hidden = part(liked, config.batch, rng)
        chosen = log_choice(model(shown), shown).masked_fill(hidden == 0, 0.0)
        loss = -chosen.sum() / hidden.sum()
        _step(adam, loss)
    insist_on_finite({"loss": loss.item()}, f"before step {config.steps}")
    return model


def fit_pairs(model: Ranker, liked: Tensor, config: Config, seed: int = 0) -> Ranker:
    """Pairs of a hidden film and one drawn evenly from those that the person has not liked."""
    rng = torch.Generator().manual_seed(seed)
    adam = torch.optim.AdamW(model.parameters(), config.lr, weight_decay=config.weight_decay)
    for _ in tqdm(range(config.steps), desc="pairs", delay=30, leave=False):
        shown, hidden = part(liked, config.batch, rng)
        good = torch.multinomial(hidden, config.draws, replacement=True, generator=rng)
        other = torch.multinomial(1 - shown - hidden, config.draws, replacement=True, generator=rng)
        scores = model(shown)
        loss = pair_loss(scores.gather(1, good), scores.gather(1, other))
        _step(adam, loss)
    insist_on_finite({"loss": loss.item()}, f"before step {config.steps}")
    return model


def critic_loss(logits: Tensor, true: Tensor, drawn: Tensor) -> Tensor:
    """The discriminator's loss, in nats: true films are called real, drawn ones generated."""
    return F.softplus(-logits.gather(1, true)).mean() + F.softplus(logits.gather(1, drawn)).mean()


def policy_loss(log_p: Tensor, logits: Tensor, drawn: Tensor | None) -> Tensor:
    """A loss whose gradient is minus that of the generator's mean reward log(1 + e^f).

    Args:
        log_p: log p(i | h), (N, films).
        logits: the discriminator's f, (N, films), without gradient.
        drawn: films (N, K) drawn from p, judged against their mean; None for the exact mean over
            all films.
    """
    reward = F.softplus(logits)
    if drawn is None:
        return -(log_p.exp() * reward).sum(1).mean()
    earned = reward.gather(1, drawn)
    k = drawn.shape[1]
    others = (earned.sum(1, keepdim=True) - earned) / (k - 1)
    return -(log_p.gather(1, drawn) * (earned - others)).mean()


def fit_game(
    generator: Ranker, critic: Ranker, liked: Tensor, config: Config, seed: int = 0,
    exact: bool = False,
) -> Ranker:  # fmt: skip
    """IRGAN's game, one step of each in turn; returns the generator. TrainingError as above.

    exact: use the generator's exact gradient, which sums over all films, in place of draws.
    """
    rng = torch.Generator().manual_seed(seed)
    critic_adam, generator_adam = (
        torch.optim.AdamW(network.parameters(), lr, weight_decay=config.weight_decay)
        for network, lr in ((critic, config.critic_lr), (generator, config.lr))
    )
    for step in tqdm(range(config.steps), desc="game", delay=30, leave=False):
        shown, hidden = part(liked, config.batch, rng)
        true = torch.multinomial(hidden, config.draws, replacement=True, generator=rng)
        log_p = log_choice(generator(shown), shown)
        chance = log_p.detach().exp()
        insist_on_finite({"probability": chance.sum().item()}, f"before step {step}")
        drawn = torch.multinomial(chance, config.draws, replacement=True, generator=rng)
        _step(critic_adam, critic_loss(critic(shown), true, drawn))
        with torch.no_grad():
            logits = critic(shown)
        again = torch.multinomial(chance, config.draws, replacement=True, generator=rng)
        _step(generator_adam, policy_loss(log_p, logits, None if exact else again))
    return generator
