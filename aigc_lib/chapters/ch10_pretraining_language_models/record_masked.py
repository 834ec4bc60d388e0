"""Pretrain masked autoencoders on Fashion-MNIST, probe them, and record the scores (chapter 10).

    aigc record 10 masked                            # about five minutes a seed
    aigc record 10 masked --seeds 2 --kinds long     # a part; the other rows are kept

Every seed has its own weights, hidden patches and labelled pictures. The test pictures take part in
no choice.
"""

from collections.abc import Sequence
from typing import Any

import torch
import tyro

from aigc_lib.chapters.ch10_pretraining_language_models import mae_training
from aigc_lib.chapters.ch10_pretraining_language_models.mae import MaskedAutoencoder
from aigc_lib.chapters.ch10_pretraining_language_models.mae_training import Clothes, Config, Part
from aigc_lib.core import results
from aigc_lib.core.pixels import normalize
from aigc_lib.data.batches import Batches
from tools.notebook import ROOT

LABELS = (500, 5000)
TRAINED: dict[str, Config | None] = {
    "random": None,
    "page": mae_training.PAGE,
    "long": mae_training.LONG,
}
KINDS = ("pixels", *TRAINED)


def probed(parts: Sequence[Part], seed: int) -> list[dict[str, Any]]:
    """The probe's scores with few labels and with more, from features to learn, choose, judge."""
    rows = []
    for n in LABELS:
        found = mae_training.probe(mae_training.few(parts[0], n, seed), *parts[1:])
        rows.append({"labels": n, "numbers": parts[0][0].shape[1], **found._asdict()})
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
        pixels = probed([(x.flatten(1), y) for x, y in parts], seed)
        return [{"features": name, "seed": seed, **row} for row in pixels]
    model, training = pretrained(name, data, seed)
    flat = [(model.features(x, pooled=False), y) for x, y in parts]
    pooled = [(x.unflatten(1, (model.config.places, -1)).mean(1), y) for x, y in flat]
    rows = []
    for told, features in ((True, pooled), (False, flat)):
        row = {"features": name, "pooled": told, "seed": seed, **training}
        rows += [row | scores for scores in probed(features, seed)]
    return rows


def main(seeds: tuple[int, ...] = (0, 1, 2), kinds: tuple[str, ...] = KINDS) -> None:
    """Record losses and probes.

    Args:
        seeds: to run; the record keeps what it has of others.
        kinds: of features, in the same way.
    """
    data, path = mae_training.clothes(), ROOT / results.FOLDER / "masked.json"
    for seed in seeds:
        for name in kinds:
            new = measured(name, data, seed)
            old = results.read(path)["rows"] if path.exists() else []
            rows = [row for row in old if (row["seed"], row["features"]) != (seed, name)] + new
            rows.sort(key=lambda row: (row["seed"], KINDS.index(row["features"])))
            command = "aigc record 10 masked"
            print(name, seed, "in", results.record("masked", rows, command, ROOT), flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)  # a network this small gains nothing from more
    tyro.cli(main)
