"""Pretrain masked autoencoders on Fashion-MNIST, probe them, and record the scores (chapter 10).

    aigc record 10 masked     # about five minutes a seed

Every seed has its own weights, hidden patches and labelled pictures. The test pictures take part in
no choice.
"""

from typing import Any

import torch

from aigc_lib.chapters.ch10_pretraining_language_models import mae_training
from aigc_lib.chapters.ch10_pretraining_language_models.mae_training import Clothes, Part
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.pixels import normalize
from aigc_lib.core.results import Recording
from aigc_lib.data.batches import Batches

LABELS = (500, 5000)
AS_IS = "The probe is fitted to its end. Of the pretraining, one setting of each length was tried."
TRAINED = {"random": None, "page": mae_training.PAGE, "long": mae_training.LONG}
KINDS = ("pixels", *TRAINED)


def measured(name: str, data: Clothes, seed: int) -> list[dict[str, Any]]:
    """All rows of one kind of features and one seed: with few labels and with more."""
    parts = [(normalize(x), y) for x, y in (data.labelled, data.valid, data.test)]
    views: list[tuple[dict[str, Any], list[Part]]] = [({}, [(x.flatten(1), y) for x, y in parts])]
    training: dict[str, Any] = {}
    if name in TRAINED:
        model, settings = mae_training.fresh(seed).eval(), TRAINED[name]
        if settings:
            batches = Batches(data.unlabelled, mae_training.BATCH, seed=seed)
            history = mae_training.fit(model, batches, settings, seed)
            loss = mae_training.evaluate(model, data.test[0], settings.contrast)
            seconds = round(history[-1]["seconds"], 1)
            training = {"steps": settings.steps, "seconds": seconds, "held_out_loss": loss}
        flat = [(model.features(x, pooled=False), y) for x, y in parts]
        pooled = [(x.unflatten(1, (model.config.places, -1)).mean(1), y) for x, y in flat]
        views = [({"pooled": True}, pooled), ({"pooled": False}, flat)]
    rows = []
    for told, (train, valid, test) in views:
        for n in LABELS:
            found = mae_training.probe(mae_training.few(train, n, seed), valid, test)
            sizes = {"labels": n, "numbers": train[0].shape[1]}
            rows.append(
                {"features": name, **told, "seed": seed, **training, **sizes, **found._asdict()}
            )
    return rows


def contest(rows: list[dict[str, Any]], labels: int) -> Contest:
    """What pretraining adds to a probe that gets every patch by itself."""
    everyone = {}
    for name in KINDS:
        mine = [row for row in rows if (row["features"], row["labels"]) == (name, labels)]
        mine = [row for row in mine if not row.get("pooled")]
        scores = [100 * row["right"] / row["of"] for row in mine]
        chosen, tried = [row["strength"] for row in mine], len(mae_training.STRENGTHS)
        everyone[name] = Contestant(tried, chosen, scores, None, AS_IS)
    return Contest(
        f"{labels} labels", "pictures named rightly, in %", "higher", "1,000 validation pictures",
        "8,000 test pictures", everyone, {"best": "long", "against": "pixels"}, baseline="random",
    )  # fmt: skip


def main(seeds: int = 3) -> None:
    """Record losses and probes of all kinds of features.

    Args:
        seeds: how many, from 0 on.
    """
    torch.set_num_threads(1)  # a network this small gains nothing from more
    data, command = mae_training.clothes(), f"aigc record 10 masked --seeds {seeds}"
    recording = Recording("masked", __file__, command, key=("features", "seed"))
    for name, seed in recording.missing([(name, s) for s in range(seeds) for name in KINDS]):
        recording.add(*measured(name, data, seed))
    recording.declare(*(contest(recording.rows, n) for n in LABELS))
