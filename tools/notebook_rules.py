"""The rules for any notebook, each a function that yields the problems of a notebook.

``tools/lint_notebooks.py`` applies them; ``tools/lint_chapter.py`` holds those of the template.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator

from tools.notebook import (
    KERNELSPEC,
    LANGUAGE_INFO,
    WIDGET_STATE,
    WIDGET_VIEW,
    Cell,
    Notebook,
    asserts,
    code_cells,
    markdown_cells,
    output_texts,
    source,
    tags,
    tree,
)
from tools.spelling import american

MAX_LINES = 25
MAX_IGNORED = 4
MIN_ALT = 20
UNIX_PATH = re.compile(
    r"(?:(?<![\w.~/])|(?<=file://))/(?:home|tmp|work|Users|root|private|mnt)\b"
    r"(?:/[\w.-]+)?"
)
WINDOWS_PATH = re.compile(r"\b[A-Z]:\\\\?\w")
MATHS = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$|```\{math\}.*?```", re.DOTALL)
# An approximate number that the sanitiser will not touch (see tests/nbval.cfg).
UNBOUNDED = re.compile(r"\u2248 *[-+\u2212]?\d(?![^\n]*\(must lie between )")
# A paragraph that is still to be written: FILL_TEXT, TODO, or a comment that holds a place.
UNWRITTEN = re.compile(r"^[A-Z][A-Z_]{3,}$|\bTODO\b|<!-- (?!/?timing)", re.MULTILINE)
BLIND_IMAGE = re.compile(r"!\[\s*\]\(|<img(?![^>]*\balt=[\"'][^\"'])")


def executed(nb: Notebook) -> Iterator[str]:
    """Every code cell was run, once, from the top; errors only where a tag announces them."""
    for number, cell in enumerate(code_cells(nb), 1):
        where, count = f"code cell {number}", cell.get("execution_count")
        if not source(cell).strip():
            yield f"{where} is empty: delete it"
        elif count is None:
            yield f"{where} was not executed: run `make execute`"
        elif count != number:
            yield (
                f"{where} has execution count {count}, not {number}: "
                "cells were run out of order; run `make execute`"
            )
        errors = [o["ename"] for o in cell["outputs"] if o["output_type"] == "error"]
        announced = "raises-exception" in tags(cell)
        if errors and not announced:
            yield f"{where} shows an error ({errors[0]}) without the tag raises-exception"
        if announced and not errors:
            yield f"{where} is tagged raises-exception but shows no error"


def paths(nb: Notebook) -> Iterator[str]:
    """No absolute path of somebody's machine, in sources or in outputs."""
    for number, cell in enumerate(nb["cells"], 1):
        written = source(cell)
        if cell["cell_type"] == "markdown":
            written = MATHS.sub(" ", written)
        for kind, content in [("source", written), *(("output", t) for t in output_texts(cell))]:
            if match := UNIX_PATH.search(content) or WINDOWS_PATH.search(content):
                yield f"cell {number} has an absolute path in its {kind}: {match.group(0)!r}"


def has_image(cell: Cell) -> bool:
    """Whether a picture is among the outputs."""
    return any(mime.startswith("image/") for o in cell["outputs"] for mime in o.get("data", {}))


def images(nb: Notebook) -> Iterator[str]:
    """Every picture has an alt text of its own."""
    seen = Counter[str]()
    for number, cell in enumerate(code_cells(nb), 1):
        if has_image(cell):
            mystnb = cell["metadata"].get("mystnb", {})
            alt = str(mystnb.get("image", {}).get("alt", "")).strip()
            seen[alt] += 1
            if len(alt) < MIN_ALT:
                yield (
                    f"code cell {number} shows an image without an alt text of at "
                    f"least {MIN_ALT} characters (metadata mystnb.image.alt)"
                )
    for alt, n in seen.items():
        if alt and n > 1:
            yield f"{n} code cells share the alt text {alt!r}"
    for number, cell in markdown_cells(nb):
        if BLIND_IMAGE.search(source(cell)):
            yield f"cell {number} has an image without alt text in its Markdown"


