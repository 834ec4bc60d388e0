"""A masked autoencoder: a picture is guessed from a quarter of its patches (chapter 10).

He et al. (2022), "Masked autoencoders are scalable vision learners", arXiv:2111.06377. The encoder
reads the visible patches only; a lighter decoder puts one learned stand-in where each hidden patch
was, and guesses the pixels. Both are made of the GPT's blocks without the causal mask, for a
picture has no first and last. Left out: the class token, and positions given as fixed waves.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aigc_lib.nets.gpt import Block, GPTConfig


@dataclass(frozen=True)
class MAEConfig:
    """What fixes a masked autoencoder's shape.

    Attributes:
        side, patch: height and width of the pictures and of a patch, which tiles them, in pixels.
        visible: patches that the encoder sees in training.
        width, layers, heads: of the encoder, as in ``GPTConfig``.
        decoder_width, decoder_layers: of the decoder, which has as many heads.
    """

    side: int = 28
    patch: int = 7
    visible: int = 4
    width: int = 64
    layers: int = 3
    heads: int = 4
    decoder_width: int = 32
    decoder_layers: int = 1

    @property
    def places(self) -> int:
        """Patches of a picture."""
        return (self.side // self.patch) ** 2

    def __post_init__(self) -> None:
        """Refuse shapes that cannot be; ``GPTConfig`` refuses those of the blocks."""
        if self.patch < 1 or self.side < 1 or self.side % self.patch:
            raise ValueError(f"patches of {self.patch} pixels do not tile {self.side}: divide it")
        if not 1 <= self.visible < self.places:
            raise ValueError(f"visible must be from 1 to {self.places - 1}, got {self.visible}")


def to_patches(images: Tensor, patch: int) -> Tensor:
    """Cut pictures (N, 1, H, W) into rows of patches: (N, places, patch * patch).

    Raises:
        ValueError: another shape, or a patch that does not tile it.
    """
    if images.ndim != 4 or images.shape[1] != 1 or any(n % patch for n in images.shape[2:]):
        raise ValueError(
            f"patches of {patch} pixels need grey pictures (N, 1, H, W) that they tile, got "
            f"{tuple(images.shape)}"
        )
    return F.unfold(images, patch, stride=patch).transpose(1, 2)


def to_pictures(patches: Tensor, side: int) -> Tensor:
    """The inverse of ``to_patches`` for square pictures: (N, 1, side, side)."""
    patch = round(patches.shape[2] ** 0.5)
    return F.fold(patches.transpose(1, 2), side, patch, stride=patch)


def pick(patches: Tensor, places: Tensor) -> Tensor:
    """The patches (N, K, D) that stand at ``places`` int64 (N, K) of patches (N, P, D)."""
    return patches.gather(1, places[:, :, None].expand(-1, -1, patches.shape[2]))


def blocks(places: int, layers: int, heads: int, width: int) -> nn.ModuleList:
    """Blocks in which every patch gathers from all; a vocabulary they do not have."""
    config = GPTConfig(vocabulary=1, context=places, layers=layers, heads=heads, width=width)
    return nn.ModuleList(Block(config, causal=False) for _ in range(layers))


class MaskedAutoencoder(nn.Module):
    """Visible patches in, a guess of every patch out.

    Args:
        config: the shape; weights start from PyTorch's global random state.
    """

    def __init__(self, config: MAEConfig = MAEConfig()) -> None:
        super().__init__()
        self.config = config
        pixels, width, narrow = config.patch**2, config.width, config.decoder_width
        self.embed = nn.Linear(pixels, width)
        self.positions = nn.Embedding(config.places, width)
        self.encoder = blocks(config.places, config.layers, config.heads, width)
        self.norm = nn.LayerNorm(width)
        self.narrow = nn.Linear(width, narrow)
        self.stand_in = nn.Parameter(torch.zeros(1, 1, narrow))
        self.decoder_positions = nn.Embedding(config.places, narrow)
        self.decoder = blocks(config.places, config.decoder_layers, config.heads, narrow)
        self.decoder_norm = nn.LayerNorm(narrow)
        self.guess = nn.Linear(narrow, pixels)
        for positions in (self.positions, self.decoder_positions):
            nn.init.normal_(positions.weight, std=0.02)

    def encode(self, patches: Tensor, seen: Tensor) -> Tensor:
        """What the encoder makes of the patches at ``seen``: (N, V, width). It reads no others.

        Args:
            patches: (N, places, pixels), in [-1, 1].
            seen: int64 (N, V), the places of the visible ones.
        """
        x = self.embed(pick(patches, seen)) + self.positions(seen)
        for block in self.encoder:
            x = block(x)
        encoded: Tensor = self.norm(x)
        return encoded

    def forward(self, patches: Tensor, seen: Tensor) -> Tensor:
        """A guess of all patches (N, places, pixels) from those at ``seen`` int64 (N, V)."""
        known = self.narrow(self.encode(patches, seen))
        where = seen[:, :, None].expand(-1, -1, known.shape[2])
        x = self.stand_in.expand(len(patches), self.config.places, -1).scatter(1, where, known)
        x = x + self.decoder_positions.weight
        for block in self.decoder:
            x = block(x)
        guessed: Tensor = self.guess(self.decoder_norm(x))
        return guessed

    @torch.no_grad()
    def features(self, images: Tensor, pooled: bool = True, batch: int = 500) -> Tensor:
        """What the encoder makes of whole pictures (N, 1, side, side) in [-1, 1]; no decoder.

        Returns:
            (N, width), the mean over the patches, or if not ``pooled`` (N, places * width).
        """
        every = torch.arange(self.config.places, device=images.device)
        found = []
        for part in images.split(batch):
            x = self.encode(to_patches(part, self.config.patch), every.expand(len(part), -1))
            found.append(x.mean(1) if pooled else x.flatten(1))
        return torch.cat(found)


def choose(n: int, places: int, visible: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random places for n pictures: the seen, int64 (n, visible), and the hidden, (n, the rest)."""
    order = torch.rand(n, places, generator=rng, device=rng.device).argsort(1)
    return order[:, :visible], order[:, visible:]


def contrasts(patches: Tensor) -> Tensor:
    """Every patch of (N, P, D) with mean 0 and standard deviation 1 (0 where it is uniform)."""
    centred = patches - patches.mean(2, keepdim=True)
    # The small number keeps a nearly uniform patch from becoming noise.
    return centred / (centred.square().mean(2, keepdim=True) + 1e-3).sqrt()


def loss_of(
    model: MaskedAutoencoder, patches: Tensor, seen: Tensor, hidden: Tensor, contrast: bool = False
) -> Tensor:
    """Mean squared error of the pixels of the hidden patches; the visible do not count.

    Args:
        model: guesses from the patches at ``seen``.
        patches: (N, P, D), in [-1, 1].
        seen, hidden: int64 (N, V) and (N, P - V), places it is shown and places that count.
        contrast: see ``mae_training.Config``.
    """
    wanted = contrasts(patches) if contrast else patches
    return (pick(model(patches, seen), hidden) - pick(wanted, hidden)).square().mean()
