"""aigc_lib.diffusion.guidance: what the network is asked, and what is made of its answers."""

from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from aigc_lib.diffusion.guidance import denoiser
from aigc_lib.diffusion.schedules import COSINE, STRAIGHT, Schedule, Target, solve
from tests.support import noisy

N = 3
NULL = torch.zeros(2, dtype=torch.long)


class Counted(nn.Module):
    """A network that remembers the descriptions it was asked about, one entry a call."""

    def __init__(self) -> None:
        super().__init__()
        self.net, self.asked = noisy.network(), []

    def forward(self, x: Tensor, t: Tensor, tokens: Tensor) -> Tensor:
        self.asked.append(tokens.tolist())
        return self.net(x, t, tokens)


def place() -> tuple[Tensor, Tensor]:
    x = torch.randn(N, *noisy.SHAPE, generator=torch.Generator().manual_seed(2))
    return x, torch.tensor([0.2, 0.5, 0.8])


@pytest.mark.parametrize("null", [None, NULL])
def test_weight_1_asks_once(null: Tensor | None) -> None:
    (x, t), net = place(), Counted()
    found = denoiser(net, noisy.told(N), null)(x, t)
    assert net.asked == [noisy.told(N).tolist()]
    answer = net(x, t, noisy.told(N))
    torch.testing.assert_close(found, x + (1 - t[:, None, None, None]) * answer)


def test_another_weight_asks_for_both_in_one_call() -> None:
    (x, t), net = place(), Counted()
    denoiser(net, noisy.told(N), NULL, 2.5)(x, t)
    assert net.asked == [noisy.told(N).tolist() + [[0, 0]] * N]


def test_before_its_time_guidance_is_left_out() -> None:
    (x, t), net = place(), noisy.network()
    late, plain, strong = (
        denoiser(net, noisy.told(N), NULL, weight, after=after)(x, t)
        for weight, after in ((2.5, 0.5), (1.0, 0.0), (2.5, 0.0))
    )
    torch.testing.assert_close(late[:1], plain[:1])
    assert torch.equal(late[1:], strong[1:])
    assert not torch.allclose(plain, strong)


@pytest.mark.parametrize("weight", [-1.0, 0.0, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("target", get_args(Target))
@pytest.mark.parametrize("schedule", [STRAIGHT, COSINE], ids=["straight", "cosine"])
def test_guidance_is_the_formula(weight: float, target: Target, schedule: Schedule) -> None:
    """It mixes answers; the picture follows from an answer in a straight line, so it may too."""
    (x, t), net = place(), noisy.network()
    tell = {"target": target, "schedule": schedule}
    found = denoiser(net, noisy.told(N), NULL, weight, **tell)(x, t)
    told, untold = (
        solve(net(x, t, words), x, t, target, schedule)[0]
        for words in (noisy.told(N), torch.zeros(N, 2, dtype=torch.long))
    )
    assert float((told - untold).detach().abs().max()) > 0.01
    torch.testing.assert_close(found, untold + weight * (told - untold), rtol=1e-4, atol=1e-5)


def test_a_weight_without_a_null_description_is_refused() -> None:
    for weight in (0.0, 2.0):
        with pytest.raises(ValueError, match=f"guidance {weight} needs the null description"):
            denoiser(noisy.network(), noisy.told(N), weight=weight)
