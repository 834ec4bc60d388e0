"""Pretrain masked autoencoders on Fashion-MNIST, probe them, and record the scores (chapter 10).

    aigc record 10 masked     # about five minutes a seed

Every seed has its own weights, hidden patches and labelled pictures. The test pictures take part in
no choice.
"""

from typing import Any

import torch

from aigc_lib.chapters.ch10_pretraining_language_models import mae_training
from aigc_lib.chapters.ch10_pretraining_language_models.mae import MaskedAutoencoder
from aigc_lib.chapters.ch10_pretraining_language_models.mae_training import Clothes, Config, Part
from aigc_lib.core.pixels import normalize
from aigc_lib.core.results import Recording
from aigc_lib.data.batches import Batches

LABELS = (500, 5000)
TRAINED: dict[str, Config | None] = {
    "random": None,
    "page": mae_training.PAGE,
    "long": mae_training.LONG,
}
KINDS = ("pixels", *TRAINED)


def probed(seed: int, train: Part, valid: Part, test: Part) -> list[dict[str, Any]]:
    """The probe's scores with few labels and with more, from features to learn, choose, judge."""
    rows = []
    for n in LABELS:
        found = mae_training.probe(mae_training.few(train, n, seed), valid, test)
        rows.append({"labels": n, "numbers": train[0].shape[1], **found._asdict()})
    return rows


def pretrained(name: str, data: Clothes, seed: int) -> tuple[MaskedAutoencoder, dict[str, Any]]:
    """An encoder, and what its training cost and came to; nothing for the random one."""
    model, settings = mae_training.fresh(seed), TRAINED[name]
    if settings is None:
        return model.eval(), {}
    batches = Batches(data.unlabelled, mae_training.BATCH, seed=seed)
    history = mae_training.fit(model, batches, settings, seed)
    loss = mae_training.evaluate(model, data.test[0], settings.contrast)
    seconds = round(history[-1]["seconds"], 1)
    return model, {"steps": settings.steps, "seconds": seconds, "held_out_loss": loss}


def measured(name: str, data: Clothes, seed: int) -> list[dict[str, Any]]:
    """All rows of one kind of features and one seed."""
    parts = [(normalize(x), y) for x, y in (data.labelled, data.valid, data.test)]
    if name == "pixels":
        pixels = probed(seed, *((x.flatten(1), y) for x, y in parts))
        return [{"features": name, "seed": seed, **row} for row in pixels]
    model, training = pretrained(name, data, seed)
    flat = [(model.features(x, pooled=False), y) for x, y in parts]
    pooled = [(x.unflatten(1, (model.config.places, -1)).mean(1), y) for x, y in flat]
    rows = []
    for told, features in ((True, pooled), (False, flat)):
        row = {"features": name, "pooled": told, "seed": seed, **training}
        rows += [row | scores for scores in probed(seed, *features)]
    return rows


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
