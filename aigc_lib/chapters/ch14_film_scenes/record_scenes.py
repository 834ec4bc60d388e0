"""Train every maker of scenes of chapter 14 on three seeds, and record how well it follows orders.

    aigc record 14 scenes     # about twenty minutes on one thread

It also makes the shipped weights: two judges, and the generator of the long run of seed 0.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from aigc_lib.chapters.ch14_film_scenes import experiment, scene_classifier
from aigc_lib.chapters.ch14_film_scenes.experiment import LONG, SHORT, Exam
from aigc_lib.chapters.ch14_film_scenes.scene_classifier import SceneClassifier
from aigc_lib.chapters.ch14_film_scenes.scenes import WORDS, Scenes, compose, tokens
from aigc_lib.core import runtime
from aigc_lib.core.pixels import to_uint8
from aigc_lib.core.results import Recording
from aigc_lib.core.speed import Speed
from aigc_lib.data.batches import Batches
from aigc_lib.data.registry import EMOJI
from aigc_lib.diffusion.guidance import denoiser
from aigc_lib.diffusion.samplers import even_times, sample
from aigc_lib.diffusion.training import Diffusion, accelerate, fit
from aigc_lib.nets.unet import UNet
from aigc_lib.pretrained import weights

STEPS, DRAWS = 20, (1, 4, 16, 64)  # of the flow; pictures of which the best is taken
JUDGED = 6_000  # scenes that a judge learns from
# Scenes that the flow sees in the processor time in which the GAN sees SHORT and LONG.
FLOW = {SHORT: 22_400, LONG: 67_200}
JOBS = [
    ("narrow judge", 0),
    *((maker, SHORT) for maker in ("both read", "generator reads", "nobody reads", "flow")),
    *((maker, LONG) for maker in ("both read", "flow")),
]


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
        best = partial(experiment.best_of, average, picker, few.labels, seed=7)
        return [{**row, "n": n, **scored(judge, few, partial(best, n))} for n in DRAWS]
    row |= scored(judge, test, lambda: experiment.draw(average, test.labels, 7))
    known = experiment.exam(8, held_out=False).labels
    hits = scene_classifier.right(judge, experiment.draw(average, known, 8), known)
    row["trained_on"] = float(hits.all(dim=1).double().mean())
    if (maker, images, seed) == ("both read", LONG, 0):
        ship_painter(average, row)
    return [row]


def flow(seed: int, images: int, scenes: Scenes, judge: SceneClassifier) -> dict[str, Any]:
    """The flow-matching model that had the same processor time as the GAN."""
    torch.manual_seed(seed)
    model = Diffusion(UNet(len(WORDS)), lr=2e-3, ema_half_life=2_200, seed=seed)
    accelerate(model, Speed(channels_last=True))
    batches = Batches(scenes.images, 32, seed=seed, labels=tokens(scenes.labels))
    train = partial(fit, model, batches, FLOW[images], warmup=1, last_lr=1.0, progress=False)
    seconds = experiment.timed(train)[1]
    test = experiment.exam()
    rng = torch.Generator().manual_seed(7)
    noise = torch.randn(test.real.shape, generator=rng)
    denoise = denoiser(model.average, tokens(test.labels))
    found = scored(judge, test, lambda: to_uint8(sample(denoise, noise, even_times(STEPS))))
    return {"flow_images": FLOW[images], "seconds": seconds, **found}


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
    recording = Recording("scenes", __file__, command, key)
    runs = [("compositing", 0, 0), *((*job, seed) for seed in range(seeds) for job in JOBS)]
    for maker, images, seed in recording.missing(runs):
        row = {"maker": maker, "seed": seed, "images": images}
        if maker == "compositing":  # real scenes: what no maker can beat, and their price
            recording.add(row | {"seconds": 0.0, **scored(judge, test, lambda: draw().images)})
        elif maker == "narrow judge":
            # It saw no held-out pair, and is asked about these.
            start = experiment.PICKER_SEED + 100 + seed
            few = scene_classifier.training_scenes(start, JUDGED, False)
            recording.add(row | {"all": on_real_scenes(scene_classifier.fit(few, seed))})
        elif maker == "flow":
            recording.add(row | flow(seed, images, scenes, judge))
        else:
            recording.add(*gan(row, scenes, judge))
