"""A small GPT that writes tunes, and knows where in the bar it is (chapter 19)."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aigc_lib.chapters.ch19_sound_and_motion.data import LONGEST
from aigc_lib.chapters.ch19_sound_and_motion.tunes import END, METRES, TOKENS, Tune
from aigc_lib.core.training import Row
from aigc_lib.lm import training
from aigc_lib.lm.sampling import distribution
from aigc_lib.nets.gpt import GPT, Cache, GPTConfig

Order = tuple[str, str]  # origin and metre
NUMBERS = {token: number for number, token in enumerate(TOKENS)}
LAST = NUMBERS[END]
LENGTH = torch.tensor([int(t.split(":")[1]) if ":" in t else 0 for t in TOKENS])
UPBEAT = torch.tensor([int(t[2:]) if t[:2] == "up" else 0 for t in TOKENS])
BAR = torch.tensor([METRES.get(t, 1) for t in TOKENS])
METRE = torch.tensor([list(METRES).index(t) if t in METRES else 0 for t in TOKENS])
IGNORED = -100  # a target that PyTorch's cross-entropy leaves out
GIVEN = 2  # tokens that are ordered and not written: origin and metre
WIDEST, MOST_BARS = max(METRES.values()), 64  # later bars count as this one
HASTE = 5.0  # makes habits learn faster than the rest
BLOCK = 256  # tunes of about one length, from which a batch is drawn


def encode(tunes: Sequence[Tune]) -> Tensor:
    """Tunes as int64 (N, T); short ones are filled up with ``IGNORED``."""
    rows = [[NUMBERS[token] for token in tune.tokens()] for tune in tunes]
    longest = max(map(len, rows))
    return torch.tensor([row + [IGNORED] * (longest - len(row)) for row in rows])


def clock(tokens: Tensor) -> Tensor:
    """Where the tune is after each token: (N, T, 3) of tokens (N, T).

    The place in the bar, the bar, and the place counted from the first note: where that is 0, the
    last bar and the upbeat together are full. Places of different metres are different numbers.
    """
    known = tokens.clamp(min=0)
    bar, first = BAR[known[:, 1:2]], WIDEST * METRE[known[:, 1:2]]
    sounded = LENGTH[known].cumsum(1)
    passed = sounded - UPBEAT[known].cumsum(1)
    bars = (passed // bar + 1).clamp(0, MOST_BARS)
    return torch.stack([first + passed % bar, bars, first + sounded % bar], dim=2)


def reading(tokens: Tensor) -> Tensor:
    """What the network reads, (N, T, 4): token and clock."""
    return torch.cat([tokens.clamp(min=0)[..., None], clock(tokens)], dim=2)


class TuneGPT(GPT):
    """A GPT that reads, with each token, where in the bar and in which bar it leads.

    And for each place of a metre it has a habit: how much each token is favoured there.
    """

    def __init__(self, width: int = 64, layers: int = 2) -> None:
        super().__init__(GPTConfig(len(TOKENS), LONGEST, layers, 4, width))
        places = WIDEST * len(METRES)
        sizes = (places, MOST_BARS + 1, places)
        self.clock = nn.ModuleList(nn.Embedding(size, width) for size in sizes)
        for table in self.clock.parameters():
            nn.init.normal_(table, std=0.02)
        self.habits = nn.ModuleList(nn.Embedding(places, len(TOKENS)) for _ in range(2))
        for table in self.habits.parameters():
            nn.init.zeros_(table)

    def forward(self, read: Tensor, cache: Cache | None = None) -> Tensor:
        """Logits (B, T, tokens) of what is read (B, T, 4): token and clock."""
        start = cache.length if cache else 0
        positions = torch.arange(start, start + read.shape[1], device=read.device)
        x = self.embedding(read[..., 0]) + self.positions(positions)
        x = x + sum(table(read[..., i]) for i, table in enumerate(self.clock, 1))
        for layer, block in enumerate(self.blocks):
            x = block(x, layer, cache)
        if cache:
            cache.length = start + read.shape[1]
        habit = self.habits[0](read[..., 1]) + self.habits[1](read[..., 3])
        logits: Tensor = F.linear(self.norm(x), self.embedding.weight) + HASTE * habit
        return logits


class TuneBatches:
    """Endless batches of whole tunes of similar length: inputs (B, T, 4) and targets (B, T)."""

    def __init__(self, tunes: Sequence[Tune], batch: int, seed: int, device: torch.device) -> None:
        tokens = encode(sorted(tunes, key=lambda tune: len(tune.tokens())))
        self.lengths, self.batch = (tokens != IGNORED).sum(1), batch
        self.tokens, self.read = tokens.to(device), reading(tokens).to(device)
        self.rng = torch.Generator().manual_seed(seed)

    def __next__(self) -> tuple[Tensor, Tensor]:
        """The next inputs and targets; origin and metre are given and no targets. Each tune is as
        likely as any other: behind the longest the shortest come again."""
        start = int(torch.randint(len(self.tokens), (), generator=self.rng))
        chosen = start + torch.randint(BLOCK, (self.batch,), generator=self.rng)
        chosen %= len(self.tokens)
        longest = int(self.lengths[chosen].max())
        chosen = chosen.to(self.tokens.device)
        targets = self.tokens[chosen, 1:longest].clone()
        targets[:, : GIVEN - 1] = IGNORED
        return self.read[chosen, : longest - 1], targets


def fit(
    tunes: Sequence[Tune], steps: int, *, seed: int = 0, width: int = 64, layers: int = 2,
    batch: int = 16, lr: float = 5e-3, device: torch.device | None = None,
    tick: int | None = None, on_tick: Callable[[training.Run, Row], None] | None = None,
) -> TuneGPT:  # fmt: skip
    """A TuneGPT that learned from these tunes for so many steps; in evaluation mode."""
    device = device or torch.device("cpu")
    torch.manual_seed(seed)
    run = training.Run(TuneGPT(width, layers).to(device), lr)
    batches: Any = TuneBatches(tunes, batch, seed, device)
    training.fit(run, batches, steps, warmup=50, tick=tick or steps, on_tick=on_tick)
    return run.model  # type: ignore[return-value]


@torch.no_grad()
def prices(model: TuneGPT, tunes: Sequence[Tune]) -> Tensor:
    """Nats of each of these tunes, from the upbeat to the end: (N,)."""
    model.eval()
    found = []
    for tokens in encode(tunes).to(model.embedding.weight.device).split(64):
        logits = model(reading(tokens.cpu()).to(tokens.device)[:, :-1])[:, GIVEN - 1 :]
        nats = F.cross_entropy(logits.transpose(1, 2), tokens[:, GIVEN:], reduction="none")
        found.append(nats.sum(1).cpu())
    return torch.cat(found).double()


def a_token(nats: Tensor, tunes: Sequence[Tune]) -> float:
    """Mean nats a token, of the nats of each of these tunes; what was ordered is no token here."""
    return float(nats.sum()) / sum(len(tune.tokens()) - GIVEN for tune in tunes)


@torch.no_grad()
def write(
    model: TuneGPT, orders: Sequence[Order], *, seed: int = 0, **settings: Any
) -> list[list[str]]:
    """Tokens for each order, which need not be a tune; settings as ``lm.sampling.distribution``."""
    model.eval()
    device = model.embedding.weight.device
    text = torch.tensor([[NUMBERS[word] for word in order] for order in orders])
    rng, cache = torch.Generator().manual_seed(seed), Cache(model.config, len(text), device)
    new, ended = GIVEN, torch.zeros(len(text), dtype=torch.bool)
    while text.shape[1] < model.config.context and not bool(ended.all()):
        logits = model(reading(text)[:, -new:].to(device), cache)[:, -1].cpu()
        drawn = torch.multinomial(distribution(logits, **settings), 1, generator=rng)
        text, new = torch.cat([text, drawn], dim=1), 1
        ended |= drawn[:, 0] == LAST
    found = [[TOKENS[number] for number in row] for row in text.tolist()]
    return [row[: row.index(END) + 1] if END in row else row for row in found]
