"""Letting a language model write: which tokens may follow, and drawing them (chapter 10)."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from aigc_lib.nets.gpt import GPT, Cache


def distribution(
    logits: Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
    seen: Tensor | None = None,
    repetition: float = 1.0,
    without: Tensor | None = None,
) -> Tensor:
    """The probabilities that the next token is drawn from: (B, V) from logits (B, V).

    In this order: the tokens in ``without`` (K,) are dropped; tokens that were ``seen`` (B, S)
    become less likely (positive logits divided by ``repetition``, negative ones multiplied; Keskar
    et al., 2019, arXiv:1909.05858); logits are divided by the temperature; all but the ``top_k``
    largest are dropped; of the rest the smallest set of the most likely ones that together have at
    least ``top_p`` is kept (Holtzman et al., 2020, arXiv:1904.09751). Temperature 0 means the most
    likely token, always.

    Raises:
        ValueError: a setting out of its range.
    """
    if (
        temperature < 0
        or not 0 < top_p <= 1
        or repetition <= 0
        or (top_k is not None and top_k < 1)
    ):
        raise ValueError(
            "need temperature >= 0, 0 < top_p <= 1, repetition > 0 and top_k >= 1, got "
            f"{temperature}, {top_p}, {repetition} and {top_k}"
        )
    if without is not None:
        logits = logits.index_fill(1, without, -math.inf)
    if seen is not None and repetition != 1:
        old = logits.gather(1, seen)
        logits = logits.scatter(1, seen, torch.where(old > 0, old / repetition, old * repetition))
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    logits = logits / temperature
    if top_k is not None and top_k < logits.shape[-1]:
        least = logits.topk(top_k).values[:, -1:]
        logits = logits.masked_fill(logits < least, -math.inf)
    if top_p < 1:
        ordered, place = logits.sort(descending=True)
        likely = ordered.softmax(-1)
        # A token stays if those before it do not reach top_p yet.
        drop = likely.cumsum(-1) - likely >= top_p
        logits = logits.masked_fill(drop.scatter(1, place, drop), -math.inf)
    return logits.softmax(-1)


@torch.no_grad()
def generate(
    model: GPT,
    prompt: Tensor,
    n: int,
    *,
    seed: int = 0,
    cached: bool = True,
    **settings: Any,
) -> Tensor:
    """Continue prompts by ``n`` tokens each.

    Beyond its context the model sees the last tokens only; they are then read anew at each step.

    Args:
        model: the model; left in evaluation mode.
        prompt: int64 (B, T), at least one token.
        n: tokens to add.
        seed: of the draws.
        cached: keep keys and values; without, everything is read anew (the same tokens, slower).
        settings: of ``distribution``: temperature, top_k, top_p, repetition, without.

    Returns:
        int64 (B, T + n): the prompts and what follows.

    Raises:
        ValueError: an empty prompt, or a setting out of its range.
    """
    if prompt.ndim != 2 or prompt.shape[1] < 1:
        raise ValueError(f"a prompt needs at least one token: (B, T), got {tuple(prompt.shape)}")
    model.eval()
    context, text = model.config.context, prompt
    rng = torch.Generator(prompt.device).manual_seed(seed)
    kind = model.embedding.weight.dtype
    cache = Cache(model.config, len(prompt), prompt.device, kind) if cached else None
    for _ in range(n):
        if cache and text.shape[1] <= context:
            logits = model(text[:, cache.length :], cache)[:, -1]
        else:
            logits = model(text[:, -context:])[:, -1]
        seen = text[:, -context:] if settings.get("repetition", 1) != 1 else None
        p = distribution(logits, seen=seen, **settings)
        text = torch.cat([text, torch.multinomial(p, 1, generator=rng)], dim=1)
    return text
