"""A page as its Chinese readers see it: prose, alt texts, and what cells print, in their language.

Code is the English page's, but for one line in the set-up, which makes checks answer in Chinese.
What a cell printed is looked up in the catalogue, line by line; numbers stay as they came out.
"""

import copy
import re
from html import escape, unescape
from typing import Any

from aigc_lib.core.words import say
from tools.notebook import TIMING, Cell, Notebook, source
from tools.translation import LANGUAGE, TIMED, Entry, Unit, alt, blocks, is_generated, is_prose

SPEAKS = f"""\
import os

os.environ["AIGC_LANGUAGE"] = "{LANGUAGE}"
"""
# A label and its number, as ``show`` prints them; the same in HTML, with the bounds in a comment.
MEASURED = re.compile(r"(\s*)(.+?): ([≈◷].*)", re.DOTALL)
REPORT = re.compile(r'(<div class="aigc-report">)(.+?): (<b>≈ )')


def line_in_chinese(line: str) -> str:
    """A printed line, translated if the catalogue holds it or its label."""
    if match := MEASURED.fullmatch(line):
        label = say(match[2], LANGUAGE)
        return f"{match[1]}{label}：{match[3]}" if label != match[2] else line
    return say(line, LANGUAGE)


def translate_output(output: dict[str, Any]) -> None:
    """Replace the lines that an output of a cell shows by their Chinese."""
    if output["output_type"] == "stream":
        text = "".join(output["text"])
        output["text"] = "\n".join(map(line_in_chinese, text.split("\n")))
    elif html := output.get("data", {}).get("text/html"):

        def label(match: re.Match[str]) -> str:
            english = unescape(match[2])
            found = say(english, LANGUAGE)
            return f"{match[1]}{escape(found)}：{match[3]}" if found != english else match[0]

        output["data"]["text/html"] = REPORT.sub(label, "".join(html))


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
