"""Is a film true to its world's law? Errors of frames, places, speeds and digits (chapter 19)."""

import torch
from torch import Tensor

from aigc_lib.chapters.ch19_sound_and_motion.bouncing import FRAMES, Clips, centres, read
from aigc_lib.chapters.ch19_sound_and_motion.video_models import PAST, Next, roll_out
from aigc_lib.nets.classifier import ImageClassifier


def next_errors(following: Next, clips: Clips) -> Tensor:
    """Mean square error of the next frame, a number for each clip (N,); pixels are in [0, 1].

    Each clip is asked at four moments.
    """
    frames, found = clips.frames.float() / 255, []
    for start in range(0, FRAMES - PAST, 5):
        past, wanted = frames[:, start : start + PAST], frames[:, start + PAST]
        found.append((following(past, start) - wanted).square().mean((1, 2)))
    return torch.stack(found).mean(0)


def follow(
    following: Next, clips: Clips, judge: ImageClassifier, seed: int = 0
) -> dict[str, Tensor]:
    """Let a film go on from its first four frames, and hold it against the truth.

    For each clip and frame: ``place``, pixels between its centre of light and the true one;
    ``speed``, by which it moves too fast or too slowly; ``ink``, its light as a share of the first;
    ``frames``; and ``right``: whether the judge still reads the digit at the end.
    """
    frames = clips.frames.float() / 255
    made = roll_out(following, frames[:, :PAST], FRAMES - PAST, seed)
    true = frames[:, PAST:]
    here, there = centres(made), centres(true)
    moved, wanted = here.diff(dim=1).norm(dim=2), there.diff(dim=1).norm(dim=2)
    light = made.sum((2, 3)) / frames[:, PAST - 1].sum((1, 2))[:, None]
    return {
        "place": (here - there).norm(dim=2),
        "speed": (moved - wanted).abs(),
        "ink": light,
        "right": read(made[:, -1], judge) == clips.labels,
        "frames": made,
    }


def turned(made: Tensor, clips: Clips) -> Tensor:
    """Whether a film's last four frames move the way that the true ones do, of (N, 2) directions.

    Asked only of directions that a wall turned once or more in the meantime; the others, and those
    that turn in these frames, are left out: (M,) of the rest.
    """
    there = clips.places[:, -4:].diff(dim=1)
    steps = clips.places[:, PAST - 1 :].diff(dim=1)
    asked = (steps[:, 1:] * steps[:, :-1] < 0).any(1) & (there.sign().sum(1).abs() == 3)
    here = centres(made)[:, -1] - centres(made)[:, -4]
    return (here * there.sum(1) > 0)[asked]


def flicker(made: Tensor) -> Tensor:
    """Mean share of its light that a film (N, T, 32, 32) gains or loses from frame to frame: (N,).

    In the true world it is nearly 0: a digit keeps its light.
    """
    light = made.sum((2, 3))
    return (light.diff(dim=1).abs() / light[:, :-1].clamp(min=1e-6)).mean(1)
