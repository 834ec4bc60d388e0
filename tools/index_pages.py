"""Write the pages that list things: all exercises, all statements with their tests, all names.

    python -m tools.index_pages

They are made from the notebooks, the tests and the library each time the site is built
(``tools/build_site.py``), and are not in the repository: ``book/exercises.md``,
``book/statements.md`` and ``book/names.md``.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from aigc_lib.core.files import write_atomically
from aigc_lib.core.words import say
from tools.labels import DIRECTIVE, EQUATION, OPTION, in_tests, without_code
from tools.library_names import names_page
from tools.notebook import ROOT, Notebook, markdown_cells, source
from tools.overlay import overlaid
from tools.translation import entries

EXERCISE = re.compile(
    r"### (?:Exercise|练习) (\d\d\.\d+)\n+\*([^*\n]+?)[.:]?\*[：。]?\s*(.*)", re.DOTALL
)
SENTENCE = re.compile(r"(?<=[.?!:])(?=\s)|(?<=[。？！：])")
HEADS = {
    "exercises": (
        "Every exercise of the book with its kind and its first sentence. Each ends with a cell "
        "that checks your answer, and has a worked solution, folded away. If you allow it at the "
        "foot of a page, your browser remembers which ones you opened, and marks them here."
    ),
    "statements": (
        "Every definition, theorem and numbered formula of the book, and the tests that check it "
        "in numbers. A statement without a test, or a test without a statement, fails the suite "
        "(`tests/notebooks/test_labels.py`). Sentences in the text are not listed: a statement is "
        "what has a label."
    ),
}


class Exercise(NamedTuple):
    """An exercise: its number, its kind, its first sentence, its points."""

    name: str
    kind: str
    text: str
    points: int


def notebooks(root: Path, language: str = "en") -> Iterator[tuple[str, str, Notebook]]:
    """Each notebook of the book: its file name without suffix, its title, its content."""
    for path in sorted((root / "notebooks").glob("[0-9][0-9]-*.ipynb")):
        notebook = json.loads(path.read_text("utf8"))
        if language != "en":
            found = overlaid(notebook, entries(root, f"notebooks/{path.stem}"))
            assert not isinstance(found, str)
            notebook = found
        title = source(markdown_cells(notebook)[0][1]).splitlines()[0].removeprefix("# ")
        yield path.stem, title, notebook


def heading(stem: str, title: str) -> str:
    """The heading of a chapter's part of a list."""
    number = int(stem[:2])
    return f"\n## {f'{number}. ' if number else ''}{title}\n"


def exercises(notebook: Notebook) -> list[Exercise]:
    """The exercises of a notebook, in their order."""
    points = {}
    for cell in notebook["cells"]:
        grade = cell["metadata"].get("nbgrader", {})
        if grade.get("grade") and (found := re.search(r'check\("(\d\d\.\d+)"', source(cell))):
            points[found[1]] = grade["points"]
    listed = []
    for _, cell in markdown_cells(notebook):
        if found := EXERCISE.match(source(cell)):
            name, kind, text = found.groups()
            first = SENTENCE.split(" ".join(text.split("\n\n")[0].split()))[0]
            first = re.sub(r":$", " …", re.sub(r"：$", "……", first))
            listed.append(Exercise(name, kind, first, points[name]))
    return listed


def exercises_page(root: Path, language: str = "en") -> str:
    """The page of all exercises, in MyST."""
    lines = []
    count = chapters = 0
    for stem, title, notebook in notebooks(root, language):
        listed = exercises(notebook)
        count, chapters = count + len(listed), chapters + bool(listed)
        lines.append(heading(stem, title))
        for each in listed:
            slug = f"exercise-{each.name.replace('.', '')}"
            link = f"[{each.name}](../notebooks/{stem}.ipynb#{slug})"
            worth = "" if each.points == 1 else say(f", {each.points} points", language)
            kind = f"*{each.kind}{worth}.* " if language == "en" else f"*{each.kind}{worth}*。"
            lines.append(f"- {link} {kind}{each.text}")
    told = say(f"There are {count} exercises in {chapters} chapters.", language)
    head = [
        f"# {say('All exercises', language)}\n",
        say(HEADS["exercises"], language),
        f"\n{told}\n",
    ]
    return "\n".join([*head, *lines, ""])


def proofs(root: Path, repository: str) -> dict[str, list[str]]:
    """The tests that carry each label, as links to their files in the repository."""
    found: dict[str, list[str]] = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        address = f"{repository}/blob/main/{path.relative_to(root).as_posix()}"
        for label, places in in_tests([path]).labels.items():
            links = [f"[`{place.split('::')[1]}`]({address})" for place in places]
            found.setdefault(label, []).extend(links)
    return found


def formula(label: str, language: str) -> str:
    """A numbered formula in MyST, in English with the words of its label."""
    if language != "en":
        return f"{say('formula', language)} {{eq}}`{label}`"
    return f"Formula {{eq}}`{label}`, {label.removeprefix('eq-').replace('-', ' ')}"


def statements(text: str, language: str = "en") -> list[tuple[str, str]]:
    """Label and MyST of each statement and numbered formula in one piece of Markdown."""
    text, found = without_code(text), []
    for match in DIRECTIVE.finditer(text):
        kind, _, options = match.groups()
        if label := OPTION.search(options):
            shown = f"{{prf:ref}}`{label[1]}`: {match[2].strip()}"
            shown = formula(label[1], language) if kind == "math" else shown.removesuffix(": ")
            found.append((match.start(), label[1], shown))
    for match in EQUATION.finditer(text):
        found.append((match.start(), match[1], formula(match[1], language)))
    return [(label, shown) for _, label, shown in sorted(found)]


def statements_page(root: Path, repository: str, language: str = "en") -> str:
    """The page of all statements, in MyST."""
    tests = proofs(root, repository)
    lines = []
    count = 0
    heads = f"* - {say('Statement', language)}\n  - {say('Tests', language)}"
    for stem, title, notebook in notebooks(root, language):
        rows = []
        for _, cell in markdown_cells(notebook):
            for label, shown in statements(source(cell), language):
                rows.append(f"* - {shown}\n  - {', '.join(tests[label])}")
        if rows:
            count += len(rows)
            table = f"```{{list-table}}\n:header-rows: 1\n:widths: 50 50\n\n{heads}"
            lines += [heading(stem, title), table, *rows, "```"]
    title = say("All statements and their tests", language)
    told = say(f"There are {count} of them.", language)
    head = f"# {title}\n\n{say(HEADS['statements'], language)}\n\n{told}\n"
    return "\n".join([head, *lines, ""])


def made(root: Path, language: str = "en") -> dict[str, str]:
    """The pages in a language, by their place in the book.

    Raises:
        KeyError: a statement without a test, or an exercise without points.
    """
    config = yaml.safe_load((root / "_config.yml").read_text("utf8"))
    repository = config["repository"]["url"]
    return {
        "book/exercises": exercises_page(root, language),
        "book/statements": statements_page(root, repository, language),
        "book/names": names_page(root, repository, language),
    }


def write(root: Path) -> None:
    """Write the English pages into the book at ``root``."""
    for name, page in made(root).items():
        write_atomically(root / f"{name}.md", page.encode())


if __name__ == "__main__":
    write(ROOT)
