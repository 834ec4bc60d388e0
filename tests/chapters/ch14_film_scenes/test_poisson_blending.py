"""Putting pictures into pictures: the simple ways, the measures, and what is refused."""

import numpy as np
import pytest

from aigc_lib.chapters.ch14_film_scenes import poisson_blending

RNG = np.random.default_rng(1)
MASK = np.zeros((12, 14), bool)
MASK[3:9, 4:10] = True


def flat(value):
    return np.full((12, 14, 3), float(value))


def test_pasting_takes_the_source_inside_and_the_target_outside():
    joined = poisson_blending.plain(flat(10), flat(200), MASK)
    assert (joined[MASK] == 200).all()
    assert (joined[~MASK] == 10).all()


def test_fading_goes_from_the_target_to_the_source():
    joined = poisson_blending.feather(flat(0), flat(100), MASK, width=1)
    assert (joined[~MASK] == 0).all()
    assert joined[3, 6, 0] == pytest.approx(50)
    assert joined[5, 6, 0] == pytest.approx(100)


def test_blending_a_flat_piece_shows_nothing_and_a_shifted_target_no_seam():
    target = RNG.random((12, 14, 3))
    np.testing.assert_allclose(
        poisson_blending.poisson(target, flat(7), MASK),
        poisson_blending.laplace(target, MASK),
        atol=1e-12,
    )
    # A piece of the target itself, made darker: its differences are the target's own.
    np.testing.assert_allclose(
        poisson_blending.poisson(target, target - 40, MASK), target, atol=1e-10
    )


def test_the_seam_of_an_edge_is_seen_and_a_ramp_has_none():
    ramp = np.broadcast_to(np.arange(14.0)[None, :, None] + np.arange(12.0)[:, None, None],
                           (12, 14, 3))  # fmt: skip
    assert poisson_blending.seam(ramp, MASK) == pytest.approx(1)
    assert poisson_blending.seam(np.where(MASK[..., None], ramp + 30, ramp), MASK) > 20
    noise = RNG.random((40, 40, 3))
    mask = np.zeros((40, 40), bool)
    mask[10:30, 10:30] = True
    assert poisson_blending.seam(noise, mask) == pytest.approx(1, abs=0.15)


def test_fillings_of_a_known_picture():
    picture = flat(5)
    picture[:, :7] = 1
    holed = picture.copy()
    holed[MASK] = 99
    near = poisson_blending.nearest(holed, MASK)
    assert set(np.unique(near)) == {1, 5}
    assert near[5, 4, 0] == 1
    assert near[5, 9, 0] == 5
    mean = poisson_blending.ring_mean(holed, MASK)[MASK]
    assert (mean == mean[0]).all()
    assert 1 < mean[0, 0] < 5
    assert (poisson_blending.laplace(holed, MASK) <= 5).all()


def test_what_cannot_be_blended_is_refused():
    touching = MASK.copy()
    touching[0, 5] = True
    for mask, said in (
        (touching, "touches the picture's edge"),
        (np.zeros_like(MASK), "empty"),
        (MASK[:5], "bool mask"),
        (MASK.astype(float), "bool mask"),
    ):
        with pytest.raises(ValueError, match=said):
            poisson_blending.laplace(flat(0), mask)
    with pytest.raises(ValueError, match="differ in shape"):
        poisson_blending.poisson(flat(0), flat(0)[:, :5], MASK)


def test_flicker_needs_frames_that_go_somewhere():
    with pytest.raises(ValueError, match="two frames"):
        poisson_blending.flicker(np.zeros((1, 3)))
    with pytest.raises(ValueError, match="last frame is the first"):
        poisson_blending.flicker(np.array([[0.0], [1.0], [0.0]]))
