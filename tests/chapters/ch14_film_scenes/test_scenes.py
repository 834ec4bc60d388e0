"""Scenes, their pictures and captions: what a description says is what is drawn, and no leak."""

import pytest
import torch

from aigc_lib.chapters.ch14_film_scenes import experiment, scene_classifier, scenes
from tests.support import small


def test_descriptions_are_split_by_pairs_and_nothing_is_missing():
    seen, held = scenes.descriptions(held_out=False), scenes.descriptions(held_out=True)
    assert (len(seen), len(held)) == (120, 40)
    assert len(torch.cat([seen, held]).unique(dim=0)) == 160
    assert {tuple(p) for p in held[:, :2].tolist()} == scenes.HELD_OUT
    assert not {tuple(p) for p in seen[:, :2].tolist()} & scenes.HELD_OUT
    # Each object is held out once, and keeps three backgrounds; each background keeps objects.
    assert sorted(o for o, _ in scenes.HELD_OUT) == list(range(10))
    assert {b for _, b in scenes.HELD_OUT} == set(range(4))


def test_tokens_are_the_words_of_the_caption():
    for label in scenes.descriptions(held_out=True):
        words = [scenes.WORDS[k] for k in scenes.tokens(label[None])[0]]
        said = scenes.caption(label)
        assert all(word in said for word in words), (words, said)
    assert scenes.caption(torch.tensor([0, 1, 0, 0])) == "a small cat on the left at night"


def test_nothing_of_the_test_is_in_the_training():
    small.need("emoji")
    train = scenes.compose(2_000, experiment.TRAIN_SEED)
    exam = experiment.exam(5)
    trained = {tuple(p) for p in train.labels[:, :2].tolist()}
    assert trained.isdisjoint({tuple(p) for p in exam.labels[:, :2].tolist()})
    assert len(trained) == 30
    learned = {p.numpy().tobytes() for p in train.images}
    for others in (exam.real, exam.reference):
        assert learned.isdisjoint({p.numpy().tobytes() for p in others})
    judged = scene_classifier.training_scenes(experiment.CLASSIFIER_SEED, 500, every_pair=True)
    narrow = scene_classifier.training_scenes(experiment.PICKER_SEED, 500, every_pair=False)
    assert learned.isdisjoint({p.numpy().tobytes() for p in judged.images})
    assert {tuple(p) for p in narrow.labels[:, :2].tolist()}.isdisjoint(scenes.HELD_OUT)
    assert not {tuple(p) for p in judged.labels[:, :2].tolist()}.isdisjoint(scenes.HELD_OUT)


def test_an_object_stands_on_its_side_and_has_its_size():
    small.need("emoji")
    labels = scenes.descriptions(held_out=False)
    drawn = scenes.compose(len(labels), 3, labels).images.float()
    empty = scenes.backdrops(labels[:, 1], torch.Generator().manual_seed(3))
    changed = (drawn - empty.round().clamp(0, 255)).abs().amax(dim=1) > 8  # (N, 32, 32)
    columns = changed.any(dim=1)
    for label, column, picture in zip(labels, columns, changed, strict=True):
        half = column[16:] if label[2] == 0 else column[:16]
        assert int(half.sum()) <= 3, scenes.caption(label)  # the largest reach over the middle
        extent = max(int(picture.any(dim=k).sum()) for k in (0, 1))
        assert (extent <= 12) == (label[3] == 0), scenes.caption(label)


def test_a_scene_is_its_seed():
    small.need("emoji")
    one, again, other = (scenes.compose(20, seed) for seed in (5, 5, 6))
    assert torch.equal(one.images, again.images)
    assert torch.equal(one.labels, again.labels)
    assert not torch.equal(one.images, other.images)
    assert one.images.shape == (20, 3, 32, 32)
    assert one.images.dtype == torch.uint8
    for n, labels in ((0, None), (2, torch.zeros(3, 4).long())):
        with pytest.raises(ValueError, match="need n >= 1"):
            scenes.compose(n, 0, labels)
