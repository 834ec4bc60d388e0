"""The chapter template, as rules: sections, set-up cell, exercises with their checks."""

import ast
import re
from collections.abc import Iterator

from tools.notebook import (
    TIMING,
    Cell,
    Notebook,
    calls,
    code_cells,
    markdown_cells,
    source,
    tags,
    tree,
)

OPENING = ("What you'll do", "What you'll learn", "What you'll need")
CLOSING = ("Summary", "Where the source article goes wrong", "Exercises", "References")
MIN_EXERCISES = 4
MAX_DRAWING = 12
# What tools/execute.py writes between the timing comments.
TIMED = re.compile(
    r"\*\*Run time:\*\* \d+ s on \d+ CPU cores? · \*\*peak memory:\*\* \d+\.\d GiB \(measured; see "
)
# The last line of the opening cell: the folder that holds the chapter's code.
ROOM = re.compile(
    r"\n\n\*\*Code of this chapter:\*\* \[`(ch\d\d_\w+)`\]"
    r"\(https://github\.com/[\w-]+/[\w-]+/blob/main/aigc_lib/chapters/\1/__init__\.py\)\s*\Z"
)
FENCED = re.compile(r"^[ \t]*(`{3,}|~{3,}).*?^[ \t]*\1", re.MULTILINE | re.DOTALL)


def headings(cell: Cell) -> list[tuple[int, str]]:
    """Level and text of each Markdown heading of a cell, fenced blocks left out."""
    plain = FENCED.sub("", source(cell)).replace("\u2019", "'")
    return [
        (len(hashes), title.strip())
        for hashes, title in re.findall(r"^(#{1,6}) +(.+?)#*$", plain, re.MULTILINE)
    ]


def sections(nb: Notebook) -> Iterator[str]:
    """One title; the opening sections; the closing sections, in their order."""
    found = [heading for _, cell in markdown_cells(nb) for heading in headings(cell)]
    titled = [level for level, _ in found].count(1) == 1 and found[0][0] == 1
    if not titled:
        yield "the first heading must be the title, the only one of level 1"
    wanted = [*OPENING, *CLOSING]
    present = [title for level, title in found if level == 2 and title in wanted]
    missing = [title for title in wanted if title not in present]
    yield from (f"the section '## {title}' is missing" for title in missing)
    if titled and not missing and present != wanted:
        yield f"the template's sections must come once and in this order: {wanted}"


def opening_cells(nb: Notebook) -> list[Cell]:
    """The Markdown cells that say what the reader will do; a chapter has one."""
    return [cell for _, cell in markdown_cells(nb) if (2, OPENING[0]) in headings(cell)]


def opening(nb: Notebook) -> Iterator[str]:
    """Do, learn and need stand in one cell, between the run time and the link to the room."""
    for cell in opening_cells(nb)[:1]:  # a missing section is reported by ``sections``
        if not set(OPENING) <= {title for _, title in headings(cell)}:
            yield f"{', '.join(OPENING)} must stand in one Markdown cell"
        timing = TIMING.search(source(cell))
        first = re.search(r"^## What you", source(cell), re.MULTILINE)
        if not timing or (first and timing.start() > first.start()):
            yield (
                "the opening cell must begin with the timing lines "
                "'<!-- timing -->' and '<!-- /timing -->'"
            )
        elif not TIMED.match(timing.group(1)):
            yield "no run time between the timing lines: run `make execute`"
        elif not timing.group(0).startswith("<!-- timing -->\n"):
            yield "text after a comment on the same line is not rendered: run `make execute`"
        if not ROOM.search(source(cell)):
            yield (
                "the opening cell must end with the link to the room: **Code of this chapter:** "
                "[`chNN_title`](https://github.com/.../blob/main/aigc_lib/chapters/chNN_title/__init__.py)"
            )


def setup(nb: Notebook) -> Iterator[str]:
    """The first code cell imports aigc_lib; only where that fails, and on Colab, it installs.

    It installs the extra ``chapters``: the library alone lacks what some pages import.
    """
    for cell in code_cells(nb)[:1]:
        handlers = [
            "\n".join(map(ast.unparse, handler.body))
            for node in ast.walk(tree(cell))
            if isinstance(node, ast.Try) and "import aigc_lib" in map(ast.unparse, node.body)
            for handler in node.handlers
            if handler.type is not None and ast.unparse(handler.type) == "ModuleNotFoundError"
        ]
        handled = handlers[0] if handlers else ""
        wanted = ("google.colab", "sys.modules", "raise", "git+https://github.com/")
        install = re.search(r'^\s+%pip install -q "aigc-lib\[chapters\] @ ', source(cell), re.M)
        if not install or any(part not in handled for part in wanted):
            yield (
                "the first code cell must try `import aigc_lib` and, on ModuleNotFoundError, "
                "`%pip install` aigc-lib[chapters] from the repository if 'google.colab' is in "
                "sys.modules, and raise otherwise"
            )


