"""Notebook widgets as plain HTML: a static page has no kernel, and needs no widget manager.

A slider of ``show.slider`` becomes a range input and one block for each of its steps, which
``book.js`` links. Progress bars and forms show what they last showed. Pictures become files, so
that a browser loads them only when they are looked at.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

Models = Mapping[str, Any]
Save = Callable[[str, bytes], str]  # a file's name and content: the address to load it from

STATE = re.compile(
    r'<script type="application/vnd\.jupyter\.widget-state\+json">(.*?)</script>', re.DOTALL
)
VIEW = re.compile(
    r'<script type="application/vnd\.jupyter\.widget-view\+json">(.*?)</script>', re.DOTALL
)
EMBEDDED = re.compile(r'src="data:image/png;base64,([^"]+)"')


def files(html: str, save: Save) -> str:
    """HTML with its embedded pictures saved as files, named by their content."""

    def file(match: re.Match[str]) -> str:
        picture = base64.b64decode(match[1])
        return f'src="{save(f"{hashlib.sha256(picture).hexdigest()}.png", picture)}"'

    return EMBEDDED.sub(file, html)


def slider(state: Models, parts: list[Models], models: Models, save: Save) -> str:
    """A box of a slider and a stack, as ``show.slider`` makes it."""
    control, stack = parts
    steps = []
    for n, child in enumerate(children(stack, models)):
        shown = " shown" if n == stack["selected_index"] else ""
        steps.append(f'<div class="step{shown}">{files(child["value"], save)}</div>')
    name, last = escape(control["description"]), len(steps) - 1
    entry = f'<input type="range" min="0" max="{last}" value="{stack["selected_index"]}"'
    label = f'<span class="widget-label">{name}</span> {entry} autocomplete="off">'
    head = f'<label class="widget-slider pst-js-only">{label}</label>'
    return f'<div class="jupyter-widgets aigc-slider">{head}{"".join(steps)}</div>'


def children(state: Models, models: Models) -> list[Models]:
    """The states of a box's children."""
    return [models[name.removeprefix("IPY_MODEL_")]["state"] for name in state["children"]]


def html(state: Models, models: Models, save: Save) -> str:
    """One widget as HTML.

    Raises:
        ValueError: a kind of widget that has no plain form here.
    """
    kind = state["_model_name"]
    if kind in ("VBoxModel", "HBoxModel"):
        parts = children(state, models)
        if "aigc-slider" in state.get("_dom_classes", ()):
            return slider(state, parts, models, save)
        inside = "".join(html(part, models, save) for part in parts)
        return f'<div class="jupyter-widgets widget-{kind[:-5].lower()}">{inside}</div>'
    if kind == "HTMLModel":
        return f"<div>{files(state['value'], save)}</div>"
    if kind == "FloatProgressModel":
        share = f'max="{state["max"]}" value="{state["value"]}"'
        return f'<progress {share} aria-label="progress"></progress>'
    if kind in ("TextModel", "TextareaModel"):
        return f"<p><b>{escape(state['description'])}</b> {escape(state['value'])}</p>"
    if kind == "ButtonModel":
        return ""  # nothing would happen
    raise ValueError(
        f"{kind} has no plain form on a page without a kernel (tools/plain_widgets.py)"
    )


def replace(page: str, save: Save) -> str:
    """A page with plain HTML in place of its widgets and their stored state.

    Raises:
        ValueError: a widget without a state, or of a kind that has no plain form.
    """
    models: dict[str, Any] = {}
    for stored in STATE.findall(page):
        models |= json.loads(stored)["state"]

    def plain(match: re.Match[str]) -> str:
        name = json.loads(match[1])["model_id"]
        if name not in models:
            raise ValueError(f"the state of the widget {name} is not stored in the notebook")
        return f'<div class="widget-subarea">{html(models[name]["state"], models, save)}</div>'

    return STATE.sub("", VIEW.sub(plain, page))
