"""The file of an executed notebook, without what changes from run to run and means nothing."""

import base64
import io
import os
import re
import sysconfig
import uuid
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from PIL import Image

from tools.notebook import KERNELSPEC, LANGUAGE_INFO, ROOT, WIDGET_STATE

PNG = re.compile(r"iVBORw0KGgo[\w+/]+=*")  # in base64


def _relative_tracebacks(nb: NotebookNode) -> None:
    """Shorten the absolute paths in the tracebacks of intended errors."""
    paths = sysconfig.get_paths()
    shorter = {
        paths["purelib"]: "site-packages",
        paths["platlib"]: "site-packages",
        paths["stdlib"]: "python",
        str(ROOT): ".",
    }
    home = str(Path.home())
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            for i, entry in enumerate(output.get("traceback", [])):
                for long, short in shorter.items():
                    entry = entry.replace(long, short)
                    if long.startswith(home + os.sep):  # IPython writes ~ for the home folder
                        entry = entry.replace("~" + long[len(home) :], short)
                output.traceback[i] = entry


def _merged_streams(nb: NotebookNode) -> None:
    """Join what was printed piece by piece, but not across what was displayed between."""
    for cell in nb.cells:
        kept: list[NotebookNode] = []
        for output in cell.get("outputs", []):
            if kept and "name" in output and output.name == kept[-1].get("name"):
                kept[-1].text += output.text
            else:
                kept.append(output)
        if "outputs" in cell:
            cell.outputs = kept


def smaller(picture: str) -> str:
    """A PNG in base64 with the same pixels in fewer bytes: figures are opaque, of few colours."""
    with Image.open(io.BytesIO(base64.b64decode(picture))) as image:
        if image.mode != "RGBA" or image.getextrema()[3] != (255, 255):
            return picture
        pixels = image.convert("RGB")
    few = pixels.getcolors(256) is not None
    kept = pixels.quantize(256, dither=Image.Dither.NONE) if few else pixels
    if kept.convert("RGB").tobytes() != pixels.tobytes():
        kept = pixels
    buffer = io.BytesIO()
    kept.save(buffer, "PNG", optimize=True)
    return min(picture, base64.b64encode(buffer.getvalue()).decode(), key=len)


def _small_pictures(nb: NotebookNode) -> None:
    """Store each figure in as few bytes as show it to the pixel."""
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = smaller(data["image/png"])


def to_text(nb: NotebookNode, name: str) -> str:
    """The file of an executed notebook, with everything volatile made uniform."""
    nb.metadata.kernelspec = dict(KERNELSPEC)
    nb.metadata.language_info = dict(LANGUAGE_INFO)
    for cell in nb.cells:
        cell.metadata.pop("execution", None)
    _merged_streams(nb)
    _small_pictures(nb)
    _relative_tracebacks(nb)
    nbformat.validate(nb)
    # Widget ids are random: name them after the chapter and the order in which they were made.
    widgets = nb.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    for state in (each["state"] for each in widgets.values() if "value" in each["state"]):
        if isinstance(state["value"], str):  # the pictures of a slider lie in HTML
            state["value"] = re.sub(PNG, lambda match: smaller(match[0]), state["value"])
    stable = {
        old: uuid.uuid5(uuid.NAMESPACE_URL, f"{name}/{i}").hex for i, old in enumerate(widgets)
    }
    renamed = re.sub(
        r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])",
        lambda match: stable.get(match.group(0), match.group(0)),
        nbformat.writes(nb),
    )
    return nbformat.writes(nbformat.reads(renamed, as_version=4)) + "\n"  # sorted by the new ids
