"""The chapter template, as rules: sections, set-up cell, exercises with their checks."""

import ast
import re

from tools.notebook import TIMING, Cell, Notebook, calls, code_cells, source, tree

OPENING = ("What you'll do", "What you'll learn", "What you'll need")
CLOSING = ("Summary", "Where the source article goes wrong", "Exercises", "References")
MIN_EXERCISES = 4
# What tools/execute.py writes between the timing comments.
TIMED = re.compile(
    r"\*\*Run time:\*\* \d+ s on \d+ CPU cores? · \*\*peak memory:\*\* \d+\.\d GiB \(measured; see "
)
# The last line of the opening cell: the folder that holds the chapter's code.
ROOM = re.compile(
    r"\n\n\*\*Code of this chapter:\*\* \[`(ch\d\d_\w+)`\]"
    r"\(https://github\.com/[\w-]+/[\w-]+/tree/main/aigc_lib/chapters/\1\)\s*\Z"
)
FENCED = re.compile(r"^[ \t]*(`{3,}|~{3,}).*?^[ \t]*\1", re.MULTILINE | re.DOTALL)


def headings(cell: Cell) -> list[tuple[int, str]]:
    """Level and text of each Markdown heading of a cell, fenced blocks left out."""
    plain = FENCED.sub("", source(cell)).replace("\u2019", "'")
    return [
        (len(hashes), title.strip())
        for hashes, title in re.findall(r"^(#{1,6}) +(.+?)#*$", plain, re.MULTILINE)
    ]


def sections(nb: Notebook) -> list[str]:
    """One title; the opening sections; the closing sections, in their order."""
    problems = []
    markdown = [cell for cell in nb["cells"] if cell["cell_type"] == "markdown"]
    found = [heading for cell in markdown for heading in headings(cell)]
    if [level for level, _ in found].count(1) != 1 or found[0][0] != 1:
        problems.append("the first heading must be the title, the only one of level 1")
    titles = [title for level, title in found if level == 2]
    wanted = [*OPENING, *CLOSING]
    problems += [f"the section '## {title}' is missing" for title in wanted if title not in titles]
    present = [title for title in titles if title in wanted]
    if not problems and present != wanted:
        problems.append(f"the template's sections must come once and in this order: {wanted}")
    return problems


def opening_cells(nb: Notebook) -> list[Cell]:
    """The Markdown cells that say what the reader will do; a chapter has one."""
    markdown = [cell for cell in nb["cells"] if cell["cell_type"] == "markdown"]
    return [cell for cell in markdown if (2, OPENING[0]) in headings(cell)]


def opening(nb: Notebook) -> list[str]:
    """Do, learn and need stand in one cell, between the run time and the link to the room."""
    for cell in opening_cells(nb):
        problems = []
        if not set(OPENING) <= {title for _, title in headings(cell)}:
            problems.append(f"{', '.join(OPENING)} must stand in one Markdown cell")
        timing = TIMING.search(source(cell))
        first = re.search(r"^## What you", source(cell), re.MULTILINE)
        if not timing or (first and timing.start() > first.start()):
            problems.append(
                "the opening cell must begin with the timing lines "
                "'<!-- timing -->' and '<!-- /timing -->'"
            )
        elif not TIMED.match(timing.group(1)):
            problems.append("no run time between the timing lines: run `make execute`")
        elif not timing.group(0).startswith("<!-- timing -->\n"):
            problems.append(
                "text after a comment on the same line is not rendered: run `make execute`"
            )
        if not ROOM.search(source(cell)):
            problems.append(
                "the opening cell must end with the link to the room: **Code of this chapter:** "
                "[`chNN_title`](https://github.com/.../tree/main/aigc_lib/chapters/chNN_title)"
            )
        return problems
    return []  # a missing section is reported by ``sections``


def written(body: list[ast.stmt]) -> str:
    """Statements as source text."""
    return "\n".join(map(ast.unparse, body))


