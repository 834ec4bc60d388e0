"""The command line: ``aigc doctor | train | sample | evaluate | bench``.

Every command's options are the fields of a dataclass; ``aigc train --help`` lists them.
"""

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
import tyro
from PIL import Image

from aigc_lib import bench, distributed, metrics, runtime, show
from aigc_lib import checkpoint as ckpt
from aigc_lib.checkpoint import CheckpointError
from aigc_lib.classify import reference_statistics
from aigc_lib.data import DATASETS, Batches, cache_dir, load, to_uint8
from aigc_lib.data.cache import fault
from aigc_lib.gan import Gan, Row, fit
from aigc_lib.nets.classifier import load_classifier
from aigc_lib.nets.mlp import MLPDiscriminator, MLPGenerator

DataName = Literal["mnist", "fashion-mnist"]


@dataclass(frozen=True)
class Recipe:
    """What defines a run; a resumed run must have the same."""

    data: DataName = "mnist"
    """Which images."""
    latent_dim: int = 64
    """Length of a latent vector."""
    hidden: tuple[int, ...] = (256, 512)
    """Widths of the generator's hidden layers; the discriminator has them in reverse."""
    batch: int = 64
    """Images per step."""
    lr: float = 1e-3
    """Adam's step size."""
    beta1: float = 0.0
    """Adam's decay of the first moment."""
    ema_half_life: float = 20_000
    """Half-life of the averaged generator, in images."""
    minibatch_spread: bool = True
    """Let the discriminator see how much a batch varies."""
    seed: int = 0
    """Of the weights, the noise and the order of the data."""


def build(recipe: Mapping[str, Any], device: torch.device) -> Gan:
    """The players that a recipe describes, at the start of training."""
    runtime.seed_everything(recipe["seed"])
    hidden = tuple(recipe["hidden"])
    return Gan(
        MLPGenerator(recipe["latent_dim"], hidden),
        MLPDiscriminator(hidden[::-1], minibatch_spread=recipe["minibatch_spread"]),
        latent_dim=recipe["latent_dim"],
        lr=recipe["lr"],
        betas=(recipe["beta1"], 0.99),
        ema_half_life=recipe["ema_half_life"],
        seed=recipe["seed"],
        device=device,
    )


def score(gan: Gan, data: str, n: int, seed: int) -> dict[str, Any]:
    """Score ``n`` samples against the training set ``data``, in its classifier's features."""
    judge = load_classifier(data, gan.device)
    features = metrics.extract(judge.features, to_uint8(gan.sample(n, seed=seed)))
    with torch.no_grad():
        logits = judge.head(features.float().to(gan.device))
    counts = metrics.class_counts(logits).tolist()
    return {
        "frechet_distance": metrics.frechet_distance(
            metrics.statistics(features), reference_statistics(data)
        ),
        "confident_share": metrics.confident_share(logits),
        "classes": dict(zip(DATASETS[data].classes, counts, strict=True)),
        "n": n,
        "seed": seed,
        "images_seen": gan.images_seen,
    }


def _load_run(run: Path) -> tuple[Gan, dict[str, Any]]:
    """The players of a run folder, with the trained generator and its average, and the recipe."""
    path, device = run / "checkpoint.pt", runtime.device()
    state = ckpt.load(path, device)
    try:
        recipe, trained = state["recipe"], state["parts"]["gan"]
        gan = build(recipe, device)
        ckpt.restore(gan.generator, trained["generator"], "generator")
        ckpt.restore(gan.average, trained["ema"], "averaged generator")
        gan.images_seen = trained["images_seen"]
    except KeyError as error:
        raise CheckpointError(f"{path} is not from `aigc train`: no {error} in it") from error
    return gan, recipe


def _write_grid(images: torch.Tensor, path: Path, columns: int = 8) -> None:
    """Write images (N, C, H, W) as one PNG, enlarged twice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ckpt.write_atomically(path, show.png(images, columns, zoom=2))


@dataclass(frozen=True)
class Train:
    """Train a GAN; run it again to continue after an interruption."""

    recipe: Annotated[Recipe, tyro.conf.arg(name="")]
    images: int = 1_200_000
    """Real images to see in all; 60,000 are one epoch."""
    tick: int = 30_000
    """Images between checkpoints and sample grids."""
    out: Path = Path("runs/first-gan")
    """Folder for checkpoint.pt, log.jsonl and the sample grids."""

    def __call__(self) -> None:
        """Train, and write the run's folder."""
        device = runtime.device()
        distributed.start(device)
        recipe = {key: list(v) if isinstance(v, tuple) else v
                  for key, v in asdict(self.recipe).items()}  # fmt: skip
        gan = build(recipe, device)
        data = load(self.recipe.data)
        batches = Batches(data.images.to(device), self.recipe.batch, seed=self.recipe.seed)

        def draw(players: Gan, row: Row) -> None:
            grid = players.sample(64, seed=1)
            _write_grid(grid, self.out / f"samples-{int(row['images']):09d}.png")
            _write_grid(grid, self.out / "samples.png")

        fit(gan, batches, self.images, tick=self.tick, on_tick=draw, recipe=recipe,
            checkpoint=self.out / "checkpoint.pt", log=self.out / "log.jsonl")  # fmt: skip
        if distributed.rank():
            return
        _write_grid(gan.sample(64, seed=1), self.out / "samples.png")  # if resumed at the very end
        print(f"samples: {self.out / 'samples.png'}")
        print(f"log:     {self.out / 'log.jsonl'}")
        print(f"next:    aigc evaluate --run {self.out}")


