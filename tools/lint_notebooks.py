"""A static lint of the notebooks: ``python -m tools.lint_notebooks [notebook ...]``.

It sees what a fresh run does not: cells that were never run, absolute paths, missing alt texts.
It prints one line per problem and exits with 1 if there is one.
"""

import json
import sys
from pathlib import Path

from nbformat.validator import iter_validate

from tools import lint_chapter, notebook_rules
from tools.notebook import Notebook, chapters, code_cells, tree

MAX_BYTES = 1_500_000

RULES = (*notebook_rules.RULES, *lint_chapter.RULES)


def lint_content(nb: Notebook) -> list[str]:
    """All problems of a notebook given as the parsed JSON of its file."""
    for invalid in iter_validate(nb):
        return [f"not a valid notebook: {str(invalid).splitlines()[0]}"]
    for number, cell in enumerate(code_cells(nb), 1):
        try:
            tree(cell)
        except SyntaxError as error:  # the other rules read the syntax tree
            return [f"code cell {number} is not Python: {error}"]
    return [problem for rule in RULES for problem in rule(nb)]


def lint(path: Path) -> list[str]:
    """All problems of a notebook file; an empty list means that it may be published."""
    size = path.stat().st_size
    problems = [f"the file has {size} bytes; at most {MAX_BYTES}"] if size > MAX_BYTES else []
    try:
        nb = json.loads(path.read_text(encoding="utf8"))
    except ValueError as error:
        return [*problems, f"not readable as JSON: {error}"]
    problems += lint_content(nb)
    return problems or list(lint_chapter.numbered(nb, path.name))


def main(arguments: list[str]) -> int:
    """Lint the given notebooks, or all chapters; print the problems; 1 if there are any."""
    files = [Path(argument) for argument in arguments] or chapters()
    problems = [f"{path.name}: {problem}" for path in files for problem in lint(path)]
    print("\n".join(problems) or f"{len(files)} notebooks: no problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
