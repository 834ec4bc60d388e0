"""blind_test: luck against SciPy's binomial, and the widget as a reader would click it."""

import base64
import io

import numpy as np
import pytest
import torch
from ipywidgets import HTML
from PIL import Image
from scipy.stats import binom

from aigc_lib.chapters.ch08_evaluating_generators.blind_test import (
    blind_pictures,
    blind_test,
    hits_needed,
    luck,
)


@pytest.mark.parametrize("n", [1, 2, 7, 20, 300])
def test_luck_equals_scipys_binomial_tail(n: int) -> None:
    for hits in range(n + 1):
        assert luck(hits, n) == pytest.approx(binom.sf(hits - 1, n, 0.5), rel=1e-9)


@pytest.mark.parametrize(("hits", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_luck_refuses(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match="0 <= hits <= n"):
        luck(hits, n)


@pytest.mark.parametrize("level", [0.001, 0.05, 0.5])
@pytest.mark.parametrize("n", [10, 20, 101])
def test_hits_needed_is_the_smallest_number_that_is_rare_enough(n: int, level: float) -> None:
    wanted = int(binom.isf(level, n, 0.5)) + 1  # the first with a tail of at most the level
    assert hits_needed(n, level) == wanted


def test_hits_needed_refuses() -> None:
    assert hits_needed(5) == 5  # 1/32
    with pytest.raises(ValueError, match="4 of 4 hits come by luck too often"):
        hits_needed(4)
    for level in (0, 1, 5):
        with pytest.raises(ValueError, match="level is a probability"):
            hits_needed(20, level)


REAL = torch.full((60, 1, 4, 4), 255, dtype=torch.uint8)
FAKE = torch.zeros(60, 1, 4, 4, dtype=torch.uint8)


def test_pictures_are_what_the_answers_say() -> None:
    pictures, is_real = blind_pictures(REAL, FAKE, 40, seed=1)
    assert pictures.shape == (40, 1, 4, 4)
    assert [bool(p.float().mean() > 128) for p in pictures] == is_real
    assert blind_pictures(REAL, FAKE, 40, seed=1)[1] == is_real
    assert blind_pictures(REAL, FAKE, 40, seed=2)[1] != is_real


def test_the_coin_is_fair_and_has_no_memory() -> None:
    flips = np.array([blind_pictures(REAL, FAKE, 60, seed=s)[1] for s in range(200)])
    # 12,000 flips: the standard error of the share is 0.0046.
    assert flips.mean() == pytest.approx(0.5, abs=0.02)
    assert (flips[:, 1:] == flips[:, :-1]).mean() == pytest.approx(0.5, abs=0.02)
    # The number of real ones varies as coins do, it is not always half.
    assert flips.sum(axis=1).std() == pytest.approx(np.sqrt(60) / 2, rel=0.25)


def test_pictures_refuse() -> None:
    with pytest.raises(ValueError, match="61 pictures need as many of each, not 60, 60"):
        blind_pictures(REAL, FAKE, 61)
    with pytest.raises(ValueError, match="alike in dtype and shape"):
        blind_pictures(REAL, FAKE.float(), 5)
    with pytest.raises(ValueError, match="alike in dtype and shape"):
        blind_pictures(REAL, FAKE[..., 1:], 5)


def shown(image: HTML) -> bool:
    """Whether the picture in the widget is a real (white) one."""
    assert 'alt="real or generated?"' in image.value  # which does not give it away
    data = image.value.split("base64,")[1].split('"')[0]
    return bool(np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))).mean() > 128)


@pytest.mark.parametrize(
    ("wrong", "verdict"), [(0, "more than luck"), (5, "more than luck"), (6, "as luck would")]
)
def test_the_widget_counts_clicks(wrong: int, verdict: str) -> None:
    pictures, is_real = blind_pictures(REAL, FAKE, 20, seed=3)
    image, row, text = blind_test(pictures, is_real).children
    real, generated = row.children
    for i, truth in enumerate(is_real):
        assert text.value == f"picture {i + 1} of 20"
        assert shown(image) == truth
        (real if truth != (i < wrong) else generated).click()
    assert text.value.startswith(f"{20 - wrong} of 20 right: {verdict}")
    assert "15 needed" in text.value
    assert real.disabled
    assert generated.disabled
    real.click()  # one click too many changes nothing
    assert text.value.startswith(f"{20 - wrong} of 20 right")


def test_the_widget_refuses() -> None:
    with pytest.raises(ValueError, match="60 pictures and 3 answers"):
        blind_test(REAL, [True, False, True])
    with pytest.raises(ValueError, match="show more pictures"):
        blind_test(REAL[:3], [True, False, True])
