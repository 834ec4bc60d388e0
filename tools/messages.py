"""What the checks of answers say, and whether the Chinese catalogues hold all of it.

    python -m tools.messages             # the gate: 1 if a message is lacking or differs
    python -m tools.messages lacking 05  # the entries that chapter 05 still lacks, to be filled in

A chapter's catalogue is ``zh.po`` in its room; that of messages which all chapters share is
``aigc_lib/core/zh.po``. A message with values in it is an entry with fields, named as in the code:
``aigc_lib.core.words`` fits it. Where a word is an answer and no message, its entry says itself.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import tyro

from aigc_lib.core.words import FIELD, catalogue, read
from tools import chinese
from tools.notebook import ROOT
from tools.parity import HAN, NUMBER

LANGUAGE = "zh"
WORDS = re.compile(r"[A-Za-z]{2,}.*\s.*\S|\S.*\s.*[a-z]{2,}", re.DOTALL)
SHARED = Path("aigc_lib/exercises/compare.py")


def template(node: ast.AST) -> str | None:
    """The text of a string or an f-string, with a field for each value; None for other nodes."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    text = ""
    for count, part in enumerate(node.values):
        if isinstance(part, ast.FormattedValue):
            name = part.value.id if isinstance(part.value, ast.Name) else f"value{count}"
            text += f"{{{name}}}"
        else:
            text += template(part) or ""
    return text


def messages(code: str) -> list[str]:
    """The messages in a module of checks, in order: its strings of several words, and names."""
    tree = ast.parse(code)
    scopes = (ast.Module, ast.FunctionDef, ast.ClassDef)
    first = [n.body[0] for n in ast.walk(tree) if isinstance(n, scopes) and n.body]
    docs = {s.value for s in first if isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)}
    found: list[str] = []

    def walk(node: ast.AST, name: bool = False) -> None:
        text = template(node)
        if text is not None and node not in docs and (name or WORDS.search(FIELD.sub("", text))):
            found.append(text)
        for child in [] if node in docs else ast.iter_child_nodes(node):
            if not (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)):
                walk(child, isinstance(node, ast.keyword) and node.arg == "what")

    walk(tree)
    return list(dict.fromkeys(found))


def modules(root: Path) -> dict[str, Path]:
    """The modules of checks, by chapter; those of all chapters under ``shared``."""
    rooms = sorted(root.glob("aigc_lib/chapters/ch*/exercises.py"))
    return {path.parent.name[2:4]: path for path in rooms} | {"shared": root / SHARED}


def lacking(path: Path) -> list[str]:
    """The messages of a module that no catalogue holds."""
    return [text for text in messages(path.read_text("utf8")) if text not in catalogue(LANGUAGE)]


def problems(root: Path) -> Iterator[str]:
    """What is lacking, what differs from its English, and what is said in two ways."""
    for chapter, path in modules(root).items():
        yield from (f"{chapter}: no Chinese for {text!r}" for text in lacking(path))
    said: dict[str, str] = {}
    for path in sorted(root.glob(f"aigc_lib/**/{LANGUAGE}.po")):
        for english, text in read(path.read_text("utf8")).items():
            name = f"{path.parent.name}: {english!r}"
            if said.setdefault(english, text) != text:
                yield f"{name} is said in two ways: {said[english]!r} and {text!r}"
            yield from (f"{name}: {each}" for each in differences(english, text))


def differences(english: str, text: str) -> Iterator[str]:
    """What an entry has and its English has not: numbers; and slips of typography."""
    here, there = (sorted(n for n, _ in NUMBER.findall(each)) for each in (english, text))
    if here != there:
        yield f"its numbers are {there}, not {here}"
    if re.search(f"[{HAN}]", text):
        # What a field will hold may need a space beside it or none; a quoted word may be code.
        plain = re.sub(r"'[ -&(-~]*'", "x", FIELD.sub("\ue000", text))
        yield from chinese.problems(plain)


def main(
    command: tyro.conf.Positional[Literal["check", "lacking"]] = "check",
    chapter: tyro.conf.Positional[str] = "",
) -> int:
    """Check the catalogues, or write down the entries that a chapter lacks.

    Args:
        command: what to do.
        chapter: its number, or ``shared``.
    """
    if command == "check":
        found = list(problems(ROOT))
        print("\n".join(found) or "no problems")
        return 1 if found else 0
    if chapter not in modules(ROOT):
        print(f"which chapter? {', '.join(modules(ROOT))}", file=sys.stderr)
        return 1
    for text in lacking(modules(ROOT)[chapter]):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        print(f'msgid "{escaped}"\nmsgstr ""\n')
    return 0


if __name__ == "__main__":
    sys.exit(tyro.cli(main))