def setup(nb: Notebook) -> list[str]:
    """The first code cell imports aigc_lib; only where that fails, and on Colab, it installs.

    It installs the extra ``chapters``: the library alone lacks what some pages import.
    """
    cells = code_cells(nb)
    if not cells:
        return ["there is no code cell"]
    cell = cells[0]
    tries = [node for node in ast.walk(tree(cell)) if isinstance(node, ast.Try)]
    handlers = [
        h
        for node in tries
        if "import aigc_lib" in written(node.body)
        for h in node.handlers
        if h.type is not None and ast.unparse(h.type) == "ModuleNotFoundError"
    ]
    handled = written(handlers[0].body) if handlers else ""
    complete = "google.colab" in handled and "sys.modules" in handled and "raise" in handled
    install = re.search(r'^\s+%pip install -q "aigc-lib\[chapters\] @ ', source(cell), re.M)
    if not complete or not install or "git+https://github.com/" not in handled:
        return [
            "the first code cell must try `import aigc_lib` and, on ModuleNotFoundError, "
            "`%pip install` aigc-lib[chapters] from the repository if 'google.colab' is in "
            "sys.modules, and raise otherwise"
        ]
    return []


def checked(cell: Cell) -> list[str]:
    """The exercise names in the ``check("06.1", ...)`` calls of a cell."""
    return [
        str(call.args[0].value)
        for call in calls(cell, "check")
        if call.args and isinstance(call.args[0], ast.Constant)
    ]


def exercises(nb: Notebook) -> list[str]:
    """At least four exercises; each a solution cell and, right after it, its check cell."""
    problems: list[str] = []
    cells = code_cells(nb)
    marks = [cell["metadata"].get("nbgrader", {}) for cell in cells]
    names: list[str] = []
    for number, (cell, mark) in enumerate(zip(cells, marks, strict=True), 1):
        where = f"code cell {number}"
        bracketed = re.findall(r"^[ \t]*### (BEGIN|END) SOLUTION$", source(cell), re.MULTILINE)
        if mark.get("solution"):
            if bracketed != ["BEGIN", "END"]:
                problems.append(
                    f"{where}, a solution, needs one '### BEGIN SOLUTION' and one "
                    "'### END SOLUTION'"
                )
            following = marks[number] if number < len(marks) else {}
            if not following.get("grade"):
                problems.append(
                    f"{where}, a solution, is not followed by its check cell (nbgrader: grade true)"
                )
        elif bracketed:
            problems.append(
                f"{where} has solution markers but no nbgrader metadata: students "
                "would get the solution"
            )
        if mark.get("grade"):
            names += checked(cell)
            if len(checked(cell)) != 1 or not mark.get("points"):
                problems.append(
                    f'{where}, a check cell, must call check("NN.n", ...) once and be worth points'
                )
            if number == 1 or not marks[number - 2].get("solution"):
                problems.append(f"{where}, a check cell, does not follow a solution")
        if mark and (mark.get("schema_version") != 3 or not mark.get("grade_id")):
            problems.append(f"{where}: nbgrader needs schema_version 3 and a grade_id")
    ids = [mark["grade_id"] for mark in marks if mark.get("grade_id")]
    if len(set(ids)) != len(ids):
        problems.append("two cells share an nbgrader grade_id")
    chapter = names[0].split(".")[0] if names else ""
    if names != [f"{chapter}.{n}" for n in range(1, len(names) + 1)]:
        problems.append(f"the exercises must be numbered {chapter}.1, {chapter}.2, ...: {names}")
    if len(names) < MIN_EXERCISES:
        problems.append(f"{len(names)} exercises with a check; at least {MIN_EXERCISES}")
    return problems


def numbered(nb: Notebook, file_name: str) -> list[str]:
    """The exercises carry the number that begins the file's name; the room is named after it."""
    names = [name for cell in code_cells(nb) for name in checked(cell)]
    problems = [
        f"exercise {name} is in {file_name}"
        for name in names
        if name.split(".")[0] != file_name.split("-")[0]
    ]
    room = f"ch{file_name.partition('.')[0].replace('-', '_')}"
    linked = [found[1] for cell in opening_cells(nb) if (found := ROOM.search(source(cell)))]
    if linked != [room]:
        problems.append(f"the link to the room must lead to {room}, not to {', '.join(linked)}")
    return problems


RULES = (sections, opening, setup, exercises)
