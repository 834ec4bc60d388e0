"""Proofs, in numbers, of chapter 19: distances, pitches, false tones, spectrograms, walls."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from aigc_lib.chapters.ch19_sound_and_motion import audio, bouncing
from aigc_lib.chapters.ch19_sound_and_motion.tune_scores import energy_distance

HANN = torch.hann_window(16, dtype=torch.float64)


def noise(n, seed=0):
    return torch.randn(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.label("eq-energy")
def test_the_estimate_is_the_sum_over_all_pairs_and_zero_on_average():
    x, y = noise(12).view(6, 2), noise(10, 1).view(5, 2) + 1
    apart = np.mean([np.linalg.norm(a - b) for a in x.numpy() for b in y.numpy()])
    within = [
        np.mean([np.linalg.norm(a - b) for i, a in enumerate(z) for j, b in enumerate(z) if i != j])
        for z in (x.numpy(), y.numpy())
    ]
    wanted = 2 * apart - sum(within)
    assert energy_distance(x, y) == pytest.approx((wanted, wanted / (2 * apart)), abs=1e-9)
    alike = [energy_distance(*noise(400, s).view(2, 100, 2))[0] for s in range(200)]
    off = np.mean(alike) / (np.std(alike) / 200**0.5)
    assert abs(off) < 3
    assert min(alike) < 0 < max(alike)
    assert energy_distance(x, x + 3)[0] > 1
    near, far = (energy_distance(10 * x, 10 * x + far)[1] for far in (1, 1e6))  # in any unit
    assert near < 0.1 < 0.999 < far <= 1


@pytest.mark.label("thm-energy")
@pytest.mark.parametrize("shift", [0.0, 0.4, 2.0])
def test_the_energy_distance_is_twice_the_squared_gap_of_the_distribution_functions(shift):
    # Two uniform variables, the second shifted: both sides exactly, by quadrature.
    t = np.linspace(-1, 4, 400_001)
    F, G = np.clip(t, 0, 1), np.clip(t - shift, 0, 1)
    right = 2 * np.trapezoid((F - G) ** 2, t)
    u = (np.arange(2000) + 0.5) / 2000
    apart = np.abs(u[:, None] - u - shift).mean()
    left = 2 * apart - 2 * np.abs(u[:, None] - u).mean()
    assert left == pytest.approx(right, abs=1e-4)
    assert (shift > 0) == (right > 1e-3)


@pytest.mark.label("eq-pitch")
def test_twelve_equal_steps_double_the_frequency():
    steps = [audio.frequency(p, "A") for p in range(13)]
    assert audio.frequency(12, "A") == pytest.approx(440)  # A stands below the middle C here
    assert steps[12] == pytest.approx(2 * steps[0])
    assert np.ptp(np.diff(np.log(steps))) < 1e-12
    assert audio.frequency(0, "C") == pytest.approx(
        261.6256, abs=1e-3
    )  # as every piano tuner has it


@pytest.mark.label("thm-alias")
@pytest.mark.parametrize(("f", "m"), [(5000.0, 1), (9100.0, 1), (9100.0, 2), (100.0, -3)])
def test_a_tone_and_its_alias_have_the_same_samples(f, m):
    t = np.arange(500) / 8000
    other = abs(f - 8000 * m)
    assert np.allclose(np.cos(2 * np.pi * f * t), np.cos(2 * np.pi * other * t), atol=1e-9)
    assert not np.allclose(
        np.cos(2 * np.pi * f * t), np.cos(2 * np.pi * (other + 50) * t), atol=0.1
    )


def matrix(window, hop, samples):
    """The transform as a matrix, column by column."""
    eye = torch.eye(samples, dtype=torch.float64)
    return torch.stack([audio.stft(e, window, hop).flatten() for e in eye], 1).numpy()


@pytest.mark.label("thm-stft")
@pytest.mark.parametrize(("hop", "covered"), [(4, True), (8, True), (16, False)])
def test_the_transform_can_be_undone_where_no_sample_lies_at_zeros_only(hop, covered):
    S = matrix(HANN, hop, 48)
    assert (np.linalg.matrix_rank(S) == 48) == covered
    overlap = torch.zeros(hop, dtype=torch.float64)
    for n, value in enumerate(HANN):
        overlap[n % hop] += value**2
    assert bool((overlap > 0).all()) == covered


@pytest.mark.label("thm-stft")
def test_the_inverse_is_the_nearest_sound_to_any_table():
    S = matrix(HANN, 4, 48)
    Z = torch.complex(noise(12 * 16), noise(12 * 16, 1)).view(12, 16)
    stacked = np.concatenate([S.real, S.imag])
    wanted = np.concatenate([Z.flatten().real.numpy(), Z.flatten().imag.numpy()])
    best = np.linalg.lstsq(stacked, wanted, rcond=None)[0]
    assert np.allclose(audio.inverse_stft(Z, HANN, 4).numpy(), best, atol=1e-9)
    sound = noise(48, 2)
    back = audio.inverse_stft(audio.stft(sound, HANN, 4), HANN, 4)
    assert torch.allclose(back, sound, atol=1e-10)


@pytest.mark.label("thm-griffin-lim")
@pytest.mark.parametrize("seed", range(5))
def test_the_error_of_griffin_and_lim_never_rises(seed):
    given = audio.stft(noise(96, seed + 10), HANN, 4).abs()
    sound, errors = audio.griffin_lim(given, HANN, 4, 200, seed)
    assert all(b <= a + 1e-12 for a, b in pairwise(errors))
    assert errors[-1] < errors[0] / 2
    found = audio.stft(sound, HANN, 4).abs()
    assert errors[-1] == pytest.approx(float((found - given).norm() / given.norm()))
    # A table that is no sound's transform: it still never rises, and cannot reach 0.
    table = torch.rand(24, 9, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    table = torch.cat([table, table[:, 1:-1].flip(1)], 1)
    _, errors = audio.griffin_lim(table, HANN, 4, 100, seed)
    assert all(b <= a + 1e-12 for a, b in pairwise(errors))
    assert errors[-1] > 0.05


@pytest.mark.label("eq-fold")
@pytest.mark.parametrize("speed", [0.7, 2.8, 25.0])
def test_the_folded_way_is_what_small_steps_with_bounces_give(speed):
    room, place, velocity, steps = 18.0, 5.0, speed, 20_000
    for k in range(1, steps + 1):
        place += velocity * 10 / steps
        if place > room:
            place, velocity = 2 * room - place, -velocity
        elif place < 0:
            place, velocity = -place, -velocity
        if k % 4000 == 0:
            way = torch.tensor(5.0 + speed * 10 * k / steps, dtype=torch.float64)
            assert float(bouncing.fold(way)) == pytest.approx(place, abs=1e-6)