@dataclass(frozen=True)
class Sample:
    """Draw new images from a trained run."""

    run: Path = Path("runs/first-gan")
    """Folder that ``aigc train`` wrote."""
    n: int = 64
    """How many images."""
    seed: int = 0
    """The same seed draws the same images."""
    columns: int = 8
    """Images in a row."""
    out: Path = Path("samples.png")
    """The picture to write."""

    def __call__(self) -> None:
        """Write the picture."""
        gan, _ = _load_run(self.run)
        _write_grid(gan.sample(self.n, seed=self.seed), self.out, self.columns)
        with Image.open(self.out) as picture:
            print(f"{self.n} images, {picture.width}x{picture.height} pixels: {self.out}")


@dataclass(frozen=True)
class Evaluate:
    """Score a trained run, with the score of real images beside it."""

    run: Path = Path("runs/first-gan")
    """Folder that ``aigc train`` wrote."""
    n: int = 10_000
    """Samples to draw."""
    seed: int = 1
    """Of the samples."""

    def __call__(self) -> None:
        """Print the scores, and write them to score.json in the run's folder."""
        gan, recipe = _load_run(self.run)
        name = recipe["data"]
        found = score(gan, name, self.n, self.seed)
        test = load(name, "test").images[: self.n].to(gan.device)  # as many real, if there are
        judge = load_classifier(name, gan.device)
        real = metrics.statistics(metrics.extract(judge.features, test))
        found["frechet_distance_of_real_test_images"] = metrics.frechet_distance(
            real, reference_statistics(name)
        )
        ckpt.write_atomically(self.run / "score.json", json.dumps(found, indent=2).encode())
        print(f"Fréchet distance in features of the book's {name} classifier, to the training set")
        print(f"  {self.n:,} generated images:  {found['frechet_distance']:.2f}")
        print(
            f"  {len(test):,} real test images: {found['frechet_distance_of_real_test_images']:.2f}"
        )
        print(f"samples that the classifier is sure of: {found['confident_share']:.1%}")
        print("classes: " + ", ".join(f"{k} {v}" for k, v in found["classes"].items()))


@dataclass(frozen=True)
class Bench:
    """Compare the textbook training loop with ours, side by side."""

    rounds: int = 7
    """Measured rounds, at least 5."""
    steps: int = 100
    """Training steps of each loop in a round."""
    out: Path | None = None
    """A JSON file for the result."""

    def __call__(self) -> None:
        """Print the comparison."""
        result = bench.compare(self.rounds, self.steps)
        command = f"aigc bench --rounds {self.rounds} --steps {self.steps}"
        result |= {"command": command, "date": date.today().isoformat()}
        if self.out:
            ckpt.write_atomically(self.out, (json.dumps(result, indent=2) + "\n").encode())
        for name in bench.LOOPS:
            print(f"{name:9s} {result['images_per_second'][name]:9,.0f} images/s"
                  f"   {result['extra_mib'][name]:6.0f} MiB on top of PyTorch's own")  # fmt: skip
        print(f"ours is {result['ratio']:.2f} times as fast (median of {self.rounds} rounds; "
              f"from {result['ratio_low']:.2f} to {result['ratio_high']:.2f})")  # fmt: skip


@dataclass(frozen=True)
class Doctor:
    """Check this machine: Python, PyTorch, device, disk, data."""

    def __call__(self) -> None:
        """Print what was found and what to do about what is missing."""
        for key, value in runtime.machine().items():
            print(f"{key:8s} {value}")
        for package in ("torchvision", "matplotlib", "ipywidgets", "jupyter-book", "nbval"):
            try:
                found = version(package)
            except PackageNotFoundError:
                found = "not installed (make book, or: pip install -e '.[book,test]')"
            print(f"{package}: {found}")
        cache = cache_dir()
        existing = next(p for p in (cache, *cache.parents) if p.exists())
        free = shutil.disk_usage(existing).free / 2**30
        print(f"cache: {cache}, {free:.1f} GiB free" + ("" if free > 1 else " (too little: 1 GiB)"))
        for name, dataset in DATASETS.items():
            faults = [fault(cache / dataset.folder / f, spec) for f, spec in dataset.files.items()]
            ready = "ready" if not any(faults) else f"to be fetched: python -m aigc_lib.data {name}"
            print(f"data {name}: {ready}")
        if runtime.device().type == "cpu":
            print("No GPU: every chapter runs on the CPU, in the time that its first lines state.")


def main() -> None:
    """Entry point of the command ``aigc``."""
    command = tyro.extras.subcommand_cli_from_dict(
        {"doctor": Doctor, "train": Train, "sample": Sample, "evaluate": Evaluate, "bench": Bench},
        description=__doc__,
    )
    try:
        command()
    except (OSError, ValueError, RuntimeError) as error:  # the library's own errors are among them
        sys.exit(f"aigc: {error}")
    except KeyboardInterrupt:
        sys.exit("aigc: interrupted; the last checkpoint is whole, run the same command to go on")
    finally:
        distributed.stop()


if __name__ == "__main__":
    main()
