"""Make the home page's pictures: digits being learned, a ring that is lost and found, the ladder.

    python -m tools.home_pictures

Trains chapter 6's GAN, and chapter 4's on the ring of eight modes: about three minutes on two CPU
cores. Frames stand one below the other in one picture; ``book/_assets/book.js`` makes a slider of
them, and ``book/images/home.json`` says what each frame shows.
"""

import io
import re
from collections.abc import Iterable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
import tyro
from PIL import Image

from aigc_lib.chapters.ch04_training_dynamics import mode_collapse
from aigc_lib.core import pixels, results, runtime, show
from aigc_lib.core.files import write_atomically
from aigc_lib.data.toy import Draws, ring
from aigc_lib.gan import losses
from aigc_lib.gan.state import Gan
from aigc_lib.gan.training import fit
from aigc_lib.recipes.gan import MLPConfig, build, stream
from tools.notebook import ROOT

IMAGES = ROOT / "book" / "images"
PAGE = ROOT / "book" / "index.md"
BLUE, RED, GREY = "#1a5f8a", "#a63d2f", "#b8c4cc"
RUNGS = {"mlp": "first GAN (chapter 6)", "dcgan": "convolutional GAN (chapter 7)"}


def save(picture: Image.Image, name: str) -> None:
    """As a PNG of at most 64 colours, which these pictures do not exceed to the eye."""
    buffer = io.BytesIO()
    picture.quantize(64).save(buffer, "PNG", optimize=True)
    write_atomically(IMAGES / f"{name}.png", buffer.getvalue())


def strip(frames: Iterable[np.ndarray[Any, Any]]) -> Image.Image:
    """Frames of one size, one below the other."""
    return Image.fromarray(np.concatenate(list(frames), axis=0)).convert("RGB")


def learning_digits(images: int = 400_000, every: int = 20_000) -> list[dict[str, Any]]:
    """Chapter 6's GAN, drawn at every tick from the same random numbers."""
    frames, rows = [], []

    def look(gan: Gan) -> None:
        with torch.random.fork_rng():
            frames.append(pixels.to_grid(gan.sample(48, seed=1), columns=8))
        label = f"{gan.images_seen:,} pictures seen" if gan.images_seen else "before training"
        rows.append({"picture": "learning-digits", "label": label})

    config = MLPConfig()
    gan = build(config, runtime.device())
    look(gan)
    batches = stream(config, runtime.device())
    fit(gan, batches, images, tick=every, on_tick=lambda gan, _: look(gan), progress=False)
    save(strip(frames), "learning-digits")
    return rows


def scatter(points: torch.Tensor, centres: torch.Tensor, colour: str) -> np.ndarray[Any, Any]:
    """One frame: the samples over the eight modes, 280 pixels wide and high."""
    figure = plt.figure(figsize=(2.8, 2.8), dpi=100)
    ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    ax.set(xlim=(-3, 3), ylim=(-3, 3))
    ax.axis("off")
    ax.scatter(*centres.T, s=500, facecolors="none", edgecolors=GREY)
    ax.scatter(*points.T, s=3, alpha=0.4, color=colour, linewidths=0)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()  # type: ignore[attr-defined]
    plt.close(figure)
    return pixels


def losing_the_ring(
    seed: int = 1, every: int = 250_000, turn: int = 6, end: int = 18
) -> list[dict[str, Any]]:
    """The plain game on the ring, and from the turn on the same players with an R1 penalty."""
    target, frames, rows = ring(), [], []
    gan = mode_collapse.players(mode_collapse.PLAIN, seed)
    draws = Draws(target, mode_collapse.BATCH, seed=seed + 1000)
    for k in range(1, end + 1):
        game = mode_collapse.PLAIN.loss if k <= turn else losses.with_r1(0.1)
        fit(gan, draws, every * k, loss=game, progress=False)
        found = mode_collapse.measure(gan, target, averaged=True)
        points = gan.sample(1000, seed=7)
        frames.append(scatter(points, target.centres, RED if k <= turn else BLUE))
        name = "plain game" if k <= turn else "with R1"
        label = f"{name}, {every * k:,} points seen: {found['modes']} of 8 modes"
        rows.append({"picture": "ring", "label": label, **found})
    save(strip(frames), "ring")
    return rows


def ladder() -> None:
    """Chapter 9's recorded ladder: every rung's speed, with the range over the rounds."""
    recorded = results.load("ladder-cpu")
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 2.9), layout="constrained")
    for ax, (model, title) in zip(axes, RUNGS.items(), strict=True):
        rungs = [row for row in recorded["rows"] if row["model"] == model]
        low, ratio, high = np.array([[r["low"], r["ratio"], r["high"]] for r in rungs]).T
        whiskers, names = (ratio - low, high - ratio), [row["rung"] for row in rungs]
        ax.barh(names, ratio, xerr=whiskers, color=BLUE, ecolor="black")
        ax.invert_yaxis()
        ax.set(title=title, xlabel="images a second, times the textbook loop")
    save(Image.open(io.BytesIO(show.png(figure))).convert("RGB"), "ladder")


def relabel(page: str, rows: Iterable[dict[str, Any]]) -> str:
    """The home page with the numbered labels under each strip as they are in the rows.

    Raises:
        ValueError: the page has no figure of that name with a numbered list, or more than one.
    """
    labels: dict[str, list[str]] = {}
    for row in rows:
        labels.setdefault(row["picture"], []).append(row["label"])
    for name, lines in labels.items():
        numbered = "".join(f"{k}. {line}\n" for k, line in enumerate(lines, 1))
        figure = rf"(^:::\{{figure\}} images/{name}\.png\n(?:(?!:::).*\n)*?)(?:\d+\. .*\n)+(?=:::)"
        page, found = re.subn(
            figure, lambda m, new=numbered: m.group(1) + new, page, flags=re.MULTILINE
        )
        if found != 1:
            raise ValueError(f"{found} figures of {name}.png with a numbered list; one is needed")
    return page


def main() -> None:
    """Make all three, record what the frames show, and put it under them."""
    rows = learning_digits() + losing_the_ring()
    ladder()
    path = ROOT / "book" / "images" / "home.json"
    results.write(path, rows, "python -m tools.home_pictures")
    write_atomically(PAGE, relabel(PAGE.read_text(encoding="utf8"), rows).encode())
    print("recorded in", path)


if __name__ == "__main__":
    tyro.cli(main)