def checked(cell: Cell) -> list[str]:
    """The exercise names in the ``check("06.1", ...)`` calls of a cell."""
    return [
        str(call.args[0].value)
        for call in calls(cell, "check")
        if call.args and isinstance(call.args[0], ast.Constant)
    ]


def exercises(nb: Notebook) -> Iterator[str]:
    """At least four exercises; each a solution cell and, right after it, its check cell."""
    cells = code_cells(nb)
    marks = [cell["metadata"].get("nbgrader", {}) for cell in cells]
    names: list[str] = []
    for number, (cell, mark) in enumerate(zip(cells, marks, strict=True), 1):
        where = f"code cell {number}"
        bracketed = re.findall(r"^[ \t]*### (BEGIN|END) SOLUTION$", source(cell), re.MULTILINE)
        if mark.get("solution"):
            if bracketed != ["BEGIN", "END"]:
                yield f"{where}, a solution, needs one '### BEGIN SOLUTION', one '### END SOLUTION'"
            if not (number < len(marks) and marks[number].get("grade")):
                yield f"{where}, a solution, is not followed by its check cell (grade true)"
        elif bracketed:
            yield (
                f"{where} has solution markers but no nbgrader metadata: students "
                "would get the solution"
            )
        if mark.get("grade"):
            names += checked(cell)
            if len(checked(cell)) != 1 or not mark.get("points"):
                yield f'{where}, a check, must call check("NN.n", ...) once and be worth points'
            if number == 1 or not marks[number - 2].get("solution"):
                yield f"{where}, a check cell, does not follow a solution"
        if mark and (mark.get("schema_version") != 3 or not mark.get("grade_id")):
            yield f"{where}: nbgrader needs schema_version 3 and a grade_id"
    ids = [mark["grade_id"] for mark in marks if mark.get("grade_id")]
    if len(set(ids)) != len(ids):
        yield "two cells share an nbgrader grade_id"
    chapter = names[0].split(".")[0] if names else ""
    if names != [f"{chapter}.{n}" for n in range(1, len(names) + 1)]:
        yield f"the exercises must be numbered {chapter}.1, {chapter}.2, ...: {names}"
    if len(names) < MIN_EXERCISES:
        yield f"{len(names)} exercises with a check; at least {MIN_EXERCISES}"


def numbered(nb: Notebook, file_name: str) -> Iterator[str]:
    """The exercises carry the number that begins the file's name; the room is named after it."""
    for name in (name for cell in code_cells(nb) for name in checked(cell)):
        if name.split(".")[0] != file_name.split("-")[0]:
            yield f"exercise {name} is in {file_name}"
    room = f"ch{file_name.partition('.')[0].replace('-', '_')}"
    linked = [found[1] for cell in opening_cells(nb) if (found := ROOM.search(source(cell)))]
    if linked != [room]:
        yield f"the link to the room must lead to {room}, not to {', '.join(linked)}"


def proves(statement: ast.stmt) -> bool:
    """Whether a statement only checks: an assertion, a report, or a loop over these."""
    if isinstance(statement, ast.For | ast.With):
        return all(map(proves, statement.body))
    call = statement.value if isinstance(statement, ast.Expr) else None
    reports = isinstance(call, ast.Call) and ast.unparse(call.func).endswith("report")
    return isinstance(statement, ast.Assert) or reports


def folded(nb: Notebook) -> Iterator[str]:
    """What proves and how a figure is drawn is folded on the page; so is a check's answer."""
    for number, cell in enumerate(code_cells(nb), 1):
        where, body = f"code cell {number}", tree(cell).body
        lines, hidden = len(source(cell).splitlines()), set(tags(cell))
        if cell["metadata"].get("nbgrader", {}).get("grade") and "hide-output" not in hidden:
            yield f"{where}, a check, shows the answer: tag it hide-output"
        if "hide-input" in hidden:
            continue
        if number == 1:
            yield "the first code cell, the set-up, is not folded: tag it hide-input"
        elif body and all(map(proves, body)):
            yield f"{where} only checks: tag it hide-input"
        elif body and ast.unparse(body[-1]) == "plt.show()" and lines > MAX_DRAWING:
            yield (
                f"{where} draws a figure in {lines} lines: tag it hide-input, after moving "
                "what a reader should see into a cell before it"
            )


RULES = (sections, opening, setup, exercises, folded)
