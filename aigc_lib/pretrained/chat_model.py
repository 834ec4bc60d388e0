"""A small pretrained chat model: SmolLM2-135M-Instruct (chapters 11 and 15).

Ben Allal et al. (2025), arXiv:2502.02737, Apache-2.0; 135 million parameters in thirty blocks. Its
weights come rounded to four bits (Q4_1); here they are read back to numbers of 16 bits, once, and
kept in the cache. What the rounding lost stays lost. Reading and writing texts is left to the
``transformers`` library; what is ours is how a conversation is laid out.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from aigc_lib.data.cache import fetch
from aigc_lib.data.registry import find
from aigc_lib.pretrained.derived import derived

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import LlamaForCausalLM

NAME = "smollm2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
END = "<|im_end|>"
SYSTEM = (
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face"  # its authors' words
)
SHAPE: dict[str, Any] = {
    "vocab_size": 49_152,
    "hidden_size": 576,
    "intermediate_size": 1_536,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "max_position_embeddings": 8_192,
    "rope_parameters": {"rope_type": "default", "rope_theta": 100_000.0},
    "rms_norm_eps": 1e-5,
    "tie_word_embeddings": True,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 2,
}


class Chat(NamedTuple):
    """The model, float32 on the CPU in evaluation mode, and its tokeniser."""

    model: "LlamaForCausalLM"
    tokenizer: "Tokenizer"

    def encode(self, text: str) -> list[int]:
        """The tokens of a text; the signs of the layout, such as ``<|im_end|>``, are one each."""
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens, without the signs of the layout."""
        return str(self.tokenizer.decode(list(tokens), skip_special_tokens=True))

    def reply(self, prompt: str, longest: int = 60) -> str:
        """What the model writes after a prompt, always the most likely token, up to its end sign.

        Args:
            prompt: a laid-out conversation, see ``layout``.
            longest: tokens to write, at most.

        Raises:
            ValueError: prompt and answer are more tokens than the model was made for.
        """
        tokens = torch.tensor([self.encode(prompt)])
        most = SHAPE["max_position_embeddings"]
        if tokens.shape[1] + longest > most:
            raise ValueError(
                f"the prompt has {tokens.shape[1]:,} tokens and the answer up to {longest:,}, but "
                f"the model reads and writes at most {most:,} together: shorten the prompt"
            )
        with torch.inference_mode():
            found = self.model.generate(  # type: ignore[misc]
                input_ids=tokens,
                attention_mask=torch.ones_like(tokens),
                max_new_tokens=longest,
                do_sample=False,
            )
        return self.decode(found[0, tokens.shape[1] :].tolist()).strip()


def layout(messages: Sequence[Mapping[str, str]], system: str = SYSTEM) -> str:
    """A conversation as the model was trained to read it, up to where it is to answer.

    Whoever can write the layout's signs can play any part in the conversation. So they are taken
    out of what the messages say.

    Args:
        messages: in order, each with ``role`` ("user" or "assistant") and ``content``.
        system: what comes first: who the assistant is and what it should do.

    Raises:
        ValueError: no message, or another role.
    """
    roles = [message["role"] for message in messages]
    if not roles or set(roles) - {"user", "assistant"}:
        raise ValueError(f"need messages of the roles 'user' and 'assistant', got {roles}")
    parts = [("system", system), *((m["role"], m["content"]) for m in messages)]
    said = [f"<|im_start|>{role}\n{_plain(content)}{END}\n" for role, content in parts]
    return "".join(said) + "<|im_start|>assistant\n"


def _plain(text: str) -> str:
    """A text without the layout's signs, also none that would appear by taking another out."""
    for sign in ("<|im_start|>", END, "<|endoftext|>"):
        while sign in text:
            text = text.replace(sign, "")
            text = _plain(text)
    return text


def load() -> Chat:
    """The model and its tokeniser: about twenty seconds the first time, then a few.

    Raises:
        DataError: the weights cannot be had; see ``aigc_lib.data.cache.fetch``.
    """
    from tokenizers import Tokenizer
    from transformers import LlamaConfig, LlamaForCausalLM

    fetch(NAME)
    state = derived(NAME, f"{find(NAME).files[FILE].sha256}, float16, version 1", _convert)
    tokenizer = Tokenizer.from_str(bytes(state.pop("tokenizer.json").tolist()).decode())
    model = LlamaForCausalLM(LlamaConfig(**SHAPE))
    model.load_state_dict({name: weight.float() for name, weight in state.items()}, strict=False)
    model.tie_weights()
    return Chat(model.eval(), tokenizer)


def _convert() -> dict[str, Tensor]:
    """Weights in float16 by their names in ``transformers``, and the tokeniser's file as bytes."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = str(fetch(NAME))
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=FILE, dtype=torch.float32)
    state = {name: weight.half() for name, weight in model.state_dict().items()}
    del state["lm_head.weight"]  # the embedding, under a second name
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=FILE)
    text = tokenizer.backend_tokenizer.to_str().encode()
    return state | {"tokenizer.json": torch.frombuffer(bytearray(text), dtype=torch.uint8)}
