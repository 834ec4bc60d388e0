"""Widgets become plain HTML: a slider, a form, a bar; and what has no plain form."""

import base64
import json

import ipywidgets as widgets
import matplotlib.pyplot as plt
import pytest
from ipywidgets.embed import embed_data

from aigc_lib.core import show
from tools.plain_widgets import replace

PNG = base64.b64encode(b"picture").decode()


def page(*shown: widgets.Widget, keep: bool = True) -> str:
    """A built page with widgets, as Sphinx writes it."""
    views = "".join(
        '<script type="application/vnd.jupyter.widget-view+json">'
        f"{json.dumps({'model_id': widget.model_id})}</script>"
        for widget in shown
    )
    state = (
        embed_data(views=list(shown), drop_defaults=False)["manager_state"]
        if keep
        else {"state": {}}
    )
    return (
        f"<p>before</p>{views}<p>after</p>"
        f'<script type="application/vnd.jupyter.widget-state+json">{json.dumps(state)}</script>'
    )


def plain(*shown: widgets.Widget) -> tuple[str, dict[str, bytes]]:
    """The page with plain HTML, and the files that were saved."""
    files: dict[str, bytes] = {}

    def save(name: str, content: bytes) -> str:
        files[name] = content
        return f"../_images/{name}"

    html = replace(page(*shown), save)
    assert html.startswith("<p>before</p>")
    assert html.endswith("<p>after</p>")
    assert "<script" not in html
    return html, files


def test_a_slider_of_the_book_becomes_steps_with_their_pictures_in_files(monkeypatch):
    made = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: made.append(data))
    figures = []
    for height in (1, 2, 3):
        figure, axes = plt.subplots(figsize=(1, 1))
        axes.plot([0, height])
        figures.append(figure)
    show.slider(figures, ["one", "two & a half", "three"], "step <n>", "A line")
    name = made[0]["application/vnd.jupyter.widget-view+json"]["model_id"]
    (box,) = [w for w in widgets.widget._instances.values() if w.model_id == name]
    html, files = plain(box)
    assert len(files) == 3
    assert all(content.startswith(b"\x89PNG") for content in files.values())
    assert all(f'src="../_images/{file}"' in html for file in files)
    assert html.count('class="step') == 3
    assert html.count('class="step shown"') == 1
    assert 'max="2" value="0"' in html
    assert "step &lt;n&gt;" in html
    assert 'alt="A line: two &amp; a half"' in html


def test_bars_and_forms_show_what_they_last_showed():
    bar = widgets.HBox([widgets.HTML("training: 100%"), widgets.FloatProgress(40, max=40)])
    form = widgets.VBox(
        [widgets.Text("<hello>", description="you:"), widgets.Button(), widgets.HTML("<b>Hi</b>")]
    )
    html, files = plain(bar, form)
    assert files == {}
    assert "training: 100%" in html
    assert '<progress max="40.0" value="40.0" aria-label="progress">' in html
    assert "<b>you:</b> &lt;hello&gt;" in html
    assert "<div><b>Hi</b></div>" in html


def test_pictures_in_a_form_become_files_too():
    html, files = plain(widgets.HTML(f'<img alt="x" src="data:image/png;base64,{PNG}">'))
    ((name, content),) = files.items()
    assert content == b"picture"
    assert f'<img alt="x" src="../_images/{name}">' in html


def test_what_has_no_plain_form_stops_the_build():
    with pytest.raises(ValueError, match="ColorPickerModel has no plain form"):
        plain(widgets.VBox([widgets.ColorPicker()]))


def test_a_widget_whose_state_was_not_kept_stops_the_build():
    with pytest.raises(ValueError, match="is not stored in the notebook"):
        replace(page(widgets.HTML("x"), keep=False), lambda name, content: name)


def test_a_page_without_widgets_stays_as_it_is():
    assert replace("<p>nothing</p>", lambda name, content: name) == "<p>nothing</p>"
