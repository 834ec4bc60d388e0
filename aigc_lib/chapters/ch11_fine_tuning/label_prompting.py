"""Answers of one word from a language model: asked, and taught by examples (chapter 11).

"A crocodile is a kind of" goes in; the probabilities of " animal", " food" and so on as the next
token come out. The chat model and this book's own small writer are asked through the same
``Reader``, so that what follows runs with either.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aigc_lib.chapters.ch11_fine_tuning.category_task import LABELS, Pair
from aigc_lib.chapters.ch11_fine_tuning.lora import LoRALinear, trainable
from aigc_lib.lm.writer import Writer
from aigc_lib.pretrained.chat_model import Chat


@dataclass(frozen=True)
class Reader:
    """A language model as this chapter uses it.

    Attributes:
        model: the network, for ``add_lora``.
        encode: a text's tokens.
        features: tokens (B, T) -> last states (B, T, width).
        table: (vocabulary, width); its product with a state gives the logits of the next token.
        targets: the layers that LoRA shall change, see ``add_lora``.
        context: tokens that it reads at once, at most.
    """

    model: nn.Module
    encode: Callable[[str], list[int]]
    features: Callable[[Tensor], Tensor]
    table: Tensor
    targets: tuple[str, ...]
    context: int = 512


def from_chat(chat: Chat) -> Reader:
    """The chat model as a reader; LoRA changes what makes queries and values, as in its paper."""
    body = chat.model.model
    return Reader(
        chat.model,
        chat.encode,
        lambda tokens: body(tokens, use_cache=False).last_hidden_state,
        chat.model.lm_head.weight,
        ("q_proj", "v_proj"),
    )


def from_writer(writer: Writer) -> Reader:
    """A small writer of this book as a reader."""
    model = writer.model

    def features(tokens: Tensor) -> Tensor:
        found: list[Tensor] = []
        with model.norm.register_forward_hook(lambda module, given, out: found.append(out)):
            model(tokens)
        return found[0]

    table = model.embedding.weight
    return Reader(model, writer.tokenizer.encode, features, table, ("qkv",), model.config.context)


def split_answers(
    encode: Callable[[str], list[int]], prompt: str, labels: Sequence[str] = LABELS
) -> tuple[list[int], list[int]]:
    """A prompt's tokens, with those that all answers begin with; the first token that tells them.

    Raises:
        ValueError: two answers are not told apart by that token.
    """
    answers = [encode(f" {label}") for label in labels]
    same = 0
    while len({tuple(answer[: same + 1]) for answer in answers}) == 1:
        same += 1
    first = [answer[same] if len(answer) > same else -1 for answer in answers]
    if len(set(first)) < len(labels) or -1 in first:
        raise ValueError(f"{labels}: two of them begin with the same token, choose other words")
    return encode(prompt) + answers[0][:same], first


def padded(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Rows of tokens (B, T), filled up at the right, and the place of each row's last (B,).

    A causal model never looks to the right, so what fills up changes nothing.
    """
    tokens = nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
    return tokens, torch.tensor([len(row) - 1 for row in rows])


@torch.no_grad()
def states(reader: Reader, prompts: Sequence[str], batch: int = 24) -> Tensor:
    """The last state of each prompt, (N, width): what the next token is guessed from."""
    rows = [split_answers(reader.encode, prompt)[0] for prompt in prompts]
    reader.model.eval()
    found = []
    for i in range(0, len(rows), batch):
        tokens, last = padded(rows[i : i + batch])
        found.append(reader.features(tokens)[torch.arange(len(last)), last])
    return torch.cat(found)


def scores(reader: Reader, prompts: Sequence[str]) -> Tensor:
    """Log-probability of each label, given that the answer is one of them: (N, labels)."""
    first = split_answers(reader.encode, "")[1]
    logits = states(reader, prompts) @ reader.table.detach()[first].T
    return logits.log_softmax(1)


def answer_loss(features: Tensor, table: Tensor, tokens: Tensor, answer: Tensor) -> Tensor:
    """Mean negative log-probability of the answers' tokens, in nats a token.

    The token at place t is guessed from the state at t - 1. Logits are computed where they count.

    Args:
        features: (B, T, width).
        table: (vocabulary, width).
        tokens: (B, T), prompts and their answers.
        answer: bool (B, T), true where a token belongs to the answer; never at the first place.

    Raises:
        ValueError: no token belongs to an answer, or a first one does.
    """
    if bool(answer[:, 0].any()) or not bool(answer.any()):
        raise ValueError("an answer needs at least one token, and one before it")
    logits = features[:, :-1][answer[:, 1:]] @ table.T
    return F.cross_entropy(logits, tokens[:, 1:][answer[:, 1:]])


def fit(
    reader: Reader,
    pairs: Sequence[Pair],
    ask: Callable[[str], str],
    *,
    steps: int = 20,
    batch: int = 8,
    lr: float = 1e-3,
    seed: int = 0,
    whole: bool = False,
) -> list[float]:
    """Train what is not frozen to give the kinds as answers; the loss of each step.

    Args:
        reader: after ``add_lora``, say.
        pairs: to learn from.
        ask: a name's prompt.
        steps, batch, lr: of AdamW, without decay.
        seed: of the order.
        whole: count the loss on the prompt as well.

    Raises:
        ValueError: fewer pairs than a batch.
    """
    if not 1 <= batch <= len(pairs):
        raise ValueError(f"a batch of {batch} needs at least as many pairs, got {len(pairs)}")
    optimizer = torch.optim.AdamW(trainable(reader.model), lr=lr, weight_decay=0.0)
    rng, left, losses = random.Random(seed), list[Pair](), list[float]()
    reader.model.train()
    for _ in range(steps):
        if len(left) < batch:
            left = rng.sample(list(pairs), len(pairs))
        chosen, left = left[:batch], left[batch:]
        rows = []
        for kind, name in chosen:
            prompt, first = split_answers(reader.encode, ask(name))
            rows.append([*prompt, first[LABELS.index(kind)]])
        tokens, last = padded(rows)
        places = torch.arange(tokens.shape[1])
        answer = (places <= last[:, None]) & ((places > 0) if whole else places == last[:, None])
        loss = answer_loss(reader.features(tokens), reader.table, tokens, answer)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(float(loss.detach()))
    reader.model.eval()
    return losses


@torch.no_grad()
def price(reader: Reader, text: str) -> float:
    """Mean negative log-probability of a text's tokens, in nats a token.

    The text is read in pieces of the model's context; the first token of each is not counted.
    """
    reader.model.eval()
    total, count = 0.0, 0
    for piece in torch.tensor([reader.encode(text)]).split(reader.context, dim=1):
        if n := piece.shape[1] - 1:
            counted = torch.arange(n + 1)[None] > 0
            total += n * float(answer_loss(reader.features(piece), reader.table, piece, counted))
            count += n
    return total / count


def restart(reader: Reader, seed: int) -> None:
    """Draw A afresh and set B to zero in all LoRA layers: the model is the pretrained one again."""
    torch.manual_seed(seed)
    for layer in reader.model.modules():
        if isinstance(layer, LoRALinear):
            nn.init.kaiming_uniform_(layer.A, a=math.sqrt(5))
            nn.init.zeros_(layer.B)
