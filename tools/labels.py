"""Labels of statements on the pages, labels of the tests that prove them, and whether they pair.

Everything is read as text: no page is built and no test is imported.
"""

import ast
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

STATEMENTS = "definition|theorem|lemma|proposition|corollary"
FENCE = re.compile(r"[ \t]*(`{3,}|~{3,}|:{3,})[ \t]*(.*)")
# The opening of a block that is shown as code; ``::: name`` is a plain container.
CODE = re.compile(r"[ \t]*(?:[`~]{3,}[ \t]*[^{\s`~]|[`~:]{3,}[ \t]*\{code)")
DIRECTIVE = re.compile(
    rf"^[ \t]*(?:`{{3,}}|~{{3,}}|:{{3,}})\{{(prf:(?:{STATEMENTS})|math)\}}[ \t]*([^\n]*)\n"
    r"((?:[ \t]*:[\w-]+:[^\n]*\n)*)",
    re.MULTILINE,
)
OPTION = re.compile(r"^[ \t]*:label:[ \t]*(\S+)", re.MULTILINE)
EQUATION = re.compile(r"\$\$(?:(?!\$\$).)+\$\$[ \t]*\(([^()\s]+)\)", re.DOTALL)


@dataclass
class Found:
    """Labels, each with the places that carry it, and what was wrong on the way."""

    labels: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, label: str, place: str) -> None:
        self.labels.setdefault(label, []).append(place)


def without_code(markdown: str) -> str:
    """Markdown without its fenced code, in which a directive is only an example."""
    kept, closing = [], ""
    for line in markdown.splitlines():
        fence = FENCE.fullmatch(line)
        if closing:
            if fence and not fence[2] and fence[1].startswith(closing):
                closing = ""
        elif fence and CODE.match(line):
            closing = fence[1]
        else:
            kept.append(line)
    return "\n".join(kept) + "\n"


def in_markdown(markdown: str, place: str, found: Found) -> None:
    """Collect the labels of one piece of Markdown into ``found``."""
    text = without_code(markdown)
    for kind, title, options in DIRECTIVE.findall(text):
        label = OPTION.search(options)
        if label:
            found.add(label[1], place)
        elif kind != "math":
            found.problems.append(
                f"{place}: the {kind.removeprefix('prf:')} "
                f"{title.strip() or '(no title)'!r} has no :label:"
            )
    for label in EQUATION.findall(text):
        found.add(label, place)


def on_pages(files: list[Path]) -> Found:
    """Labels of statements and equations in notebooks (Markdown cells) and Markdown files."""
    found = Found()
    for file in files:
        content = file.read_text(encoding="utf8")
        if file.suffix == ".ipynb":
            cells = json.loads(content)["cells"]
            texts = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
        else:
            texts = [content]
        for text in texts:
            in_markdown(text, file.name, found)
    found.problems += [
        f"{' and '.join(places)}: the label {label!r} is given {len(places)} times"
        for label, places in found.labels.items()
        if len(places) > 1
    ]
    return found


def _marks(node: ast.FunctionDef | ast.ClassDef) -> list[tuple[str, list[ast.expr]]]:
    """Name and arguments of each ``pytest.mark.name(...)`` above a function or class."""
    marks = []
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        written = ast.unparse(called)
        if written.startswith("pytest.mark."):
            arguments = decorator.args if isinstance(decorator, ast.Call) else []
            marks.append((written.removeprefix("pytest.mark."), arguments))
    return marks


def in_tests(files: list[Path]) -> Found:
    """Labels in ``@pytest.mark.label("...")`` above the tests; a test that may not run is none."""
    found = Found()
    for file in files:
        module = ast.parse(file.read_text(encoding="utf8"))
        for node in ast.walk(module):
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                continue
            marks, place = _marks(node), f"{file.name}::{node.name}"
            given = [
                argument for name, arguments in marks if name == "label" for argument in arguments
            ]
            if not given:
                continue
            if isinstance(node, ast.ClassDef) or not node.name.startswith("test_"):
                found.problems.append(f"{place}: only a test function may carry a label")
            elif {"skip", "skipif", "xfail"} & {name for name, _ in marks}:
                found.problems.append(f"{place}: a test that is skipped or may fail proves nothing")
            for argument in given:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    found.add(argument.value, place)
                else:
                    found.problems.append(f"{place}: the label must be a string, written out")
    return found


def unpaired(pages: Found, tests: Found) -> list[str]:
    """Everything wrong: labels without a test, tests without a label, and what was met before."""
    problems = pages.problems + tests.problems
    for label, places in pages.labels.items():
        if label not in tests.labels:
            problems.append(f"{places[0]}: no test is marked label({label!r})")
    for label, places in tests.labels.items():
        if label not in pages.labels:
            problems.append(f"{places[0]}: no page states {label!r}")
    return problems
