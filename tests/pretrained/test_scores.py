"""aigc_lib.pretrained.scores: that each score is of the right images against the right ones."""

import pytest
import torch

from aigc_lib.data.images import load
from aigc_lib.metrics.features import extract
from aigc_lib.metrics.frechet import Statistics, frechet_distance, statistics
from aigc_lib.pretrained.loaders import load_classifier
from aigc_lib.pretrained.scores import score
from aigc_lib.recipes.gan import DCGANConfig, build
from aigc_lib.recipes.scores import score_gan
from tests.support import small


def test_training_images_are_found_in_the_training_set() -> None:
    small.need("mnist")
    train, test = load("mnist"), load("mnist", "test")
    copied = score(train.images[:600], "mnist", train.labels[:600])
    held_out = score(test.images[:600], "mnist", test.labels[:600])
    # Exactly themselves: were the reference the test set, none of this would hold.
    assert copied["precision"] == copied["recall"] == copied["coverage"] == 1
    for key in ("precision", "recall", "coverage"):
        assert 0.5 < held_out[key] < 0.97
    assert copied["kernel_distance"] < min(0, held_out["kernel_distance"])
    assert copied["label_agreement"] > 0.985
    assert copied["n"] == 600
    assert sum(copied["classes"].values()) == 600


def test_the_distance_is_to_the_whole_training_set() -> None:
    small.need("mnist")
    train, test = load("mnist").images, load("mnist", "test").images[:2000]
    judge = load_classifier("mnist")
    whole = statistics(extract(judge.features, train))
    wanted = frechet_distance(statistics(extract(judge.features, test)), Statistics(*whole))
    assert score(test, "mnist")["frechet_distance"] == pytest.approx(wanted, rel=1e-3)


def test_labels_and_missing_classes_count() -> None:
    small.need("mnist")
    test = load("mnist", "test")
    sevens = test.labels == 7
    found = score(test.images[sevens], "mnist", test.labels[sevens])
    assert found["label_agreement"] > 0.97
    assert found["classes"]["7"] > 0.97 * int(sevens.sum())
    assert found["recall"] < 0.3 < found["precision"]
    assert "label_agreement" not in score(test.images[:100], "mnist")
    wrong = score(test.images[:300], "mnist", (test.labels[:300] + 1) % 10)
    assert wrong["label_agreement"] < 0.02


def test_conditional_players_are_asked_for_the_shares_of_the_data() -> None:
    small.need("mnist")
    gan = build(DCGANConfig(width=4, latent_dim=8), torch.device("cpu"))
    asked = []
    plain = gan.sample

    def sample(n: int, *, seed: int, labels: torch.Tensor | None = None) -> torch.Tensor:
        asked.append(labels)
        return plain(n, seed=seed, labels=labels)

    gan.sample = sample  # type: ignore[method-assign, assignment]
    found = score_gan(gan, "mnist", 3000, seed=5, classes=10)
    assert (found["n"], found["seed"], found["images_seen"]) == (3000, 5, 0)
    shares = torch.bincount(asked[0], minlength=10) / 3000
    known = torch.bincount(load("mnist").labels, minlength=10) / 60_000
    assert float((shares - known).abs().max()) < 0.025  # 4 standard errors
    assert float((shares - 0.1).abs().max()) > 0.005
