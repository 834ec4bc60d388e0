"""aigc_lib.core.show: numbers with bounds, grids, sliders and source, looked at as a page would."""

import base64
import inspect
import io
import math
import re
from dataclasses import asdict
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
import torch
from ipywidgets import Widget
from matplotlib import pyplot as plt
from PIL import Image
from torchvision.utils import make_grid

from aigc_lib.core import show
from aigc_lib.core.pixels import to_grid
from tests.core.test_contest import contest

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _no_figure_left() -> Any:
    yield
    plt.close("all")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is displayed, by its MIME types."""
    found: list[dict[str, Any]] = []

    def display(data: dict[str, Any], *, raw: bool) -> None:
        assert raw
        found.append(data)

    monkeypatch.setattr("IPython.display.display", display)
    return found


# ------------------------------------------------------------------------------------- numbers


def test_report_prints_the_number_and_its_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    show.report("Fréchet distance", 12.3456, 5, 20)
    show.report("share", torch.tensor(0.25), 0.2, 0.3, unit="of all")
    assert capsys.readouterr().out == (
        "Fréchet distance: ≈ 12.35 (must lie between 5 and 20)\n"
        "share: ≈ 0.25 of all (must lie between 0.2 and 0.3)\n"
    )


def test_on_a_page_the_bounds_are_kept_but_not_seen(
    shown: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show, "_in_notebook", lambda: True)
    show.report("  gain < all", 3.0, 1, 5, unit="%", against=0)
    assert shown[0]["text/plain"] == "  gain < all: ≈ 3 % (must lie between 1 and 5)"
    seen = re.sub("<!--.*?-->|</?(div|b)[^>]*>", "", shown[0]["text/html"])
    assert seen == "gain &lt; all: ≈ 3 %"
    assert "(must lie between 1 and 5)" in shown[0]["text/html"]


def test_report_refuses_bounds_that_hold_what_it_is_against(capsys: Any) -> None:
    show.report("gain", 3.0, 1, 5, against=0)
    assert capsys.readouterr().out == "gain: ≈ 3 (must lie between 1 and 5)\n"
    for against in (1, 3.0, 5, math.nan):
        with pytest.raises(ValueError, match="gain could not fail"):
            show.report("gain", 3.0, 1, 5, against=against)


@pytest.mark.parametrize("value", [5.0, 20.0])
def test_report_accepts_its_bounds(value: float) -> None:
    show.report("x", value, 5, 20)


@pytest.mark.parametrize("value", [4.999, 20.001, math.nan, math.inf, -math.inf, -12.0])
def test_report_fails_outside_its_bounds(value: float, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AssertionError, match=r"^x is .* s; it must lie between 5 and 20"):
        show.report("x", value, 5, 20, unit="s")
    assert not capsys.readouterr().out


@pytest.mark.parametrize(
    ("low", "high"), [(0, math.inf), (-math.inf, 1), (math.nan, 1), (1, 1), (2, 1)]
)
def test_report_wants_two_bounds(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="bounds must be finite with low < high"):
        show.report("x", 1.0, low, high)


def test_time_and_memory_stand_behind_their_sign(capsys: pytest.CaptureFixture[str]) -> None:
    show.took("training", 61.23)
    show.memory("peak", 811.7)
    assert capsys.readouterr().out == "training: ◷ 61.2 s\npeak: ◷ 812 MiB\n"


# --------------------------------------------------------------------------------------- grids


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("n", "columns"), [(2, 8), (8, 4), (7, 3), (5, 1), (16, 4)])
def test_grid_is_torchvisions_without_its_frame(n: int, columns: int, channels: int) -> None:
    noise = torch.Generator().manual_seed(n)
    images = torch.randint(1, 256, (n, channels, 5, 4), generator=noise, dtype=torch.uint8)
    wanted = make_grid(images, nrow=columns, padding=1)[:, 1:-1, 1:-1].permute(1, 2, 0).numpy()
    found = to_grid(images, columns)
    assert found.dtype == np.uint8
    if channels == 1:
        assert found.ndim == 2
        found = np.stack([found] * 3, axis=2)
    np.testing.assert_array_equal(found, wanted)


def test_grid_of_floats() -> None:
    values = torch.tensor([-1.0, -1 + 2 / 255, 0.0, 0.5, 1.0, 1.7, -9.0, 1 - 0.9 / 255])
    found = to_grid(values.view(8, 1, 1, 1).requires_grad_(), columns=8)
    assert found[0, ::2].tolist() == [0, 1, 128, 191, 255, 255, 0, 255]
    assert found[0, 1::2].tolist() == [0] * 7


def test_a_single_image_is_a_grid() -> None:
    image = torch.arange(6, dtype=torch.uint8).view(1, 1, 2, 3)
    assert to_grid(image).tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("shape", "columns"), [((4, 4), 8), ((2, 2, 4, 4), 8), ((0, 1, 4, 4), 8), ((2, 1, 4, 4), 0)]
)
def test_what_is_no_batch_of_images_is_refused(shape: tuple[int, ...], columns: int) -> None:
    with pytest.raises(ValueError, match=r"need images \(N, 1 or 3, H, W\) and columns >= 1"):
        to_grid(torch.zeros(shape), columns)


def test_other_integers_are_refused() -> None:
    with pytest.raises(TypeError, match="int64"):
        to_grid(torch.full((2, 1, 3, 3), 300))


def test_images_draws_the_grid_in_grey() -> None:
    batch = torch.randint(0, 256, (6, 1, 4, 4), dtype=torch.uint8)
    ax = show.images(batch, "samples", columns=3)
    (picture,) = ax.get_images()
    np.testing.assert_array_equal(picture.get_array(), to_grid(batch, 3))
    assert picture.get_cmap().name == "gray"
    assert picture.get_clim() == (0, 255)  # a dark batch stays dark
    assert ax.get_title() == "samples"
    _, mine = plt.subplots()
    assert show.images(batch, ax=mine) is mine


def test_curves_have_names_units_and_the_data() -> None:
    history = [
        {"images": 1000.0 * i, "d_loss": 1.0 + i, "g_loss": 2.0, "d_real": 0.6, "d_fake": 0.4}
        for i in (1, 2, 3)
    ]
    left, right = show.curves(history, "a run").axes
    assert left.get_xlabel() == right.get_xlabel() == "images seen (thousands)"
    assert left.get_ylabel() == "loss (nats)"
    assert "probability" in right.get_ylabel()
    lines = {line.get_label(): line for line in (*left.get_lines(), *right.get_lines())}
    np.testing.assert_allclose(lines["discriminator"].get_xydata(), [[1, 2], [2, 3], [3, 4]])
    np.testing.assert_allclose(lines["generator"].get_ydata(), [2, 2, 2])
    np.testing.assert_allclose(lines["on generated images"].get_ydata(), [0.4] * 3)
    np.testing.assert_allclose(lines["on real images"].get_ydata(), [0.6] * 3)
    blind = next(line for name, line in lines.items() if "blind" in name)
    np.testing.assert_allclose(blind.get_ydata(), [2 * math.log(2)] * 2)


# ------------------------------------------------------------------------------ PNG and slider


def pixels(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        return np.asarray(image)


@pytest.mark.parametrize("zoom", [1, 3])
def test_png_of_images_holds_every_pixel(zoom: int) -> None:
    batch = torch.randint(0, 256, (5, 1, 4, 3), dtype=torch.uint8)
    wanted = to_grid(batch, 2).repeat(zoom, axis=0).repeat(zoom, axis=1)
    np.testing.assert_array_equal(pixels(show.png(batch, columns=2, zoom=zoom)), wanted)


def test_png_of_a_figure_closes_it() -> None:
    figure, ax = plt.subplots(figsize=(2, 1))
    ax.plot([0, 1])
    found = pixels(show.png(figure))
    assert found.ndim == 3
    assert 20 < found.shape[0] < 200 < 2 * found.shape[1] < 800
    assert len(np.unique(found)) > 2  # something was drawn
    assert not plt.fignum_exists(figure.number)


def test_slider_is_linked_in_the_page_itself(shown: list[dict[str, Any]]) -> None:
    images = [torch.full((2, 1, 4, 4), 60 * i, dtype=torch.uint8) for i in range(3)]
    pictures = [*images, plt.figure(figsize=(1, 1)), b"png bytes"]
    show.slider(pictures, [f"{i} <images>" for i in range(5)], "images seen", 'samples "a" & b')
    (data,) = shown
    assert data["text/plain"] == "slider: images seen, 5 steps"
    # All that a page without a kernel has: the widgets' states.
    state = Widget.get_manager_state()["state"]
    box = state[data["application/vnd.jupyter.widget-view+json"]["model_id"]]["state"]
    control, stack = box["children"]
    slider, pages = (state[c.removeprefix("IPY_MODEL_")]["state"] for c in (control, stack))
    assert (slider["min"], slider["max"], slider["value"]) == (0, 4, 0)
    assert slider["description"] == "images seen"
    assert pages["selected_index"] == 0
    links = [m["state"] for m in state.values() if m["model_name"] == "LinkModel"]
    ends = [link["target"] for link in links if link["source"] == [control, "value"]]
    assert ends == [[stack, "selected_index"]]
    html = [state[c.removeprefix("IPY_MODEL_")]["state"]["value"] for c in pages["children"]]
    assert len(html) == 5
    for i, text in enumerate(html):
        assert f'alt="samples &quot;a&quot; &amp; b: {i} &lt;images&gt;"' in text
        assert f"{i} &lt;images&gt;</div>" in text
    content = [base64.b64decode(re.search(r"base64,([^\"]+)", text)[1]) for text in html]
    for i in range(3):
        assert set(np.unique(pixels(content[i]))) == {0, 60 * i}  # black lines between the images
    assert content[4] == b"png bytes"
    assert not plt.get_fignums()


@pytest.mark.parametrize(("count", "labels"), [(0, []), (2, ["one"]), (1, ["one", "two"])])
def test_a_slider_wants_a_label_a_picture(count: int, labels: list[str]) -> None:
    with pytest.raises(ValueError, match=f"need a label a picture, got {count} and {len(labels)}"):
        show.slider([b"x"] * count, labels, "name", "alt")


# -------------------------------------------------------------------------------------- source


def test_source_is_the_librarys_own(shown: list[dict[str, Any]]) -> None:
    from aigc_lib.gan.losses import AdversarialLoss, discriminator_loss

    show.source(discriminator_loss, AdversarialLoss)
    (data,) = shown
    text = inspect.getsource(inspect.getmodule(discriminator_loss))
    one, two = data["text/plain"].split("\n\nclass ")
    assert one.startswith("def discriminator_loss(real_logits: Tensor")
    assert one.rstrip() in text
    assert f"class {two}" in text
    assert data["text/markdown"] == f"```python\n{data['text/plain']}\n```"


# ------------------------------------------------------------------------------------ contests


def test_a_contest_is_drawn_from_its_declaration() -> None:
    told = asdict(contest(floor=0.8, baseline="old", measure="accuracy (share)"))
    left, right = show.contest(told).axes
    points = [line.get_xdata() for line in left.lines if line.get_marker() == "o"]
    assert [list(x) for x in points] == [each["scores"] for each in told["contestants"].values()]
    assert [label.get_text() for label in left.get_yticklabels()] == ["new", "old"]
    assert left.get_xlabel() == "accuracy (share), higher is better"
    levels = {line.get_label(): line.get_xdata()[0] for line in left.lines}
    assert levels["floor"] == 0.8
    assert levels["baseline"] == pytest.approx(np.mean([0.6, 0.66, 0.61]))
    mean, low, high = told["verdict"]["difference"]
    (bar,) = right.collections[0].get_segments()
    np.testing.assert_allclose(bar[:, 0], [low, high])
    np.testing.assert_allclose(right.lines[0].get_xdata(orig=False), [mean])
    assert right.get_xlabel() == "new minus old"
    assert right.get_title() == "95 % interval over seeds"


def test_a_contest_without_floor_and_baseline_has_no_legend() -> None:
    assert show.contest(asdict(contest())).axes[0].get_legend() is None
