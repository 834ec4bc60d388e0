"""Small networks for points in one or two dimensions (chapters 03 and 04)."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from aigc_lib.nets.mlp import MinibatchSpread, check_sizes


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
