"""The experiment of chapter 16 on few labels or none: who names a story's topic best."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from aigc_lib.chapters.ch16_financial_monitoring import corpus as newsroom
from aigc_lib.chapters.ch16_financial_monitoring import semi_supervised_gan
from aigc_lib.chapters.ch16_financial_monitoring.earnings_parser import TOPICS

SIZES = (10, 50, 500)
# Picked on the part "valid": steps, rate and weight of the game out of a dozen combinations.
PLAIN = semi_supervised_gan.Config(game=0.0, lr=5e-4)
GAN = semi_supervised_gan.Config(game=0.1, lr=5e-4)
FULL = semi_supervised_gan.Config(game=1.0, lr=5e-4)
METHODS = ("words", "embedding", "network", "GAN", "GAN, full weight")


def scaled(corpus: newsroom.Corpus) -> Tensor:
    """Embeddings (N, 384) with entries of size 1 instead of rows of length 1."""
    points = corpus.points()
    return points * math.sqrt(points.shape[1])


def centres(names: Tensor, weight: float, points: Tensor, labels: Tensor) -> Tensor:
    """A point (K, 384) for each topic: the mean of its name and its labelled stories, of length 1.

    Whatever lies nearest to it is given the topic, as in Snell et al. (2017, arXiv:1703.05175),
    who train the embedding for that; here it stays as it is, and nothing at all is trained.

    Args:
        names: embeddings of the topics' names (K, 384).
        weight: as how many stories a name counts.
        points: embeddings of the labelled stories (N, 384); there may be none.
        labels: their topics (N,).
    """
    return F.normalize((weight * names).index_add(0, labels, points), dim=1)


def scores(corpus: newsroom.Corpus, guess: Tensor) -> dict[str, float]:
    """Share right, and the mean over topics of F1, on the test part; guess (M,) for its stories."""
    from sklearn.metrics import f1_score

    truth = corpus.topic[corpus.where("test")]
    return {
        "right": float((guess == truth).float().mean()),
        "f1": float(f1_score(truth.numpy(), guess.numpy(), average="macro")),
    }


def guesses(corpus: newsroom.Corpus, method: str, n: int, seed: int) -> Tensor:
    """Topics (M,) that a method, shown n labels, gives the stories of the test part."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    rows, test = newsroom.few(corpus, n, seed), corpus.where("test")
    labels = corpus.topic[rows]
    if method in ("words", "embedding"):
        model = LogisticRegression(C=10, max_iter=1000)
        if method == "words":
            table = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
            known = table.fit_transform([corpus.texts[i] for i in rows])
            asked = table.transform([corpus.texts[i] for i in test])
        else:
            known, asked = corpus.points()[rows].numpy(), corpus.points()[test].numpy()
        return torch.from_numpy(model.fit(known, labels.numpy()).predict(asked))
    settings = {"network": PLAIN, "GAN": GAN, "GAN, full weight": FULL}[method]
    x = scaled(corpus)
    classifier = semi_supervised_gan.fit(
        x[rows], labels, x[corpus.where("train")], len(TOPICS), settings, seed
    )
    with torch.no_grad():
        found: Tensor = classifier(x[test]).argmax(1)
    return found


def measure(corpus: newsroom.Corpus, method: str, n: int, seed: int) -> dict[str, Any]:
    """One row of the record."""
    found = scores(corpus, guesses(corpus, method, n, seed))
    return {"method": method, "labels": n, "seed": seed} | found
