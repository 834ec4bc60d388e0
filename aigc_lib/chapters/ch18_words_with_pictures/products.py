"""Product pictures of known content, and sentences about them in two languages.

Two garments stand side by side, each a photograph of Fashion-MNIST in one of six colours. A
sentence names both, the left one first. Of the 42 pairs of garment and colour seven are held out,
one for each garment: training shows bags, and things that are brown, never a brown bag.
"""

import functools
import itertools
import re
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from aigc_lib.data.images import ImageSet
from aigc_lib.data.images import load as load_images

SIDE = 32
# Class of Fashion-MNIST, English, Chinese. Pullovers and coats are left out: the describer never
# hears of them, and is asked about them later. So are shirts, which are too like T-shirts.
GARMENTS = ((0, "T-shirt", "T恤"), (1, "trousers", "长裤"), (3, "dress", "连衣裙"),
            (5, "sandal", "凉鞋"), (7, "sneaker", "运动鞋"), (8, "bag", "包"),
            (9, "boot", "靴子"))  # fmt: skip
# Name, Chinese name, red, green, blue, all at their full brightness.
COLOURS = (("red", "红色", (230, 40, 40)), ("yellow", "黄色", (235, 205, 40)),
           ("green", "绿色", (60, 180, 60)), ("blue", "蓝色", (50, 90, 230)),
           ("purple", "紫色", (160, 60, 210)), ("brown", "棕色", (150, 95, 50)))  # fmt: skip
