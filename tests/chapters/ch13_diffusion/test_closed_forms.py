"""What the theory tests do not touch: densities, times in even steps, a density that is none."""

import math

import pytest
import torch
from scipy.stats import norm

from aigc_lib.chapters.ch13_diffusion import closed_forms
from tests.chapters.ch13_diffusion.exact import CENTRES, SD, SHAPED, at, density, pixels


def test_the_density_is_that_of_a_mixture():
    found = closed_forms.log_density(pixels(0.4), at(0.6), SHAPED, SD).exp().item()
    assert found == pytest.approx(density(0.4, 0.6), rel=1e-9)
    assert sum(closed_forms.log_parts(pixels(0.4), at(0.6), SHAPED, SD).exp()[0]) == found
    square = torch.zeros(1, 1, 2, 2, dtype=torch.float64)  # four pixels, each on its own
    four = closed_forms.log_density(square + 0.3, at(0.5), square, SD).item()
    assert four == pytest.approx(4 * norm.logpdf(0.3, 0, math.hypot(0.5 * SD, 0.5)), rel=1e-9)
    assert len(CENTRES) == 3


def test_the_times_go_in_even_steps_of_log_snr():
    first, *times = closed_forms.even_in_snr(30)
    assert first == 0
    logs = [2 * math.log(t / (1 - t)) for t in times]
    assert logs == pytest.approx([-6 + k / 2 for k in range(31)])


def test_a_sharpened_density_may_not_exist():
    with pytest.raises(ValueError, match="no density"):
        closed_forms.sharpened_sd(2.0, 1.0, 1.5)  # a class that is wider than the whole
