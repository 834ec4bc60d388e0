"""What each chapter imports beyond the library's own dependencies, for ``aigc doctor``.

    python -m tools.needs

An installed library has no notebooks to look into, so this is found out here and travels with it
as ``aigc_lib/cli/needs.json``. Followed are the names that a chapter's notebook, exercises and tool
use, from one function of the library to the next: an import counts where it is at the top of a
module on this way or in a function on it.
"""

import ast
import json
import sys
from collections.abc import Iterable

from tools.lint_house import core_packages, dotted, imported, modules
from tools.notebook import ROOT, chapters, code_cells, tree

NEEDS = ROOT / "aigc_lib" / "cli" / "needs.json"
# transformers imports these by itself, to read weights of the kind that the chat model has.
UNSEEN = {"aigc_lib.pretrained.chat_model._convert": {"accelerate", "gguf"}}


def aliases(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """What imports among these nodes call a thing, and its full name."""
    found = {}
    for node in nodes:
        names = node.names if isinstance(node, ast.Import | ast.ImportFrom) else []
        for (origin, name), each in zip(imported(node), names, strict=True):
            full = f"{origin}.{name}" if name else origin
            found[each.asname or full.split(".")[-1 if name else 0]] = full
    return found


def used(node: ast.AST, known: dict[str, str]) -> set[str]:
    """The full names that a piece of code uses; its own imports are among them."""
    own = aliases(ast.walk(node))
    known, found = known | own, set(own.values())
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id in known:
            found.add(known[part.id])
        elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
            found.add(f"{known.get(part.value.id, '')}.{part.attr}")
    return found


def graph() -> dict[str, set[str]]:
    """For each module of the library, and each name that it defines, the full names it uses."""
    found: dict[str, set[str]] = {}
    trees = {dotted(path): module for path, module in modules(ROOT).items()}
    for home, module in trees.items():
        defined, known = {}, aliases(module.body)
        # Importing a function of the library runs its module, but not the function.
        found[home] = {
            full if full in trees or not full.startswith("aigc_lib.") else full.rpartition(".")[0]
            for full in known.values()
        }
        for node in module.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                defined[node.name] = node
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                defined |= {each.id: node for each in targets if isinstance(each, ast.Name)}
        known |= {name: f"{home}.{name}" for name in defined}
        found |= {f"{home}.{name}": used(node, known) | {home} for name, node in defined.items()}
    return found


def needs() -> dict[str, list[str]]:
    """For each chapter's number, the packages it imports that the library alone does not bring."""
    known = core_packages(ROOT) | set(sys.stdlib_module_names) | {"aigc_lib", "IPython"}
    behind = graph()
    found = {}
    for notebook in chapters():
        cells = code_cells(json.loads(notebook.read_text("utf8")))
        waiting = list(used(ast.Module([n for c in cells for n in tree(c).body], []), {}))
        room = f"aigc_lib.chapters.ch{notebook.stem.replace('-', '_')}"
        waiting += [n for n in behind if n.startswith((f"{room}.app.", f"{room}.exercises."))]
        reached = set(waiting)
        while waiting:
            name = waiting.pop()
            # What is imported from a module runs that module.
            more = behind.get(name, set()) | UNSEEN.get(name, set()) | {name.rpartition(".")[0]}
            waiting += more - reached
            reached |= more
        found[notebook.name[:2]] = sorted({n.split(".")[0] for n in reached if n} - known - {""})
    return found


def main() -> None:
    """Command line entry."""
    NEEDS.write_text(json.dumps(needs(), indent=2) + "\n", encoding="utf8")
    print(f"{NEEDS} is written")


if __name__ == "__main__":
    main()
