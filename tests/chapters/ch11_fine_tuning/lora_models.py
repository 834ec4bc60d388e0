"""Two small models for the tests of LoRA, and what is compared of them."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from aigc_lib.chapters.ch11_fine_tuning.lora import lora_state
from aigc_lib.nets.gpt import GPT, GPTConfig

WORDS = 31
GPT_TARGETS = ("qkv", "attention.out", "network.0", "network.2")
LLAMA_TARGETS = ("q_proj", "v_proj", "down_proj")
SCALES = [(4, 8.0), (3, 16.0), (8, 2.0), (1, 5.0)]


def gpt() -> GPT:
    torch.manual_seed(0)
    return GPT(GPTConfig(vocabulary=WORDS, context=16, layers=2, heads=2, width=16)).eval()


def llama(tied: bool = False) -> nn.Module:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=WORDS, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=16,
        tie_word_embeddings=tied, bos_token_id=0, eos_token_id=None, pad_token_id=0,
    )  # fmt: skip
    return transformers.LlamaForCausalLM(config).eval()


both = pytest.mark.parametrize(
    ("build", "targets"), [(gpt, GPT_TARGETS), (llama, LLAMA_TARGETS)], ids=["gpt", "llama"]
)


def tokens() -> torch.Tensor:
    return torch.randint(WORDS, (3, 12), generator=torch.Generator().manual_seed(1))


def logits(model: nn.Module) -> torch.Tensor:
    out = model(tokens())
    return out if isinstance(out, torch.Tensor) else out.logits


def loss(model: nn.Module) -> torch.Tensor:
    return F.cross_entropy(logits(model)[:, :-1].flatten(0, 1), tokens()[:, 1:].flatten())


def fill(model: nn.Module, seed: int = 2) -> dict[str, torch.Tensor]:
    """Random A and B, large enough to matter, so that B's zeros hide no mistake."""
    rng = torch.Generator().manual_seed(seed)
    state = lora_state(model)
    for name in (name for name in state if not name.endswith("alpha")):
        state[name] = 0.3 * torch.randn(state[name].shape, generator=rng)
    model.load_state_dict(state, strict=False)
    return state


def bits(model: nn.Module) -> dict[str, torch.Tensor]:
    """All frozen numbers as integers, named as before ``add_lora``: 0.0 is not -0.0."""
    return {
        name.replace(".base.", "."): p.detach().clone().view(torch.int32)
        for name, p in model.named_parameters()
        if not name.endswith((".A", ".B"))
    }


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def close(a: torch.Tensor, b: torch.Tensor) -> bool:
    return torch.allclose(a, b, rtol=1e-5, atol=1e-6)
