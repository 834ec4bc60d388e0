"""A writer says when it cannot read all of its prompt."""

import warnings

import pytest
import torch

from aigc_lib.lm.tokenizers import Characters
from aigc_lib.lm.writer import Writer
from aigc_lib.nets.gpt import GPT, GPTConfig


@pytest.fixture
def writer() -> Writer:
    torch.manual_seed(0)
    tokenizer = Characters("abcdefghij")
    sizes = {"context": 8, "layers": 1, "heads": 1, "width": 8}
    return Writer(GPT(GPTConfig(vocabulary=tokenizer.size, **sizes)), tokenizer)


def test_a_prompt_that_fits_is_read_in_silence(writer):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert writer.write("abcdefgh", 3).startswith("abcdefgh")


@pytest.mark.parametrize(
    ("prompt", "tokens"),
    [("abcdefghi", 9), ("é" * 3, 12)],  # a character without a token is spelt by its bytes
)
def test_a_longer_prompt_is_read_from_its_end_and_a_warning_says_so(writer, prompt, tokens):
    with pytest.warns(UserWarning, match=f"has {tokens} tokens, and only the last 8 are read"):
        assert len(writer.write(prompt, 2)) == len(prompt) + 2
