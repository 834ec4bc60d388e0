"""The walk computes in the precision of what it walks with."""

import torch

from aigc_lib.diffusion.samplers import walk


def test_times_are_as_precise_as_the_points():
    seen = []

    def denoise(x, t):
        seen.append(t)
        return x

    x = torch.zeros(2, 1, 1, 1, dtype=torch.float64)
    for method in ("euler", "heun", "multistep"):
        list(walk(denoise, x, [0.1, 0.3, 0.7], method=method))
    assert {t.dtype for t in seen} == {torch.float64}
    assert seen[0].tolist() == [0.1, 0.1]  # not the nearest number of 32 bits
