"""The masked autoencoder: its pieces against loops, its training, and the linear probe."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from aigc_lib.chapters.ch10_pretraining_language_models import mae, mae_training
from aigc_lib.chapters.ch10_pretraining_language_models.mae import (
    MAEConfig,
    MaskedAutoencoder,
    pick,
    to_patches,
    to_pictures,
)
from aigc_lib.chapters.ch10_pretraining_language_models.mae_training import Config
from aigc_lib.core import results
from aigc_lib.core.pixels import normalize
from aigc_lib.core.training import TrainingError
from aigc_lib.data.batches import Batches
from aigc_lib.nets.gpt import Block, GPTConfig

TINY = MAEConfig(side=4, patch=2, visible=1, width=16, layers=1, heads=2, decoder_width=16)


def test_patches_are_the_picture_cut_row_by_row():
    images = torch.rand(3, 1, 6, 6)
    patches = to_patches(images, 2)
    for row in range(3):
        for column in range(3):
            cut = images[:, 0, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
            assert torch.equal(patches[:, 3 * row + column], cut.flatten(1))
    assert torch.equal(to_pictures(patches, 6), images)


def test_shapes_that_cannot_be_are_refused():
    for wrong in ({"patch": 5}, {"visible": 0}, {"visible": 16}, {"patch": 0}, {"width": 63}):
        with pytest.raises(ValueError, match=r"tile|visible|width"):
            MaskedAutoencoder(replace(MAEConfig(), **wrong))
    for shape in ((2, 3, 28, 28), (2, 28, 28), (2, 1, 28, 27)):
        with pytest.raises(ValueError, match="grey pictures"):
            to_patches(torch.zeros(shape), 7)


def test_seen_and_hidden_share_no_place_and_leave_none_out():
    seen, hidden = mae.choose(4000, 16, 4, torch.Generator().manual_seed(0))
    assert seen.shape == (4000, 4)
    assert hidden.shape == (4000, 12)
    both = torch.cat([seen, hidden], 1).sort(1).values
    assert torch.equal(both, torch.arange(16).expand(4000, -1))
    share = seen.flatten().bincount(minlength=16) / 4000
    assert float((share - 0.25).abs().max()) < 0.03  # each place is seen a quarter of the time


def test_the_blocks_look_both_ways():
    torch.manual_seed(0)
    size = GPTConfig(1, context=4, layers=1, heads=2, width=8)
    both, back = Block(size, causal=False), Block(size)
    back.load_state_dict(both.state_dict())
    x = torch.randn(1, 4, 8)
    other = x.clone()
    other[:, 3] = torch.randn(8)  # adding a constant would be undone by the norm
    with torch.no_grad():
        assert not torch.allclose(both(other)[:, 0], both(x)[:, 0])
        assert torch.equal(back(other)[:, 0], back(x)[:, 0])


def test_the_order_in_which_patches_are_named_does_not_matter():
    model = mae_training.fresh(0).eval()
    patches = torch.rand(2, 16, 49)
    seen = torch.tensor([[3, 9, 0, 14], [1, 2, 3, 4]])
    with torch.no_grad():
        a, b = model(patches, seen), model(patches, seen.flip(1))
    assert torch.allclose(a, b, atol=1e-5)


def test_contrast_is_the_patch_without_its_brightness():
    patches = torch.rand(2, 3, 49)
    found = mae.contrasts(patches)
    assert torch.allclose(found, mae.contrasts(patches + 0.3), atol=1e-4)
    for patch, wanted in zip(found.flatten(0, 1), patches.flatten(0, 1), strict=True):
        z = (wanted - wanted.mean()) / (wanted.var(correction=0) + 1e-3).sqrt()
        assert torch.allclose(patch, z, atol=1e-5)
    assert float(mae.contrasts(torch.full((1, 1, 49), 0.7)).abs().max()) < 1e-4


def test_features_are_those_of_whole_pictures():
    model = mae_training.fresh(0).eval()
    images = torch.rand(5, 1, 28, 28) * 2 - 1
    every = torch.arange(16).expand(5, -1)
    with torch.no_grad():
        wanted = model.encode(to_patches(images, 7), every)
    assert torch.allclose(model.features(images, batch=2), wanted.mean(1), atol=1e-5)
    assert torch.allclose(model.features(images, pooled=False), wanted.flatten(1), atol=1e-5)


def half_known() -> torch.Tensor:
    """Pictures whose left half is black; the right half is white in three of four."""
    images = torch.zeros(64, 1, 4, 4, dtype=torch.uint8)
    images[:48, :, :, 2:] = 255
    return images


def test_it_learns_what_can_be_known_and_the_mean_of_what_cannot():
    torch.manual_seed(0)
    model = MaskedAutoencoder(TINY)
    for positions in (model.positions, model.decoder_positions):
        torch.nn.init.normal_(positions.weight)  # told apart from the start, it learns sooner
    images = half_known()
    before = mae_training.evaluate(model, images)
    config = Config(steps=400, lr=1e-2, warmup=20, weight_decay=0)
    batches = Batches(images, 64, seed=0)
    history = mae_training.fit(model, batches, config, 0, tick=200, progress=False)
    assert [row["steps"] for row in history] == [200, 400]
    assert not model.training
    assert mae_training.evaluate(model, images) < before / 2
    patches = to_patches(normalize(images), 2)
    with torch.no_grad():
        left = model(patches, torch.zeros(64, 1, dtype=torch.long))  # sees a black corner
        right = model(patches, torch.ones(64, 1, dtype=torch.long))
    assert float(left[:, (1, 3)].mean()) == pytest.approx(0.5, abs=0.12)  # (3 - 1) / 4
    assert float((right - patches)[:, 3].abs().max()) < 0.15  # as the one that it sees


def test_evaluate_is_the_mean_over_pictures_whatever_the_parts():
    model = mae_training.fresh(1).eval()
    images = torch.randint(256, (501, 1, 28, 28), dtype=torch.uint8)
    patches = to_patches(normalize(images), 7)
    seen, hidden = mae.choose(501, 16, 4, torch.Generator().manual_seed(0))
    with torch.no_grad():
        errors = (pick(model(patches, seen), hidden) - pick(patches, hidden)).square()
    assert mae_training.evaluate(model, images) == pytest.approx(float(errors.mean()), rel=1e-4)


def test_training_is_the_same_twice_and_stops_at_nonsense():
    images = torch.randint(256, (40, 1, 28, 28), dtype=torch.uint8)
    twice = []
    for _ in range(2):
        model = mae_training.fresh(3)
        mae_training.fit(model, Batches(images, 20, seed=1), Config(steps=4), 5, progress=False)
        twice.append(model.guess.weight)
    assert torch.equal(*twice)
    with pytest.raises(TrainingError, match="Lower the learning rate"):
        mae_training.fit(
            mae_training.fresh(0), Batches(images, 20, seed=1), Config(steps=6, lr=float("inf")), 0,
            progress=False,
        )  # fmt: skip
    with pytest.raises(ValueError, match="at least 1"):
        mae_training.fit(mae_training.fresh(0), Batches(images, 20, seed=1), Config(steps=0), 0)


def test_the_probe_chooses_on_valid_and_counts_on_test():
    """Two classes that one feature tells apart; in the test part every fifth label is wrong."""
    rng = np.random.default_rng(0)
    y = torch.tensor(rng.integers(2, size=300))
    x = torch.tensor(rng.normal(size=(300, 3))).float()
    x[:, 1] = 1000 + 0.01 * (8 * y + x[:, 1])  # of another scale: it must be standardised
    wrong = y[200:].clone()
    wrong[::5] = 1 - wrong[::5]
    parts = (x[:100], y[:100]), (x[100:200], y[100:200]), (x[200:], wrong)
    found = mae_training.probe(*parts)
    assert found.of == 100
    assert found.right == 80
    flipped = (x[100:200], 1 - y[100:200])
    assert (
        mae_training.probe(parts[0], flipped, parts[2], [1.0]).right == 80
    )  # valid is not learned
    # Held back hard, it says 0 to all, as most of train is. That suits this valid, and not test.
    most = (y[:100] * (torch.arange(100) < 30)).long()
    rare = x[:100].clone()
    rare[:, 1] = most
    judged = (rare, most)
    chosen = mae_training.probe((rare, most), (rare, torch.zeros_like(most)), judged, [1e2, 1e-6])
    assert chosen == (100 - int(most.sum()), 100, 1e-6)
    assert mae_training.probe(judged, judged, judged, [1e2, 1e-6]) == (100, 100, 1e2)
    with pytest.raises(ValueError, match="a label for each"):
        mae_training.probe(parts[0], parts[1], (x[200:], y[:3]))


def test_no_picture_is_in_two_parts():
    data = mae_training.clothes()
    sizes = [len(data.unlabelled), *(len(part[1]) for part in data[1:])]
    assert sizes == [54_000, 5_000, 1_000, 8_000]
    pretrained = {image.numpy().tobytes() for image in data.unlabelled}
    copies = sum(image.numpy().tobytes() in pretrained for image in data.test[0])
    assert copies == 0
    first, again = mae_training.few(data.labelled, 500, 1), mae_training.few(data.labelled, 500, 1)
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[1], mae_training.few(data.labelled, 500, 2)[1])
    assert len(torch.unique(mae_training.few(data.labelled, 5000, 0)[0].flatten(1), dim=0)) > 4_900


def test_the_record_says_what_the_page_says():
    """For every seed; the order of what is compared, and that the gaps shrink with more labels."""
    rows = results.load("masked")["rows"]
    assert len(rows) == 3 * (2 + 3 * 4)
    assert all(row["of"] == 8_000 for row in rows)
    for seed in range(3):
        score = {
            (row["features"], row.get("pooled"), row["labels"]): row["right"] / row["of"]
            for row in rows
            if row["seed"] == seed
        }
        for n in (500, 5000):
            pixels = score["pixels", None, n]
            assert score["random", True, n] + 0.08 < score["page", True, n] < pixels
            assert abs(score["random", False, n] - pixels) < 0.025
            assert score["long", False, n] > max(pixels, score["random", False, n]) + 0.025
        assert score["long", True, 500] > score["pixels", None, 500] + 0.01
    settings = {row["features"]: row["steps"] for row in rows if "steps" in row}
    assert settings == {"page": mae_training.PAGE.steps, "long": mae_training.LONG.steps}
