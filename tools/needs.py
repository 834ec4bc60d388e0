"""What each chapter imports beyond the library's own dependencies, for ``aigc doctor``.

    python -m tools.needs

An installed library has no notebooks to look into, so this is found out here and travels with it as
``aigc_lib/cli/needs.json``. Read are a chapter's notebook, its room without the recorders, and every
module of the library that these import, one after the other; an import inside a function counts.
"""

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from tools.notebook import ROOT, chapters, code_cells, tree

NEEDS = ROOT / "aigc_lib" / "cli" / "needs.json"
# transformers imports these by itself, to read weights of the kind that the chat model has.
UNSEEN = {"aigc_lib.pretrained.chat_model": {"accelerate", "gguf"}}


def requirements(extra: str = "") -> list[str]:
    """What pyproject.toml asks for: the library itself, or one of its extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    found: list[str] = (
        project["optional-dependencies"][extra] if extra else project["dependencies"]
    )
    return found


def installed(wanted: Iterable[str]) -> set[str]:
    """The names of the installed distributions that requirements ask for, one through another."""
    found: set[str] = set()
    waiting = [Requirement(text) for text in wanted]
    while waiting:
        asked = waiting.pop()
        extras = {"", *asked.extras}
        if asked.marker and not any(asked.marker.evaluate({"extra": extra}) for extra in extras):
            continue
        name = re.sub(r"[-_.]+", "-", asked.name).lower()
        if name not in found:
            found.add(name)
            waiting += map(Requirement, metadata.requires(name) or [])
    return found


def imports(parsed: ast.AST) -> Iterator[str]:
    """The full names that a syntax tree imports, at its top or inside functions."""
    for node in ast.walk(parsed):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def path_of(module: str) -> Path | None:
    """The file of a module of the library; None for a package, a function, another library."""
    file = ROOT / Path(*module.split(".")).with_suffix(".py")
    return file if module.startswith("aigc_lib.") and file.is_file() else None


def reached(notebook: Path) -> set[str]:
    """All that a chapter imports: its notebook, its room, and the library's modules behind them."""
    nb = json.loads(notebook.read_text("utf8"))
    found: set[str] = set()
    waiting = [name for cell in code_cells(nb) for name in imports(tree(cell))]
    for file in ROOT.glob(f"aigc_lib/chapters/ch{notebook.name[:2]}_*/*.py"):
        if not file.name.startswith("record_"):  # no page runs a recorder
            waiting.append(".".join(file.relative_to(ROOT).with_suffix("").parts))
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found |= {name, *UNSEEN.get(name, ())}
        if file := path_of(name):
            waiting += imports(ast.parse(file.read_text("utf8")))
    return found


def needs() -> dict[str, list[str]]:
    """For each chapter's number, the packages it imports that the library alone does not bring."""
    core = installed(requirements())
    brought = {name for name, by in metadata.packages_distributions().items()
               if any(re.sub(r"[-_.]+", "-", each).lower() in core for each in by)}  # fmt: skip
    known = brought | set(sys.stdlib_module_names) | {"aigc_lib"}
    return {
        path.name[:2]: sorted({name.split(".")[0] for name in reached(path)} - known)
        for path in chapters()
    }


def main() -> None:
    """Command line entry."""
    NEEDS.write_text(json.dumps(needs(), indent=2) + "\n", encoding="utf8")
    print(f"{NEEDS.relative_to(ROOT)} is written")


if __name__ == "__main__":
    main()
