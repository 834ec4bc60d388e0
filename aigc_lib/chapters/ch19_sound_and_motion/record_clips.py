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

RULES = {"copy": video_models.copy, "linear": video_models.linear, "shift": video_models.shift,
         "law": video_models.law}  # fmt: skip
NETWORKS = ("regression", "flow")
IMAGES, CLIPS, TESTED = 14_000, 1_500, 60
EXAMS = {"between": (bouncing.BETWEEN,), "faster": (bouncing.FASTER,), "seen": bouncing.SEEN}


def exam(name: str, seed: int) -> bouncing.Clips:
    """Films of digits that no training showed, at speeds ``between``, ``faster`` or ``seen``."""
    return bouncing.film(TESTED, 900 + seed, EXAMS[name], "test")


def measure(
    following: video_models.Next, clips: bouncing.Clips, judge: ImageClassifier
) -> dict[str, float]:
    """Error of the next frame, and what became of place, speed, light and digit in a film."""
    made = video_scores.follow(following, clips, judge)
    return {
        "next": round(1000 * float(video_scores.next_errors(following, clips).mean()), 4),
        **{f"place_{k}": round(float(made["place"][:, k - 1].mean()), 3) for k in (1, 5, 10, 20)},
        "speed": round(float(made["speed"].mean()), 3),
        "turned": round(float(video_scores.turned(made["frames"], clips).float().mean()), 3),
        "ink": round(float(made["ink"][:, -1].mean()), 3),
        "flicker": round(float(video_scores.flicker(made["frames"]).mean()), 4),
        "right": round(float(made["right"].float().mean()), 3),
    }


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
        if maker == "truth":
            for name in EXAMS:
                clips = exam(name, seed)
                frames = clips.frames.float() / 255
                right = bouncing.read(frames[:, -1], judge) == clips.labels
                row |= {name: {"right": float(right.float().mean()),
                               "flicker": float(video_scores.flicker(frames).mean())}}  # fmt: skip
            recording.add(row)
            continue
        following = RULES[maker] if maker in RULES else _learn(maker, seed, row)
        recording.add(row | {name: measure(following, exam(name, seed), judge) for name in EXAMS})
    recording.declare(contest(recording.rows))


def _learn(maker: str, seed: int, row: dict[str, Any]) -> video_models.Next:
    """A trained network; its curve, on films of the training's digits and speeds, joins the row."""
    held_out, curve = bouncing.film(40, 500 + seed), []

    def tick(model: Diffusion, told: dict[str, float]) -> None:
        errors = video_scores.next_errors(video_models.predictor(model), held_out)
        curve.append([int(told["images"]), round(1000 * float(errors.mean()), 4)])

    clips = bouncing.film(CLIPS, seed)
    model = video_models.fit(
        maker, clips, IMAGES, seed=seed, tick=IMAGES // 7, on_tick=tick, device=runtime.device()
    )
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
