"""Bounds that could not fail: ``python -m tools.vacuous [notebook ...]`` lists them.

A report proves what a page says only if what would be measured otherwise lies outside its bounds:
``show.report(..., against=...)`` holds it to that. Here stand the reports without ``against`` whose
printed bounds hold what the words of their label suggest for "no effect", or all that is possible.
"""

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.notebook import Cell, calls, chapters, code_cells, output_texts, tree

REPORT = re.compile(
    r"^(?P<label>.*): ≈ \S+ ?(?P<unit>.*) "
    r"\(must lie between (?P<low>\S+) and (?P<high>\S+)\)$", re.MULTILINE
)  # fmt: skip
# What is measured if there is no effect, by words of label and unit.
NO_EFFECT = {
    0.0: r"(?<!to the )\bminus\b|\b(gain|gap|lost|worth|instead of|dearer|bias)\b|\bpoints$",
    1.0: r" / |\bratio\b|multiplies",
    0.5: r"\baccuracy\b(?!.*%)|\bsuccess\b(?!.*%)",
    50.0: r"(\baccuracy\b|\bsuccess\b).*%$",
}


def held(label: str, unit: str, low: float, high: float) -> Iterator[str]:
    """What lies inside the bounds though the sentence beside them denies it."""
    for value, words in NO_EFFECT.items():
        if low <= value <= high and re.search(words, f"{label} {unit}"):
            yield f"no effect, {value:g}"
    if unit == "%" and low <= 0 and high >= 100:
        yield "every share"


def answered(cell: Cell) -> re.Pattern[str]:
    """The labels of the cell's reports that say what they are against."""
    nodes = [node for node in ast.walk(tree(cell)) if isinstance(node, ast.Assign)]
    named = {ast.unparse(target): node.value for node in nodes for target in node.targets}

    def pattern(label: ast.expr) -> str:
        label = named.get(ast.unparse(label), label)
        parts = label.values if isinstance(label, ast.JoinedStr) else [label]
        return "".join(
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".*" for part in parts
        )

    found = [call for call in calls(cell, "report") if "against" in {k.arg for k in call.keywords}]
    return re.compile("|".join(pattern(call.args[0]) for call in found) or r"(?!)")


def vacuous(path: Path) -> Iterator[str]:
    """The reports of a chapter whose bounds could not fail."""
    for cell in code_cells(json.loads(path.read_text(encoding="utf8"))):
        for match in REPORT.finditer("\n".join(output_texts(cell))):
            label, unit, low, high = match.groups()
            if not answered(cell).fullmatch(label):
                for what in held(label, unit, float(low), float(high)):
                    yield f"{path.name}, {cell['id']}: {label.strip()}: {low} to {high}: {what}"


def main(arguments: list[str]) -> int:
    """List the reports of the given notebooks, or of all chapters; 1 if there are any."""
    files = [Path(argument) for argument in arguments] or chapters()
    found = [line for path in files for line in vacuous(path)]
    print("\n".join(found) or f"{len(files)} notebooks: no bounds that could not fail")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
