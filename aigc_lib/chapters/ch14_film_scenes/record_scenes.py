"""Train every maker of scenes of chapter 14 on three seeds, and record how well it follows orders.

    aigc record 14 scenes     # about twenty minutes on one thread

Rows that the record holds already are kept, so that an interrupted recording goes on; delete
book/results/scenes.json to begin anew. The first run also makes the shipped weights: two judges,
and the generator of the long run of seed 0.
"""

import time
from datetime import date
from pathlib import Path
from typing import Any, cast

import torch
import tyro
from torch import Tensor

from aigc_lib.chapters.ch14_film_scenes import experiment
from aigc_lib.chapters.ch14_film_scenes.data import EMOJI
from aigc_lib.chapters.ch14_film_scenes.experiment import LONG, SHORT, Exam
from aigc_lib.chapters.ch14_film_scenes.networks import SceneJudge
from aigc_lib.chapters.ch14_film_scenes.scenes import WORDS, Scenes, compose, tokens
from aigc_lib.core import results, runtime
from aigc_lib.core.pixels import to_uint8
from aigc_lib.data.batches import Batches
from aigc_lib.diffusion import flow_matching
from aigc_lib.nets.unet import Velocity
from aigc_lib.pretrained import weights
from tools.notebook import ROOT

NAME = "scenes"
STEPS = 20
DRAWS = (1, 4, 16, 64)
JUDGED = 6_000  # scenes that a judge learns from
# Scenes that the flow sees in the processor time in which the GAN sees SHORT and LONG.
FLOW = {SHORT: 22_400, LONG: 67_200}
KINDS: tuple[experiment.Kind, ...] = ("both read", "generator reads", "nobody reads")


def halves(network: torch.nn.Module) -> dict[str, Tensor]:
    """Weights in half precision, which no score here notices."""
    return {
        key: (value.half() if value.is_floating_point() else value).contiguous()
        for key, value in network.state_dict().items()
    }


def make_judges(out: Path) -> None:
    """Train and write both judges, with a card that holds their accuracy on real scenes."""
    networks, scores = {}, {}
    for name, seed in (("judge", experiment.JUDGE_SEED), ("picker", experiment.PICKER_SEED)):
        networks[name] = experiment.fit_judge(experiment.judge_scenes(seed, JUDGED, True), seed)
        scores[name] = on_real_scenes(networks[name])
    write({name: halves(network) for name, network in networks.items()}, {"judges": scores}, out)


def on_real_scenes(judge: SceneJudge) -> float:
    """Share of real scenes of held-out pairs in which a judge gets all four words right."""
    test = experiment.exam()
    hits = experiment.right(judge, test.real, test.labels)
    return round(float(hits.all(dim=1).double().mean()), 4)


def narrow_row(seed: int) -> dict[str, Any]:
    """A judge that saw no held-out pair, on real scenes of these pairs."""
    scenes = experiment.judge_scenes(experiment.PICKER_SEED + 100 + seed, JUDGED, False)
    judge = experiment.fit_judge(scenes, seed)
    return {"maker": "narrow judge", "seed": seed, "images": 0, "all": on_real_scenes(judge)}


def write(kinds: dict[str, dict[str, Tensor]], facts: dict[str, Any], out: Path) -> None:
    """Write tensors and their card."""
    card = {
        "command": "aigc record 14 scenes",
        "date": date.today().isoformat(),
        "machine": runtime.machine(),
        "data_sha256": {name: file.sha256 for name, file in EMOJI.files.items()},
        **facts,
    }
    weights.write(NAME, kinds, card, out, model="scenes")


def ship(generator: torch.nn.Module, row: dict[str, Any], out: Path) -> None:
    """Write the generator beside the judges, which are kept, and its row into the card."""
    card = weights.read_card(NAME, out, model="scenes")
    kinds = {name: weights.read(NAME, name, out, model="scenes") for name in ("judge", "picker")}
    kinds["painter"] = halves(generator)
    write(kinds, {"judges": card["judges"], "painter": row}, out)


