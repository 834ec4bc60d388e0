"""Train the digit classifier against attacks and for smoothing, on three seeds; attack them all.

aigc record 20 robust     # about five minutes on one thread
"""

from typing import Any

import torch
from torch import nn

from aigc_lib.chapters.ch20_trust import robustness
from aigc_lib.core import runtime
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.results import Recording
from aigc_lib.data.images import load
from aigc_lib.pretrained.loaders import load_classifier

EPS, SIGMA, STEPS, POINTS = 0.1, 0.5, 240, (1, 20, 60, 120, 180, 240)
SIZES = (0.0, 0.05, 0.1, 0.15, 0.2)
EXAM, CERTIFIED, CHOICE = 300, 50, 100
LONGER, STARTS = 50, 3  # steps and starts of the stronger attack


def measured(model: nn.Module) -> dict[str, Any]:
    """Accuracy on test digits, clean and under PGD of 20 steps, by the attack's size."""
    test = load("mnist", "test")
    x, y = test.images[:EXAM].float() / 255, test.labels[:EXAM]
    whole = test.images[:2_000].float() / 255
    parts = zip(whole.split(500), test.labels[:2_000].split(500), strict=True)
    clean = torch.cat([robustness.right(model, some, told) for some, told in parts])
    under = [robustness.right(model, robustness.attack(model, x, y, eps, 20), y) for eps in SIZES]
    return {"clean": float(clean.double().mean()),
            "pgd": [float(right.double().mean()) for right in under]}  # fmt: skip


def stronger(model: nn.Module) -> float:
    """The share of the same test digits that stays right under several longer attacks."""
    test = load("mnist", "test")
    x, y = test.images[:EXAM].float() / 255, test.labels[:EXAM]
    return float(robustness.survivors(model, x, y, EPS, LONGER, STARTS).double().mean())


def certified(model: nn.Module) -> dict[str, Any]:
    """Radii of test digits, and which attacks change the answer: within the radius and far out."""
    test = load("mnist", "test")
    x, y = test.images[:CERTIFIED].float() / 255, test.labels[:CERTIFIED]
    smooth = robustness.Smoothed(model, SIGMA)
    answer, radius = smooth.certify(x)
    sure = answer >= 0
    row: dict[str, Any] = {"answers": answer.tolist(), "labels": y.tolist(),
                           "radii": [round(r, 4) for r in radius.tolist()]}  # fmt: skip
    for name, reach in (("within", 0.99), ("beyond", 3.0)):
        moved = smooth.attack(x[sure], answer[sure], reach * radius[sure], 10, 8)
        row[name] = int((smooth.votes(moved, 300, 5).argmax(1) != answer[sure]).sum())
    plain = robustness.attack(model, x[sure], y[sure], float(radius[sure].median()), 20, norm="l2")
    row["plain network, same size"] = int((~robustness.right(model, plain, y[sure])).sum())
    return row


def main(seeds: int = 3) -> None:
    """Record the shipped classifier, and three ways to go on training it, seed by seed.

    Args:
        seeds: how many, from 0 on.
    """
    torch.set_num_threads(1)
    runtime.keep_memory()
    train, start = load("mnist"), robustness.Bright(load_classifier()).eval()
    learn, labels = train.images[:-CHOICE], train.labels[:-CHOICE]
    held, told = train.images[-CHOICE:].float() / 255, train.labels[-CHOICE:]
    ways: dict[str, Any] = {"plain": {}, "attacks": {"eps": EPS}, "noise": {"sigma": SIGMA}}
    command = f"aigc record 20 robust --seeds {seeds}"
    recording = Recording("robust", __file__, command, ("way", "seed"))
    runs = [("as shipped", 0), *((way, seed) for way in ways for seed in range(seeds))]
    for way, seed in recording.missing(runs):
        curve: list[list[float]] = []

        def ask(step: int, model: nn.Module, curve: list[list[float]] = curve) -> None:
            if step in POINTS:
                moved = robustness.attack(model, held, told, EPS, 10)
                right = robustness.right(model, moved, told).double().mean()
                curve.append([step, float(right)])

        model: nn.Module = start
        if way in ways:
            model = robustness.train(start, learn, labels, STEPS, **ways[way], seed=seed, moves=2,
                                     on_step=ask if way != "noise" else None)  # fmt: skip
        row = {"way": way, "seed": seed, "curve": curve}
        if way in ("noise", "as shipped"):
            recording.add(row | measured(model) | certified(model))
        elif way == "attacks":
            recording.add(row | measured(model) | {"stronger": stronger(model)})
        else:
            recording.add(row | measured(model))
    own = {way: [row for row in recording.rows if row["way"] == way] for way in ways}
    place = SIZES.index(EPS)

    def contestant(way: str, chosen: str, why: str = "") -> Contestant:
        rows = own[way]
        curve = [[step, sum(r["curve"][k][1] for r in rows) / len(rows)]
                 for k, step in enumerate(POINTS)]  # fmt: skip
        return Contestant(1, chosen, [row["pgd"][place] for row in rows], curve, why)

    calm = "trained on, no attacks"
    recording.declare(Contest(
        "attacked digits", f"share right under PGD of size {EPS}", "higher",
        f"the last {CHOICE} training pictures", f"{EXAM} pictures of the test set",
        {"trained on attacks": contestant("attacks", "two steps of PGD on each batch"),
         calm: contestant("plain", "as many steps without attacks",
                          "without attacks there is nothing here to learn")},
        {"best": "trained on attacks", "against": calm}, baseline=calm,
        unequal="one setting each, the library's own; an attacked step costs three plain ones",
    ))  # fmt: skip
