"""The classifiers: architecture, training, and the shipped weights against their cards.

Tests that need the real images skip, and say so, where these are not in the cache; with
AIGC_REQUIRE_ALL=1 they fail instead.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from aigc_lib.core.pixels import normalize
from aigc_lib.data.cache import cache_dir
from aigc_lib.data.images import ImageSet, load
from aigc_lib.data.registry import find
from aigc_lib.metrics.classes import class_counts
from aigc_lib.metrics.features import extract
from aigc_lib.metrics.frechet import frechet_distance, statistics
from aigc_lib.nets.classifier import ImageClassifier
from aigc_lib.pretrained import weights
from aigc_lib.pretrained.loaders import load_classifier, reference_statistics
from aigc_lib.recipes import classifier as classify
from aigc_lib.recipes.classifier import fit_classifier, shifted

NAMES = sorted(
    p.name.removesuffix("-classifier.json") for p in weights.FOLDER.glob("*-classifier.json")
)


def real(name: str, split: str) -> ImageSet:
    """A data set from the cache; never from the network."""
    folder = cache_dir() / find(name).folder
    missing = [file for file in find(name).files if not (folder / file).is_file()]
    if missing:
        reason = f"{name} is not in the cache {folder}"
        if os.environ.get("AIGC_REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return load(name, split)


# ------------------------------------------------------------------------------- the architecture


def test_shapes_and_size() -> None:
    classifier = ImageClassifier().eval()
    images = torch.rand(3, 1, 28, 28) * 2 - 1
    features = classifier.features(images)
    assert features.shape == (3, 64)
    assert bool((features >= 0).all())
    assert bool((features > 0).any())
    head = classifier.head
    torch.testing.assert_close(classifier(images), features @ head.weight.T + head.bias)
    assert sum(p.numel() for p in classifier.parameters()) == 93_482


@pytest.mark.parametrize("shape", [(3, 28, 28), (3, 3, 28, 28), (3, 1, 32, 32)])
def test_images_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"must be \(N, 1, 28, 28\), got"):
        ImageClassifier()(torch.zeros(shape))


# ------------------------------------------------------------------------------------- training


def test_shifted_moves_each_image_whole() -> None:
    images = torch.zeros(500, 1, 9, 9, dtype=torch.uint8)
    images[:, 0, 4, 4], images[:, 0, 4, 5] = 200, 100
    out = shifted(images, 2, torch.Generator().manual_seed(0))
    assert out.shape == images.shape
    assert out.dtype == torch.uint8
    row, column = torch.where(out[:, 0] == 200)[1:]
    assert bool((out[torch.arange(500), 0, row, column + 1] == 100).all())
    # Every one of the 5 x 5 moves occurs about 20 times, and no other.
    moves = torch.bincount((row - 2) * 5 + column - 2, minlength=25)
    assert len(row) == 500
    assert bool((row - 4).abs().max() == 2)
    assert len(moves) == 25
    assert 5 <= int(moves.min()) <= int(moves.max()) <= 45


def test_shifted_fills_with_black() -> None:
    out = shifted(torch.full((200, 1, 6, 6), 7, dtype=torch.uint8), 1, torch.Generator())
    assert sorted(set(out.flatten(1).count_nonzero(dim=1).tolist())) == [25, 30, 36]
    assert set(out.flatten().tolist()) == {0, 7}


def bars(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """Ten classes that need no download: a bright bar at one of ten places, in noise."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(10, (n,), generator=generator)
    images = torch.randint(120, (n, 1, 28, 28), dtype=torch.uint8, generator=generator)
    # Far enough apart that the shifts of training do not turn one into another.
    for i, label in enumerate(labels.tolist()):
        column, row = 14 * (label // 5), 5 * (label % 5) + 2
        images[i, 0, row : row + 2, column : column + 14] = 255
    return images, labels


def accuracy(classifier: ImageClassifier, images: Tensor, labels: Tensor) -> float:
    return float((extract(classifier, images).argmax(dim=1) == labels).double().mean())


@pytest.mark.slow
def test_training_learns() -> None:
    images, labels = bars(2000, seed=0)
    classifier = fit_classifier(images, labels, epochs=1, batch=32, progress=False)
    assert not classifier.training
    assert not any(p.requires_grad for p in classifier.parameters())
    assert 0.8 < accuracy(classifier, *bars(500, seed=1)) <= 1
    # Labels that say nothing about the images cannot be learned: little over 1 in 10 is right.
    mixed = labels[torch.randperm(2000, generator=torch.Generator().manual_seed(2))]
    blind = fit_classifier(images, mixed, epochs=1, batch=64, progress=False)
    assert 0.08 < accuracy(blind, images, mixed) < 0.25


def test_training_repeats_and_leaves_the_global_generator_alone() -> None:
    images, labels = bars(200, seed=0)
    before = torch.get_rng_state()
    one, again, other = (
        fit_classifier(images, labels, epochs=2, batch=40, seed=seed, progress=False)
        for seed in (0, 0, 1)
    )
    assert torch.equal(torch.get_rng_state(), before)
    for key, tensor in one.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[key]), key
    assert not torch.equal(one.head.weight, other.head.weight)