HELD_OUT = frozenset((k, (2 * k + k // 3) % 6) for k in range(len(GARMENTS)))
# Which photographs whom: makers and judge share none, thresholds are chosen on others again, and
# the exam is Fashion-MNIST's test part.
PARTS = {"makers": ("train", slice(0, 28_000)), "choosing": ("train", slice(28_000, 30_000)),
         "judge": ("train", slice(30_000, 60_000)), "exam": ("test", slice(None))}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Products:
    """Pictures uint8 (N, 3, 32, 32), and what stands left and right: garment, colour (N, 2, 2)."""

    images: Tensor
    labels: Tensor


@functools.cache
def photographs(part: str) -> tuple[Tensor, ...]:
    """The photographs of a part, for each of the ``GARMENTS``: uint8 (n, 1, 28, 28)."""
    split, rows = PARTS[part]
    found: ImageSet = load_images("fashion-mnist", split)
    images, labels = found.images[rows], found.labels[rows]
    return tuple(images[labels == number] for number, _, _ in GARMENTS)


def pairs(held_out: bool | None) -> Tensor:
    """Garment and colour (K, 2): those held out (7), the others (35), or, for None, all."""
    every = list(itertools.product(range(len(GARMENTS)), range(len(COLOURS))))
    kept = [pair for pair in every if held_out is None or (pair in HELD_OUT) == held_out]
    return torch.tensor(kept)


def compose(n: int, seed: int, part: str = "makers", held_out: bool | None = False) -> Products:
    """``n`` pictures, drawn from a seed, of garments and colours that may stand together."""
    rng = torch.Generator().manual_seed(seed)
    allowed = pairs(held_out)
    labels = allowed[torch.randint(len(allowed), (n, 2), generator=rng)]
    photos = photographs(part)
    sizes = torch.tensor([len(each) for each in photos])[labels[..., 0]]
    which = (torch.rand(n, 2, generator=rng) * sizes).long()
    grey = torch.stack([photos[k][w] for k, w in
                        zip(labels[..., 0].flatten().tolist(), which.flatten().tolist(),
                            strict=True)])  # fmt: skip
    return Products(place(grey.view(n, 2, 28, 28), labels[..., 1], rng), labels)


def each_once(part: str, seed: int) -> Products:
    """Every photograph of a part once, in pairs and colours drawn from a seed."""
    rng, photos = torch.Generator().manual_seed(seed), photographs(part)
    kinds = torch.cat([torch.full((len(each),), k) for k, each in enumerate(photos)])
    order = torch.randperm(len(kinds), generator=rng)[: len(kinds) // 2 * 2].view(-1, 2)
    colours = torch.randint(len(COLOURS), order.shape, generator=rng)
    images = place(torch.cat(photos)[order][:, :, 0], colours, rng)
    return Products(images, torch.stack([kinds[order], colours], dim=2))


def place(grey: Tensor, colours: Tensor, rng: torch.Generator) -> Tensor:
    """Garments uint8 (N, 2, 28, 28) in their colours (N, 2), left and right of a light wall."""
    n = len(grey)
    wall = 215 + 40 * torch.rand(n, 1, 1, 1, generator=rng) + torch.zeros(n, 3, SIDE, SIDE)
    table = torch.tensor([rgb for _, _, rgb in COLOURS]).float()
    small = F.interpolate(grey.float() / 255, size=(15, 15), mode="area")
    light = 0.85 + 0.3 * torch.rand(n, 2, 1, 1, 1, generator=rng)
    tops = torch.randint(1, SIDE - 15, (n, 2), generator=rng).tolist()
    for k in range(n):
        for half in range(2):
            ink = small[k, half]
            opaque = (4 * ink).clamp(max=1)
            colour = table[colours[k, half]][:, None, None] * (0.45 + 0.55 * ink) * light[k, half]
            spot = wall[k, :, tops[k][half] : tops[k][half] + 15, 16 * half : 16 * half + 15]
            spot.mul_(1 - opaque).add_(opaque * colour)
    return (wall + 6 * torch.randn(n, 3, SIDE, SIDE, generator=rng)).clamp(0, 255).to(torch.uint8)


# Sentences. A word is a token; the first of a sentence says in which language it is.
BEGIN = {"en": "<en>", "zh": "<zh>"}
END, EMPTY = "<end>", "<empty>"
WORDS = (
    EMPTY, END, *BEGIN.values(), "left of", "在", "的左边",
    *(name for colour in COLOURS for name in (colour[0], f"{colour[1]}的")),
    *(name for garment in GARMENTS for name in garment[1:]),
)  # fmt: skip
NUMBER = {word: place for place, word in enumerate(WORDS)}
LENGTH = 8  # tokens of the longest sentence, with its first and its last


def sentence(label: Tensor, language: str) -> list[str]:
    """The words about left and right (2, 2), each garment and colour."""
    words = [(f"{COLOURS[c][1]}的", GARMENTS[g][2]) if language == "zh" else
             (COLOURS[c][0], GARMENTS[g][1]) for g, c in label.tolist()]  # fmt: skip
    if language == "en":
        return [BEGIN["en"], *words[0], "left of", *words[1], END]
    return [BEGIN["zh"], *words[0], "在", *words[1], "的左边", END]


def tokens(labels: Tensor, seed: int) -> Tensor:
    """One sentence for each label, its language drawn from a seed: int64 (N, LENGTH)."""
    rng = torch.Generator().manual_seed(seed)
    chinese = (torch.rand(len(labels), generator=rng) < 0.5).tolist()
    rows = torch.full((len(labels), LENGTH), NUMBER[EMPTY])
    for row, label, zh in zip(rows, labels, chinese, strict=True):
        said = [NUMBER[word] for word in sentence(label, "zh" if zh else "en")]
        row[: len(said)] = torch.tensor(said)
    return rows


GARMENT_OF = {name: k for k, (_, *names) in enumerate(GARMENTS) for name in names}
COLOUR_OF = {n: k for k, (en, zh, _) in enumerate(COLOURS) for n in (en, f"{zh}的")}


def parse(said: list[str]) -> Tensor | None:
    """What a sentence says stands left and right (2, 2), or None if it breaks the grammar."""
    text = " ".join(word for word in said if word not in (*BEGIN.values(), END, EMPTY))
    colour, garment = ("|".join(map(re.escape, names)) for names in (COLOUR_OF, GARMENT_OF))
    thing = rf"({colour}) ({garment})"
    english = re.fullmatch(rf"{thing} left of {thing}", text)
    chinese = re.fullmatch(rf"{thing} 在 {thing} 的左边", text)
    if not (found := english or chinese):
        return None
    c1, g1, c2, g2 = found.groups()
    return torch.tensor([[GARMENT_OF[g1], COLOUR_OF[c1]], [GARMENT_OF[g2], COLOUR_OF[c2]]])


def written(said: list[str]) -> str:
    """The words as people write them."""
    chinese = said[:1] == [BEGIN["zh"]]
    words = [word for word in said if word not in (*BEGIN.values(), END, EMPTY)]
    return ("" if chinese else " ").join(words)
