"""Pretraining at a published setting: nanoGPT's for Shakespeare on a laptop (chapter 10).

``fit`` uses ``lm.training``. ``fit_plainly`` is the loop that tutorials show: windows are cut and
stacked one by one, the optimiser goes through the tensors one by one, and the loss is read back at
each step. Both start from the same weights and see the same windows.

Source of the setting: Karpathy, 2022, nanoGPT, ``train_shakespeare_char.py`` as its README changes
it for a processor. Only the learning rate is another: with nanoGPT's 1e-3 two seeds gave 1.877 and
1.895 nats a character here, with twice as much the record in ``results/pretraining.json``.
Its text is the "tiny Shakespeare" of one million characters; ours is another edition, four million,
with whole plays held out. So losses of the two are not comparable, but those of our two loops are.
"""

import time
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from aigc_lib.core.optim import cosine_lr, set_lr
from aigc_lib.core.speed import usual
from aigc_lib.data.texts import load_text
from aigc_lib.lm import training
from aigc_lib.lm.batches import TokenBatches
from aigc_lib.lm.tokenizers import BytePairs, Characters
from aigc_lib.nets.gpt import GPT, GPTConfig

CLIP, DECAY = 1.0, 0.1


@dataclass(frozen=True)
class Config:
    """A network and its training; the defaults are nanoGPT's for a processor.

    Attributes:
        layers, heads, width, context: the network, see ``GPTSize``.
        batch, steps: windows a step, and steps.
        lr, warmup: the highest learning rate, which ends at a tenth; steps until it is reached.
    """

    layers: int = 4
    heads: int = 4
    width: int = 128
    context: int = 64
    batch: int = 12
    steps: int = 2000
    warmup: int = 100
    lr: float = 2e-3


NANO = Config()
# nanoGPT's setting for one GPU.
NANO_GPU = Config(layers=6, heads=6, width=384, context=256, batch=64, steps=5000, lr=1e-3)


class Text(NamedTuple):
    """The plays as numbers: int64 (N,), what is held out, and its length in characters."""

    tokenizer: Characters | BytePairs
    train: Tensor
    valid: Tensor
    characters: int


def plays(device: torch.device | str = "cpu", tokenizer: BytePairs | None = None) -> Text:
    """Shakespeare's plays on the device, four of them held out whole; in characters by default."""
    train, valid = load_text("shakespeare"), load_text("shakespeare", "valid")
    known = tokenizer or Characters(train)
    learn, held = (torch.tensor(known.encode(text), device=device) for text in (train, valid))
    return Text(known, learn, held, len(valid))


def fresh(setting: Config, vocabulary: int, seed: int, device: torch.device | str = "cpu") -> GPT:
    """The network before training."""
    torch.manual_seed(seed)
    size = GPTConfig(vocabulary, setting.context, setting.layers, setting.heads, setting.width)
    return GPT(size).to(device)


def fit(model: GPT, tokens: Tensor, setting: Config, seed: int, progress: bool = True) -> float:
    """Train with ``lm.training.fit``; returns the seconds it took."""
    s, run = setting, training.Run(model, setting.lr, DECAY)
    training.accelerate(run, usual(tokens.device))
    batches = TokenBatches(tokens, s.batch, s.context, seed)
    training.fit(run, batches, s.steps, warmup=s.warmup, grad_clip=CLIP, progress=progress)
    return run.history[-1]["seconds"]


def fit_plainly(model: GPT, tokens: Tensor, setting: Config, seed: int) -> float:
    """Train the same steps as tutorials do, slow on purpose; returns the seconds it took."""
    groups = training.adamw(model, setting.lr, DECAY).param_groups
    optimizer = torch.optim.AdamW(
        [{k: group[k] for k in ("params", "weight_decay")} for group in groups],
        lr=setting.lr,
        betas=(0.9, 0.99),
        foreach=False,
    )
    rng = torch.Generator().manual_seed(seed)
    last = len(tokens) - setting.context
    tokens = tokens.cpu()
    device = next(model.parameters()).device
    model.train()
    start = time.perf_counter()
    for step in range(setting.steps):
        places = torch.randint(last, (setting.batch, 1), generator=rng)
        x = torch.stack([tokens[i : i + setting.context] for i in places]).to(device)
        y = torch.stack([tokens[i + 1 : i + 1 + setting.context] for i in places]).to(device)
        set_lr(optimizer, cosine_lr(step, setting.steps, setting.lr, setting.warmup))
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        loss.item()
    model.eval()
    return time.perf_counter() - start


def score(model: GPT, text: Text) -> dict[str, Any]:
    """Nats a character over the whole of the held-out plays, and how many these are.

    A rare character is several tokens; what it costs is the sum of theirs.
    """
    nats, n = training.evaluate(model, text.valid) * (len(text.valid) - 1), text.characters
    return {"nats_per_character": nats / (n - 1), "held_out_characters": n}
