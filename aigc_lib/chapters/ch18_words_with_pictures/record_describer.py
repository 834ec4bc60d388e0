"""Train the captioner of chapter 18 on three seeds and one judge, and ship seed 0 and the judge.

aigc record 18 describer     # about three minutes on one thread
"""

from typing import Any

import torch
from torch import Tensor

from aigc_lib.chapters.ch18_words_with_pictures import captioner, describer, judge, products
from aigc_lib.chapters.ch18_words_with_pictures.captioner import Captioner
from aigc_lib.chapters.ch18_words_with_pictures.record_words import ship
from aigc_lib.core import runtime
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.results import Recording
from aigc_lib.data.images import load
from aigc_lib.metrics.neighbours import nearest

STEPS, POINTS = 1_000, (0, 100, 250, 500, 750, 1_000)
JUDGE_STEPS, EXAM, EXAM_SEED, CHOICE_SEED = 800, 500, 70_000, 61_000
UNKNOWN = (2, 4)  # pullover and coat: articles that the captioner has no word for


def unknown(n: int, seed: int) -> products.Products:
    """Pictures of garments nobody has a word for, in colours; the garment's label is -2."""
    found, rng = load("fashion-mnist", "test"), torch.Generator().manual_seed(seed)
    rows = torch.isin(found.labels, torch.tensor(UNKNOWN)).nonzero().flatten()
    chosen = rows[torch.randint(len(rows), (n, 2), generator=rng)]
    colours = torch.randint(len(products.COLOURS), (n, 2), generator=rng)
    grey = found.images[chosen.flatten()].view(n, 2, 28, 28)
    labels = torch.stack([torch.full_like(colours, -2), colours], dim=2)
    return products.Products(products.place(grey, colours, rng), labels)


def exams() -> dict[str, products.Products]:
    """Pictures of test photographs: pairs seen, never seen, all pairs, articles without a word."""
    seen = products.compose(EXAM, EXAM_SEED, "exam", held_out=False)
    new = products.compose(EXAM, EXAM_SEED + 1, "exam", held_out=True)
    every = products.compose(EXAM, EXAM_SEED + 4, "exam", held_out=None)
    return {"seen": seen, "unseen": new, "mixed": every, "unknown": unknown(EXAM, EXAM_SEED + 2)}


def facts(right: Tensor) -> dict[str, float]:
    """Shares of facts that are right: garments, colours, all facts, and whole sentences."""
    share = right.double().mean((0, 1))
    whole = right.flatten(1).all(1).double().mean()
    return {"garment": float(share[0]), "colour": float(share[1]),
            "facts": float(share.mean()), "whole": float(whole)}  # fmt: skip


def network(train: products.Products, seed: int, judging: judge.GarmentJudge) -> dict[str, Any]:
    """The row of one captioner, with its curve and what it states when it is checked."""
    curve: list[list[float]] = []
    choosing = products.compose(300, CHOICE_SEED, "judge")

    def ask(step: int, model: Captioner) -> None:
        if step in POINTS:
            said = captioner.write(model.eval(), choosing.images, "en")
            curve.append([step, facts(captioner.claims(said) == choosing.labels)["facts"]])

    model = captioner.fit(train, seed, STEPS, on_step=ask)
    threshold = describer.choose_threshold(model, judging)
    row: dict[str, Any] = {"curve": curve, "threshold": threshold}
    for name, exam in exams().items():
        for language in ("en", "zh"):
            checked = describer.check(model, judging, exam.images, language, threshold)
            row[f"{name} {language}"] = {**facts(checked.claims == exam.labels),
                                         **checked.stated(exam.labels)}  # fmt: skip
    if seed == 0:
        ship({"captioner": model, "judge": judging}, "describer", {"threshold": threshold})
    return row


def main(seeds: int = 3) -> None:
    """Record the judge, the nearest neighbour and the captioner seed by seed; then the contest.

    Args:
        seeds: how many, from 0 on.
    """
    torch.set_num_threads(1)
    runtime.keep_memory()
    train = products.compose(captioner.SCENES, 1)
    command = f"aigc record 18 describer --seeds {seeds}"
    recording = Recording("describer", __file__, command, ("maker", "seed"))
    judging = judge.fit(steps=JUDGE_STEPS)
    runs = [("judge", 0), ("nearest neighbour", 0), *(("network", seed) for seed in range(seeds))]
    for maker, seed in recording.missing(runs):
        row: dict[str, Any] = {"maker": maker, "seed": seed}
        if maker == "network":
            row |= network(train, seed, judging)
        elif maker == "nearest neighbour":
            for name, exam in exams().items():
                index, _ = nearest(exam.images, train.images)  # say what was said of that one
                row[f"{name} en"] = facts(train.labels[index] == exam.labels)
        else:
            exam = products.compose(1_000, EXAM_SEED + 3, "exam", held_out=None)
            garments = judge.garments(judging, exam.images).argmax(2) == exam.labels[..., 0]
            colours = judge.colours(exam.images) == exam.labels[..., 1]
            row |= {"garment": float(garments.double().mean()),
                    "colour": float(colours.double().mean())}  # fmt: skip
            threshold = row["threshold"] = describer.choose_threshold(None, judging)
            for name, exam in exams().items():
                checked = describer.check(None, judging, exam.images, "en", threshold)
                row[name] = checked.stated(exam.labels)
        recording.add(row)
    own = [row for row in recording.rows if row["maker"] == "network"]
    nearby = next(row for row in recording.rows if row["maker"] == "nearest neighbour")
    curve = [[step, sum(row["curve"][k][1] for row in own) / len(own)]
             for k, step in enumerate(POINTS)]  # fmt: skip
    recording.declare(Contest(
        "captions of seen pairs", "share of facts right, English", "higher",
        "300 pictures of other photographs", "500 pictures of test photographs",
        {"network": Contestant(2, "four words in ten wiped out",
                               [row["seen en"]["facts"] for row in own], curve),
         "nearest neighbour": Contestant(1, "pixels", [nearby["seen en"]["facts"]] * len(own),
                                         None, "looks up, learns nothing")},
        {"best": "network", "against": "nearest neighbour"}, baseline="nearest neighbour",
        unequal="words wiped out or not was tried for the network",
    ))  # fmt: skip
