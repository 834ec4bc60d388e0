"""Train the search of chapter 18 on three seeds, and what it is compared with, and ship one.

    aigc record 18 words     # about five minutes on one thread

Settings were chosen on the validation families; the test families are asked once, at the end.
"""

from datetime import date
from typing import Any

import torch
from torch import Tensor

from aigc_lib.chapters.ch18_words_with_pictures import contrastive, data, retrieval
from aigc_lib.chapters.ch18_words_with_pictures.contrastive import LONG, Model
from aigc_lib.chapters.ch18_words_with_pictures.data import Pictures
from aigc_lib.chapters.ch18_words_with_pictures.retrieval import CLASSES, WordAverage
from aigc_lib.core import runtime
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.results import Recording
from aigc_lib.pretrained import weights

SEARCHES = ("en->picture", "zh->picture", "picture->en", "picture->zh")
POINTS = (0, 90, 225, 450, 675, LONG)  # steps at which the validation families are asked
STRENGTHS = (30.0, 300.0, 3_000.0)  # of the ridge regression that are tried
TRIED = "by hand: how texts are put together, dropout, weight decay, pooling, number of steps"


def summary(found: dict[str, Tensor]) -> dict[str, Any]:
    """Recall and median rank of each search, the share of classes named right, and their mean."""
    row: dict[str, Any] = {}
    for name, values in found.items():
        if "->" in name:
            row[name] = {"1": retrieval.recall(values, 1), "10": retrieval.recall(values, 10),
                         "median": float(values.median())}  # fmt: skip
        else:
            row[name] = float(values.mean())
    if SEARCHES[0] in row:
        row["recall10"] = sum(row[name]["10"] for name in SEARCHES) / len(SEARCHES)
    return row


def between(en: Tensor, zh: Tensor) -> dict[str, Tensor]:
    """The ranks between the languages, for points of the same names in both."""
    return {"en->zh": retrieval.ranks(en, zh), "zh->en": retrieval.ranks(zh, en)}


def averaged(pictures: Pictures, rows: Tensor, strength: float) -> dict[str, Tensor]:
    """The ranks of the baseline, as ``retrieval.exam`` gives them for a model."""
    found, both = {}, WordAverage(pictures, ("en", "zh"), strength)
    for place, name in enumerate(("en", "zh")):
        baseline = WordAverage(pictures, (name,), strength)
        told, seen = baseline.read(pictures.names(name, rows)), baseline.look(rows)
        found[f"{name}->picture"], found[f"picture->{name}"] = (
            retrieval.ranks(told, seen), retrieval.ranks(seen, told))  # fmt: skip
        words = baseline.read([each[place] for each in CLASSES])
        labels = retrieval.classes(pictures, rows)
        answer = retrieval.zero_shot(seen, words)
        found[f"zero-shot {name}"] = (answer == labels)[labels >= 0].double()
    return found | between(*(both.read(pictures.names(name, rows)) for name in ("en", "zh")))


def network(pictures: Pictures, material: contrastive.Material, seed: int) -> dict[str, Any]:
    """The row of one seed, with its curve on the validation families; seed 0 is shipped."""
    curve: list[list[float]] = []

    def ask(step: int, model: Model) -> None:
        if step in POINTS:
            found = retrieval.exam(model.eval(), pictures, pictures.parts["valid"])
            curve.append([step, summary(found)["recall10"]])

    model = contrastive.fit(material, seed, LONG, ask)
    row = summary(retrieval.exam(model, pictures, pictures.parts["test"]))
    row |= {"curve": curve, "temperature": float(model.temperature.detach())}
    labels = retrieval.classes(pictures, pictures.parts["test"])
    right = retrieval.probed(model, pictures) == labels[labels >= 0]
    row["supervised"] = float(right.double().mean())
    if seed == 0:
        ship({"search": model}, "words", row)
    return row


def ship(networks: dict[str, torch.nn.Module], model: str, row: dict[str, Any]) -> None:
    """Write networks in half precision, and the card that says how they were made."""
    kinds = {
        name: {
            key: (value.half() if value.is_floating_point() else value).contiguous()
            for key, value in each.state_dict().items()
        }
        for name, each in networks.items()
    }
    card = {"command": f"aigc record 18 {model}", "date": date.today().isoformat(),
            "machine": runtime.machine(), "scores": row}  # fmt: skip
    weights.write("words", kinds, card, weights.FOLDER, model=model)


def main(seeds: int = 3) -> None:
    """Record the baselines, and the network seed by seed; then the contest.

    Args:
        seeds: how many, from 0 on.
    """
    torch.set_num_threads(1)
    runtime.keep_memory()
    pictures = data.load()
    material = contrastive.prepare(pictures, pictures.parts["train"])
    command = f"aigc record 18 words --seeds {seeds}"
    recording = Recording("words", __file__, command, ("maker", "seed"))
    makers = ["word averages", "pivot", *(f"ridge {strength:g}" for strength in STRENGTHS)]
    runs = [*((maker, 0) for maker in makers), *(("network", seed) for seed in range(seeds))]
    for maker, seed in recording.missing(runs):
        row = {"maker": maker, "seed": seed}
        if maker == "network":
            recording.add(row | network(pictures, material, seed))
            continue
        if maker == "pivot":
            points = (retrieval.pivot(pictures, n, pictures.parts["test"]) for n in ("en", "zh"))
            recording.add(row | summary(between(*points)))
            continue
        strength = float(maker.split()[1]) if "ridge" in maker else 0.0
        found = averaged(pictures, pictures.parts["test"], strength)
        chosen = summary(averaged(pictures, pictures.parts["valid"], strength))["recall10"]
        recording.add(row | summary(found) | {"valid": chosen})
    recording.declare(contest(recording.rows, seeds))


def contest(rows: list[dict[str, Any]], seeds: int) -> Contest:
    """The network against averages of words; the ridge regression stands beside them."""
    own = [row for row in rows if row["maker"] == "network"]
    average = next(row for row in rows if row["maker"] == "word averages")
    ridge = max((row for row in rows if "ridge" in row["maker"]), key=lambda row: row["valid"])
    curve = [[step, sum(row["curve"][k][1] for row in own) / len(own)]
             for k, step in enumerate(POINTS)]  # fmt: skip
    return Contest(
        "searching by words", "mean recall at 10 of four searches", "higher",
        "150 families held out for choosing", "250 other families, never seen",
        {
            "network": Contestant(6, TRIED, [row["recall10"] for row in own], curve),
            "ridge regression": Contestant(
                3, ridge["maker"], [ridge["recall10"]] * seeds, None, "solved exactly, once"
            ),
            "word averages": Contestant(
                1, "rare pieces count more", [average["recall10"]] * seeds, None, "counted, once"
            ),
        },
        {"best": "network", "against": "word averages"},
        floor=None, baseline="word averages",
        unequal="six settings of the network were tried by hand, three of the ridge regression",
    )  # fmt: skip