def test_one_epoch_on_2000_digits() -> None:
    train, test = real("mnist", "train"), real("mnist", "test")
    classifier = fit_classifier(
        train.images[:2000], train.labels[:2000], epochs=1, batch=32, progress=False
    )
    assert 0.8 < accuracy(classifier, test.images[:2000], test.labels[:2000]) < 0.985


def test_training_refuses() -> None:
    images, labels = bars(20, seed=0)
    with pytest.raises(ValueError, match="epochs must be at least 1, got 0"):
        fit_classifier(images, labels, epochs=0, batch=10, progress=False)
    with pytest.raises(ValueError, match="batch"):
        fit_classifier(images, labels, batch=21, progress=False)


def test_command_writes_what_the_loader_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def small(name: str, split: str = "train") -> ImageSet:
        images, labels = bars(400 if split == "train" else 100, seed=len(split))
        return ImageSet(name, split, images, labels, find(name).classes)

    monkeypatch.setattr(classify, "load", small)
    threads = torch.get_num_threads()
    classify.main("mnist", tmp_path / "new", epochs=1, threads=threads)
    files = [
        "mnist-classifier.json",
        "mnist-classifier.safetensors",
        "mnist-statistics.safetensors",
    ]
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == files
    card = weights.read_card("mnist", tmp_path / "new")
    classifier = load_classifier("mnist", folder=tmp_path / "new")
    test = small("mnist", "test")
    assert card["test"]["accuracy"] == 100 * accuracy(classifier, test.images, test.labels)
    recomputed = statistics(extract(classifier.features, small("mnist").images))
    reference = reference_statistics("mnist", tmp_path / "new")
    assert frechet_distance(recomputed, reference) < 1e-6
    assert reference.n == 400
    assert f"{card['test']['accuracy']:.2f} % right" in capsys.readouterr().out


# ---------------------------------------------------------------------------- the shipped weights


