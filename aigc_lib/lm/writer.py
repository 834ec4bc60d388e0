"""A language model together with its tokenizer: text in, text out."""

from typing import Any, NamedTuple

import torch

from aigc_lib.lm.sampling import generate
from aigc_lib.lm.tokenizers import HEX, Characters
from aigc_lib.nets.gpt import GPT


class Writer(NamedTuple):
    """A language model and the tokeniser that it was trained with."""

    model: GPT
    tokenizer: Characters

    def write(self, prompt: str, n: int, *, seed: int = 0, **settings: Any) -> str:
        """The prompt and ``n`` more characters; settings as in ``sampling.distribution``.

        Only characters with a token of their own are drawn, none that is spelt by its bytes.
        """
        device = self.model.embedding.weight.device
        tokens = torch.tensor([self.tokenizer.encode(prompt)], device=device)
        digits = torch.arange(HEX, device=device)
        drawn = generate(self.model, tokens, n, seed=seed, without=digits, **settings)
        return self.tokenizer.decode(drawn[0].tolist())
