"""Chapter 07's experiments: what the settings build, what is measured, what is recorded."""

import json
import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from aigc_lib.chapters.ch07_convolutional_gans import (
    fashion_scores,
    loss_comparison,
    record_contest,
)
from aigc_lib.core.pixels import normalize
from aigc_lib.data.images import ImageSet
from aigc_lib.gan.augment import Augmented


def pictures(n: int = 400, seed: int = 0) -> ImageSet:
    """Random pictures whose left half is brighter; labels in no order."""
    rng = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 120, (n, 1, 28, 28), generator=rng, dtype=torch.uint8)
    images[..., :14] += 100
    labels = torch.arange(n)[torch.randperm(n, generator=rng)] % 10
    return ImageSet("fashion-mnist", "train", images, labels, tuple("0123456789"))


class Judge(nn.Module):
    """Stands in for the classifier: 64 fixed features, and a last layer of its own."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.body, self.head = nn.Linear(784, 64), nn.Linear(64, 10)

    def features(self, images: Tensor) -> Tensor:
        return self.body(images.flatten(1)).relu()


def test_settings_differ_from_the_base_and_from_each_other() -> None:
    assert len(loss_comparison.SETTINGS) == sum(
        map(len, (loss_comparison.LOSSES, loss_comparison.LEAKS, loss_comparison.FEW))
    )
    kinds = [repr(setting) for setting in loss_comparison.SETTINGS.values()]
    assert len(set(kinds)) == len(kinds)
    assert (
        loss_comparison.LOSSES["non-saturating, R1"]
        == loss_comparison.R1
        == loss_comparison.Config()
    )
    assert set(loss_comparison.REPEATED) < set(loss_comparison.SETTINGS)
    assert loss_comparison.SHORT < loss_comparison.IMAGES


@pytest.mark.parametrize("name", loss_comparison.SETTINGS)
def test_a_setting_builds_what_it_says(name: str) -> None:
    setting = loss_comparison.SETTINGS[name]
    gan = loss_comparison.players(setting, seed=3)
    outer = gan.discriminator
    assert isinstance(outer, Augmented) == bool(setting.both)
    kinds = {type(module).__name__ for module in outer.modules()}
    assert (
        ("BatchNorm2d" in kinds)
        == setting.batch_norm
        == any(word in name for word in ("BatchNorm", "DCGAN"))
    )
    assert ("ParametrizedConv2d" in kinds) == setting.spectral == ("spectral" in name)
    assert gan.opt_d.param_groups[0]["lr"] == gan.opt_g.param_groups[0]["lr"] == setting.lr
    # A gradient penalty must not meet BatchNorm, which mixes the images of a batch.
    assert not (setting.batch_norm and setting.loss.penalty)
    again = loss_comparison.players(setting, seed=3)
    for mine, other in zip(gan.generator.parameters(), again.generator.parameters(), strict=True):
        assert torch.equal(mine, other)


def test_few_pictures_are_as_many_of_each_class() -> None:
    train = pictures()
    few = loss_comparison.stream(loss_comparison.Config(pictures=70), train, seed=0)
    assert torch.bincount(few.labels).tolist() == [7] * 10
    whole = {bytes(image.numpy()) for image in train.images}
    assert len({bytes(image.numpy()) for image in few.images} & whole) == 70
    assert len(loss_comparison.stream(loss_comparison.Config(), train, seed=0).images) == len(train)


def test_training_pictures_are_changed_only_if_asked() -> None:
    train = pictures()
    plain, changed = (
        loss_comparison.stream(loss_comparison.SETTINGS[name], train, seed=0)
        for name in ("non-saturating, R1", "flip 1/2, training pictures")
    )
    (images, labels), (others, same) = next(plain), next(changed)
    assert torch.equal(labels, same)
    assert torch.equal(images, normalize(plain.images[plain._order[: loss_comparison.BATCH]]))
    kept = (others == images).flatten(1).all(1)
    turned = (others == images.flip(3)).flatten(1).all(1)
    assert (kept ^ turned).all()
    assert 15 < int(turned.sum()) < 49  # of 64, at 1/2: more than 4 standard deviations


def test_variety_against_numpy() -> None:
    rng = np.random.default_rng(0)
    features, labels = rng.normal(size=(200, 5)), np.arange(200) % 10
    by_hand = [np.cov(features[labels == k].T).trace() for k in range(10)]
    found = fashion_scores.variety(torch.from_numpy(features), torch.from_numpy(labels))
    assert found == pytest.approx(np.mean(by_hand), rel=1e-12)
    assert 4 < found < 6  # five dimensions of variance 1
    assert fashion_scores.variety(torch.ones(200, 5), torch.from_numpy(labels)) == 0


def test_mirrored_counts_shoes_that_point_the_other_way() -> None:
    train = pictures()
    images, labels = train.images.clone(), train.labels
    assert fashion_scores.mirrored(images, labels, train) == 0
    assert fashion_scores.mirrored(images.flip(3), labels, train) == 1
    sneakers = (labels == 7).nonzero()[:, 0]
    images[sneakers] = images[sneakers].flip(3)
    assert fashion_scores.mirrored(images, labels, train) == 0.5  # as many boots stay as they are
    images[labels == 0] = images[labels == 0].flip(3)  # no shoes: do not count
    assert fashion_scores.mirrored(images, labels, train) == 0.5


def test_off_centre_by_hand() -> None:
    image = torch.zeros(1, 1, 28, 28, dtype=torch.uint8)
    image[0, 0, :, 10] = 30
    image[0, 0, :, 16] = 10
    # The centre of mass lies at (3 * 10 + 16) / 4 = 11.5, the middle at 13.5.
    assert fashion_scores.off_centre(image) == pytest.approx(2, abs=1e-12)
    assert fashion_scores.off_centre(image.flip(3)) == pytest.approx(2, abs=1e-12)
    both = torch.cat([image, image.flip(3)])
    assert fashion_scores.off_centre(both) == pytest.approx(2, abs=1e-12)  # they do not cancel
    assert fashion_scores.off_centre(torch.zeros_like(image)) == 0


def test_closeness_tells_copies_from_strangers() -> None:
    shown, others = pictures(200).images, pictures(200, seed=1).images
    assert fashion_scores.closeness(shown, shown, others) == 0
    assert fashion_scores.closeness(others, shown, others) == 1
    faint = (shown.double() * 0.9).round().to(torch.uint8)

    def median_distance(images: Tensor) -> float:
        x = images[:51].numpy().reshape(51, -1) / 127.5
        y = shown.numpy().reshape(len(shown), -1) / 127.5
        return float(np.median([np.sqrt(((y - one) ** 2).sum(1)).min() for one in x]))

    found = fashion_scores.closeness(faint, shown, others, n=51)
    assert found == pytest.approx(median_distance(faint) / median_distance(others), rel=1e-4)
    assert 0 < found < 0.9


def test_a_score_says_what_it_measures() -> None:
    train, judge = pictures(), Judge().eval()
    found = fashion_scores.score(train.images, train.labels, judge, train)
    assert found.keys() == {"frechet", "agreement", "variety", "mirrored", "off_centre"}
    with torch.no_grad():
        named = judge.head(judge.features(normalize(train.images))).argmax(1)
    share = (named == train.labels).double().mean()
    assert found["agreement"] == pytest.approx(float(share), abs=1e-4)
    even = torch.tensor([int(k) not in (5, 7, 9) for k in train.labels])
    expected = fashion_scores.off_centre(train.images[even])
    assert found["off_centre"] == pytest.approx(expected, abs=1e-4)
    assert found["mirrored"] == 0


def test_even_labels_name_every_class_equally_often() -> None:
    assert fashion_scores.even_labels(20).tolist() == [*range(10), *range(10)]
    assert (
        torch.bincount(fashion_scores.even_labels(loss_comparison.SAMPLES)).tolist() == [500] * 10
    )


def test_the_recording_goes_on_where_it_stopped(tmp_path, monkeypatch) -> None:
    few = {name: loss_comparison.SETTINGS[name] for name in loss_comparison.REPEATED}
    monkeypatch.setattr(loss_comparison, "SETTINGS", few)
    monkeypatch.setattr(loss_comparison, "SHORT", 64)
    monkeypatch.setattr(loss_comparison, "SAMPLES", 100)
    monkeypatch.setattr(loss_comparison.measure, "__defaults__", (100,))
    monkeypatch.setattr(record_contest, "__file__", str(tmp_path / "record_contest.py"))
    monkeypatch.setattr(record_contest, "load", lambda *_: pictures())
    monkeypatch.setattr(record_contest, "load_classifier", lambda name: Judge().eval())
    monkeypatch.chdir(tmp_path)
    threads = torch.get_num_threads()
    record_contest.main(seeds=1, threads=threads, images=128)
    path = tmp_path / "results" / "contest.json"
    first = json.loads(path.read_text())
    runs = {(row["setting"], row["seed"], row["images"]) for row in first["rows"]}
    assert runs == {(name, 0, n) for name in loss_comparison.REPEATED for n in (64, 128)}
    assert len(first["rows"]) == 2 * len(runs)  # as trained, and averaged
    assert all(math.isfinite(row["frechet"]) and row["seconds"] > 0 for row in first["rows"])
    calls: list[tuple] = []
    real = record_contest.rows_of
    monkeypatch.setattr(
        record_contest, "rows_of", lambda *given: calls.append(given[:3]) or real(*given)
    )
    record_contest.main(seeds=2, threads=threads, images=128)
    assert {seed for _, seed, _ in calls} == {1}
    rows = json.loads(path.read_text())["rows"]
    assert rows[: len(first["rows"])] == first["rows"]
