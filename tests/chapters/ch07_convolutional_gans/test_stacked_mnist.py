"""Stacked MNIST: three digits a picture, the kinds that are counted, and their divergence."""

import math

import pytest
import torch

from aigc_lib.chapters.ch07_convolutional_gans import stacked_mnist
from aigc_lib.data.images import ImageSet, load
from aigc_lib.pretrained.loaders import load_classifier
from tests.support import small


def digits(n: int = 40) -> ImageSet:
    rng = torch.Generator().manual_seed(0)
    images = torch.randint(256, (n, 1, 28, 28), generator=rng, dtype=torch.uint8)
    return ImageSet("mnist", "train", images, torch.arange(n) % 10, tuple("0123456789"))


def test_a_picture_is_three_digits():
    data = digits()
    found = stacked_mnist.stack(data, 25, seed=1)
    assert found.shape == (25, 3, 28, 28)
    assert found.dtype == torch.uint8
    for picture in found:
        for channel in picture:
            assert any(torch.equal(channel, image[0]) for image in data.images)
    assert torch.equal(stacked_mnist.stack(data, 25, seed=1), found)
    assert not torch.equal(stacked_mnist.stack(data, 25, seed=2), found)


def test_the_kind_is_read_channel_by_channel():
    small.need("mnist")
    test, judge = load("mnist", "test"), load_classifier("mnist")
    rng = torch.Generator().manual_seed(3)
    chosen = torch.randint(10_000, (300, 3), generator=rng)
    images = test.images[chosen].squeeze(2)
    wanted = test.labels[chosen] @ torch.tensor([100, 10, 1])
    right = (stacked_mnist.kinds(images, judge) == wanted).double().mean()
    assert right > 0.96  # three digits, each right in 99.6 of 100 cases


def test_counting_modes_and_their_divergence():
    even = torch.arange(1000).repeat(3)
    assert stacked_mnist.count(even) == {"modes": 1000, "kl": pytest.approx(0, abs=1e-12)}
    half = torch.arange(500)
    assert stacked_mnist.count(half) == {"modes": 500, "kl": pytest.approx(math.log(2))}
    one = torch.full((7,), 321)
    assert stacked_mnist.count(one) == {"modes": 1, "kl": pytest.approx(math.log(1000))}


def test_even_draws_have_the_floor_that_the_docstring_states():
    rng = torch.Generator().manual_seed(0)
    drawn = torch.randint(1000, (stacked_mnist.SAMPLES,), generator=rng)
    found = stacked_mnist.count(drawn)
    assert found["modes"] == 1000
    assert found["kl"] == pytest.approx(999 / (2 * stacked_mnist.SAMPLES), rel=0.2)


def test_the_game_has_three_channels_and_no_labels():
    gan = stacked_mnist.players(0, width=4)
    stacked_mnist.fit(gan, digits(), 128, 0, progress=False)
    assert gan.images_seen == 128
    assert gan.sample(5, seed=0).shape == (5, 3, 28, 28)
    same = stacked_mnist.players(0, width=4)
    stacked_mnist.fit(same, digits(), 128, 0, progress=False)
    assert torch.equal(gan.sample(5, seed=0), same.sample(5, seed=0))
