"""Rules and networks go on with films of bouncing digits, over three seeds (chapter 19)."""

from typing import Any

import numpy as np
import torch

from aigc_lib.chapters.ch19_sound_and_motion import bouncing, video_models, video_scores
from aigc_lib.core import runtime
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.results import Recording
from aigc_lib.diffusion.training import Diffusion
from aigc_lib.nets.classifier import ImageClassifier
from aigc_lib.pretrained.loaders import load_classifier

RULES = {each.__name__: each for each in (
    video_models.copy, video_models.middle, video_models.linear, video_models.shift,
    video_models.law)}  # fmt: skip
NETWORKS = ("regression", "flow")
IMAGES, CLIPS, TESTED = 14_000, 1_500, 60
EXAMS = {"between": (bouncing.BETWEEN,), "faster": (bouncing.FASTER,), "seen": bouncing.SEEN}


def exam(name: str, seed: int) -> bouncing.Clips:
    """Films of digits that no training showed, at speeds ``between``, ``faster`` or ``seen``."""
    return bouncing.film(TESTED, 900 + seed, EXAMS[name], "test")


def truth(clips: bouncing.Clips) -> video_models.GoOn:
    """Who knows how these films go on; what is called the seed is where the past begins."""
    frames = clips.frames[:, video_models.PAST :].float() / 255
    return lambda past, n, start: frames[:, start : start + n]


def measure(
    go_on: video_models.GoOn, clips: bouncing.Clips, judge: ImageClassifier
) -> dict[str, float]:
    """What became of place, speed, walls, light and digit in a film that somebody made."""
    made = video_scores.follow(go_on, clips, judge)
    at_walls, elsewhere = video_scores.walls(made["frames"], clips)
    return {
        "next": round(1000 * float(video_scores.next_errors(go_on, clips).mean()), 4),
        **{f"place_{k}": round(float(made["place"][:, k - 1].mean()), 3) for k in (1, 5, 10, 20)},
        "speed": round(float(made["speed"].mean()), 3),
        "turns_at_walls": round(at_walls, 3), "turns_elsewhere": round(elsewhere, 3),
        "ink": round(float(made["ink"][:, -1].mean()), 3),
        "flicker": round(float(made["flicker"].mean()), 4),
        "right": round(float(made["right"].float().mean()), 3),
    }  # fmt: skip


def main(seeds: int = 3) -> None:
    """Train, let everyone go on with films at speeds never seen, and score.

    Args:
        seeds: How many of each.
    """
    torch.set_num_threads(1)
    runtime.keep_memory()
    judge = load_classifier()
    recording = Recording("clips", __file__, "aigc record 19 clips", key=("maker", "seed"))
    everyone = ["truth", *RULES, *NETWORKS]
    for maker, seed in recording.missing((m, s) for s in range(seeds) for m in everyone):
        row: dict[str, Any] = {"maker": maker, "seed": seed}
        learned = _learn(maker, seed, row) if maker in NETWORKS else None
        for name in EXAMS:
            clips = exam(name, seed)
            row[name] = measure(RULES.get(maker) or learned or truth(clips), clips, judge)
        recording.add(row)
    recording.declare(contest(recording.rows))


def _learn(maker: str, seed: int, row: dict[str, Any]) -> video_models.GoOn:
    """A trained network; its curve, on films of the training's digits and speeds, joins the row."""
    held_out, curve = bouncing.film(40, 500 + seed), []

    def tick(model: Diffusion, told: dict[str, float]) -> None:
        errors = video_scores.next_errors(video_models.predictor(model), held_out)
        curve.append([int(told["images"]), round(1000 * float(errors.mean()), 4)])

    model = video_models.fit(maker, bouncing.film(CLIPS, seed), IMAGES, seed=seed,
                             tick=IMAGES // 7, on_tick=tick, device=runtime.device())  # fmt: skip
    row |= {"curve": curve, "training_seconds": round(model.history[-1]["seconds"], 1)}
    return video_models.predictor(model)


def contest(rows: list[dict[str, Any]]) -> Contest:
    """Who guesses the next frame best, at speeds between those of the training."""
    found = {m: [row for row in rows if row["maker"] == m] for m in (*RULES, *NETWORKS)}
    scores = {m: [row["between"]["next"] for row in mine] for m, mine in found.items()}
    told = "the networks may still be learning, so the verdict holds for this budget"
    everyone = {m: Contestant(1, "as written", scores[m], None, "a rule") for m in RULES}
    for m in NETWORKS:
        curve = np.array([row["curve"] for row in found[m]], dtype=float).mean(0)
        everyone[m] = Contestant(1, f"{IMAGES} frames", scores[m], curve.round(4).tolist(), told)
    order = sorted(everyone, key=lambda m: float(np.mean(scores[m])))
    return Contest(
        "next frame", "thousandths of squared light", "lower", "films at the training's speeds",
        "films at speeds in between", everyone, {"best": order[0], "against": order[1]},
        baseline="copy", unequal="rules have nothing to tune; each network had one setting",
    )  # fmt: skip
