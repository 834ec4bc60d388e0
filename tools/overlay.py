"""A page as its Chinese readers see it: prose, alt texts, and what cells print, in their language.

    python -m tools.overlay 05   # the lines that chapter 05 prints and the catalogue lacks

Code is the English page's, but for one line in the set-up, which makes checks answer in Chinese.
What a cell printed is looked up in the catalogue, line by line; numbers stay as they came out.
"""

import base64
import copy
import re
import sys
from html import escape, unescape
from typing import Any

from aigc_lib.core.words import say
from tools.notebook import ROOT, TIMING, WIDGET_STATE, Cell, Notebook, source
from tools.translation import (
    LANGUAGE,
    TIMED,
    Entry,
    Unit,
    alt,
    blocks,
    is_generated,
    is_prose,
    read_page,
)
from tools.zh_figures import TWINS, fingerprint

SPEAKS = f"""\
import os

os.environ["AIGC_LANGUAGE"] = "{LANGUAGE}"
"""
FIXED = 6  # letters that an entry must share with a printed line, which may be a generated text
# A label, its number and its unit, as ``show`` prints them; in HTML the bounds follow in a comment.
MEASURED = re.compile(r"(\s*)(.+?): ([≈◷] \S+)(?: ([^\n]+))?")
REPORT = re.compile(r'(<div class="aigc-report">)(.+?): (<b>≈ [^\s<]+)(?: ([^<]+))?(?=</b>)')
# A step of a slider: its picture, and what stands below.
SLIDE = re.compile(
    r'<img alt="([^"]*)" src="data:image/png;base64,([^"]+)"( width="480")?><div>(.*?)</div>'
)


def unit_in_chinese(unit: str | None) -> str:
    """What stands behind a number, with the space before it; its entries begin with three dots."""
    return say(f"… {unit}", LANGUAGE).removeprefix("…") if unit else ""


def line_in_chinese(line: str) -> str:
    """A printed line, translated if the catalogue holds it or its label."""
    if (found := say(line, LANGUAGE, fixed=FIXED)) != line or not (
        match := MEASURED.fullmatch(line)
    ):
        return found
    label = say(match[2], LANGUAGE)
    unit = unit_in_chinese(match[4])
    return f"{match[1]}{label}：{match[3]}{unit}" if label != match[2] else line


def translate_output(output: dict[str, Any]) -> list[str]:
    """Replace what an output of a cell shows by its Chinese; returns the lines without any."""
    lacking = []

    def line(english: str) -> str:
        if (found := line_in_chinese(english)) == english and re.search("[a-z]{3,}", english):
            lacking.append(english)
        return found

    def label(match: re.Match[str]) -> str:
        english = unescape(match[2])
        if (found := say(english, LANGUAGE)) == english:
            lacking.append(english)
            return match[0]
        return f"{match[1]}{escape(found)}：{match[3]}{unit_in_chinese(match[4])}"

    data = output.get("data", {})
    if output["output_type"] == "stream":
        output["text"] = "\n".join(map(line, "".join(output["text"]).split("\n")))
    elif html := data.get("text/html"):
        data["text/html"] = REPORT.sub(label, "".join(html))
    if picture := data.get("image/png"):
        data["image/png"] = in_chinese(picture)
    return lacking


def in_chinese(picture: str) -> str:
    """A figure's twin with Chinese words, if it has one; both in base64."""
    twin = ROOT / TWINS / f"{fingerprint(base64.b64decode(picture))}.png"
    return base64.b64encode(twin.read_bytes()).decode() if twin.is_file() else picture


def translate_sliders(page: Notebook) -> list[str]:
    """Give the sliders of a page Chinese names, labels, pictures; returns what has no Chinese."""
    lacking = []

    def said(english: str) -> str:
        if (found := line_in_chinese(english)) == english and re.search("[a-z]{3,}", english):
            lacking.append(english)
        return found

    def slide(match: re.Match[str]) -> str:
        alt, picture, width, label = match.groups(default="")
        what = said(unescape(alt).removesuffix(f": {unescape(label)}"))
        shown = escape(said(unescape(label)))
        source = f"data:image/png;base64,{in_chinese(picture)}"
        return f'<img alt="{escape(what)}：{shown}" src="{source}"{width}><div>{shown}</div>'

    widgets = page.get("metadata", {}).get("widgets", {}).get(WIDGET_STATE, {})
    for model in widgets.get("state", {}).values():
        state = model["state"]
        if "description" in state:
            state["description"] = said(state["description"])
        if isinstance(state.get("value"), str):
            state["value"] = SLIDE.sub(slide, state["value"])
    return lacking


def table_in_chinese(block: str) -> str:
    """A generated table with those of its cells in Chinese that the catalogue holds."""
    return re.sub(r"(?<=\| )[^|\n]+(?= \|)", lambda cell: say(cell[0], LANGUAGE), block)


def speaks(cell: Cell) -> bool:
    """Whether a cell is the set-up, in which the language is chosen."""
    return bool(cell["id"] == "setup")


def overlaid(page: str | Notebook, done: list[Entry]) -> str | Notebook:
    """A page with its prose in Chinese; a unit without a valid translation stays as it is."""
    known = {(entry.key, entry.sha): entry.text for entry in done if not entry.todo}

    def said(unit: Unit) -> str:
        return known.get((unit.key, unit.sha), unit.text)

    if isinstance(page, str):
        found = [
            table_in_chinese(b) if is_generated(b) else said(Unit("", b)) if is_prose(b) else b
            for b in blocks(page)
        ]
        return "\n\n".join(found) + "\n"
    page = copy.deepcopy(page)
    translate_sliders(page)
    for cell in page["cells"]:
        if cell["cell_type"] == "markdown":
            line = TIMING.search(source(cell))
            unit = Unit(cell["id"], TIMING.sub(TIMED, source(cell)).rstrip())
            timing = [say(each, LANGUAGE) for each in line[0].splitlines()] if line else [TIMED]
            cell["source"] = said(unit).replace(TIMED, "\n".join(timing))
            continue
        shown = cell["metadata"].get("mystnb", {})
        if text := alt(cell):
            shown["image"]["alt"] = said(Unit(f"{cell['id']}.alt", text))
        for name in ("code_prompt_show", "code_prompt_hide"):
            if name in shown:
                shown[name] = say(shown[name], LANGUAGE)
        if speaks(cell):
            cell["source"] = SPEAKS + source(cell)
        for output in cell.get("outputs", []):
            translate_output(output)
    return page


def main() -> int:
    """Print what the outputs of a chapter say and the catalogue lacks."""
    for path in sorted((ROOT / "notebooks").glob(f"{sys.argv[1]}-*.ipynb")):
        page = read_page(ROOT, f"notebooks/{path.stem}")
        assert not isinstance(page, str)
        found = translate_sliders(page)
        for output in (output for cell in page["cells"] for output in cell.get("outputs", [])):
            found += translate_output(output)
        print("\n".join(dict.fromkeys(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
