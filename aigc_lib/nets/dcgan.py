"""Convolutional generator and discriminator for images of 28 x 28 pixels (chapter 07).

Both follow Radford et al., 2016, "Unsupervised Representation Learning with Deep Convolutional
Generative Adversarial Networks" (DCGAN), in sizes that fit a CPU. With ``classes`` they are
conditional: called with labels, int64 (N,) from 0 to classes - 1.
"""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from aigc_lib.nets.mlp import MinibatchSpread, check_sizes

SIDE = 28


class DCGenerator(nn.Module):
    """Latent vectors (N, latent_dim) to images (N, channels, 28, 28) in [-1, 1].

    A linear layer makes 7 x 7 pixels, two transposed convolutions make 14 x 14 and 28 x 28, and a
    plain one mixes neighbouring pixels. The kernel of 4 is a multiple of the stride of 2, so that
    every pixel is reached equally often (otherwise: checkerboards); doubling the pixels and then
    convolving avoids them too, but takes half as long again or more.

    The conditional form appends a learned vector of the class, as long as z, to z. Through the
    linear layer every class gets its own starting picture.

    Args:
        latent_dim: length of a latent vector.
        channels: of the images, such as 1 or 3.
        width: channels at 14 x 14 pixels, even; twice as many at 7 x 7, half as many at 28 x 28.
        classes: how many classes the labels tell apart; 0 for no labels.

    Raises:
        ValueError: a size is not positive, width is odd, or classes is negative.
    """

    def __init__(
        self, latent_dim: int = 64, channels: int = 1, width: int = 64, classes: int = 0
    ) -> None:
        super().__init__()
        check_sizes(latent_dim=latent_dim, channels=channels, width=width)
        _check_classes(classes)
        if width % 2:
            raise ValueError(f"width must be even, got {width}")
        self.latent_dim, self.classes = latent_dim, classes
        # No bias before BatchNorm, which would subtract it again.
        self.layers = nn.Sequential(
            nn.Linear(latent_dim * (2 if classes else 1), 2 * width * 7 * 7, bias=False),
            nn.Unflatten(1, (2 * width, 7, 7)),
            nn.BatchNorm2d(2 * width),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.ConvTranspose2d(width, width // 2, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(width // 2),
            nn.ReLU(),
            nn.Conv2d(width // 2, channels, 3, padding=1),
            nn.Tanh(),
        )
        # Its vectors start from N(0, I), like z.
        self.embedding = nn.Embedding(classes, latent_dim) if classes else None
        _initialize(self.layers)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """(N, latent_dim), and labels (N,) if there are classes -> (N, channels, 28, 28).

        Raises:
            ValueError: labels missing, not asked for, or of another shape.
        """
        _check_labels(labels, len(z), self.classes)
        if self.embedding is not None:
            z = torch.cat([z, self.embedding(labels)], dim=1)
        images: Tensor = self.layers(z)
        return images


class DCDiscriminator(nn.Module):
    """Images (N, channels, 28, 28) to logits (N, 1); sigmoid(logit) is the probability of "real".

    Three convolutions of stride 2: 28 -> 14 -> 7 -> 4 pixels. Unlike DCGAN's, no BatchNorm unless
    asked for: it makes the logit of an image depend on its batch, which a gradient penalty must not
    meet.

    The conditional form adds the inner product of the features with a learned vector of the class
    ("projection"): the logit is w.f(x) + b + v_y.f(x). Source: Miyato and Koyama, 2018, "cGANs with
    Projection Discriminator", section 3.

    Args:
        channels: of the images.
        width: channels at 14 x 14 pixels; twice and four times as many at 7 x 7 and 4 x 4.
        classes: how many classes the labels tell apart; 0 for no labels.
        spectral: divide each weight by an estimate of its largest singular value (Miyato et al.,
            2018, "Spectral Normalization for Generative Adversarial Networks").
        batch_norm: normalise the second and third convolution, as DCGAN does. Give real and
            generated images separately then, and use no gradient penalty.
        minibatch_spread: let the last layer also see how much the batch varies; the same holds.

    Raises:
        ValueError: a size is not positive, or classes is negative.
    """

    def __init__(
        self,
        channels: int = 1,
        width: int = 64,
        classes: int = 0,
        *,
        spectral: bool = False,
        batch_norm: bool = False,
        minibatch_spread: bool = False,
    ) -> None:
        super().__init__()
        check_sizes(channels=channels, width=width)
        _check_classes(classes)
        self.channels, self.classes = channels, classes
        layers: list[nn.Module] = []
        for inputs, outputs, kernel in (
            (channels, width, 4),
            (width, 2 * width, 4),
            (2 * width, 4 * width, 3),  # odd pixels, 7 -> 4: this kernel misses none of them
        ):
            layers.append(nn.Conv2d(inputs, outputs, kernel, stride=2, padding=1))
            if batch_norm and outputs > width:
                layers.append(nn.BatchNorm2d(outputs))
            layers.append(nn.LeakyReLU(0.2))
        layers.append(nn.Flatten())
        features = 4 * width * 4 * 4
        if minibatch_spread:
            layers.append(MinibatchSpread())
            features += 1
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(features, 1)
        self.projection = nn.Embedding(classes, features) if classes else None
        _initialize(self)
        if spectral:
            for layer in list(self.modules()):
                if isinstance(layer, nn.Conv2d | nn.Linear | nn.Embedding):
                    spectral_norm(layer)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """(N, channels, 28, 28), and labels (N,) if there are classes -> logits (N, 1).

        Raises:
            ValueError: images of another shape; labels missing, not asked for, or of another shape.
        """
        if images.ndim != 4 or images.shape[1:] != (self.channels, SIDE, SIDE):
            wanted = f"(N, {self.channels}, {SIDE}, {SIDE})"
            raise ValueError(f"images must be {wanted}, got {tuple(images.shape)}")
        _check_labels(labels, len(images), self.classes)
        features = self.features(images)
        logits: Tensor = self.head(features)
        if self.projection is not None:
            logits = logits + (self.projection(labels) * features).sum(dim=1, keepdim=True)
        return logits


def _initialize(network: nn.Module) -> None:
    """Weights from N(0, 0.02^2), those of BatchNorm from N(1, 0.02^2), biases 0.

    Source: Radford et al., 2016, section 4; BatchNorm's as in its authors' code.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d | nn.Embedding):
            nn.init.normal_(layer.weight, 0.0, 0.02)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)
        bias = getattr(layer, "bias", None)
        if isinstance(bias, Tensor):
            nn.init.zeros_(bias)


def _check_classes(classes: int) -> None:
    if classes < 0:
        raise ValueError(f"classes must be 0 (no labels) or more, got {classes}")


def _check_labels(labels: Tensor | None, n: int, classes: int) -> None:
    """Shapes only: to look at the values would make the host wait for the device."""
    if not classes:
        if labels is not None:
            raise ValueError("this network was built without classes: call it without labels")
    elif labels is None or labels.shape != (n,):
        got = "none" if labels is None else f"shape {tuple(labels.shape)}"
        raise ValueError(
            f"this network was built for {classes} classes: give labels ({n},), not {got}"
        )
