"""A language model asked for the topic of a story: the likelihood of each name (chapter 16).

Nothing is trained. The model reads a prompt that ends with the story, and each topic's name is
scored by the log-likelihood that the model gives to it as what follows. A name that is common
anyhow wins too often; so the same name's score after an empty story is taken off (Zhao et al.,
2021, arXiv:2102.09690; Holtzman et al., 2021, arXiv:2104.08315). Labelled stories can be shown in
the prompt as examples. They are read once, and every story to be named goes on from there.
"""

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from aigc_lib.pretrained.chat_model import Chat, layout

HOLE = "§"  # where the story goes
TERSE = (  # in the order of ``earnings_parser.TOPICS``
    "takeovers", "oil", "earnings", "grain", "interest rates", "currencies", "shipping", "trade"
)  # fmt: skip
PLAIN = (
    "a company that buys another", "crude oil", "the profit or dividend of a company",
    "grain and crops", "interest rates", "the exchange rates of currencies", "ships and ports",
    "foreign trade",
)  # fmt: skip
CHOOSE = f"Which one of these topics is this news report about: {', '.join(TERSE)}?\n\n"


class Wording(NamedTuple):
    """How a report and its topic are put into words: before the report, after it, the names."""

    before: str
    after: str
    names: tuple[str, ...]
    chat: bool = False

    def prompt(self, shown: Sequence[tuple[str, int]]) -> str:
        """All up to the topic, with labelled reports (text, topic) shown first and a hole."""
        if self.chat:
            turns = [
                [{"role": "user", "content": self.before + text + self.after},
                 {"role": "assistant", "content": self.names[topic]}]
                for text, topic in [*shown, (HOLE, 0)]
            ]  # fmt: skip
            return layout(list(itertools.chain(*turns))[:-1])
        lines = [
            f"{self.before}{text}{self.after} {self.names[topic]}\n\n" for text, topic in shown
        ]
        return f"<|endoftext|>{''.join(lines)}{self.before}{HOLE}{self.after}"

    def sentences(self) -> list[str]:
        """The topics as sentences without a report, for an embedding: "Topic: oil" and so on."""
        return [f"{self.after} {name}".strip() for name in self.names]


WORDINGS = {
    "topic": Wording("", "\nTopic:", TERSE),
    "about, terse": Wording("News:\n", "\nThis report is about", TERSE),
    "about, plain": Wording("News:\n", "\nThis report is about", PLAIN),
    "choose": Wording(CHOOSE, "", TERSE, chat=True),
}


class Asker:
    """The log-likelihood of each topic's name after a story, in one pass through the model.

    Args:
        chat: the language model.
        wording: how to ask.
        shown: labelled stories (text, topic) that stand in the prompt as examples.
    """

    def __init__(self, chat: Chat, wording: Wording, shown: Sequence[tuple[str, int]] = ()) -> None:
        from transformers import DynamicCache

        head, self.tail = wording.prompt(shown).split(HOLE)
        space = "" if wording.chat else " "
        self.names = [chat.encode(space + name) for name in wording.names]
        self.lengths = torch.tensor([len(name) for name in self.names])
        self.chat, self.cache = chat, DynamicCache()
        tokens = chat.encode(f"{head}A")[:-1]  # line breaks are cut as they are before a word
        self.read = len(tokens)
        with torch.inference_mode():
            chat.model.model(input_ids=torch.tensor([tokens]), past_key_values=self.cache)

    @torch.inference_mode()
    def __call__(self, text: str) -> Tensor:
        """Sums over each name's tokens of their log-probability, (K,), in nats."""
        asked = self.chat.encode(text + self.tail)
        start, end = self.read, self.read + len(asked)
        tokens, place = asked + list(itertools.chain(*self.names)), list(range(start, end))
        total = start + len(tokens)
        mask = torch.full((total, total), -torch.inf).triu(1)
        for name in self.names:  # the names stand one after another, and do not see each other
            first = start + len(place)
            mask[first : first + len(name), end:first] = -torch.inf
            place += range(end, end + len(name))
        states: Any = self.chat.model.model(
            input_ids=torch.tensor([tokens]),
            attention_mask=mask[None, None, start:],
            position_ids=torch.tensor([place]),
            past_key_values=self.cache,
        )
        self.cache.crop(-len(tokens))
        states = states.last_hidden_state[0, len(asked) - 1 :]  # the last of the prompt, the names
        logs = (states @ self.chat.model.lm_head.weight.T).log_softmax(1)
        scores, at = [], 1
        for name in self.names:  # its first token is guessed from the prompt, then each from before
            scores.append(logs[[0, *range(at, at + len(name) - 1)], name].sum())
            at += len(name)
        return torch.stack(scores)


def rankings(scores: Tensor, empty: Tensor, lengths: Tensor) -> dict[str, Tensor]:
    """Three ways to compare names: their scores (N, K), per token, and less those without a story.

    Args:
        scores: log-likelihoods of the names after N stories, in nats.
        empty: those after an empty story, (K,).
        lengths: tokens of the names, (K,).
    """
    return {"likelihood": scores, "per token": scores / lengths, "calibrated": scores - empty}
