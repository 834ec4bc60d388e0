"""Searching and naming by nearness, how well it goes, and what needs no training of networks."""

import re
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from aigc_lib.chapters.ch18_words_with_pictures.contrastive import Model, render
from aigc_lib.chapters.ch18_words_with_pictures.data import LANGUAGES, Pictures
from aigc_lib.chapters.ch18_words_with_pictures.encoders import BUCKETS, SIDE, bag

# Classes that are named in words: their English and Chinese word, and which subgroups they are.
CLASSES = {
    ("face", "脸"): r"face-(?!costume).*",
    ("person", "人"): r"person-(role|fantasy|activity|sport|resting|gesture)",
    ("hand", "手"): r"hand.*",
    ("animal", "动物"): r"animal-.*",
    ("plant", "植物"): r"plant-.*",
    ("food", "食物"): r"food-.*",
    ("building", "建筑"): r"place-(building|religious)",
    ("vehicle", "车"): r"transport-(ground|water|air)",
    ("clothing", "衣服"): r"clothing",
    ("music", "音乐"): r"music|musical-instrument",
    ("sport", "体育"): r"sport",
    ("button", "按钮"): r"alphanum|av-symbol|other-symbol|arrow",
}


def ranks(queries: Tensor, gallery: Tensor) -> Tensor:
    """The place of each query's own item, 1 the best: row k of the gallery belongs to query k.

    Of items that are just as near, half stand before the own one: whoever answers with one and the
    same point for everything must not come first.
    """
    scores = queries @ gallery.T
    own = scores.diagonal()[:, None]
    return 1 + (scores > own).sum(1) + ((scores == own).sum(1) - 1) / 2


def recall(places: Tensor, k: int) -> float:
    """The share of queries whose own item is among the first ``k``."""
    return float((places <= k).double().mean())


def classes(pictures: Pictures, rows: Tensor) -> Tensor:
    """The class of each row by its place in ``CLASSES``, -1 for none: int64 (N,)."""
    kinds = [pictures.kinds[row] for row in rows.tolist()]
    found = [[bool(re.fullmatch(form, kind)) for form in CLASSES.values()] for kind in kinds]
    return torch.tensor([each.index(True) if any(each) else -1 for each in found])


def exam(model: Model, pictures: Pictures, rows: Tensor) -> dict[str, Tensor]:
    """The ranks (N,) of all searches among some rows, "en->picture" and so on.

    "zero-shot en" holds, for the rows that have a class, whether it was named right.
    """
    seen = model.look(render(pictures.cutouts[rows]))
    found: dict[str, Tensor] = {}
    for name in LANGUAGES:
        found |= one_language(model.read, seen, pictures, rows, name)
    return found | between(*(model.read(pictures.names(name, rows)) for name in LANGUAGES))


def one_language(
    read: Callable[[list[str]], Tensor], seen: Tensor, pictures: Pictures, rows: Tensor, name: str
) -> dict[str, Tensor]:
    """The part of ``exam`` that needs one language, for points ``seen`` and a reader of texts."""
    told, labels = read(pictures.names(name, rows)), classes(pictures, rows)
    words = read([each[LANGUAGES.index(name)] for each in CLASSES])
    answer = (seen @ words.T).argmax(1)  # the class whose word is nearest
    return {
        f"{name}->picture": ranks(told, seen),
        f"picture->{name}": ranks(seen, told),
        f"zero-shot {name}": (answer == labels)[labels >= 0].double(),
    }


def between(en: Tensor, zh: Tensor) -> dict[str, Tensor]:
    """The ranks between the languages, for points of the same names in both."""
    return {"en->zh": ranks(en, zh), "zh->en": ranks(zh, en)}


def probed(model: Model, pictures: Pictures) -> Tensor:
    """The classes (M,) that a classifier gives the test pictures which have one.

    It is a logistic regression on the model's points, trained on the labelled training pictures.
    """
    from sklearn.linear_model import LogisticRegression

    points, labels = [], []
    for part in ("train", "test"):
        found = classes(pictures, pictures.parts[part])
        points.append(model.look(render(pictures.cutouts[pictures.parts[part]]))[found >= 0])
        labels.append(found[found >= 0])
    probe = LogisticRegression(C=10, max_iter=2000).fit(points[0], labels[0])
    return torch.from_numpy(probe.predict(points[1]))


def texts_of(pictures: Pictures, languages: tuple[str, ...]) -> tuple[Tensor, Tensor]:
    """Which pieces the texts of each training picture hold (N, BUCKETS), and how rare each is."""
    rows = pictures.parts["train"].tolist()
    table = torch.zeros(len(rows), BUCKETS)
    for place, row in enumerate(rows):
        told = [text for name in languages for text in pictures.texts[name][row]]
        table[place, bag(told).flatten()] = 1
    table[:, 0] = 0
    rarity = (len(rows) / (1 + table.sum(0))).log().clamp(min=0)
    return table, rarity * (table.sum(0) > 0)


def pivot(pictures: Pictures, language: str, rows: Tensor) -> Tensor:
    """Names as lists of their likenesses to the texts of all training pictures, of length 1.

    Each training picture has a text in both languages, so such lists can be compared between them.
    """
    table, rarity = texts_of(pictures, (language,))
    names = bag(pictures.names(language, rows))
    counts = torch.zeros(len(rows), BUCKETS).scatter_(1, names, 1.0) * rarity
    return F.normalize(F.normalize(counts, dim=1) @ F.normalize(table * rarity, dim=1).T, dim=1)


class WordAverage:
    """The baseline: a piece of text is the mean of the training pictures whose texts hold it.

    A picture is its ``side`` x ``side`` colours, a text the mean of its pieces' pictures, rare
    pieces counting more (inverse document frequency). With ``strength`` it is instead a ridge
    regression from the colours to the pieces.
    """

    def __init__(
        self, pictures: Pictures, languages: tuple[str, ...], strength: float = 0, side: int = 8
    ) -> None:
        rows = pictures.parts["train"]
        colours = F.avg_pool2d(render(pictures.cutouts).float(), SIDE // side).flatten(1)
        mean = colours[rows].mean(0)
        self.colours = (colours - mean) / colours[rows].std()
        table, self.rarity = texts_of(pictures, languages)
        known = self.colours[rows]
        self.regression = bool(strength)
        if self.regression:  # as a mixture of training pictures: fewer than there are colours
            wanted = F.normalize(table * self.rarity, dim=1)
            self.colours = self.colours @ known.T
            square = self.colours[rows] + strength * torch.eye(len(rows))
            self.map = torch.linalg.solve(square, wanted - wanted.mean(0))
        else:
            self.map = F.normalize(table, p=1, dim=0).T @ known

    def read(self, texts: list[str]) -> Tensor:
        """Texts as points of length 1."""
        counts = torch.zeros(len(texts), BUCKETS).scatter_(1, bag(texts), 1.0) * self.rarity
        return F.normalize(counts if self.regression else counts @ self.map, dim=1)

    def look(self, rows: Tensor) -> Tensor:
        """Pictures, by their rows, as points of length 1."""
        colours = self.colours[rows]
        return F.normalize(colours @ self.map if self.regression else colours, dim=1)
