"""The rules of the library's shape that imports alone do not tell: ``python -m tools.lint_house``.

Which layer may import which, and that no chapter imports another, stands in ``pyproject.toml`` for
import-linter. Here: what a module may need, what a notebook may import, that chapters, rooms and
tests belong together, that a name has one home and a use, and how large things may grow.
"""

import ast
import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import yaml

from tools.lint_records import records
from tools.notebook import ROOT, code_cells, tree

SHARED = ("core", "data", "nets", "metrics", "gan", "diffusion", "lm")
# The shared packages took in diffusion, contests, smoothed counts, emoji, the catalogue of words
# and the switches of a GPU since they held 6,000. The tools took in paper, reading devices,
# classrooms (pdf, epub, bundle), a GPU's ten minutes and the Chinese edition since all held 23,000;
# the rest is rooms.
LARGEST = {"shared packages": 6_560, "library and tools": 35_950, "file": 220, "function": 60,
           "room": 1_785}  # fmt: skip
# Called by their place or name, by what finds rooms and by pytest's and Python's own habits.
FOUND_BY_NAME = re.compile(r"check_\d+|main|prepare|demo|DATASETS|__\w+__")
Tree = dict[Path, ast.Module]


def modules(root: Path) -> Tree:
    """The syntax trees of the library, by path below ``root``."""
    files = sorted((root / "aigc_lib").rglob("*.py"))
    return {path.relative_to(root): ast.parse(path.read_text(encoding="utf8")) for path in files}


def dotted(path: Path) -> str:
    """The module that stands in a file."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def imported(node: ast.AST) -> list[tuple[str, str]]:
    """Module and name (or "") of each import in an import statement."""
    if isinstance(node, ast.Import):
        return [(each.name, "") for each in node.names]
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "", each.name) for each in node.names]
    return []


def core_packages(root: Path) -> set[str]:
    """The modules that the core dependencies bring."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf8"))["project"]
    names = {re.split(r"[^\w.-]", each)[0].lower() for each in project["dependencies"]}
    given = metadata.packages_distributions().items()
    return {module for module, brings in given if names & {name.lower() for name in brings}}


def needs(root: Path) -> Iterator[str]:
    """Shared packages and exercises import nothing beyond the core dependencies at module level."""
    known = core_packages(root) | set(sys.stdlib_module_names) | {"aigc_lib"}
    for path, module in modules(root).items():
        if "chapters" in path.parts and path.name not in ("exercises.py", "__init__.py"):
            continue
        for node in module.body:
            for name, _ in imported(node):
                if name.split(".")[0] not in known:
                    yield f"{path}: {name} is no core dependency: import it inside the function"


def notebooks(root: Path) -> Iterator[str]:
    """A notebook imports shared packages and its own room."""
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        cells = code_cells(json.loads(path.read_text(encoding="utf8")))
        for node in (node for cell in cells for node in ast.walk(tree(cell))):
            for name, _ in imported(node):
                room = re.match(r"aigc_lib\.chapters\.ch(\d\d)", name)
                if room and room[1] != path.name[:2]:
                    told = f"imports the room of chapter {room[1]}: promote what it needs"
                    yield f"{path.name}: {told}"


def chapters(root: Path) -> Iterator[str]:
    """Each chapter is a notebook, a room, a folder of tests and a line of ``_toc.yml``."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf8"))
    files = [each["file"] for part in toc["parts"] for each in part["chapters"]]
    named = {
        "_toc.yml": [name.removeprefix("notebooks/") for name in files if "notebooks/" in name],
        "notebooks": [path.stem for path in (root / "notebooks").glob("*.ipynb")],
    }
    for place in ("aigc_lib/chapters", "tests/chapters"):
        folders = (root / place).glob("ch*")
        named[place] = [p.name.removeprefix("ch").replace("_", "-") for p in folders]
    everything = {name for names in named.values() for name in names}
    for place, names in named.items():
        for missing in sorted(everything - set(names)):
            yield f"{place} has nothing for the chapter {missing}"


def homes(root: Path) -> Iterator[str]:
    """A name is imported from where it is defined, and a private one from nowhere else."""
    found = modules(root)
    defined = {dotted(path): set(_definitions(module)) for path, module in found.items()}
    for path, module in found.items():
        aliases = set()
        for node in ast.walk(module):
            for origin, name in imported(node):
                if origin not in defined or not name:
                    continue
                if f"{origin}.{name}" in defined:
                    aliases.add(name)
                elif name not in defined[origin]:
                    yield f"{path}: {name} is not defined in {origin}: import it from its home"
                elif name.startswith("_"):
                    yield f"{path}: {name} is private to {origin}"
            private = isinstance(node, ast.Attribute) and re.match(r"_(?!_)", node.attr)
            if private and isinstance(node.value, ast.Name) and node.value.id in aliases:
                yield f"{path}: {node.value.id}.{node.attr} is private to its module"


def _definitions(module: ast.Module) -> Iterator[str]:
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))


def uses(root: Path) -> Iterator[str]:
    """Whatever the library defines is used, and not by its tests alone."""
    folders = ("aigc_lib", "tools", "notebooks", "book")
    words: Counter[str] = Counter()
    for path in (path for name in folders for path in (root / name).rglob("*")):
        if path.suffix in (".py", ".ipynb", ".md"):
            text = path.read_text(encoding="utf8")
            if path.name == "__init__.py":  # a map names everything: that is no use
                text = text.replace(ast.get_docstring(ast.parse(text), clean=False) or "", "")
            words.update(re.findall(r"\w+", text))
    for path, module in modules(root).items():
        for name in _definitions(module):
            if words[name] < 2 and not FOUND_BY_NAME.fullmatch(name):
                yield f"{path}: nothing but tests uses {name}"


def sizes(root: Path) -> Iterator[str]:
    """Nothing grows beyond what a reader takes in."""
    found = measured(root)
    tools = {p.relative_to(root): p for p in (root / "tools").rglob("*.py")}
    trees = modules(root) | {k: ast.parse(p.read_text(encoding="utf8")) for k, p in tools.items()}
    for path, module in trees.items():
        found[f"file {path}"] = len((root / path).read_text(encoding="utf8").splitlines())
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                found[f"function {node.name} of {path}"] = lines
    for what, lines in found.items():
        limit = next(most for kind, most in LARGEST.items() if what.startswith(kind))
        if lines > limit:
            yield f"{what}: {lines:,} lines, at most {limit:,}"


def measured(root: Path) -> dict[str, int]:
    """Lines of the shared packages, of library and tools, and of each room."""

    def lines(*folders: Path) -> int:
        files = [path for folder in folders for path in folder.rglob("*.py")]
        return sum(len(path.read_text(encoding="utf8").splitlines()) for path in files)

    library = root / "aigc_lib"
    rooms = {f"room {p.name}": lines(p) for p in sorted((library / "chapters").glob("ch*"))}
    return {
        "shared packages": lines(*(library / name for name in SHARED)),
        "library and tools": lines(library, root / "tools"),
        **rooms,
    }


RULES = (needs, notebooks, chapters, homes, uses, records, sizes)


def main() -> int:
    """Print the sizes and every problem; 1 if there is one."""
    print(", ".join(f"{what} {n:,}" for what, n in measured(ROOT).items()))
    problems = [problem for rule in RULES for problem in rule(ROOT)]
    for problem in problems:
        print(problem, file=sys.stderr)
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