def markers(nb: Notebook) -> Iterator[str]:
    """Outputs are ignored rarely, and then a cell that can fail follows; nothing is skipped."""
    ignored, cells = 0, code_cells(nb)
    for number, cell in enumerate(cells, 1):
        where = f"code cell {number}"
        comments = re.findall(r"^\s*#+\s*((?:PYTEST_VALIDATE|NBVAL)_\w+)\s*$", source(cell), re.M)
        if comments:
            yield f"{where} holds the comment {comments[0]}: use a tag in its metadata"
        if {"nbval-skip", "skip-execution"} & set(tags(cell)):
            yield f"{where} is skipped: every cell of a chapter runs"
        if {"nbval-ignore-output", "pytest-validate-ignore-output"} & set(tags(cell)):
            ignored += 1
            if number == len(cells) or not asserts(cells[number]):
                yield (
                    f"{where} has its output ignored, and the next code cell asserts "
                    "nothing (assert, check or report)"
                )
        if "must lie between" in source(cell):
            yield (
                f"{where} writes 'must lie between' itself: only report() may, "
                "because it asserts the bounds"
            )
        if any(UNBOUNDED.search(content) for content in output_texts(cell)):
            yield f"{where} prints a '\u2248' number without bounds: use report()"
    if ignored > MAX_IGNORED:
        yield f"{ignored} cells have their outputs ignored; at most {MAX_IGNORED} may"


def imported(cell: Cell) -> int:
    """How many lines of the cell are imports, which nobody reads in order."""
    found = [n for n in tree(cell).body if isinstance(n, ast.Import | ast.ImportFrom)]
    return sum((node.end_lineno or node.lineno) - node.lineno + 1 for node in found)


def code(nb: Notebook) -> Iterator[str]:
    """Code cells are short, end figures with ``plt.show()``, and hide no value with ``;``."""
    for number, cell in enumerate(code_cells(nb), 1):
        lines = len(source(cell).splitlines()) - imported(cell)
        if lines > MAX_LINES:
            yield f"code cell {number} has {lines} lines; at most {MAX_LINES}"
        body = tree(cell).body
        if has_image(cell) and not (body and ast.unparse(body[-1]) == "plt.show()"):
            yield f"code cell {number} shows a figure but does not end with plt.show()"
        if source(cell).rstrip().endswith(";"):
            yield f"code cell {number} ends with ';': nbval sees the value all the same"


def metadata(nb: Notebook) -> Iterator[str]:
    """One kernel for all, a valid file, an id for every cell, the state of every widget."""
    for key, wanted in (("kernelspec", KERNELSPEC), ("language_info", LANGUAGE_INFO)):
        if nb["metadata"].get(key) != wanted:
            yield f"metadata.{key} differs from the book's: run `make execute`"
    if (nb["nbformat"], nb["nbformat_minor"]) < (4, 5):
        yield "the file format is older than 4.5, which brought cell ids"
    for i, n in Counter(cell.get("id") for cell in nb["cells"]).items():
        if n > 1 or not i:
            yield f"{n} cells have the id {i!r}; each needs one of its own"
    widgets = nb["metadata"].get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    for number, cell in enumerate(code_cells(nb), 1):
        shown = [o.get("data", {}).get(WIDGET_VIEW) for o in cell["outputs"]]
        if any(view and view["model_id"] not in widgets for view in shown):
            yield (
                f"code cell {number} shows a widget whose state is not in the file, "
                "so it is dead on the site: run `make execute`"
            )
        if "execution" in cell["metadata"]:
            yield f"code cell {number} has time stamps in its metadata: run `make execute`"


def spelling(nb: Notebook) -> Iterator[str]:
    """Prose is in British spelling."""
    for number, cell in markdown_cells(nb):
        for word, british in american(source(cell)):
            yield f"cell {number}: {word!r} is {british!r} in British spelling"


def written(nb: Notebook) -> Iterator[str]:
    """No place in the text is still to be filled."""
    for number, cell in markdown_cells(nb):
        for found in UNWRITTEN.findall(source(cell)):
            yield f"cell {number}: {found!r} stands where text is still to be written"


RULES = (executed, code, paths, images, markers, metadata, spelling, written)
