"""Build the Chinese site into ``_build/html/zh``, beside the English one, which must be there.

Files that both sites have (scripts, fonts, pictures) stay in the English one. Headings get the
anchors that they have in English, so that a link and the switch lead to the same place in both.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from aigc_lib.core.files import move
from aigc_lib.core.words import say
from tools import zh_pages
from tools.finish_site import finish
from tools.language_switch import BOOK
from tools.places import titles
from tools.translation import LANGUAGE, translated

SECTION = re.compile(r'<section\b[^>]*?\bid="[^"]+"[^>]*>\s*(?:<span id="[^"]+"></span>)*')
ID = re.compile(r'\bid="([^"]+)"')
# What the theme says in English for want of a translation; and intersphinx of a nameless project.
TOLD = re.compile(r' (title|aria-label)="([^"]+)"')
FILE = re.compile(r'(?<=["\'( ])(\./|(?:\.\./)*)((?:_static|_images)/[^"\'?#()\s]+)')
SPOKEN = re.compile(r'\btold\(\s*"((?:[^"\\]|\\.)*)"')


def script_words(assets: Path, manifest: Path) -> dict[str, str]:
    """The words that the site's scripts show, and those of its networks, with their Chinese."""
    texts = [path.read_text("utf8") for path in sorted(assets.glob("*.*js"))]
    found = {json.loads(f'"{words}"') for text in texts for words in SPOKEN.findall(text)}
    models = json.loads(manifest.read_text("utf8"))["models"] if manifest.is_file() else {}
    for about in models.values():
        found |= {about[key] for key in ("title", "noun", "alt") if key in about}
        found |= set(about.get("classes", []))
    return {words: say(words, LANGUAGE) for words in sorted(found) if say(words, LANGUAGE) != words}


def same_anchors(chinese: str, english: str) -> tuple[str, dict[str, str]]:
    """A Chinese page whose headings have the anchors of the English one; and what became what."""
    names = {}
    for here, there in zip(SECTION.findall(chinese), SECTION.findall(english), strict=False):
        both = zip(ID.findall(here), ID.findall(there), strict=False)
        names |= {old: new for old, new in both if old != new}

    def renamed(match: re.Match[str]) -> str:
        return f"{match[1]}{names.get(match[2], match[2])}{match[3]}"

    return re.sub(r'(\bid="|\bhref="#)([^"]+)(")', renamed, chinese), names


def share(english: Path, chinese: Path) -> set[str]:
    """Delete what the English site has as well, byte by byte; returns the files' names."""
    found = set()
    for folder in ("_static", "_images"):
        for path in [p for p in (chinese / folder).rglob("*") if p.is_file()]:
            name = path.relative_to(chinese).as_posix()
            other = english / name
            if other.is_file() and other.read_bytes() == path.read_bytes():
                path.unlink()
                found.add(name)
    return found


def search_anchors(html: Path, names: Mapping[str, Mapping[str, str]]) -> None:
    """Let the search lead to the anchors that headings have by now."""
    path = html / "searchindex.js"
    before, text, after = re.split(r"(\{.*\})", path.read_text("utf8"), flags=re.DOTALL)
    index = json.loads(text)
    pages = index["docnames"]
    for places in index["alltitles"].values():
        for place in places:
            place[1] = names.get(pages[place[0]], {}).get(place[1], place[1])
    path.write_text(f"{before}{json.dumps(index, ensure_ascii=False)}{after}", "utf8")


def settle(root: Path, english: Path, chinese: Path, pages: Sequence[str]) -> None:
    """Make the finished Chinese pages lead to the right files and pages of both sites."""
    shared, moved, names = share(english, chinese), {}, titles(root)
    for path in sorted(chinese.rglob("*.html")):
        address = path.relative_to(chinese)
        if address.parts[0] == "_static":
            continue
        up, name = "../" * (len(address.parts) - 1), address.with_suffix("").as_posix()
        page = path.read_text("utf8")
        if name in pages:
            page, moved[name] = same_anchors(page, (english / address).read_text("utf8"))

        def place(match: re.Match[str], up: str = up) -> str:
            return f'internal" href="{up}{"../" * (match[1] not in pages)}{match[1]}.html'

        def file(match: re.Match[str], up: str = up) -> str:
            ours = match[1].removeprefix("./") == up and match[2] in shared
            return f"{up}../{match[2]}" if ours else match[0]

        def told(match: re.Match[str]) -> str:
            said = "" if match[2].startswith("（在 ") else say(match[2], LANGUAGE)
            return f' {match[1]}="{said}"' if said else ""

        book = re.escape(BOOK)
        page = TOLD.sub(told, page)
        page = re.sub(rf">{book}([^<>]+)\.html<", lambda m: f">{escape(names[m[1]])}<", page)
        page = re.sub(rf'external" href="{book}([^"#]+)\.html', place, page)
        page = re.sub(rf'href="{book}([^"#]+)\.html', lambda m: place(m).partition(" ")[2], page)
        path.write_text(FILE.sub(file, page), "utf8")
    search_anchors(chinese, moved)


def build(root: Path, command: Sequence[str], source: Path) -> int:
    """Build the Chinese site of the book at ``root``; returns Jupyter Book's exit status."""
    if not translated(root):
        return 0
    english = root / "_build" / "html"
    target = english / LANGUAGE
    live = english / "_static" / "live" / "manifest.json"
    words = script_words(root / "book" / "_assets", live)
    pages = zh_pages.write(root, source, english / "objects.inv", words)
    if status := subprocess.run(command, check=False).returncode:
        return status
    shutil.rmtree(target, ignore_errors=True)
    move(source / "_build" / "html", target)
    finish(root, target, LANGUAGE)
    settle(root, english, target, pages)
    return 0


if __name__ == "__main__":
    from tools.build_site import ZH, command
    from tools.notebook import ROOT

    sys.exit(build(ROOT, command(ROOT / ZH), ROOT / ZH))
