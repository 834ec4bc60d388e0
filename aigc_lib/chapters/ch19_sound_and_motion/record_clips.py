"""Rules and networks go on with films of bouncing digits, over three seeds (chapter 19)."""

from typing import Any

import numpy as np
import torch

from aigc_lib.chapters.ch19_sound_and_motion import bouncing, video_models, video_scores
from aigc_lib.chapters.ch19_sound_and_motion.video_models import KINDS
from aigc_lib.core import runtime
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.results import Recording
from aigc_lib.diffusion.training import Diffusion
from aigc_lib.nets.classifier import ImageClassifier
from aigc_lib.pretrained.loaders import load_classifier

RULES = {each.__name__: each for each in (
    video_models.copy, video_models.middle, video_models.linear, video_models.shift,
    video_models.law)}  # fmt: skip
LRS = (2e-3, 4e-3, 8e-3)  # the highest step sizes that every network is given
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
    recording = Recording("clips", __file__, "aigc record 19 clips", key=("maker", "lr", "seed"))
    for seed in range(seeds):  # the first chooses each network's step size
        used = {m: [best_lr(recording.rows, m)] if seed else LRS for m in KINDS}
        everyone = [(m, lr) for m in ("truth", *RULES, *KINDS) for lr in used.get(m, [None])]
        for maker, lr, _ in recording.missing((*m, seed) for m in everyone):
            row: dict[str, Any] = {"maker": maker, "lr": lr, "seed": seed}
            learned = _learn(maker, lr, seed, row) if lr else None
            for name in EXAMS:
                clips = exam(name, seed)
                row[name] = measure(RULES.get(maker) or learned or truth(clips), clips, judge)
            recording.add(row)
    recording.declare(contest(recording.rows))


def _learn(maker: str, lr: float, seed: int, row: dict[str, Any]) -> video_models.GoOn:
    """A trained network; its curve, on films of the training's digits and speeds, joins the row."""
    held_out, curve = bouncing.film(40, 500 + seed), list[list[float]]()
    frames = video_models.AHEAD if maker in video_models.STATEFUL else 1

    def tick(model: Diffusion, told: dict[str, float]) -> None:
        errors = video_scores.next_errors(video_models.predictor(model), held_out)
        curve.append([frames * int(told["images"]), round(1000 * float(errors.mean()), 4)])

    model = video_models.fit(maker, bouncing.film(CLIPS, seed), IMAGES, seed=seed, lr=lr,
                             tick=IMAGES // 7, on_tick=tick, device=runtime.device())  # fmt: skip
    row["curve"] = curve
    return video_models.predictor(model)


def best_lr(rows: list[dict[str, Any]], maker: str) -> float:
    """The step size with which the first seed's network is best on films of its own speeds."""
    first = [row for row in rows if row["maker"] == maker and row["seed"] == 0]
    return float(min(first, key=lambda row: float(row["curve"][-1][1]))["lr"])


def chosen(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Everyone's rows, those of a network at its best step size."""
    lrs = dict.fromkeys(("truth", *RULES)) | {m: best_lr(rows, m) for m in KINDS}
    return {m: [row for row in rows if (row["maker"], row["lr"]) == (m, lrs[m])] for m in lrs}


def contest(rows: list[dict[str, Any]]) -> Contest:
    """Who guesses the next frame best, at speeds between those of the training."""
    found = chosen(rows)
    scores = {m: [row["between"]["next"] for row in mine] for m, mine in found.items()}
    told = "the networks may still be learning, so the verdict holds for this budget"
    everyone = {m: Contestant(1, "as written", scores[m], None, "a rule") for m in RULES}
    for m in KINDS:
        curve = np.array([row["curve"] for row in found[m]], dtype=float).mean(0)
        lr = f"step size {found[m][0]['lr']}"
        everyone[m] = Contestant(len(LRS), lr, scores[m], curve.round(4).tolist(), told)
    order = sorted(everyone, key=lambda m: float(np.mean(scores[m])))
    return Contest(
        "next frame", "thousandths of squared light", "lower", "films at the training's speeds",
        "films at speeds in between", everyone, {"best": order[0], "against": order[1]},
        baseline="copy", unequal="rules have nothing to tune; the recurrent network's form was "
        "chosen among three by its place after ten frames of one seed's films for choosing",
    )  # fmt: skip
