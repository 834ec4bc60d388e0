"""Is a film true to its world's law? Frames, places, speeds, walls and digits (chapter 19)."""

import torch
from torch import Tensor

from aigc_lib.chapters.ch19_sound_and_motion.bouncing import FRAMES, Clips, centres, read
from aigc_lib.chapters.ch19_sound_and_motion.video_models import PAST, GoOn
from aigc_lib.nets.classifier import ImageClassifier

AROUND = 3  # frames before and after a wall, in which the direction is asked
BRIGHT = 0.5  # of the brightest pixel: what is darker is haze, and does not say where a digit is


def next_errors(go_on: GoOn, clips: Clips) -> Tensor:
    """Mean square error of the next frame at four moments of each clip, (N,); pixels in [0, 1]."""
    frames, found = clips.frames.float() / 255, []
    for start in range(0, FRAMES - PAST, 5):
        past, wanted = frames[:, start : start + PAST], frames[:, start + PAST]
        found.append((go_on(past, 1, start)[:, 0] - wanted).square().mean((1, 2)))
    return torch.stack(found).mean(0)


def follow(go_on: GoOn, clips: Clips, judge: ImageClassifier, seed: int = 0) -> dict[str, Tensor]:
    """Let a film go on from its first four frames, and hold it against the truth.

    For each clip and frame: ``place``, pixels between its bright centre and the true one;
    ``speed``, by which it moves too fast or too slowly; ``ink``, its light as a share of the first.
    For each clip ``right``: whether the judge still reads the digit at the end; and ``flicker``:
    the mean share of its light that it gains or loses from frame to frame. And the ``frames``.
    """
    frames = clips.frames.float() / 255
    made = go_on(frames[:, :PAST], FRAMES - PAST, seed)
    here, there = centres(made, BRIGHT), centres(frames[:, PAST:], BRIGHT)
    moved, wanted = here.diff(dim=1).norm(dim=2), there.diff(dim=1).norm(dim=2)
    light = made.sum((2, 3))
    return {
        "place": (here - there).norm(dim=2),
        "speed": (moved - wanted).abs(),
        "ink": light / frames[:, PAST - 1].sum((1, 2))[:, None],
        "flicker": (light.diff(dim=1).abs() / light[:, :-1].clamp(min=1e-6)).mean(1),
        "right": read(made[:, -1], judge) == clips.labels,
        "frames": made,
    }


def walls(made: Tensor, clips: Clips) -> tuple[float, float]:
    """How often a film (N, T, 32, 32) turns where a wall turned the truth, and how often elsewhere.

    Asked of each direction, three frames before against three after: at walls where the truth moved
    at least half of the way without a wall both times, and elsewhere where it flew straight. Who
    knows of no wall turns as often here as there, be it never (what flies on, or stands) or half of
    the time (what jumps about): only the difference tells. What has no light does not turn.
    """
    light = made.sum((2, 3))
    lit = (light > 0.1 * light[:, :1]).unfold(1, 2 * AROUND + 1, 1).all(-1)[..., None]
    (before, after), (was, then) = (
        (x[:, AROUND:-AROUND] - x[:, : -2 * AROUND], x[:, 2 * AROUND :] - x[:, AROUND:-AROUND])
        for x in (clips.places[:, PAST:], centres(made, BRIGHT))
    )
    least = torch.minimum(before.abs(), after.abs()) / (AROUND * clips.speeds[:, None])
    turned = (was * then < 0) & lit
    at_wall, straight = (before * after < 0) & (least > 0.5), (before * after > 0) & (least > 0.99)
    return float(turned[at_wall].float().mean()), float(turned[straight].float().mean())
