"""What each chapter imports beyond the library's own dependencies, for ``aigc doctor``.

    python -m tools.needs

An installed library has no notebooks to look into, so this is found out here and travels with it
as ``aigc_lib/cli/needs.json``. Read are a chapter's notebook, its room without the recorders, and
every module of the library that these import; an import inside a function counts as well.
"""

import ast
import json
import sys

from tools.lint_house import core_packages, dotted, imported, modules
from tools.notebook import ROOT, chapters, code_cells, tree

NEEDS = ROOT / "aigc_lib" / "cli" / "needs.json"
# transformers imports these by itself, to read weights of the kind that the chat model has.
UNSEEN = {"aigc_lib.pretrained.chat_model": ["accelerate", "gguf"]}


def imports(parsed: ast.AST) -> list[str]:
    """The modules that a syntax tree imports, at its top or inside functions; functions too."""
    pairs = [pair for node in ast.walk(parsed) for pair in imported(node)]
    return [each for origin, name in pairs for each in (origin, f"{origin}.{name}")]


def needs() -> dict[str, list[str]]:
    """For each chapter's number, the packages it imports that the library alone does not bring."""
    known = core_packages(ROOT) | set(sys.stdlib_module_names) | {"aigc_lib", "IPython"}
    behind = {dotted(path): imports(parsed) for path, parsed in modules(ROOT).items()}
    found = {}
    for notebook in chapters():
        cells = code_cells(json.loads(notebook.read_text("utf8")))
        room = f"aigc_lib.chapters.ch{notebook.name[:2]}_"
        waiting = [name for cell in cells for name in imports(tree(cell))]
        waiting += [name for name in behind if name.startswith(room) and ".record_" not in name]
        reached: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += behind.get(name, []) + UNSEEN.get(name, [])
        found[notebook.name[:2]] = sorted({name.split(".")[0] for name in reached} - known)
    return found


def main() -> None:
    """Command line entry."""
    NEEDS.write_text(json.dumps(needs(), indent=2) + "\n", encoding="utf8")
    print(f"{NEEDS} is written")


if __name__ == "__main__":
    main()
