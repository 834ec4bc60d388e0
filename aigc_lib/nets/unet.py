"""A small U-Net that looks at a noisy picture, and says what is behind it (chapter 13).

It is the network of the diffusion models, which ``diffusion.training`` trains. The picture goes
down to a few pixels and up again, with links between equal sizes (Ronneberger et al., 2015, "U-Net:
Convolutional Networks for Biomedical Image Segmentation"); time and description scale and shift the
channels of every block (Perez et al., 2018, "FiLM").

A word is a number with a learned vector. A description is the sum of its words' vectors, so that
their order does not matter: a *bag of words*.
"""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, pixel_unshuffle, silu


class Description(nn.Module):
    """Numbers of words (N, L) to vectors (N, width): the sum of the words' learned vectors."""

    def __init__(self, words: int, width: int) -> None:
        super().__init__()
        self.table = nn.Embedding(words, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """int64 (N, L), each from 0 to words - 1 -> (N, width)."""
        summed: Tensor = self.table(tokens).sum(dim=1)
        return summed


class Block(nn.Module):
    """Two convolutions and a way around them; the condition scales and shifts between the two."""

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        self.before = nn.GroupNorm(8, channels)
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.between = nn.GroupNorm(8, channels)
        self.film = nn.Linear(condition, 2 * channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)  # the block begins as the way around it

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """(N, channels, H, W) and (N, condition) -> (N, channels, H, W)."""
        scale, shift = self.film(condition)[:, :, None, None].chunk(2, dim=1)
        hidden = self.between(self.first(silu(self.before(x)))) * (1 + scale) + shift
        out: Tensor = x + self.second(silu(hidden))
        return out


class UNet(nn.Module):
    """Noisy pictures (N, C, H, W), times (N,) and words (N, L) to answers of the pictures' shape.

    Args:
        words: how many words there are, the empty one included.
        channels: of the pictures.
        widths: channels at half, a quarter, ... of the pictures' side, multiples of 8; the side
            must be divisible by 2 to the power of their number.
        condition: length of the vector that stands for time and description.
    """

    def __init__(
        self,
        words: int,
        channels: int = 3,
        widths: tuple[int, ...] = (32, 64, 96),
        condition: int = 128,
    ) -> None:
        super().__init__()
        self.description = Description(words, condition)
        self.time = nn.Linear(16, condition)
        self.mix = nn.Sequential(nn.SiLU(), nn.Linear(condition, condition), nn.SiLU())
        # Four neighbouring pixels become channels: a quarter of the work at full size.
        self.enter = nn.Conv2d(4 * channels, widths[0], 3, padding=1)
        self.leave = nn.Conv2d(widths[0], 4 * channels, 3, padding=1)
        steps = list(pairwise(widths))
        self.downs = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in steps)
        self.ups = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in steps)
        self.going_down = nn.ModuleList(Block(width, condition) for width in widths)
        self.bottom = Block(widths[-1], condition)
        self.going_up = nn.ModuleList(Block(width, condition) for width in widths[:-1])
        self.norm = nn.GroupNorm(8, widths[0])

    def forward(self, x: Tensor, t: Tensor, tokens: Tensor) -> Tensor:
        """The answer at times t from 0 (noise) to 1 (picture), for the described pictures."""
        angles = t[:, None] * math.pi / 2 * 2.0 ** torch.arange(8, device=t.device)
        clock = self.time(torch.cat([angles.sin(), angles.cos()], dim=1))
        condition = self.mix(self.description(tokens) + clock)
        h = self.enter(pixel_unshuffle(x, 2).contiguous(memory_format=torch.channels_last))
        links = []
        for block, down in zip(self.going_down, [*self.downs, None], strict=True):
            h = block(h, condition)
            if down is not None:
                links.append(h)
                h = down(h)
        h = self.bottom(h, condition)
        for up, block in zip(reversed(self.ups), reversed(self.going_up), strict=True):
            h = block(up(h) + links.pop(), condition)
        answer: Tensor = pixel_shuffle(self.leave(silu(self.norm(h))), 2)
        return answer
