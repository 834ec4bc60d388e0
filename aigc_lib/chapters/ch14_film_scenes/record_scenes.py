"""Train every maker of scenes of chapter 14 on three seeds, and record how well it follows orders.

    aigc record 14 scenes     # about forty minutes on one thread

It also makes the shipped weights: two judges, and the generator of the long run of seed 0. The
record ``scenes-choice`` is of the rehearsal, where the settings were chosen: on other pairs.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from aigc_lib.chapters.ch14_film_scenes import experiment, scene_classifier
from aigc_lib.chapters.ch14_film_scenes.data import EMOJI
from aigc_lib.chapters.ch14_film_scenes.experiment import LONG, SHORT, Exam
from aigc_lib.chapters.ch14_film_scenes.scene_classifier import SceneClassifier
from aigc_lib.chapters.ch14_film_scenes.scenes import WORDS, Scenes, compose, tokens
from aigc_lib.core import runtime
from aigc_lib.core.pixels import to_uint8
from aigc_lib.core.results import Recording
from aigc_lib.data.batches import Batches
from aigc_lib.diffusion import flow_matching
from aigc_lib.nets.unet import UNet
from aigc_lib.pretrained import weights

STEPS, DRAWS = (20, 10, 5, 3), (1, 4, 16, 64)  # of the flow; pictures, the best is taken
DROP = 0.1  # share of the descriptions that a guided flow does not see in training
# As many settings for the one as for the other: weights of R1, and of guidance.
SETTINGS = {"flow": (1.0, 2.0, 3.0, 5.0), "both read": (0.1, 0.3, 1.0, 10.0)}
BUDGETS = (8_000, 16_000, 32_000, 64_000, 96_000)  # of a learning curve, in the GAN's scenes
JUDGED = 6_000  # scenes that a judge learns from
PACE = 0.7  # scenes that the flow sees in the time in which the GAN sees one
JOBS = [
    ("narrow judge", 0),
    *(
        (maker, images)
        for images in (SHORT, LONG)
        for maker in ("flow, guided", "both read", "flow")
    ),
    *((maker, SHORT) for maker in ("generator reads", "nobody reads")),
]
REHEARSALS = [(maker, SHORT, seed) for maker in SETTINGS for seed in (100, 101)]
REHEARSALS += [(maker, images, 100) for maker in SETTINGS for images in BUDGETS if images != SHORT]


def ship(networks: Mapping[str, nn.Module], **facts: Any) -> None:
    """Write networks in half precision, which no score here notices, and their card."""
    kinds = {
        name: {
            key: (value.half() if value.is_floating_point() else value).contiguous()
            for key, value in network.state_dict().items()
        }
        for name, network in networks.items()
    }
    card = {
        "command": "aigc record 14 scenes",
        "date": date.today().isoformat(),
        "machine": runtime.machine(),
        "data_sha256": {name: file.sha256 for name, file in EMOJI.files.items()},
        **facts,
    }
    weights.write("scenes", kinds, card, weights.FOLDER, model="scenes")


def make_judges() -> None:
    """Train and write both judges, with a card that holds their accuracy on real scenes."""
    seeds = {"judge": experiment.CLASSIFIER_SEED, "picker": experiment.PICKER_SEED}
    judges = {
        name: scene_classifier.fit(scene_classifier.training_scenes(seed, JUDGED, True), seed)
        for name, seed in seeds.items()
    }
    ship(judges, judges={name: on_real_scenes(judge) for name, judge in judges.items()})


def ship_painter(generator: nn.Module, row: dict[str, Any]) -> None:
    """Write the generator beside the judges, which are kept, and its row into the card."""
    judges = {"judge": scene_classifier.load(), "picker": scene_classifier.load("picker")}
    scores = weights.read_card("scenes", model="scenes")["judges"]
    ship({**judges, "painter": generator}, judges=scores, painter=row)


def on_real_scenes(judge: SceneClassifier) -> float:
    """Share of real scenes of held-out pairs in which a judge gets all four words right."""
    test = experiment.exam()
    hits = scene_classifier.right(judge, test.real, test.labels)
    return round(float(hits.all(dim=1).double().mean()), 4)


def scored(judge: SceneClassifier, test: Exam, make: Callable[[], Tensor]) -> dict[str, Any]:
    """The scores of the pictures that a call makes, and their price, in ms each."""
    pictures, cost = experiment.timed(make)
    return {**experiment.measure(judge, pictures, test), "ms": 1000 * cost / len(pictures)}


def gan(row: dict[str, Any], scenes: Scenes, judge: SceneClassifier) -> list[dict[str, Any]]:
    """The row of one GAN; for one that reads nothing, a row for each number of draws."""
    maker, seed, images = row["maker"], row["seed"], row["images"]
    made, seconds = experiment.timed(experiment.fit, maker, scenes, seed, images)
    row, average, test = row | {"seconds": seconds}, made.average, experiment.exam()
    if maker == "nobody reads":
        few, picker = Exam(*(part[:400] for part in test)), scene_classifier.load("picker")
        best = partial(experiment.best_of, average, picker)
        return [
            {**row, "n": n, **scored(judge, few, partial(best, few.labels, n, seed=7)),
             "trained_on": trained_on(judge, partial(best, n=n, seed=8))}
            for n in DRAWS
        ]  # fmt: skip
    row |= scored(judge, test, lambda: experiment.draw(average, test.labels, 7))
    row["trained_on"] = trained_on(judge, partial(experiment.draw, average, seed=8))
    if (maker, images, seed) == ("both read", LONG, 0):
        ship_painter(average, row)
    return [row]


def trained_on(judge: SceneClassifier, make: Callable[..., Tensor]) -> float:
    """Share of pictures with all four words right, of descriptions that the training showed."""
    known = experiment.exam(8, held_out=False).labels
    return float(
        scene_classifier.right(judge, make(labels=known), known).all(dim=1).double().mean()
    )


def train_flow(scenes: Scenes, seed: int, images: int, drop: float) -> tuple[nn.Module, float]:
    """A flow that had the processor time in which the GAN sees ``images``, and its seconds."""
    torch.manual_seed(seed)
    network = UNet(len(WORDS) + bool(drop)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    batches = Batches(scenes.images, 32, seed=seed, labels=tokens(scenes.labels))
    train = partial(flow_matching.fit, drop=drop, null=len(WORDS), seed=seed, progress=False)
    average, seconds = experiment.timed(train, network, batches, round(PACE * images))
    return average, seconds


def draw_flow(
    network: nn.Module, steps: int, guidance: float, labels: Tensor, seed: int = 7
) -> Tensor:
    """Its pictures of descriptions (N, 4): uint8 (N, 3, 32, 32)."""
    asked, null = tokens(labels), len(WORDS)
    return to_uint8(flow_matching.sample(network, asked, steps, seed, guidance=guidance, null=null))


def flow(row: dict[str, Any], scenes: Scenes, judge: SceneClassifier) -> list[dict[str, Any]]:
    """The rows of one flow: guided, and with fewer steps, if it can be; else as it is."""
    guided = row["maker"] == "flow, guided"
    network, seconds = train_flow(scenes, row["seed"], row["images"], DROP * guided)
    row |= {"flow_images": round(PACE * row["images"]), "seconds": seconds}
    test = experiment.exam()
    ways = [(STEPS[0], 1.0)]
    if guided:
        ways = [(n, experiment.GUIDANCE) for n in STEPS] + ways
    rows: list[dict[str, Any]] = []
    for steps, weight in ways:
        draw = partial(draw_flow, network, steps, weight)
        found = scored(judge, test, partial(draw, test.labels))
        calls = steps * (2 if weight != 1 else 1)
        rows.append({**row, "steps": steps, "guidance": weight, "calls": calls, **found})
    draw = partial(draw_flow, network, STEPS[0], rows[0]["guidance"], seed=8)
    rows[0]["trained_on"] = trained_on(judge, draw)
    return rows


def rehearse(judge: SceneClassifier, command: str) -> None:
    """Try the settings, and draw the learning curves of the best, on pairs that the test has not.

    Who wins here stands in ``experiment``, as ``R1`` and ``GUIDANCE``.
    """
    scenes, test = experiment.rehearsal()
    recording = Recording("scenes-choice", __file__, command, ("maker", "images", "seed"))
    for maker, images, seed in recording.missing(REHEARSALS):
        best = experiment.R1 if maker == "both read" else experiment.GUIDANCE
        network = train_flow(scenes, seed, images, DROP)[0] if maker == "flow" else None
        rows: list[dict[str, Any]] = []
        for setting in SETTINGS[maker] if images == SHORT else (best,):
            row = {"maker": maker, "images": images, "seed": seed, "setting": setting}
            if network:
                for steps in STEPS if setting == best else STEPS[:1]:
                    draw = partial(draw_flow, network, steps, setting, test.labels)
                    rows.append({**row, "steps": steps, **scored(judge, test, draw)})
            else:
                made = experiment.fit("both read", scenes, seed, images, setting)
                draw = partial(experiment.draw, made.average, test.labels, 7)
                rows.append({**row, **scored(judge, test, draw)})
        recording.add(*rows)


def main(seeds: int = 3) -> None:
    """Record all makers, seed by seed.

    Args:
        seeds: how many, from 0 on.
    """
    torch.set_num_threads(1)
    runtime.keep_memory()
    if not (weights.FOLDER / "scenes-scenes.json").is_file():
        make_judges()
    judge, scenes = scene_classifier.load(), compose(experiment.TRAINING, experiment.TRAIN_SEED)
    test = experiment.exam()
    draw = partial(compose, len(test.labels), experiment.TEST_SEED, test.labels)
    command, key = f"aigc record 14 scenes --seeds {seeds}", ("maker", "images", "seed")
    rehearse(judge, command)
    recording = Recording("scenes", __file__, command, key)
    runs = [("compositing", 0, 0), *((*job, seed) for job in JOBS for seed in range(seeds))]
    for maker, images, seed in recording.missing(runs):
        row = {"maker": maker, "seed": seed, "images": images}
        if maker == "compositing":  # real scenes: what no maker can beat, and their price
            recording.add(row | {"seconds": 0.0, **scored(judge, test, lambda: draw().images)})
        elif maker == "narrow judge":
            # It saw no held-out pair, and is asked about these.
            start = experiment.PICKER_SEED + 100 + seed
            few = scene_classifier.training_scenes(start, JUDGED, False)
            recording.add(row | {"all": on_real_scenes(scene_classifier.fit(few, seed))})
        elif maker.startswith("flow"):
            recording.add(*flow(row, scenes, judge))
        else:
            recording.add(*gan(row, scenes, judge))
