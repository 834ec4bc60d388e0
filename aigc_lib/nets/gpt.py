"""A small GPT: a Transformer that predicts the next token, with the layout of GPT-2 (chapter 10).

Radford et al. (2019), "Language models are unsupervised multitask learners": layer normalisation
before each part, learned positions, GELU, and one table for reading tokens and scoring them. The
names of the parts are ours; a test translates a GPT-2's weights and finds the same logits.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class GPTConfig:
    """What fixes a GPT's shape.

    Attributes:
        vocabulary: how many different tokens there are.
        context: tokens that it looks at, at most.
        layers: blocks of attention and a small network, one after the other.
        heads: attentions side by side in a block; they share the width.
        width: numbers that stand for a token between the layers.
        dropout: probability of dropping a number in training.
    """

    vocabulary: int
    context: int = 64
    layers: int = 4
    heads: int = 4
    width: int = 128
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Refuse shapes that cannot be."""
        for name in ("vocabulary", "context", "layers", "heads", "width"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.width % self.heads:
            raise ValueError(f"{self.heads} heads cannot share a width of {self.width}: divide it")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be in [0, 1), got {self.dropout}")


class Cache:
    """Keys and values of the tokens read so far, so that they are computed once only.

    Args:
        config: of the network.
        batch: sequences side by side.
        device: where the network is.
        dtype: of its numbers.
    """

    def __init__(
        self,
        config: GPTConfig,
        batch: int,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        shape = (config.layers, batch, config.heads, config.context, config.width // config.heads)
        self.keys, self.values = (torch.empty(shape, device=device, dtype=dtype) for _ in range(2))
        self.length = 0

    def extend(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Store new keys and values (B, H, T, d) of a layer; all of them, old and new."""
        end = self.length + k.shape[2]
        self.keys[layer, :, :, self.length : end] = k.detach()
        self.values[layer, :, :, self.length : end] = v.detach()
        return self.keys[layer, :, :, :end], self.values[layer, :, :, :end]


def causal_mask(queries: int, keys: int, device: torch.device | str = "cpu") -> Tensor:
    """True where a query may look: (queries, keys). The last query stands at the last key."""
    last = torch.arange(keys - queries, keys, device=device)
    return torch.arange(keys, device=device) <= last[:, None]


def attention_weights(q: Tensor, k: Tensor) -> Tensor:
    """How much each query looks at each key: softmax(q k^T / sqrt(d)) over those it may see.

    Vaswani et al. (2017), equation 1, with the causal mask. q (..., T, d) and k (..., S, d) give
    (..., T, S); the queries are the last T of the S tokens.
    """
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    seen = causal_mask(q.shape[-2], k.shape[-2], q.device)
    return scores.masked_fill(~seen, -math.inf).softmax(-1)


class Attention(nn.Module):
    """Self-attention in several heads: every token gathers from those before it, itself included.

    With ``causal=False`` it gathers from all, as the masked autoencoder's patches do.
    """

    def __init__(self, config: GPTConfig, causal: bool = True) -> None:
        super().__init__()
        self.heads, self.dropout, self.causal = config.heads, config.dropout, causal
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.out = nn.Linear(config.width, config.width)

    def split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values of x (B, T, width), each (B, heads, T, width / heads)."""
        q, k, v = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return q, k, v

    def forward(self, x: Tensor, layer: int = 0, cache: Cache | None = None) -> Tensor:
        """(B, T, width) -> (B, T, width)."""
        q, k, v = self.split(x)
        if cache:
            k, v = cache.extend(layer, k, v)
        whole = q.shape[2] == k.shape[2]
        # PyTorch's fused version of ``attention_weights(q, k) @ v``; a test holds the two together.
        y = F.scaled_dot_product_attention(
            q, k, v,
            attn_mask=None if whole else causal_mask(q.shape[2], k.shape[2], q.device),
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=whole and self.causal,
        )  # fmt: skip
        gathered: Tensor = self.out(y.transpose(1, 2).flatten(2))
        return gathered


class Block(nn.Module):
    """Attention, then a small network for each token; each adds to what it reads."""

    def __init__(self, config: GPTConfig, causal: bool = True) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(config.width), nn.LayerNorm(config.width)
        self.attention = Attention(config, causal)
        self.network = nn.Sequential(
            nn.Linear(config.width, 4 * config.width),
            nn.GELU(approximate="tanh"),  # as GPT-2 has it
            nn.Linear(4 * config.width, config.width),
        )
        self.drop = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, layer: int = 0, cache: Cache | None = None) -> Tensor:
        """(B, T, width) -> (B, T, width)."""
        x = x + self.drop(self.attention(self.norm1(x), layer, cache))
        x = x + self.drop(self.network(self.norm2(x)))
        return x


class GPT(nn.Module):
    """Tokens in, for every place the logits of the next token out.

    Args:
        config: the shape; weights start as GPT-2's do, from PyTorch's global random state.
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        self.positions = nn.Embedding(config.context, config.width)
        self.drop = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                # What is added to the stream of a token, twice a layer, starts smaller.
                adds = name.endswith(("attention.out.weight", "network.2.weight"))
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * config.layers if adds else 1))
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, tokens: Tensor, cache: Cache | None = None) -> Tensor:
        """Logits (B, T, vocabulary) of tokens (B, T), int64.

        With a cache, ``tokens`` are the next ones only: those before are in it. It grows by them.

        Raises:
            ValueError: more tokens than the context holds.
        """
        start = cache.length if cache else 0
        end = start + tokens.shape[1]
        if end > self.config.context:
            raise ValueError(f"{end} tokens, but the context holds {self.config.context}: cut them")
        places = torch.arange(start, end, device=tokens.device)
        x = self.drop(self.embedding(tokens) + self.positions(places))
        for layer, block in enumerate(self.blocks):
            x = block(x, layer, cache)
        if cache:
            cache.length = end
        return F.linear(self.norm(x), self.embedding.weight)  # one table reads and scores

    @torch.no_grad()
    def attention_maps(self, tokens: Tensor) -> Tensor:
        """What every head looks at, for tokens (B, T): (layers, B, heads, T, T); rows sum to 1."""
        places = torch.arange(tokens.shape[1], device=tokens.device)
        x, maps = self.embedding(tokens) + self.positions(places), []
        for block in self.blocks:
            assert isinstance(block, Block)  # a ModuleList forgets the type
            q, k, _ = block.attention.split(block.norm1(x))
            maps.append(attention_weights(q, k))
            x = block(x)
        return torch.stack(maps)
