"""Products and sentences: what is drawn is what is said, and the held-out pairs stay out."""

import pytest
import torch

from aigc_lib.chapters.ch18_words_with_pictures import products
from aigc_lib.chapters.ch18_words_with_pictures.record_describer import unknown


def test_seven_pairs_are_held_out_one_for_each_garment():
    seen, held, every = (products.pairs(which) for which in (False, True, None))
    assert (len(seen), len(held), len(every)) == (35, 7, 42)
    assert sorted(held[:, 0].tolist()) == list(range(7))
    assert {tuple(p) for p in held.tolist()} == products.HELD_OUT
    assert not {tuple(p) for p in seen.tolist()} & products.HELD_OUT
    # Each colour is met in training with at least four garments.
    assert min(int((seen[:, 1] == c).sum()) for c in range(6)) >= 4


def test_a_picture_is_its_seed_and_shows_only_allowed_pairs():
    one, again, other = (products.compose(40, seed) for seed in (1, 1, 2))
    assert torch.equal(one.images, again.images)
    assert not torch.equal(one.images, other.images)
    assert one.images.shape == (40, 3, 32, 32)
    assert one.images.dtype == torch.uint8
    assert not {tuple(p) for p in one.labels.flatten(0, 1).tolist()} & products.HELD_OUT
    held = products.compose(40, 1, "exam", held_out=True)
    assert {tuple(p) for p in held.labels.flatten(0, 1).tolist()} <= products.HELD_OUT


def test_each_photograph_of_a_part_is_shown_once():
    scenes = products.each_once("choosing", 1)
    photos = products.photographs("choosing")
    assert scenes.images.shape == (len(torch.cat(photos)) // 2, 3, 32, 32)
    counts = torch.bincount(scenes.labels[..., 0].flatten(), minlength=7)
    assert all(0 <= len(each) - n <= 1 for each, n in zip(photos, counts.tolist(), strict=True))
    assert {tuple(p) for p in scenes.labels.flatten(0, 1).tolist()} == {
        tuple(p) for p in products.pairs(None).tolist()
    }
    assert torch.equal(scenes.images, products.each_once("choosing", 1).images)


def test_makers_choosing_judges_and_exam_share_no_photograph():
    sets = []
    for part in products.PARTS:
        photos = torch.cat(products.photographs(part))
        sets.append({photo.numpy().tobytes() for photo in photos})
    makers, choosing, judges, exam = sets
    # Fashion-MNIST itself holds a few pictures twice: no more than these are shared.
    assert len(makers & judges) < 20
    assert len(makers & exam) < 5
    assert len(choosing & (makers | judges | exam)) < 5
    assert len(choosing) > 1_000


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_sentence_is_understood_as_it_was_meant(language):
    for label in torch.cartesian_prod(*(torch.arange(k) for k in (7, 6, 7, 6))).view(-1, 2, 2)[
        ::17
    ]:
        said = products.sentence(label, language)
        assert len(said) <= products.LENGTH
        assert all(word in products.NUMBER for word in said)
        assert torch.equal(products.parse(said), label)
    assert products.parse(said[:-2]) is None
    assert products.parse([]) is None
    assert products.parse(said[::-1]) is None


def test_sentences_read_well():
    label = torch.tensor([[1, 3], [5, 0]])
    written = [products.written(products.sentence(label, name)) for name in ("en", "zh")]
    assert written == ["blue trousers left of red bag", "蓝色的长裤在红色的包的左边"]
    rows = products.tokens(label.expand(30, 2, 2), 0)
    assert rows.shape == (30, products.LENGTH)
    assert set(rows[:, 0].tolist()) == {products.NUMBER["<en>"], products.NUMBER["<zh>"]}


def test_articles_without_a_word_have_no_right_garment():
    some = unknown(5, 0)
    assert some.images.shape == (5, 3, 32, 32)
    assert (some.labels[..., 0] == -2).all()
