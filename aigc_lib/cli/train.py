"""The commands that train a GAN, and those that draw from any trained run and score it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
import tyro
from PIL import Image

from aigc_lib.cli.outputs import insist_writable
from aigc_lib.core import distributed, runtime, show
from aigc_lib.core.files import write_atomically
from aigc_lib.core.speed import Speed, usual
from aigc_lib.core.training import Row
from aigc_lib.data.images import load
from aigc_lib.data.registry import find
from aigc_lib.gan.state import Gan
from aigc_lib.gan.training import fit
from aigc_lib.pretrained.scores import score, usual_labels
from aigc_lib.recipes.gan import Config, DCGANConfig, MLPConfig, build, plain, stream
from aigc_lib.recipes.runs import load as load_run

FIRST_RUN, PICTURE = Path("runs/first-gan"), Path("samples.png")
FEWEST = 4  # precision and recall look at three neighbours of each sample
SCORES = {
    "frechet_distance": ("Fréchet distance", ".2f"),
    "kernel_distance": ("kernel distance", ".4f"),
    "precision": ("precision", ".3f"),
    "recall": ("recall", ".3f"),
    "density": ("density", ".3f"),
    "coverage": ("coverage", ".3f"),
    "confident_share": ("classifier is sure", ".1%"),
    "label_agreement": ("shows the class asked", ".1%"),
}


def fastest(cpu: Speed) -> Speed:
    """What a command uses unless told otherwise: on a GPU all that pays, else ``cpu``."""
    try:
        return usual(runtime.device(), cpu)
    except RuntimeError:  # AIGC_DEVICE names no device: the command itself will say so
        return cpu


def write_grid(images: torch.Tensor, path: Path, columns: int) -> None:
    """Write images (N, C, H, W) as one PNG, enlarged twice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, show.png(images, columns, zoom=2))


@dataclass(frozen=True)
class Run:
    """How long a training run is, and where it goes."""

    images: int = 1_200_000
    """Real images to see in all; 60,000 are one epoch."""
    tick: int = 30_000
    """Images between checkpoints and sample grids."""
    out: Path | None = None
    """Folder for checkpoint.pt, log.jsonl and the sample grids; below runs/ by default."""


LAYERS, IMAGES = fastest(Speed()), fastest(Speed(channels_last=True))
UNNAMED = tyro.conf.arg(name="")  # its fields are options of their own: --lr, not --config.lr


def train_mlp(
    config: Annotated[MLPConfig, UNNAMED], run: Annotated[Run, UNNAMED], speed: Speed = LAYERS
) -> None:
    """Train chapter 6's GAN; run it again to continue after an interruption."""
    train(config, run, speed, FIRST_RUN)


def train_dcgan(
    config: Annotated[DCGANConfig, UNNAMED],
    run: Annotated[Run, UNNAMED],
    speed: Speed = IMAGES,
) -> None:
    """Train chapter 7's convolutional GAN; run it again to continue after an interruption."""
    train(config, run, speed, Path(f"runs/dcgan-{config.data}"))


def train(config: Config, run: Run, speed: Speed, folder: Path) -> None:
    """Train a recipe's players, and write the run's folder: ``folder`` unless ``run`` names one."""
    out = run.out or folder
    insist_writable(out / "checkpoint.pt", ".pt")
    device = runtime.device()
    distributed.start(device)
    runtime.keep_memory()
    game = config.game()
    gan = build(config, device, speed)
    batches = stream(config, device)
    columns = config.classes or 8
    labels = _labels(8 * columns, config.classes, device)

    def draw(players: Gan, name: str) -> None:
        grid = players.sample(8 * columns, seed=1, labels=labels)
        write_grid(grid, out / name, columns)

    def on_tick(players: Gan, row: Row) -> None:
        draw(players, f"samples-{int(row['images']):09d}.png")
        draw(players, "samples.png")

    fit(gan, batches, run.images, loss=game, last_lr=config.last_lr, tick=run.tick,
        on_tick=on_tick, config=plain(config), checkpoint=out / "checkpoint.pt",
        log=out / "log.jsonl")  # fmt: skip
    if distributed.rank():
        return
    draw(gan, "samples.png")  # if resumed at the very end, no tick has
    print(f"samples: {out / 'samples.png'}")
    print(f"log:     {out / 'log.jsonl'}")
    print(f"next:    aigc evaluate --run {out}")


def _labels(n: int, classes: int, device: torch.device) -> torch.Tensor | None:
    """0, 1, 2 ... in turn; None for players that are not told classes."""
    return torch.arange(n, device=device) % classes if classes else None


def sample(
    run: Path = FIRST_RUN,
    n: int = 64,
    label: str | None = None,
    seed: int = 0,
    columns: int | None = None,
    out: Path = PICTURE,
) -> None:
    """Draw new images from a trained run.

    Args:
        run: Folder that ``aigc train`` wrote.
        n: How many images.
        label: Only this class, by name or number; a conditional run draws all in turn otherwise.
        seed: The same seed draws the same images.
        columns: Images in a row: 8, or one for each class of a conditional run.
        out: The picture to write.
    """
    for option, value in (("--n", n), ("--columns", columns)):
        if value is not None and value < 1:
            raise ValueError(f"{option} must be at least 1, not {value}")
    insist_writable(out, ".png")
    trained = load_run(run)
    labels = _labels(n, trained.classes, trained.device)
    if label is not None:
        if labels is None:
            raise ValueError(
                f"{run} was trained without labels, so no class can be asked for: "
                "leave --label away, or train with `aigc train-dcgan`"
            )
        labels = torch.full_like(labels, _class(label, find(trained.data).classes))
    images = trained.draw(n, seed, labels)
    write_grid(images, out, columns or trained.classes or 8)
    with Image.open(out) as picture:
        print(f"{n} images, {picture.width}x{picture.height} pixels: {out}")


def _class(label: str, names: Sequence[str]) -> int:
    """The number of a class given by name (small or capital letters) or number."""
    known = [name.lower() for name in names]
    if label.lower() in known:
        return known.index(label.lower())
    if label.isdecimal() and int(label) < len(names):
        return int(label)
    raise ValueError(f"no class {label!r}: choose from {', '.join(names)}")


def evaluate(run: Path = FIRST_RUN, n: int = 10_000, seed: int = 1) -> None:
    """Score a trained run, with the scores of real images beside it, also into its score.json.

    Args:
        run: Folder that ``aigc train`` wrote.
        n: Samples to draw.
        seed: Of the samples.
    """
    if n < FEWEST:
        raise ValueError(f"a score needs at least {FEWEST:,} samples, not {n}")
    insist_writable(run / "score.json", ".json")
    trained = load_run(run)
    name = trained.data
    labels = usual_labels(name, n, seed).to(trained.device) if trained.classes else None
    images = trained.draw(n, seed, labels)
    found = {**score(images, name, labels), "seed": seed, "images_seen": trained.images_seen}
    test = load(name, "test")  # as many real, if there are
    real = score(test.images[:n].to(trained.device), name, test.labels[:n].to(trained.device))
    content = json.dumps(found | {"real_test_images": real}, indent=2)
    write_atomically(run / "score.json", content.encode())
    print(f"In features of the book's {name} classifier, against its training set:")
    print(f"{'':24s} {n:>9,} generated  {real['n']:>9,} real test images")
    for key, (title, form) in SCORES.items():
        if key in found:
            print(f"{title:24s} {found[key]:>19{form}}  {real[key]:>26{form}}")
    print("classes: " + ", ".join(f"{k} {v}" for k, v in found["classes"].items()))
