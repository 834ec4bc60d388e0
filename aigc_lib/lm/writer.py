"""A language model together with its tokenizer: text in, text out."""

import warnings
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

        Only characters with a token of their own are drawn, none that is spelt by its bytes. Of a
        prompt longer than the model's context only the end is read, and a warning says so.
        """
        device, context = self.model.embedding.weight.device, self.model.config.context
        tokens = torch.tensor([self.tokenizer.encode(prompt)], device=device)
        if tokens.shape[1] > context:
            told = f"the prompt has {tokens.shape[1]} tokens, and only the last {context} are read"
            warnings.warn(told, stacklevel=2)
        digits = torch.arange(HEX, device=device)
        drawn = generate(self.model, tokens, n, seed=seed, without=digits, **settings)
        return self.tokenizer.decode(drawn[0].tolist())
