"""A GAN that learns from few labels and many texts without: its discriminator names the class.

The discriminator gives K logits, one for each class; a generated example is the class K + 1, whose
logit is fixed at 0. The probability that an example is real is then Z / (Z + 1), where Z is the sum
of the exponentials (Salimans et al., 2016, arXiv:1606.03498, section 5). GAN-BERT (Croce et al.,
2020, doi:10.18653/v1/2020.acl-main.191) does this on the features of a language model: the
generator makes feature vectors and no words, so that a gradient can pass from one network to the
other. Left out: BERT itself is not tuned here, the features stay as they are.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aigc_lib.core.training import insist_on_finite


@dataclass(frozen=True)
class Config:
    """What the game and the plain classifier share, and what only the game has."""

    steps: int = 400
    labelled: int = 32  # examples a step, drawn again and again from the few
    unlabelled: int = 128  # real ones a step, and as many generated
    hidden: int = 128
    noise: int = 64
    lr: float = 1e-3
    weight_decay: float = 0.01
    dropout: float = 0.3
    game: float = 1.0  # weight of the unsupervised part; 0: no game, a plain classifier


class Discriminator(nn.Module):
    """K logits from features (N, D); ``inner`` gives what feature matching compares."""

    def __init__(self, features: int, classes: int, settings: Config) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Dropout(settings.dropout), nn.Linear(features, settings.hidden), nn.LeakyReLU(0.2)
        )
        self.head = nn.Sequential(nn.Dropout(settings.dropout), nn.Linear(settings.hidden, classes))

    def inner(self, x: Tensor) -> Tensor:
        """The hidden layer (N, H)."""
        hidden: Tensor = self.body(x)
        return hidden

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, K) of the classes; that of "generated" is 0."""
        logits: Tensor = self.head(self.inner(x))
        return logits


def log_real(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Logarithms of D = Z / (Z + 1) and of 1 - D for logits (N, K), each (N,), in nats."""
    z = logits.logsumexp(1)
    return F.logsigmoid(z), F.logsigmoid(-z)


def d_loss(labelled: Tensor, labels: Tensor, real: Tensor, fake: Tensor, game: float) -> Tensor:
    """Name the labelled, tell real from generated: the loss from logits, in nats."""
    supervised = F.cross_entropy(labelled, labels)
    if not game:
        return supervised
    return supervised - game * (log_real(real)[0].mean() + log_real(fake)[1].mean())


def g_loss(fake: Tensor, inner_real: Tensor, inner_fake: Tensor) -> Tensor:
    """Pass for real, and have the same mean features: the generator's loss."""
    return (inner_real.mean(0) - inner_fake.mean(0)).square().mean() - log_real(fake)[0].mean()


def fit(
    x: Tensor, y: Tensor, more: Tensor, classes: int, settings: Config, seed: int,
    on_step: Callable[[int, Discriminator, nn.Module], None] | None = None,
) -> Discriminator:  # fmt: skip
    """Train on labelled features x (N, D), y (N,) and unlabelled ones (M, D).

    With ``settings.game = 0`` the same network, with the same start and the same labelled
    examples, is trained without the game.

    Raises:
        ValueError: no labelled example, or labels outside 0..classes-1.
        TrainingError: a loss stopped being a finite number.
    """
    if not len(x) or len(x) != len(y) or not 0 <= int(y.min()) <= int(y.max()) < classes:
        raise ValueError(f"need labels in 0..{classes - 1}, one for each of the examples")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        discriminator = Discriminator(x.shape[1], classes, settings)
        forger = nn.Sequential(  # noise (N, Z) to feature vectors (N, D)
            nn.Linear(settings.noise, settings.hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(settings.hidden, x.shape[1]),
        )
        d_opt, g_opt = (
            torch.optim.AdamW(player.parameters(), settings.lr, weight_decay=settings.weight_decay)
            for player in (discriminator, forger)
        )
        for step in range(settings.steps):
            some = torch.randint(len(x), (settings.labelled,))
            real = more[torch.randint(len(more), (settings.unlabelled,))]
            fake = forger(torch.randn(settings.unlabelled, settings.noise))
            known, natural, forged = map(discriminator, (x[some], real, fake.detach()))
            loss = d_loss(known, y[some], natural, forged, settings.game)
            d_opt.zero_grad()
            loss.backward()
            d_opt.step()
            if settings.game:
                inner = discriminator.inner(fake)
                loss = g_loss(discriminator.head(inner), discriminator.inner(real).detach(), inner)
                g_opt.zero_grad()
                loss.backward()
                g_opt.step()
            if on_step:
                on_step(step, discriminator, forger)
    insist_on_finite({"loss": float(loss.detach())}, f"before step {settings.steps}")
    return discriminator.eval()
