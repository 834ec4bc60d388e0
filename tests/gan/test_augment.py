"""aigc_lib.gan.augment: each change against a slow search image by image, and its gradients."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from aigc_lib.gan import augment as aug
from aigc_lib.gan.augment import Augmented, augment

HEIGHT, WIDTH = 6, 9


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(n: int = 12, height: int = HEIGHT, width: int = WIDTH) -> Tensor:
    """Values of which no two are equal."""
    return torch.rand(n, 2, height, width, generator=rng(7)).double() * 1.9 - 0.95


def shifted(image: np.ndarray, down: int, right: int) -> np.ndarray:
    result = np.full_like(image, -1)
    for i in range(image.shape[1]):
        for j in range(image.shape[2]):
            if 0 <= i - down < image.shape[1] and 0 <= j - right < image.shape[2]:
                result[:, i, j] = image[:, i - down, j - right]
    return result


def holed(image: np.ndarray, row: int, column: int, tall: int, wide: int) -> np.ndarray:
    result = image.copy()
    for i in range(row - tall // 2, row - tall // 2 + tall):
        for j in range(column - wide // 2, column - wide // 2 + wide):
            if 0 <= i < image.shape[1] and 0 <= j < image.shape[2]:
                result[:, i, j] = -1
    return result


def found(after: Tensor, before: Tensor, make, rows: range, columns: range) -> Iterator[tuple]:
    """The only place, for each image, with which the slow way gives the same picture."""
    for one, two in zip(after.numpy(), before.numpy(), strict=True):
        places = [(i, j) for i in rows for j in columns if np.array_equal(make(two, i, j), one)]
        assert len(places) == 1
        yield places[0]


def look_uniform(places: list[tuple], rows: range, columns: range) -> None:
    """All of them come up, alike often, and row and column are independent."""
    table = np.zeros((len(rows), len(columns)))
    for i, j in places:
        table[rows.index(i), columns.index(j)] += 1
    assert table.min() > 0
    assert 1e-4 < stats.chisquare(table.ravel()).pvalue < 1 - 1e-4


def test_translation_shifts_each_image_by_a_place_of_its_own() -> None:
    x = images(900)
    after = aug.translation(x, rng(), share=0.3)  # 1.8 and 2.7 pixels: 2 and 3
    rows, columns = range(-2, 3), range(-3, 4)
    look_uniform(list(found(after, x, shifted, rows, columns)), rows, columns)


def test_cutout_cuts_a_rectangle_centred_on_any_pixel() -> None:
    x = images(1100)
    after = aug.cutout(x, rng(), share=0.5)  # 3 and 4.5 pixels: 3 and 5
    rows, columns = range(HEIGHT), range(WIDTH)
    cut = list(found(after, x, lambda im, i, j: holed(im, i, j, 3, 5), rows, columns))
    look_uniform(cut, rows, columns)


def test_how_much_of_a_28_by_28_image_is_lost() -> None:
    x = torch.zeros(4000, 1, 28, 28)
    gone = aug.translation(x, rng()).eq(-1).double().mean()  # up to 28 / 8 = 3.5: 4 pixels
    kept = np.mean([28 - abs(shift) for shift in range(-4, 5)]) / 28
    assert float(gone) == pytest.approx(1 - kept**2, rel=0.03)
    gone = aug.cutout(x, rng()).eq(-1).double().mean()  # 14 pixels, less what lies outside
    inside = [len({*range(c - 7, c + 7)} & {*range(28)}) for c in range(28)]
    assert float(gone) == pytest.approx((np.mean(inside) / 28) ** 2, rel=0.03)


def test_brightness_adds_one_number_to_an_image() -> None:
    x = images(2000)
    added = (aug.brightness(x, rng()) - x).flatten(1)
    torch.testing.assert_close(added, added[:, :1].expand_as(added))
    assert stats.kstest(added[:, 0].numpy(), "uniform", args=(-0.5, 1.0)).pvalue > 1e-4
    assert -0.5 <= float(added.min()) < -0.49
    assert 0.49 < float(added.max()) < 0.5


def test_contrast_stretches_about_the_mean() -> None:
    x = images(2000)
    after = aug.contrast(x, rng())
    centre = x.numpy().mean(axis=(1, 2, 3))
    np.testing.assert_allclose(after.numpy().mean(axis=(1, 2, 3)), centre, atol=1e-12)
    off = x.numpy() - centre[:, None, None, None]
    factors = ((after.numpy() - centre[:, None, None, None]) / off).reshape(2000, -1)
    np.testing.assert_allclose(factors, factors[:, :1].repeat(factors.shape[1], 1), rtol=1e-6)
    assert stats.kstest(factors[:, 0], "uniform", args=(0.5, 1.0)).pvalue > 1e-4


@pytest.mark.parametrize(("options", "wanted"), [({}, 0.25), ({"probability": 0.5}, 0.5)])
def test_flip_mirrors_some_images(options: dict[str, float], wanted: float) -> None:
    x = images(4000)
    after = aug.flip(x, rng(), **options).numpy()
    mirrored = (after == x.numpy()[..., ::-1]).all(axis=(1, 2, 3))
    same = (after == x.numpy()).all(axis=(1, 2, 3))
    assert (mirrored ^ same).all()
    assert abs(mirrored.mean() - wanted) < 4 * math.sqrt(wanted * (1 - wanted) / 4000)


# ------------------------------------------------------------------------- what all have in common

EVERYTHING = "translation,cutout,brightness,contrast,flip"


@pytest.mark.parametrize("policy", [*EVERYTHING.split(","), EVERYTHING, ""])
def test_gradients_of_both_orders_against_differences(policy: str) -> None:
    x = images(3, 4, 5).requires_grad_()

    def change(values: Tensor) -> Tensor:
        return augment(values.sin(), policy, rng(2))

    assert torch.autograd.gradcheck(change, x)
    assert torch.autograd.gradgradcheck(change, x)


@pytest.mark.parametrize("policy", [*EVERYTHING.split(","), EVERYTHING])
def test_shape_type_and_place_are_kept_and_the_input_too(policy: str) -> None:
    for dtype in (torch.float64, torch.float32, torch.bfloat16):
        x = images().to(dtype)
        before = x.clone()
        after = augment(x, policy, rng())
        assert (after.shape, after.dtype, after.device) == (x.shape, dtype, x.device)
        assert torch.equal(x, before)
        assert not torch.equal(after, x)
    elsewhere = augment(images().to("meta"), policy)
    assert elsewhere.device.type == "meta"
    last = images().to(memory_format=torch.channels_last)
    torch.testing.assert_close(augment(last, policy, rng(3)), augment(images(), policy, rng(3)))


@pytest.mark.parametrize("policy", [*EVERYTHING.split(","), EVERYTHING])
def test_random_numbers_come_from_where_they_should(policy: str) -> None:
    x = images()
    before = torch.get_rng_state()
    assert torch.equal(augment(x, policy, rng(1)), augment(x, policy, rng(1)))
    assert not torch.equal(augment(x, policy, rng(1)), augment(x, policy, rng(2)))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(4)
    one, two = augment(x, policy), augment(x, policy)
    assert not torch.equal(one, two)
    torch.manual_seed(4)
    assert torch.equal(one, augment(x, policy))


@pytest.mark.parametrize("policy", ["", []])
def test_no_change_is_no_change(policy: str | list) -> None:
    x = images()
    assert torch.equal(augment(x, policy), x)


def test_a_policy_is_applied_in_order() -> None:
    x = images()
    drawn, also = rng(5), rng(5)
    by_hand = aug.brightness(aug.cutout(x, drawn), drawn)
    assert torch.equal(augment(x, "cutout, brightness", also), by_hand)
    assert torch.equal(augment(x, [aug.cutout, aug.brightness], rng(5)), by_hand)
    holes = by_hand.flatten(2).min(dim=2).values[:, 0]  # black, made brighter afterwards
    assert len(holes.unique()) == len(x)


@pytest.mark.parametrize("policy", ["rotate", "cutout,rotate", "Cutout", "cutout,", " "])
def test_unknown_names_are_refused(policy: str) -> None:
    said = r"no change called '.*' in the policy '.*': use names from translation, cutout, bright"
    with pytest.raises(ValueError, match=said):
        augment(images(), policy)
    with pytest.raises(ValueError, match=said):
        Augmented(nn.Flatten(), policy)


def test_images_that_do_not_fit_are_refused() -> None:
    with pytest.raises(TypeError, match=r"float images .* got torch.uint8: normalise them first"):
        augment(torch.zeros(2, 1, 4, 4, dtype=torch.uint8), "cutout")
    with pytest.raises(ValueError, match=r"images \(N, C, H, W\), got \(4, 4\)"):
        augment(torch.zeros(4, 4), "cutout")
