"""A picture becomes the beginning of a text: convolutions, sixteen prefix tokens, a small GPT."""

import functools
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aigc_lib.chapters.ch18_words_with_pictures import products
from aigc_lib.chapters.ch18_words_with_pictures.encoders import convolutions
from aigc_lib.chapters.ch18_words_with_pictures.products import BEGIN, END, LENGTH, NUMBER, WORDS
from aigc_lib.core import runtime
from aigc_lib.core.pixels import normalize
from aigc_lib.core.training import insist_on_finite
from aigc_lib.nets.gpt import GPT, GPTConfig
from aigc_lib.pretrained.loaders import load_into

PREFIX, BATCH, SCENES, STEPS = 16, 64, 8_000, 700


class Captioner(nn.Module):
    """The 4 x 4 places of the convolutions stand before the words, as if they were words too."""

    def __init__(self, width: int = 64, layers: int = 2) -> None:
        super().__init__()
        self.body = convolutions()
        self.prefix = nn.Linear(128, width)
        # As large as what stands there, or the GPT could not tell left from right.
        self.places = nn.Parameter(torch.randn(PREFIX, width))
        self.gpt = GPT(GPTConfig(len(WORDS), PREFIX + LENGTH, layers, 4, width))

    def forward(self, pictures: Tensor, tokens: Tensor) -> Tensor:
        """Logits (N, T, words) of the next word, for pictures uint8 and the words (N, T) so far."""
        seen = self.prefix(self.body(normalize(pictures)).flatten(2).transpose(1, 2))
        x = torch.cat([seen + self.places, self.gpt.embedding(tokens)], dim=1)
        x = x + self.gpt.positions.weight[: x.shape[1]]
        for block in self.gpt.blocks:
            x = block(x)
        return F.linear(self.gpt.norm(x[:, PREFIX:]), self.gpt.embedding.weight)


def fit(
    scenes: products.Products, seed: int = 0, steps: int = STEPS, forget: float = 0.4,
    on_step: Callable[[int, Captioner], None] = lambda step, model: None,
) -> Captioner:  # fmt: skip
    """Train with cross-entropy on the next word; the sentences are drawn anew every 125 steps.

    Of the words so far, a share is wiped out (``forget``), so that the picture must be looked at.
    ``on_step`` is called before each step, and after the last.
    """
    device, rng = runtime.device(), torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Captioner().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    images = scenes.images.to(device)
    for step in range(steps):
        on_step(step, model)
        model.train()
        if step % 125 == 0:
            told = products.tokens(scenes.labels, 1_000 * seed + step).to(device)
        rows = torch.randint(len(images), (BATCH,), generator=rng).to(device)
        words = told[rows]
        gone = torch.rand(BATCH, LENGTH - 1, generator=rng) < forget
        gone[:, 0] = False  # the language stays
        read = words[:, :-1].masked_fill(gone.to(device), NUMBER["<empty>"])
        logits = model(images[rows], read).flatten(0, 1)
        loss = F.cross_entropy(logits, words[:, 1:].flatten(), ignore_index=NUMBER["<empty>"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    insist_on_finite({"loss": float(loss.detach())}, f"before step {steps}")
    on_step(steps, model.eval())
    return model.eval()


@torch.no_grad()
def write(model: Captioner, pictures: Tensor, language: str) -> list[list[str]]:
    """The likeliest word after word, for pictures uint8 (N, 3, 32, 32), until each has ended."""
    device = next(model.parameters()).device
    said = torch.full((len(pictures), 1), NUMBER[BEGIN[language]], device=device)
    while said.shape[1] < LENGTH:
        parts = zip(pictures.to(device).split(500), said.split(500), strict=True)
        best = torch.cat([model(part, words)[:, -1].argmax(-1) for part, words in parts])
        said = torch.cat([said, best[:, None]], dim=1)
    sentences = [[WORDS[word] for word in row] for row in said.tolist()]
    return [row[: row.index(END) + 1] if END in row else row for row in sentences]


def claims(sentences: list[list[str]]) -> Tensor:
    """What sentences say: garment and colour, left and right (N, 2, 2); -1 if it is no sentence."""
    parsed = [products.parse(said) for said in sentences]
    return torch.stack([torch.full((2, 2), -1) if each is None else each for each in parsed])


@functools.cache
def shipped() -> Captioner:
    """The shipped captioner, frozen: recorded with ``aigc record 18 describer``."""
    return load_into(Captioner(), "words", "captioner", model="describer")
