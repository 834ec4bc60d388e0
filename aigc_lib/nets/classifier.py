"""A small image classifier whose features score generated images (chapter 06).

An Inception network, the usual source of features, learned from photographs and knows nothing of
digits. This one was trained on the data it judges, is small enough to ship, and runs on a CPU.
"""

from torch import Tensor, nn

FEATURES = 64


def _block(channels_in: int, channels_out: int) -> list[nn.Module]:
    """Convolution, BatchNorm, ReLU, then half the height and width."""
    return [
        # No bias: BatchNorm would subtract it again.
        nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
        nn.MaxPool2d(2),
    ]


class ImageClassifier(nn.Module):
    """Images (N, 1, 28, 28) in [-1, 1] to logits (N, 10); 93,482 parameters.

    Three convolutions (28 -> 14 -> 7 -> 3 pixels), a hidden layer of 64 units, whose values after
    the ReLU are the features, and the logits, which are affine in them. Trained, a few of the units
    are 0 for every image: the covariance of the features is singular.
    """

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_block(1, 32),
            *_block(32, 64),
            *_block(64, 64),
            nn.Flatten(),
            nn.Linear(64 * 3 * 3, FEATURES),
            nn.ReLU(),
        )
        self.head = nn.Linear(FEATURES, 10)

    def features(self, images: Tensor) -> Tensor:
        """(N, 1, 28, 28) in [-1, 1] -> (N, 64), the last hidden layer after its ReLU.

        Raises:
            ValueError: images of another shape.
        """
        if images.ndim != 4 or images.shape[1:] != (1, 28, 28):
            raise ValueError(f"images must be (N, 1, 28, 28), got {tuple(images.shape)}")
        hidden: Tensor = self.body(images)
        return hidden

    def forward(self, images: Tensor) -> Tensor:
        """(N, 1, 28, 28) in [-1, 1] -> logits (N, 10)."""
        logits: Tensor = self.head(self.features(images))
        return logits
