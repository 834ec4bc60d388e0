"""The student of chapter 13: it learns where its teacher's walk goes."""

import pytest
import torch
from torch import Tensor, nn

from aigc_lib.chapters.ch13_diffusion import distillation
from aigc_lib.core.training import TrainingError
from aigc_lib.recipes.diffusion import DiffusionConfig, Drawing, draw, network_of

HOW = Drawing(guidance=2.0, steps=4, method="euler")
LABELS = torch.tensor([0, 1, 2, 3] * 4)


def teacher() -> nn.Module:
    torch.manual_seed(0)
    network = network_of(DiffusionConfig(widths=(8, 8)))
    for block in network.going_down:  # blocks begin as ways around themselves
        nn.init.normal_(block.second.weight, std=0.05)
    return network.eval().requires_grad_(False)


def test_places_begin_with_noise_and_end_with_the_teachers_pictures() -> None:
    states = distillation.places(teacher(), LABELS, [0.0, 0.5, 1.0], 5, HOW)
    assert states.shape == (3, 16, 1, 28, 28)
    assert states[0].mean().abs() < 0.05
    assert states[0].std() == pytest.approx(1, abs=0.05)
    pictures = ((states[2].clamp(-1, 1) + 1) * 127.5).round()
    assert torch.equal(pictures.to(torch.uint8), draw(teacher(), LABELS, 5, HOW))
    # The middle is on the way: from there two of the four steps lead to the end.
    half = distillation.places(teacher(), LABELS, [0.0, 0.25, 0.5, 0.75, 1.0], 5, HOW)
    assert torch.equal(half[2], states[1])


def test_times_must_be_the_teachers() -> None:
    with pytest.raises(ValueError, match="not among the teacher's times"):
        distillation.places(teacher(), LABELS, [0.0, 0.3, 1.0], 5, HOW)


class Exact(nn.Module):
    """A student whose velocity from t = 0 is a learned constant picture."""

    def __init__(self) -> None:
        super().__init__()
        self.picture = nn.Parameter(torch.zeros(1, 28, 28))

    def forward(self, x: Tensor, t: Tensor, tokens: Tensor) -> Tensor:
        return self.picture.expand(len(x), -1, -1, -1) - x


def test_a_student_learns_to_land_where_the_teacher_does() -> None:
    noise, end = torch.randn(16, 1, 28, 28), torch.full((16, 1, 28, 28), 0.5)
    states = torch.stack([noise, end])
    student = distillation.fit(
        Exact(), LABELS, states, [0.0, 1.0], 64 * 300, lr=0.02, progress=False
    )
    drawn = distillation.draw(student, LABELS, [0.0, 1.0], 1)
    assert drawn.float().mean() == pytest.approx(255 * 0.75, abs=2)
    start = Exact()
    distillation.fit(start, LABELS, states, [0.0, 1.0], 64, progress=False)
    assert not start.picture.any()  # the teacher stays as it is


def test_a_student_with_no_future_stops() -> None:
    states = torch.full((2, 16, 1, 28, 28), torch.nan)
    with pytest.raises(TrainingError, match="stopped being a finite number"):
        distillation.fit(Exact(), LABELS, states, [0.0, 1.0], 64, progress=False)
