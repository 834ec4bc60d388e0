"""The page of the library's names: what each is for, and which chapters use it.

Everything is read as text; nothing of the library is imported.
"""

import ast
import json
import re
from pathlib import Path
from typing import NamedTuple

from aigc_lib.core.words import say
from tools.notebook import code_cells, tree

HEAD = (
    "What the chapters use of `aigc_lib`, module by module: the first line of its description, as "
    "it stands in the code, and the chapters that use it. The link below a module's name leads to "
    "its code; in Python, `help(...)` tells the rest."
)


class Name(NamedTuple):
    """A public name of the library: its kind for Sphinx, its arguments, its first line."""

    kind: str
    arguments: str
    summary: str


def used(root: Path) -> dict[str, set[int]]:
    """The full names that notebooks use, each with the numbers of their chapters."""
    found: dict[str, set[int]] = {}
    for path in sorted((root / "notebooks").glob("[0-9][0-9]-*.ipynb")):
        full: dict[str, str] = {}
        for cell in code_cells(json.loads(path.read_text("utf8"))):
            for node in ast.walk(tree(cell)):
                name = ""
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aigc_lib"):
                    full |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
                elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                    if node.value.id in full:
                        name = f"{full[node.value.id]}.{node.attr}"
                elif isinstance(node, ast.Name) and node.id in full:
                    name = full[node.id]
                if name:
                    found.setdefault(name, set()).add(int(path.stem[:2]))
    return found


def public(file: Path) -> dict[str, Name]:
    """The functions, classes and constants of a module."""
    found = {}
    for node in ast.parse(file.read_text("utf8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            summary = (ast.get_docstring(node) or "").split("\n\n")[0]
            if isinstance(node, ast.ClassDef):
                found[node.name] = Name("class", "", summary)
            else:
                given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                found[node.name] = Name("function", f"({', '.join(a.arg for a in given)})", summary)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {t.id: Name("data", "", "") for t in targets if isinstance(t, ast.Name)}
    return found


def literal(text: str) -> str:
    """A docstring's line in MyST: its code stays code, nothing else is markup."""
    code = re.split(r"``([^`]+)``", " ".join(text.split()))
    return "".join(
        f"`{part}`" if n % 2 else re.sub(r"([\\*_$\[\]{}<>|#])", r"\\\1", part)
        for n, part in enumerate(code)
    )


def names_page(root: Path, repository: str, language: str = "en") -> str:
    """The page, in MyST."""
    modules: dict[str, dict[str, set[int]]] = {}
    for full, chapters in used(root).items():
        module, _, name = full.rpartition(".")
        modules.setdefault(module, {})[name] = chapters
    stems = {int(p.stem[:2]): p.stem for p in (root / "notebooks").glob("[0-9][0-9]-*.ipynb")}
    lines = [f"# {say('Names of the library', language)}\n\n{say(HEAD, language)}\n"]
    # The shared packages first: a room's path goes below ``chapters``.
    for module in sorted(modules, key=lambda m: (".chapters." in m, m)):
        file = root / f"{module.replace('.', '/')}.py"
        file = file if file.is_file() else file.with_suffix("") / "__init__.py"
        known = public(file) if file.is_file() else {}
        listed = {name: known[name] for name in sorted(modules[module]) if name in known}
        if not listed:
            continue
        address = file.relative_to(root).as_posix()
        lines.append(f"\n## {module.removeprefix('aigc_lib.')}\n")
        lines.append(f"[`{address}`]({repository}/blob/main/{address})\n")
        lines.append(f"```{{py:currentmodule}} {module}\n```\n")
        for name, what in listed.items():
            links = ", ".join(
                f"[{n}](../notebooks/{stems[n]}.ipynb)" for n in sorted(modules[module][name])
            )
            lines += [
                f"````{{py:{what.kind}}} {name}{what.arguments}",
                ":no-contents-entry:",
                ":no-index-entry:",
            ]
            lines += [""]
            where = say(f"Used in chapter{'s' if ',' in links else ''} {links}.", language)
            lines += [f"{literal(what.summary)} {where}".strip(), "````", ""]
    return "\n".join(lines)
