"""Train the search of chapter 18 on three seeds, and what it is compared with, and ship one.

    aigc record 18 words     # about ten minutes on one thread

Settings were chosen on the validation families; the test families are asked once, at the end.
"""

from datetime import date
from typing import Any

import torch
from torch import Tensor

from aigc_lib.chapters.ch18_words_with_pictures import contrastive, data, retrieval
from aigc_lib.chapters.ch18_words_with_pictures.contrastive import LONG, Model
from aigc_lib.chapters.ch18_words_with_pictures.data import LANGUAGES, Pictures
from aigc_lib.chapters.ch18_words_with_pictures.retrieval import WordAverage
from aigc_lib.core import runtime
from aigc_lib.core.contest import Contest, Contestant
from aigc_lib.core.results import Recording
from aigc_lib.pretrained import weights

SEARCHES = ("en->picture", "zh->picture", "picture->en", "picture->zh")
POINTS = (0, 90, 225, 450, 675, LONG)  # steps at which the validation families are asked
RIDGES = tuple(f"ridge {side} {strength}" for side in (8, 16, 32) for strength in
               (3, 30, 300, 3_000, 30_000, 300_000))  # fmt: skip
HELD = ("0.02", "0.07", "0.5", "learnt")  # temperatures of the short runs
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


def averaged(pictures: Pictures, rows: Tensor, maker: str) -> dict[str, Tensor]:
    """The ranks of averages or of a ridge, as ``retrieval.exam`` gives them for a model."""
    _, side, strength = maker.split() if "ridge" in maker else ("", "8", "0")
    found: dict[str, Tensor] = {}
    for name in LANGUAGES:
        each = WordAverage(pictures, (name,), float(strength), int(side))
        found |= retrieval.one_language(each.read, each.look(rows), pictures, rows, name)
    if "ridge" in maker:  # each language has pieces of its own: no way between them
        return found
    both = WordAverage(pictures, LANGUAGES)
    return found | retrieval.between(*(both.read(pictures.names(n, rows)) for n in LANGUAGES))


def held(pictures: Pictures, material: contrastive.Material, seed: int, at: str) -> dict[str, Any]:
    """A run as short as the page's, its temperature held ``at`` a number, or "learnt".

    It is asked about the validation families alone.
    """
    settings: dict[str, Any] = {} if at == "learnt" else {"temperature": float(at)}

    def hold(step: int, model: Model) -> None:
        model.log_temperature.requires_grad_(at == "learnt")

    model = contrastive.fit(material, seed, on_step=hold, **settings)
    found = summary(retrieval.exam(model, pictures, pictures.parts["valid"]))
    return {"valid": found["recall10"], "temperature": float(model.temperature.detach())}


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
    kinds = {name: {key: (value.half() if value.is_floating_point() else value).contiguous()
                    for key, value in each.state_dict().items()}
             for name, each in networks.items()}  # fmt: skip
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
    makers = ["word averages", "pivot", *RIDGES]
    trained = [f"temperature {at}" for at in HELD] + ["network"]
    runs = [(maker, 0) for maker in makers]
    runs += [(maker, seed) for maker in trained for seed in range(seeds)]
    for maker, seed in recording.missing(runs):
        row: dict[str, Any] = {"maker": maker, "seed": seed}
        if maker == "network":
            row |= network(pictures, material, seed)
        elif "temperature" in maker:
            row |= held(pictures, material, seed, maker.split()[1])
        elif maker == "pivot":
            points = (retrieval.pivot(pictures, n, pictures.parts["test"]) for n in LANGUAGES)
            row |= summary(retrieval.between(*points))
        else:
            row |= summary(averaged(pictures, pictures.parts["test"], maker))
            valid = summary(averaged(pictures, pictures.parts["valid"], maker))
            row["valid"] = valid["recall10"]
        recording.add(row)
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
        "150 pictures held out for choosing", "250 other pictures that none has seen",
        {"network": Contestant(6, TRIED, [row["recall10"] for row in own], curve),
         "ridge regression": Contestant(len(RIDGES), ridge["maker"], [ridge["recall10"]] * seeds,
                                        None, "solved, once"),
         "word averages": Contestant(1, "rare pieces count more", [average["recall10"]] * seeds,
                                     None, "counted, once")},
        {"best": "network", "against": "word averages"},
        floor=None, baseline="word averages",
        unequal="six settings of the network were tried by hand, 18 of the ridge regression",
    )  # fmt: skip
