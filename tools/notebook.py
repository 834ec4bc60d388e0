"""What the tools agree on about a chapter's file: its metadata, its timing line, its cells."""

import ast
import re
from pathlib import Path
from typing import Any

Cell = dict[str, Any]
Notebook = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"

# No patch version of Python and no machine's kernel name: the files would churn.
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE_INFO = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"

# The two comments stand on lines of their own: Markdown reads a line that begins with a comment
# as HTML from end to end, so bold text and a link on that line would not be rendered.
TIMING = re.compile(r"<!-- timing -->\n?(.*?)\n?<!-- /timing -->", re.DOTALL)


def chapters() -> list[Path]:
    """All chapters, in the order of the book."""
    return sorted(NOTEBOOKS.glob("[0-9][0-9]-*.ipynb"))


def text(value: str | list[str]) -> str:
    """A notebook's multi-line string, which may be stored as a list of lines."""
    return value if isinstance(value, str) else "".join(value)


def source(cell: Cell) -> str:
    """The source of a cell as one string."""
    return text(cell["source"])


def code_cells(nb: Notebook) -> list[Cell]:
    """The code cells, in order."""
    return [cell for cell in nb["cells"] if cell["cell_type"] == "code"]


def markdown_cells(nb: Notebook) -> list[tuple[int, Cell]]:
    """The cells of prose, each with its place among all cells, from 1."""
    return [(n, cell) for n, cell in enumerate(nb["cells"], 1) if cell["cell_type"] == "markdown"]


def tags(cell: Cell) -> list[str]:
    """The tags in a cell's metadata."""
    found: list[str] = cell.get("metadata", {}).get("tags", [])
    return found


def plain(text: str) -> str:
    """Text without the escape codes that colour it in a terminal."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def output_texts(cell: Cell) -> list[str]:
    """What a reader sees of the outputs as text: streams, text and HTML results, errors."""
    found: list[str] = []
    for output in cell.get("outputs", []):
        found.append(text(output.get("text", "")))
        found.append(output.get("evalue", ""))
        found.extend(output.get("traceback", []))
        data = output.get("data", {})
        found.extend(text(value) for mime, value in data.items() if mime.startswith("text/"))
    return [plain(item) for item in found if item]


def tree(cell: Cell) -> ast.Module:
    """The syntax tree of a code cell, with lines of IPython (``%pip``, ``!ls``) left out.

    Raises:
        SyntaxError: the cell is not Python.
    """
    lines = [re.sub(r"^(\s*)[%!].*", r"\1pass", line) for line in source(cell).splitlines()]
    return ast.parse("\n".join(lines))


def calls(cell: Cell, *names: str) -> list[ast.Call]:
    """Calls of a function with one of these names, as ``name(...)`` or ``module.name(...)``."""
    found = []
    for node in ast.walk(tree(cell)):
        if isinstance(node, ast.Call):
            func = node.func
            name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
            if name in names:
                found.append(node)
    return found


def asserts(cell: Cell) -> bool:
    """Whether the cell can fail: it asserts, or calls ``check`` or ``report``."""
    has_assert = any(isinstance(node, ast.Assert) for node in ast.walk(tree(cell)))
    return has_assert or bool(calls(cell, "check", "report"))
