"""Training a language model, and scoring it (chapter 10).

A language model gives, for every place in a text, the probabilities of the next token. ``fit``
lowers the mean negative logarithm of the right ones (nats a token), at the learning rate
``optim.cosine_lr``; ``evaluate`` measures it on a text that was not trained on.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from aigc_lib.core import checkpoint as ckpt
from aigc_lib.core import distributed
from aigc_lib.core.optim import cosine_lr, rate, set_lr
from aigc_lib.core.speed import Recorded, Speed, accelerated, tune
from aigc_lib.core.training import Row, insist_on_finite, run_ticks
from aigc_lib.lm.batches import TokenBatches
from aigc_lib.nets.gpt import GPT


def loss_of(model: Callable[[Tensor], Tensor], inputs: Tensor, targets: Tensor) -> Tensor:
    """Mean negative log-probability of the targets (B, T), in nats a token."""
    logits = model(inputs)
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def adamw(model: nn.Module, lr: float, weight_decay: float = 0.1) -> torch.optim.AdamW:
    """AdamW that shrinks matrices only: a bias or a scale has no reason to be near 0."""
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    groups = [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    device = matrices[0].device
    return torch.optim.AdamW(groups, lr=rate(lr, device), betas=(0.9, 0.99), fused=True,
                             capturable=device.type == "cuda")  # fmt: skip


class Run:
    """What a training run changes besides the batches: model, optimiser, steps and history.

    Args:
        model: to train, on its device.
        lr: the highest learning rate.
        weight_decay: weight decay of the matrices.

    Attributes:
        predict: how training calls the model: the model itself, or a faster or parallel twin.
        graph: on a GPU, record a step once and replay it; see ``accelerate``.
    """

    def __init__(self, model: GPT, lr: float = 1e-3, weight_decay: float = 0.1) -> None:
        self.model, self.lr, self.graph = model, lr, False
        parallel = distributed.world() > 1
        self.predict: Any = DistributedDataParallel(model) if parallel else model
        self.optimizer = adamw(model, lr, weight_decay)
        self.steps = 0
        self.history: list[Row] = []

    def state_dict(self) -> dict[str, Any]:
        """All that training changes."""
        return {
            "model": self.model.state_dict(),
            "optimiser": self.optimizer.state_dict(),  # spelt so in files that exist
            "steps": self.steps,
            "history": self.history,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go back to a state; CheckpointError if it is of another network."""
        ckpt.restore(self.model, state["model"], "language model")
        self.optimizer.load_state_dict(state["optimiser"])
        self.steps, self.history = state["steps"], list(state["history"])


def accelerate(run: Run, speed: Speed) -> Run:
    """Let training use the switches of ``speed``; several processes record no graph."""
    device = next(run.model.parameters()).device
    tune(speed, device)
    run.graph = speed.graph and distributed.world() == 1
    run.predict = accelerated(run.predict, speed, device)
    return run


def learn(run: Run, grad_clip: float, inputs: Tensor, targets: Tensor) -> Tensor:
    """One step of the optimiser; returns the detached loss. The device's part of a step."""
    loss = loss_of(run.predict, inputs, targets)
    run.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(run.model.parameters(), grad_clip)
    run.optimizer.step()
    return loss.detach()


def fit(
    run: Run,
    batches: TokenBatches,
    steps: int,
    *,
    warmup: int = 100,
    grad_clip: float = 1.0,
    tick: int = 250,
    on_tick: Callable[[Run, Row], None] | None = None,
    checkpoint: str | Path | None = None,
    config: Mapping[str, Any] | None = None,
    progress: bool = True,
) -> list[Row]:
    """Train to ``steps`` steps in all; with a checkpoint, from where an earlier run stopped.

    Args:
        run: model and optimiser.
        batches: endless windows on the same device, shared among the processes of a job.
        steps: when to stop, counted from the very start; they fix the learning rate's curve too.
        warmup: steps until the learning rate is full.
        grad_clip: longest gradient; a longer one is shortened to it.
        tick: steps between rows, checkpoints and calls of ``on_tick``.
        on_tick: called with the run and its new row; may add to the row (a validation loss, say).
        checkpoint, config, progress: see ``core.training.run_ticks``.

    Returns:
        the history: rows of ``steps``, ``seconds`` and ``loss`` (nats a token, since the last row).

    Raises:
        TrainingError: the loss stopped being a finite number.
        CheckpointError: the checkpoint does not fit.
        ValueError: steps or tick below 1.
    """
    if steps < 1 or tick < 1:
        raise ValueError(f"steps and tick must be at least 1, got {steps} and {tick}")
    run.model.train()

    advance: Callable[..., Tensor] = partial(learn, run, grad_clip)
    if run.graph:
        advance = Recorded(advance, batches.tokens.device)

    def tell(row: Row) -> None:
        if on_tick:
            on_tick(run, row)
            run.model.train()  # a callback that writes or scores leaves it in evaluation mode

    run_ticks(
        run,
        lambda n: _steps(run, batches, n, advance, (steps, warmup)),
        {"run": run, "batches": batches},
        clock=lambda: run.steps, unit="steps", end=steps, tick=tick,
        device=batches.tokens.device,
        on_tick=tell,
        checkpoint=checkpoint,
        config={"steps": steps, "warmup": warmup, "lr": run.lr, **(config or {})},
        progress=progress,
        shown={"loss": "loss"},
    )  # fmt: skip
    run.model.eval()
    return run.history


def _steps(
    run: Run,
    batches: TokenBatches,
    n: int,
    advance: Callable[..., Tensor],
    rates: tuple[int, int],
) -> Row:
    """``n`` steps; their mean loss is read at the end, the one place where the host waits."""
    total = torch.zeros((), device=batches.tokens.device)
    for _ in range(n):
        set_lr(run.optimizer, cosine_lr(run.steps, rates[0], run.lr, rates[1]))
        total += advance(*distributed.share(next(batches)))
        run.steps += 1
    distributed.average([total])
    means = {"loss": float(total) / n}
    insist_on_finite(means, f"between step {run.steps - n:,} and {run.steps:,}")
    return means


@torch.no_grad()
def evaluate(model: GPT, tokens: Tensor, batch: int = 64) -> float:
    """Mean negative log-probability, nats a token, of a whole text but for its first token.

    The text is cut into windows of the model's context, one after the other; each token is
    predicted once, from those before it in its window. (Longer memory would score a little better;
    this is what training optimises.) Leaves the model in evaluation mode.

    Args:
        model: the model.
        tokens: int64 (N,), N at least 2.
        batch: windows side by side; the result does not depend on it but for rounding.

    Raises:
        ValueError: fewer than two tokens.
    """
    if len(tokens) < 2:
        raise ValueError(f"need at least 2 tokens, got {len(tokens)}")
    model.eval()
    context = model.config.context
    whole = (len(tokens) - 1) // context * context
    total = torch.zeros((), dtype=torch.float64, device=tokens.device)
    inputs, targets = tokens[:whole].view(-1, context), tokens[1 : whole + 1].view(-1, context)
    for start in range(0, len(inputs), batch):  # ``split`` gives an empty batch for a short text
        x, y = inputs[start : start + batch], targets[start : start + batch]
        total += loss_of(model, x, y).double() * y.numel()
    if whole < len(tokens) - 1:  # what is left is a shorter window
        x, y = tokens[None, whole:-1], tokens[None, whole + 1 :]
        total += loss_of(model, x, y).double() * y.numel()
    return float(total) / (len(tokens) - 1)
