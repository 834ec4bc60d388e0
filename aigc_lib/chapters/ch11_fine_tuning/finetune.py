"""Fine-tuning a small language model on another text, in several ways (chapter 11).

A way says which parameters move: all of them, those of the last block, or the small matrices of
LoRA beside frozen ones. ``fit`` is the same loop for all ways, with early stopping, so that what
differs between two results is the way.
"""

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from aigc_lib.chapters.ch11_fine_tuning.lora import add_lora, trainable
from aigc_lib.core.training import insist_on_finite
from aigc_lib.lm.training import evaluate, loss_of
from aigc_lib.nets.gpt import GPT

Batches = Iterator[tuple[Tensor, Tensor]]
LAYERS = ("qkv", "out", "network.0", "network.2")  # every linear layer of a GPT's blocks


@dataclass(frozen=True)
class Config:
    """How a model is tuned; gradients longer than 1 are shortened to 1.

    Attributes:
        lr, weight_decay: of AdamW, the same all the time.
        steps, batch: steps, at most, and windows in each.
        every: steps between two looks at the validation text.
        patience: stop after so many looks without a better one; None: never stop early.
    """

    lr: float = 3e-4
    steps: int = 150
    batch: int = 8
    every: int = 10
    patience: int | None = 5
    weight_decay: float = 0.0


class Tuned(NamedTuple):
    """What a tuning went through.

    Attributes:
        steps: of each look.
        train: mean loss since the look before, nats a token; the first is that of the first batch.
        valid: loss on the validation text at each look, nats a token.
        best: which look's weights the model has now.
        seconds: in all, looks included.
    """

    steps: list[int]
    train: list[float]
    valid: list[float]
    best: int
    seconds: float


def copy_of(model: GPT, dropout: float = 0.0) -> GPT:
    """A copy whose parameters may all move, with another dropout in training."""
    found = GPT(replace(model.config, dropout=dropout))
    found.load_state_dict(model.state_dict())
    return found


def prepare(model: GPT, way: str, rank: int = 8, alpha: float = 16.0) -> int:
    """Freeze what a way leaves alone; how many numbers train.

    "last": the last block and the normalisation after it. (One table reads the tokens and scores
    them, so a last layer of its own this network does not have.) "lora": as ``add_lora`` on
    every linear layer of the blocks, with ``rank`` and ``alpha``.

    Raises:
        ValueError: an unknown way, or what ``add_lora`` refuses.
    """
    if way == "full":
        model.requires_grad_(True)
    elif way == "last":
        model.requires_grad_(False)
        model.blocks[-1].requires_grad_(True)
        model.norm.requires_grad_(True)
    elif way == "lora":
        add_lora(model, rank, alpha, LAYERS)
    else:
        raise ValueError(f"a way is 'full', 'last' or 'lora', got {way!r}")
    return sum(parameter.numel() for parameter in trainable(model))


def mixed(one: Batches, other: Batches) -> Batches:
    """Batches of two streams joined: for replay, windows of the old text beside the new."""
    for (x, y), (u, v) in zip(one, other, strict=False):
        yield torch.cat([x, u]), torch.cat([y, v])


def fit(model: GPT, batches: Batches, valid: Tensor, settings: Config = Config()) -> Tuned:
    """Train what is not frozen; leave the model with the weights of its best look, in eval mode.

    Best is the look with the least loss on ``valid``, the one before the first step included.

    Args:
        model: ``prepare`` comes first.
        batches: inputs and targets (B, T), endless.
        valid: tokens (N,) to stop by; never learned from.
        settings: of the training.

    Raises:
        ValueError: nothing to train, or a setting below 1.
        TrainingError: the loss stopped being a finite number.
    """
    s, parameters = settings, trainable(model)
    if not parameters:
        raise ValueError("every parameter is frozen: call prepare(model, way) first")
    if min(s.steps, s.every, 1 if s.patience is None else s.patience) < 1:
        raise ValueError(f"steps, every and patience must be at least 1, got {s}")
    optimizer = torch.optim.AdamW(
        parameters, lr=s.lr, betas=(0.9, 0.99), weight_decay=s.weight_decay
    )
    steps, train, scores, recent = list[int](), list[float](), list[float](), list[float]()
    best, kept, start = 0, copy.deepcopy(model.state_dict()), time.perf_counter()
    for step in range(s.steps + 1):
        x, y = next(batches)
        if step % s.every == 0:
            if not recent:
                with torch.no_grad():
                    recent = [float(loss_of(model, x, y))]
            steps.append(step)
            train.append(sum(recent) / len(recent))
            scores.append(evaluate(model, valid))
            insist_on_finite({"train": train[-1], "valid": scores[-1]}, f"by step {step}")
            recent = []
            if scores[-1] < scores[best]:
                best, kept = len(scores) - 1, copy.deepcopy(model.state_dict())
            if s.patience is not None and len(scores) - 1 - best >= s.patience:
                break
        if step < s.steps:
            model.train()
            loss = loss_of(model, x, y)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            recent.append(float(loss.detach()))
    model.load_state_dict(kept)
    model.eval()
    return Tuned(steps, train, scores, best, time.perf_counter() - start)


def training_bytes(model: nn.Module) -> int:
    """Bytes of weights, gradients and Adam's two means, without what a forward pass keeps.

    Every weight is stored once; a gradient and two means of its size belong to each that trains.
    """
    return sum(p.nbytes * (4 if p.requires_grad else 1) for p in model.parameters())


def kept_share(update: Tensor, rank: int) -> float:
    """Share of a matrix's squared length that the best matrix of this rank keeps.

    Eckart and Young (1936): the largest ``rank`` singular values are kept, the others are lost.
    """
    squares = torch.linalg.svdvals(update.double()).square()
    return float(squares[:rank].sum() / squares.sum())
