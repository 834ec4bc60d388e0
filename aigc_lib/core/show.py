"""What a chapter shows: numbers with bounds, images, curves, sliders without a kernel, and source.

Text outputs of the chapters are compared, word for word, whenever the book is tested. A measured
number differs from machine to machine, so it is printed behind a sign that the comparison skips:
``≈`` by ``report``, which also asserts that the number lies between two stated bounds, and ``◷`` by
``took`` and ``memory``, which are never asserted. A reader of the page sees the number; the bounds
stand in the output's plain text, where the tests find them.
"""

import base64
import inspect
import io
import math
import sys
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from aigc_lib.core.pixels import to_grid


def _in_notebook() -> bool:
    """Whether a kernel runs this code, so that its outputs are shown on a page."""
    ipython = sys.modules.get("IPython")
    return getattr(ipython and ipython.get_ipython(), "kernel", None) is not None


def report(
    label: str, value: float | Tensor, low: float, high: float, unit: str = "", *,
    against: float | None = None,
) -> None:  # fmt: skip
    """Show a measured number, and fail if it lies outside its bounds.

    The bounds say in what range the number falls on other machines; in a notebook they are part of
    the output but are not seen. ``against`` is what the number would be if the page were wrong: no
    effect, an untrained model.

    Raises:
        ValueError: the bounds are not finite, not ``low < high``, or hold ``against``.
        AssertionError: the value is outside, or not a number.
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"bounds must be finite with low < high, got {low} and {high}")
    if against is not None and not (against < low or against > high):
        raise ValueError(f"{label} could not fail: {against} lies between {low} and {high}")
    value = float(value)
    unit = f" {unit}" if unit else ""
    bounds = f"must lie between {low:g} and {high:g}"
    if not low <= value <= high:  # no ``assert``: ``python -O`` would leave it out
        raise AssertionError(f"{label} is {value:.4g}{unit}; it {bounds}")
    found = f"≈ {value:.4g}{unit}"
    plain = f"{label}: {found} ({bounds})"
    if not _in_notebook():
        print(plain)
        return
    from IPython.display import display

    # The comment keeps the bounds beside the number: the comparison skips only a bounded one.
    html = f"{escape(label.strip())}: <b>{escape(found)}</b><!-- ({bounds}) -->"
    display({"text/html": f'<div class="aigc-report">{html}</div>', "text/plain": plain}, raw=True)


def took(label: str, seconds: float) -> None:
    """Print a wall-clock time; it is never compared or asserted."""
    print(f"{label}: ◷ {seconds:.1f} s")


def memory(label: str, mib: float) -> None:
    """Print an amount of memory; it is never compared or asserted."""
    print(f"{label}: ◷ {mib:.0f} MiB")


def images(
    batch: Tensor, title: str = "", columns: int = 8, ax: Axes | None = None, size: float = 4.0
) -> Axes:
    """Draw images (N, C, H, W), uint8 or float in [-1, 1], as a grid ``size`` inches wide."""
    picture = to_grid(batch, columns)
    if ax is None:
        _, ax = plt.subplots(figsize=(size, size * picture.shape[0] / picture.shape[1] + 0.3))
    ax.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    ax.set_title(title)
    ax.axis("off")
    return ax


def curves(history: Sequence[dict[str, float]], title: str = "") -> Figure:
    """Losses and the mean answers of D over images seen: the rows of ``gan.training.fit``."""
    seen = [row["images"] / 1000 for row in history]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
    for key, label in (("d_loss", "discriminator"), ("g_loss", "generator")):
        left.plot(seen, [row[key] for row in history], label=label)
    left.axhline(2 * math.log(2), color="grey", linestyle=":", label="2 log 2 (D blind)")
    left.set(xlabel="images seen (thousands)", ylabel="loss (nats)")
    for key, label in (("d_real", "on real images"), ("d_fake", "on generated images")):
        right.plot(seen, [row[key] for row in history], label=label)
    right.set(xlabel="images seen (thousands)", ylabel='mean probability of "real"', ylim=(0, 1))
    for ax in (left, right):
        ax.legend(fontsize="small")
        ax.grid(alpha=0.3)
    figure.suptitle(title)
    return figure


def contest(told: dict[str, Any]) -> Figure:
    """Draw a declared contest: seeds, means, floor and baseline; the interval of the difference."""
    scores = {name: each["scores"] for name, each in told["contestants"].items()}
    size = (9, 1.4 + 0.35 * len(scores))
    figure, (left, right) = plt.subplots(1, 2, figsize=size, width_ratios=(5, 3), layout="tight")
    for row, found in enumerate(scores.values()):
        left.plot(found, [row] * len(found), "o", color="C0", alpha=0.6)
        left.plot(np.mean(found), row, "|", color="black", markersize=14)
    for kind, style in (("floor", ":"), ("baseline", "--")):
        if (line := told[kind]) is not None:
            place = np.mean(scores[line]) if line in scores else line
            left.axvline(place, color="grey", linestyle=style, label=kind)
            left.legend(fontsize="small")
    left.set(yticks=range(len(scores)), yticklabels=scores, ylim=(len(scores) - 0.5, -0.5))
    left.set(xlabel=f"{told['measure']}, {told['better']} is better", title=told["tested_on"])
    verdict = told["verdict"]
    mean, low, high = verdict["difference"]
    right.errorbar(mean, 0, xerr=[[mean - low], [high - mean]], fmt="o", color="C1", capsize=4)
    right.axvline(0, color="grey")
    right.set(yticks=[], xlabel=f"{verdict['best']} minus {verdict['against']}",
              title=f"95 % interval over {verdict['over']}")  # fmt: skip
    return figure


def png(picture: Figure | Tensor, columns: int = 8, zoom: int = 1) -> bytes:
    """A figure, or images (N, C, H, W) tiled and enlarged ``zoom`` times, as PNG bytes.

    A figure is closed afterwards, so that the notebook does not show it a second time.
    """
    buffer = io.BytesIO()
    if isinstance(picture, Figure):
        picture.savefig(buffer, format="png", dpi=80, bbox_inches="tight")
        plt.close(picture)
    else:
        image = Image.fromarray(to_grid(picture, columns))
        image.resize((image.width * zoom, image.height * zoom), Image.Resampling.NEAREST).save(
            buffer, format="png", optimize=True
        )
    return buffer.getvalue()


def slider(
    pictures: Sequence[Figure | Tensor | bytes], labels: Sequence[str], name: str, alt: str
) -> None:
    """Show a slider that steps through pictures and works on a static page, with no kernel.

    All pictures are made beforehand and lie in the page; the browser alone links the slider to the
    one that is shown.

    Args:
        pictures: one a step: figures, image batches (see ``png``) or PNG bytes.
        labels: one a step, shown under the picture.
        name: shown beside the slider.
        alt: what the picture shows; the step's label is added to it.

    Raises:
        ValueError: no pictures, or not one label for each.
    """
    import ipywidgets as widgets
    from IPython.display import display

    if not pictures or len(pictures) != len(labels):
        raise ValueError(f"need a label a picture, got {len(pictures)} and {len(labels)}")
    pages = []
    for picture, label in zip(pictures, labels, strict=True):
        data = base64.b64encode(picture if isinstance(picture, bytes) else png(picture)).decode()
        # Image batches are stored small and enlarged by the browser. A width and no style:
        # the static page's widgets drop styles. book.css keeps it inside a narrow page.
        width = ' width="480"' if isinstance(picture, Tensor) else ""
        # An HTML page and not an Image widget, because only an <img> can carry an alt text.
        pages.append(widgets.HTML(
            f'<img alt="{escape(alt)}: {escape(label)}" src="data:image/png;base64,{data}"'
            f"{width}><div>{escape(label)}</div>"
        ))  # fmt: skip
    control = widgets.IntSlider(
        min=0, max=len(pages) - 1, description=name, readout=False,
        style={"description_width": "initial"}, layout={"width": "min(100%, 30em)"},
    )  # fmt: skip
    stack = widgets.Stack(pages, selected_index=0)
    widgets.jslink((control, "value"), (stack, "selected_index"))
    box = widgets.VBox([control, stack])
    box.add_class("aigc-slider")
    view = {"model_id": box.model_id, "version_major": 2, "version_minor": 0}
    # A short text stands in for the widget's own, which would hold every picture's bytes.
    display(
        {"application/vnd.jupyter.widget-view+json": view,
         "text/plain": f"slider: {name}, {len(pages)} steps"},
        raw=True,
    )  # fmt: skip


def source(*objects: Callable[..., Any] | type) -> None:
    """Show the library's source of functions or classes, so a page never holds a stale copy."""
    from IPython.display import display

    code = "\n\n".join(inspect.getsource(item).rstrip() for item in objects)
    # The plain text is compared in the tests: a page that shows old source fails.
    display({"text/markdown": f"```python\n{code}\n```", "text/plain": code}, raw=True)
