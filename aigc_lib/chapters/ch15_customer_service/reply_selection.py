"""Four ways to learn which reply belongs to a question, from the same pairs (chapter 15).

Questions and replies are embeddings: unit vectors (N, E). A **replier** turns a question into the
embedding of a reply; the stored reply nearest to it is sent. It can be trained by

    game        a discriminator is told the question and must tell replies people wrote from the
                replier's: the source article's proposal, a conditional GAN
    regression  the squared distance to the reply that people wrote
    contrast    among the replies of a batch, the right one must be nearest (InfoNCE)
    classes     no replier: a classifier whose classes are the stored replies
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from aigc_lib.chapters.ch15_customer_service import faq_task
from aigc_lib.chapters.ch15_customer_service.data import shop_faq
from aigc_lib.core.training import insist_on_finite
from aigc_lib.gan import losses, training
from aigc_lib.gan.state import Gan
from aigc_lib.pretrained.sentence_embedder import embed

Watch = Callable[[int, Any], None]  # called after each step with its number and what is trained
NOISE, WIDTH, BATCH = 16, 128, 64  # a latent vector's length; hidden units; pairs a step
RATE, TEMPERATURE = 3e-4, 0.05  # Adam's step size; of the contrast
DRAWS = 8  # of the noise, when a trained game is asked


class Task(NamedTuple):
    """What is learned from, and what is asked afterwards, as embeddings.

    Settings and numbers of steps are chosen on ``choose``; ``test`` is asked once, at the end.
    """

    questions: Tensor  # (N, E)
    replies: Tensor  # (N, E), pair by pair
    pool: Tensor  # the stored replies (P, E)
    choose: Tensor  # questions (Q, E) that no pair holds
    choose_right: list[tuple[int, ...]]  # for each of them the rows of the pool that are right
    test: Tensor  # other questions that no pair holds, and what is right for them
    right: list[tuple[int, ...]]


def known_replies() -> Task:
    """The shop's replies, three known ways to ask for each, one to choose by, two for the test."""
    shop = [entry["en"] for entry in shop_faq()["entries"]]
    asked, choose, test = (
        embed([ask for entry in shop for ask in entry["ask"][part]], "shop")
        for part in (slice(0, 3), slice(3, 4), slice(4, 6))
    )
    pool = embed([entry["answer"] for entry in shop], "shop")
    one: list[tuple[int, ...]] = [(row,) for row in range(len(shop))]
    two = [row for row in one for _ in range(2)]
    return Task(asked, pool.repeat_interleave(3, 0), pool, choose, one, test, two)


def new_questions() -> Task:
    """The construction FAQ: pairs of the part "learn", and questions whose replies were in none."""
    data = faq_task.load()
    pool = data.points("answer")
    asked, choose, test = (data.points("question", part) for part in ("learn", "choose", "test"))
    replies, wanted = pool[data.parts["learn"]], data.wanted("test")
    return Task(asked, replies, pool, choose, data.wanted("choose"), test, wanted)


class Replier(nn.Module):
    """(z, question) -> unit vectors (N, E): the question, moved. It starts near the question."""

    def __init__(self, size: int) -> None:
        super().__init__()
        last = nn.Linear(WIDTH, size)
        nn.init.zeros_(last.bias)
        nn.init.normal_(last.weight, std=0.005)
        self.move = nn.Sequential(nn.Linear(size + NOISE, WIDTH), nn.GELU(), last)

    def forward(self, z: Tensor, question: Tensor) -> Tensor:
        """Latent vectors (N, NOISE) and questions (N, E) to replies (N, E)."""
        return normalize(question + self.move(torch.cat([question, z], 1)), dim=1)


class Discriminator(nn.Module):
    """(reply, question) -> logits (N, 1): did a person give this reply to this question?"""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.scale = size**0.5  # products of entries of unit vectors are small
        self.net = nn.Sequential(
            nn.Linear(3 * size, WIDTH), nn.LeakyReLU(0.2), nn.Dropout(0.3), nn.Linear(WIDTH, 1)
        )

    def forward(self, reply: Tensor, question: Tensor) -> Tensor:
        """Replies and questions (N, E) to logits (N, 1)."""
        logits: Tensor = self.net(torch.cat([reply, question, self.scale * reply * question], 1))
        return logits