def gan_rows(
    kind: experiment.Kind, seed: int, images: int, scenes: Scenes, judge: SceneJudge, out: Path
) -> list[dict[str, Any]]:
    """The row of one GAN; for one that reads nothing, a row for each number of draws."""
    gan, seconds = experiment.timed(experiment.fit, kind, scenes, seed, images)
    test = experiment.exam()
    row: dict[str, Any] = {"maker": kind, "seed": seed, "images": images, "seconds": seconds}
    if kind == "nobody reads":
        return [row | draws_row(gan, n, test, judge, seed) for n in DRAWS]
    pictures, cost = experiment.timed(experiment.draw, gan.average, test.labels, 7)
    row |= experiment.measure(judge, pictures, test)
    row["ms"] = 1000 * cost / len(pictures)
    row["trained_on"] = seen(gan.average, judge)
    if kind == "both read" and images == LONG and seed == 0:
        ship(gan.average, row, out)
    return [row]


def seen(network: torch.nn.Module, judge: SceneJudge) -> float:
    """Share of pictures that are right in all, for descriptions that were trained on."""
    test = experiment.exam(8, held_out=False)
    hits = experiment.right(judge, experiment.draw(network, test.labels, 8), test.labels)
    return float(hits.all(dim=1).double().mean())


def draws_row(gan: Any, n: int, test: Exam, judge: SceneJudge, seed: int) -> dict[str, Any]:
    """The unconditional generator, and the best of n of its pictures."""
    test = Exam(*(part[:400] for part in test))
    picker = experiment.load_judge("picker")
    pictures, cost = experiment.timed(experiment.best_of, gan.average, picker, test.labels, n, 7)
    row = {"n": n} | experiment.measure(judge, pictures, test)
    return row | {"ms": 1000 * cost / len(pictures)}


def flow_row(seed: int, images: int, scenes: Scenes, judge: SceneJudge) -> dict[str, Any]:
    """The flow-matching model that had the same processor time as the GAN."""
    torch.manual_seed(seed)
    network = Velocity(len(WORDS)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    batches = Batches(scenes.images, 32, seed=seed, labels=tokens(scenes.labels))

    def train() -> torch.nn.Module:
        return flow_matching.fit(network, batches, FLOW[images], seed=seed, progress=False)

    average, seconds = experiment.timed(train)
    test = experiment.exam()
    pictures, cost = experiment.timed(flow_matching.sample, average, tokens(test.labels), STEPS, 7)
    found = experiment.measure(judge, to_uint8(pictures), test)
    row = {"maker": "flow", "seed": seed, "images": images, "flow_images": FLOW[images]}
    return row | {"seconds": seconds, **found, "ms": 1000 * cost / len(pictures)}


def floor_row(judge: SceneJudge) -> dict[str, Any]:
    """Real scenes in the place of generated ones: what no maker can beat; and their price."""
    test = experiment.exam()
    pictures, cost = experiment.timed(compose, len(test.labels), experiment.TEST_SEED, test.labels)
    row = {"maker": "compositing", "seed": 0, "images": 0, "seconds": 0.0}
    return row | experiment.measure(judge, pictures.images, test) | {"ms": 1000 * cost / 1000}


def main(seeds: int = 3, minutes: float = 60.0) -> None:
    """Record all rows, seed by seed.

    Args:
        seeds: how many, from 0 on.
        minutes: begin no run after so many; run again to go on.
    """
    torch.set_num_threads(1)
    runtime.keep_memory()
    path, out = ROOT / results.FOLDER / f"{NAME}.json", weights.FOLDER
    if not (out / "scenes-scenes.json").is_file():
        make_judges(out)
    judge, scenes = experiment.load_judge(), compose(experiment.TRAINING, experiment.TRAIN_SEED)
    rows = results.load(NAME)["rows"] if path.is_file() else [floor_row(judge)]
    jobs = [("narrow judge", 0), *((maker, SHORT) for maker in (*KINDS, "flow"))]
    jobs += [("both read", LONG), ("flow", LONG)]
    start = time.monotonic()
    done = {(row["maker"], row["images"], row["seed"]) for row in rows}
    for seed in range(seeds):
        for maker, images in jobs:
            if (maker, images, seed) in done or time.monotonic() > start + 60 * minutes:
                continue
            if maker == "narrow judge":
                rows.append(narrow_row(seed))
            elif maker == "flow":
                rows.append(flow_row(seed, images, scenes, judge))
            else:
                rows += gan_rows(cast("experiment.Kind", maker), seed, images, scenes, judge, out)
            print(rows[-1], flush=True)
            results.record(
                NAME,
                rows,
                f"aigc record 14 scenes --seeds {seeds}",
                ROOT,
            )
    print("recorded in", path)


if __name__ == "__main__":
    tyro.cli(main)
