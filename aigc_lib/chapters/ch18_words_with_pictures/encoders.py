"""Pictures and texts as points on one sphere: the two networks of contrastive training."""

import re
import zlib
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aigc_lib.core.pixels import normalize

SIDE, WIDTH = 32, 64  # pixels of a picture; numbers of a point
BUCKETS, LONGEST = 4096, 32  # rows of the table of pieces; pieces of a text that are read
HAN = "\u3400-\u4dbf\u4e00-\u9fff"


def pieces(text: str) -> list[str]:
    """What is looked up of a text: words and their triples of letters, Chinese signs and pairs.

    >>> pieces("Cat 猫脸")
    ['cat', '<ca', 'cat', 'at>', '猫', '脸', '猫脸']
    """
    found: list[str] = []
    for word in re.findall(rf"[{HAN}]+|[^\W_{HAN}]+", text.lower()):
        if re.match(rf"[{HAN}]", word):
            found += [*word, *(word[k : k + 2] for k in range(len(word) - 1))]
        else:
            ends = f"<{word}>"
            found += [word, *(ends[k : k + 3] for k in range(len(ends) - 2))]
    return found


def bag(texts: Sequence[str]) -> Tensor:
    """The rows of the table that each text reads: int64 (N, LONGEST), 0 where there is no more.

    A piece's row is its checksum, so no vocabulary is stored; two pieces may share a row.
    """
    rows = torch.zeros(len(texts), LONGEST, dtype=torch.long)
    for row, text in zip(rows, texts, strict=True):
        found = [1 + zlib.crc32(piece.encode()) % (BUCKETS - 1) for piece in pieces(text)]
        row[: len(found)] = torch.tensor(found[:LONGEST])
    return rows


def convolutions() -> nn.Sequential:
    """Pictures (N, 3, 32, 32) in [-1, 1] to a 4 x 4 grid of 128 numbers each."""
    layers: list[nn.Module] = []
    for inputs, outputs in ((3, 32), (32, 64), (64, 128)):
        layers += [nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs)]
        layers += [nn.ReLU()]
    return nn.Sequential(*layers)


class ImageEncoder(nn.Module):
    """Pictures uint8 (N, 3, 32, 32) to points of length 1 (N, 64)."""

    def __init__(self, dropout: float = 0.3) -> None:
        super().__init__()
        self.body = convolutions()
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(dropout), nn.Linear(128 * 4 * 4, WIDTH))

    def forward(self, pictures: Tensor) -> Tensor:
        """Points of length 1."""
        return F.normalize(self.head(self.body(normalize(pictures))), dim=1)


class TextEncoder(nn.Module):
    """Bags (N, LONGEST) to points of length 1 (N, 64): the mean of the pieces' vectors, bent.

    It is never told which language a text is in.
    """

    def __init__(self, dropout: float = 0.2) -> None:
        super().__init__()
        self.table = nn.EmbeddingBag(BUCKETS, WIDTH, mode="mean", padding_idx=0)
        nn.init.normal_(self.table.weight, std=0.3)
        with torch.no_grad():
            self.table.weight[0] = 0
        self.net = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(WIDTH, 128), nn.GELU(), nn.Linear(128, WIDTH)
        )

    def forward(self, bags: Tensor) -> Tensor:
        """Points of length 1."""
        return F.normalize(self.net(self.table(bags)), dim=1)