def batches(n: int, steps: int, seed: int) -> list[Tensor]:
    """Rows of ``n`` pairs for every step, each pass over them in an order of its own."""
    rng, size = torch.Generator().manual_seed(seed), min(BATCH, n)
    found: list[Tensor] = []
    while len(found) < steps:
        found += torch.randperm(n, generator=rng).split(size)[: n // size]
    return found[:steps]


def fit_game(
    questions: Tensor, replies: Tensor, seed: int, steps: int, *, mismatched: bool = False,
    r1: float = 1.0, watch: Watch | None = None,
) -> Gan:  # fmt: skip
    """Train replier and discriminator by the game, with chapter 7's non-saturating loss and R1.

    Args:
        questions, replies: unit vectors (N, E), pair by pair.
        seed, steps: of everything random; of each player.
        mismatched: show the discriminator replies to *other* questions too, as wrong ones (Reed et
            al., 2016, arXiv:1605.05396).
        r1: the penalty's weight.
        watch: called after each step with its number and the players.
    """
    torch.manual_seed(seed)
    size = questions.shape[1]
    nets = Replier(size), Discriminator(size)
    players = Gan(*nets, latent_dim=NOISE, lr=RATE, ema_half_life=2_000, seed=seed)
    loss = losses.with_r1(r1)
    lost = torch.zeros(())
    for step, rows in enumerate(batches(len(questions), steps, seed), 1):
        real, asked = replies[rows], questions[rows]
        fake = players.generate(players.noise(len(rows)), asked)
        shown = [fake, real.roll(1, 0)] if mismatched else [fake]
        times = len(shown)
        told = (asked.repeat(times, 1),)
        training.d_step(players, real.repeat(times, 1), torch.cat(shown), loss, told)
        lost = training.g_step(players, fake, loss, (asked,))
        training.count(players, len(rows))
        if watch:
            watch(step, players)
    insist_on_finite({"loss": float(lost)}, f"before step {steps}")
    return players


@torch.no_grad()
def game_scores(players: Gan, questions: Tensor, pool: Tensor) -> Tensor:
    """Cosine (Q, P) of every stored reply (P, E) to the generated ones, a mean of eight draws."""
    rng = torch.Generator().manual_seed(0)
    scores = torch.zeros(len(questions), len(pool))
    for _ in range(DRAWS):
        z = torch.randn(len(questions), NOISE, generator=rng)
        scores += players.average(z, questions) @ pool.T / DRAWS
    return scores


@torch.no_grad()
def discriminator_scores(players: Gan, questions: Tensor, pool: Tensor) -> Tensor:
    """The discriminator's logit (Q, P) for every stored reply (P, E)."""
    asked = questions.repeat_interleave(len(pool), 0)
    players.discriminator.eval()
    logits = players.discriminate(pool.repeat(len(questions), 1), asked)
    players.discriminator.train()
    return logits.view(len(questions), len(pool))


def fit(
    questions: Tensor, replies: Tensor, loss: Callable[[Tensor, Tensor], Tensor], seed: int,
    steps: int, *, lr: float = RATE, watch: Watch | None = None,
) -> Replier:  # fmt: skip
    """Train a replier, without noise, on a loss of its replies and the right ones, both (N, E).

    TrainingError if it stops being a finite number. ``lr`` is Adam's; ``watch`` as in the game.
    """
    torch.manual_seed(seed)
    replier = Replier(questions.shape[1])
    optimizer = torch.optim.Adam(replier.parameters(), lr)
    for step, rows in enumerate(batches(len(questions), steps, seed), 1):
        value = loss(replier(torch.zeros(len(rows), NOISE), questions[rows]), replies[rows])
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if watch:
            watch(step, replier)
    insist_on_finite({"loss": float(value.detach())}, f"before step {steps}")
    return replier.eval()


@torch.no_grad()
def taught_scores(replier: Replier, questions: Tensor, pool: Tensor) -> Tensor:
    """Cosine (Q, P) of every stored reply (P, E) to the replier's."""
    found: Tensor = replier(torch.zeros(len(questions), NOISE), questions)
    return found @ pool.T


def regression(found: Tensor, right: Tensor) -> Tensor:
    """Mean squared distance of unit vectors (N, E)."""
    return (found - right).square().sum(1).mean()


def contrast(found: Tensor, right: Tensor) -> Tensor:
    """InfoNCE: the cross-entropy, in nats, of picking the right reply among the batch's (N, E)."""
    return cross_entropy(found @ right.T / TEMPERATURE, torch.arange(len(found)))


def class_scores(task: Task, strength: float, asked: Tensor) -> Tensor:
    """Probability (Q, P) of every stored reply: logistic regression of C ``strength`` on pairs."""
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    owner = (task.replies @ task.pool.T).argmax(1)
    points, rows = torch.cat([task.questions, task.pool]), torch.arange(len(task.pool))
    classes = LogisticRegression(C=strength, max_iter=3000).fit(points, torch.cat([owner, rows]))
    return torch.from_numpy(classes.predict_proba(asked)).float()
