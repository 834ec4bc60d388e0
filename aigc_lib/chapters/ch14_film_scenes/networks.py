"""Networks that are told what to draw in words: chapter 14's two players.

They are chapter 7's with two changes: pictures of 32 x 32 pixels in colour, and a condition that is
several words instead of one class: ``nets.unet.Description`` adds their vectors up.
"""

import torch
from torch import Tensor, nn

from aigc_lib.nets.unet import Description

LATENT = 64  # length of a latent vector and of a description's


class SceneGenerator(nn.Module):
    """Latent vectors (N, LATENT) and words (N, L) to pictures (N, 3, 32, 32) in [-1, 1].

    A hidden layer mixes the latent vector with the description, a linear layer makes 8 x 8 pixels
    of it, and two transposed convolutions make 16 x 16 and 32 x 32, as in ``DCGenerator``.
    ``words`` says how many words there are; 0 is for a generator that is told nothing.
    """

    def __init__(self, words: int) -> None:
        super().__init__()
        self.description = Description(words, LATENT) if words else None
        self.layers = nn.Sequential(
            nn.Linear(2 * LATENT if words else LATENT, 96),
            nn.BatchNorm1d(96),
            nn.ReLU(),
            nn.Linear(96, 64 * 8 * 8, bias=False),
            nn.Unflatten(1, (64, 8, 8)),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.ConvTranspose2d(32, 16, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 3, 3, padding=1),
            nn.Tanh(),
        )

    def forward(self, z: Tensor, tokens: Tensor | None = None) -> Tensor:
        """(N, LATENT), and int64 (N, L) unless it is told nothing -> (N, 3, 32, 32)."""
        if self.description is not None and tokens is not None:
            z = torch.cat([z, self.description(tokens)], dim=1)
        images: Tensor = self.layers(z)
        return images


class SceneDiscriminator(nn.Module):
    """Pictures (N, 3, 32, 32) and words (N, L) to logits (N, 1).

    The logit is w.f(x) + b, as ever, plus v.f(x) for every word v of the description: each word by
    itself raises or lowers the odds that picture and description belong together. With 0 ``words``
    it does not see the description, as the source article has it: it is given the words, and drops
    them.
    """

    def __init__(self, words: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in ((3, 32), (32, 64), (64, 128)):
            layers += [nn.Conv2d(inputs, outputs, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        self.features = nn.Sequential(*layers, nn.Flatten())
        features = 128 * 4 * 4
        self.head = nn.Linear(features, 1)
        self.description = Description(words, features) if words else None
        if self.description is not None:
            nn.init.normal_(self.description.table.weight, 0.0, 0.02)

    def forward(self, images: Tensor, tokens: Tensor | None = None) -> Tensor:
        """(N, 3, 32, 32), and int64 (N, L) -> (N, 1)."""
        features = self.features(images)
        logits: Tensor = self.head(features)
        if self.description is not None and tokens is not None:
            logits = logits + (self.description(tokens) * features).sum(dim=1, keepdim=True)
        return logits
