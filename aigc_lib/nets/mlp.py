"""The simplest generator and discriminator: fully connected layers (chapter 06).

``hidden=(128,)`` gives the widths of the source article's networks; the defaults are the ones that
chapter 06 trains.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


def check_sizes(**sizes: int | Sequence[int]) -> None:
    """Refuse a width of zero or less here, where the name can still be told."""
    for name, value in sizes.items():
        values = [value] if isinstance(value, int) else list(value)
        if not values or any(width < 1 for width in values):
            raise ValueError(f"{name} must be positive, got {value!r}")


class MLPGenerator(nn.Module):
    """Latent vectors (N, latent_dim) to images (N, C, H, W) in [-1, 1].

    Args:
        latent_dim: length of a latent vector.
        hidden: widths of the hidden layers, from the latent side to the image side.
        image_shape: (channels, height, width) of one image.

    Raises:
        ValueError: a size is not positive.
    """

    def __init__(
        self,
        latent_dim: int = 64,
        hidden: Sequence[int] = (256, 512),
        image_shape: tuple[int, int, int] = (1, 28, 28),
    ) -> None:
        super().__init__()
        check_sizes(latent_dim=latent_dim, hidden=hidden, image_shape=image_shape)
        self.latent_dim = latent_dim
        layers: list[nn.Module] = []
        width = latent_dim
        for wider in hidden:
            layers += [nn.Linear(width, wider), nn.LeakyReLU(0.2)]
            width = wider
        # tanh: the data live in [-1, 1], so the last layer must be able to reach both ends.
        layers += [nn.Linear(width, prod(image_shape)), nn.Tanh(), nn.Unflatten(1, image_shape)]
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        """(N, latent_dim) -> (N, C, H, W) in [-1, 1]."""
        images: Tensor = self.layers(z)
        return images


class MinibatchSpread(nn.Module):
    """Append to each sample's features (N, F) one number: how much the batch varies, (N, F + 1).

    The number is the standard deviation over the batch, averaged over the features. It lets a
    discriminator see what no single picture shows: that a batch has less variety than real data.
    Source: Karras et al., 2018, "Progressive Growing of GANs", section 3.
    """

    def forward(self, features: Tensor) -> Tensor:
        """(N, F) -> (N, F + 1); ValueError if N is 1, where there is no spread."""
        if len(features) < 2:
            raise ValueError("the spread of a batch needs at least 2 samples")
        spread = features.std(dim=0).mean()
        return torch.cat([features, spread.expand(len(features), 1)], dim=1)


class MLPDiscriminator(nn.Module):
    """Images (N, C, H, W) to logits (N, 1); sigmoid(logit) is the probability of "real".

    Args:
        hidden: widths of the hidden layers, from the image side to the logit.
        image_shape: (channels, height, width) of one image.
        dropout: share of hidden units set to zero in training, from 0 to below 1.
        minibatch_spread: let the last layer also see how much the batch varies. The logits then
            depend on the whole batch, so give it real and generated images separately.

    Raises:
        ValueError: a size is not positive, or dropout is outside [0, 1).
    """

    def __init__(
        self,
        hidden: Sequence[int] = (512, 256),
        image_shape: tuple[int, int, int] = (1, 28, 28),
        dropout: float = 0.0,
        minibatch_spread: bool = False,
    ) -> None:
        super().__init__()
        check_sizes(hidden=hidden, image_shape=image_shape)
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must lie in [0, 1), got {dropout}")
        layers: list[nn.Module] = [nn.Flatten()]
        width = prod(image_shape)
        for narrower in hidden:
            layers += [nn.Linear(width, narrower), nn.LeakyReLU(0.2)]
            if dropout:
                layers.append(nn.Dropout(dropout))
            width = narrower
        if minibatch_spread:
            layers.append(MinibatchSpread())
            width += 1
        # No sigmoid at the end: losses work on logits, which never overflow (see gan/losses.py).
        layers.append(nn.Linear(width, 1))
        self.layers = nn.Sequential(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> logits (N, 1)."""
        logits: Tensor = self.layers(images)
        return logits


def point_generator(
    latent_dim: int = 2, hidden: Sequence[int] = (128, 128), dim: int = 2
) -> nn.Sequential:
    """Latent vectors (N, latent_dim) to points (N, dim), anywhere in space: no tanh at the end.

    Raises:
        ValueError: a size is not positive.
    """
    check_sizes(latent_dim=latent_dim, hidden=hidden, dim=dim)
    return _layers([latent_dim, *hidden, dim])


def point_discriminator(
    dim: int = 2,
    hidden: Sequence[int] = (128, 128),
    *,
    spectral: bool = False,
    spread: bool = False,
    slope: float = 1.0,
) -> nn.Sequential:
    """Points (N, dim) to logits (N, 1).

    Args:
        dim: of a point.
        hidden: widths of the hidden layers.
        spectral: divide each weight matrix by an estimate of its largest singular value, so that
            no layer stretches distances (Miyato et al., 2018).
        spread: let the last layer also see how much the batch varies (``MinibatchSpread``).

    Raises:
        ValueError: a size is not positive.
    """
    check_sizes(dim=dim, hidden=hidden)
    widths = [dim, *hidden]
    network = _layers(widths)
    network.append(nn.LeakyReLU(0.2))
    if spread:
        network.append(MinibatchSpread())
    network.append(nn.Linear(widths[-1] + spread, 1))
    if spectral:
        for layer in network:
            if isinstance(layer, nn.Linear):
                spectral_norm(layer)
    if slope != 1:
        network.append(Scale(slope))
    return network


class Scale(nn.Module):
    """Multiply by a constant."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        return x * self.factor


def _layers(widths: Sequence[int]) -> nn.Sequential:
    """Linear layers with a leaky ReLU between them."""
    layers: list[nn.Module] = []
    for narrow, wide in pairwise(widths):
        layers += [nn.Linear(narrow, wide), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers[:-1])