def test_the_shipped_data_sets() -> None:
    assert "mnist" in NAMES
    assert all(find(name) for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_shipped_files_are_those_of_the_card(name: str) -> None:
    card = weights.read_card(name)
    files = {f"{name}-classifier.safetensors", f"{name}-statistics.safetensors"}
    assert set(card["sha256"]) == files
    for file in files:
        content = (weights.FOLDER / file).read_bytes()
        assert hashlib.sha256(content).hexdigest() == card["sha256"][file]
        assert 30_000 < len(content) < 600_000
    classifier = load_classifier(name)
    assert not classifier.training
    assert not any(p.requires_grad for p in classifier.parameters())
    assert card["parameters"] == sum(p.numel() for p in classifier.parameters())
    assert card["command"].startswith(f"python -m aigc_lib.recipes.classifier --data {name} ")
    assert card["data_sha256"] == {f: v.sha256 for f, v in find(name).files.items()}
    low, high = {"mnist": (99.3, 99.8), "fashion-mnist": (91.5, 95.0)}[name]
    assert low <= card["test"]["accuracy"] <= high
    assert sum(card["test"]["recall"]) / 10 == pytest.approx(card["test"]["accuracy"], abs=0.1)


@pytest.mark.parametrize("name", NAMES)
def test_shipped_statistics_are_sound(name: str) -> None:
    mean, cov, n = reference_statistics(name)
    assert (mean.shape, cov.shape, n) == ((64,), (64, 64), 60_000)
    assert mean.dtype == cov.dtype == torch.float64
    torch.testing.assert_close(cov, cov.T)
    assert float(torch.linalg.eigvalsh(cov).min()) > -1e-9 * float(cov.trace())


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_shipped_weights_score_what_the_card_says(name: str) -> None:
    card, test = weights.read_card(name), real(name, "test")
    classifier = load_classifier(name)
    right = extract(classifier, test.images).argmax(dim=1) == test.labels
    assert abs(int(right.sum()) - 100 * card["test"]["accuracy"]) <= 2
    recall = 100 * class_counts(test.labels[right]) / class_counts(test.labels)
    torch.testing.assert_close(recall, torch.tensor(card["test"]["recall"]), rtol=0, atol=0.25)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_shipped_statistics_are_those_of_the_training_set(name: str) -> None:
    reference = reference_statistics(name)
    found = statistics(extract(load_classifier(name).features, real(name, "train").images))
    assert found.n == reference.n
    torch.testing.assert_close(found.mean, reference.mean, rtol=1e-4, atol=1e-4)
    scale = float(reference.cov.diagonal().max())
    torch.testing.assert_close(found.cov, reference.cov, rtol=1e-4, atol=1e-4 * scale)
    assert frechet_distance(found, reference) < 1e-4 * float(reference.cov.trace())


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_distance_tells_real_images_from_damaged_ones(name: str) -> None:
    test, reference, card = real(name, "test"), reference_statistics(name), weights.read_card(name)
    classifier, x = load_classifier(name), normalize(test.images)

    def distance(images: Tensor) -> float:
        return frechet_distance(reference, statistics(extract(classifier.features, images)))

    recorded = card["frechet_distance"]
    unharmed = distance(x)
    assert unharmed == pytest.approx(recorded["train_to_test"], rel=1e-3)
    spread = recorded["floor_train_10000"]
    assert 0.3 * min(spread) < unharmed < 3 * max(spread)
    few = x[:3000]
    noise = torch.randn(few.shape, generator=torch.Generator().manual_seed(0))
    noisy = [distance((few + sd * noise).clamp(-1, 1)) for sd in (0, 0.1, 0.3, 0.9)]
    assert unharmed < noisy[0] < noisy[1] < noisy[2] < noisy[3] < 1e5
    uniform = torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert distance(uniform) == pytest.approx(recorded["train_to_uniform_noise"], rel=1e-3)
    assert unharmed < 1e-2 * distance(uniform)
    # Classes that are missing must show: nine of ten, then five.
    missing = [distance(x[test.labels < classes]) for classes in (9, 5)]
    assert 3 * unharmed < missing[0] < missing[1]


# ------------------------------------------------------------------------------------ bad weights


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped files, to be damaged."""
    for path in weights.FOLDER.glob("mnist-*"):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_unknown_name() -> None:
    with pytest.raises(FileNotFoundError, match=r"'cifar'.*\[.*'mnist'\]"):
        load_classifier("cifar")


@pytest.mark.parametrize("kind", ["classifier", "statistics"])
def test_corrupt_missing_and_truncated_files_are_refused(folder: Path, kind: str) -> None:
    path = folder / f"mnist-{kind}.safetensors"
    content = path.read_bytes()
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    use = load_classifier if kind == "classifier" else reference_statistics
    use("mnist", folder=folder)
    for damaged in (bytes(flipped), content[:-100], b""):
        path.write_bytes(damaged)
        with pytest.raises(
            ValueError, match=r"damaged or was exchanged.*aigc_lib\.recipes\.classifier"
        ):
            use("mnist", folder=folder)
        assert path.read_bytes() == damaged  # reading changes nothing
    path.unlink()
    with pytest.raises(FileNotFoundError, match="is missing"):
        use("mnist", folder=folder)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"sha256": 3}', "null"])
def test_a_damaged_card_is_refused(folder: Path, content: str) -> None:
    (folder / "mnist-classifier.json").write_text(content, encoding="utf8")
    with pytest.raises(ValueError, match=r"mnist-classifier\.json is damaged"):
        load_classifier("mnist", folder=folder)


def test_weights_of_another_architecture_are_refused(folder: Path) -> None:
    path = folder / "mnist-classifier.safetensors"
    save_file({"head.weight": torch.zeros(3, 3)}, path)
    card = json.loads((folder / "mnist-classifier.json").read_text(encoding="utf8"))
    card["sha256"][path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "mnist-classifier.json").write_text(json.dumps(card), encoding="utf8")
    with pytest.raises(ValueError, match="another architecture"):
        load_classifier("mnist", folder=folder)


def test_a_failed_write_keeps_the_old_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {p.name: p.read_bytes() for p in folder.iterdir()}

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        weights.write("mnist", {"classifier": {"x": torch.zeros(2)}}, {}, folder)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
