"""Write the sources of the Chinese site: ``_build/zh-src``, a book that Jupyter Book can build.

It holds the translated pages. Links to others, to headings and to labels get an address below
``BOOK``, which ``tools/zh_site.py`` replaces when the pages are built: it knows which page exists
in which language, and that headings have the same anchors in both. References without words of
their own, such as ``{ref}``, find the labels of English pages through intersphinx.
"""

import json
import posixpath
import re
import shutil
from pathlib import Path
from typing import Any

import yaml
from docutils.nodes import make_id

from aigc_lib.core.words import say
from tools import index_pages
from tools.language_switch import BOOK
from tools.notebook import markdown_cells, source
from tools.overlay import overlaid
from tools.parity import with_colons
from tools.places import titles
from tools.translation import GENERATED, LANGUAGE, entries, published, read_page

FENCE = r"^[ \t]*(?P<fence>`{3,})(?!\{).*?^[ \t]*(?P=fence)[ \t]*$"
CODE = re.compile(rf"({FENCE}|(?P<tick>`+)[^`].*?(?P=tick))", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[([^\[\]]*(?:\[[^\]]*\][^\[\]]*)*)\]\(([^()\s]+)\)")
CARD = re.compile(r"^:link: (\S+)\n:link-type: doc$", re.MULTILINE)
EQUATION = re.compile(r"\{eq\}`([^`]+)`")
LABEL = re.compile(r"^\(([\w:-]+)\)=$|^:(?:label|name): (\S+)$|\$\$ \(([\w:-]+)\)$", re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def text_of(root: Path, page: str) -> str:
    """The English Markdown of a page."""
    found = read_page(root, page)
    if isinstance(found, str):
        return found
    return "\n\n".join(source(cell) for _, cell in markdown_cells(found))


class Links:
    """Where the links of Chinese pages lead."""

    def __init__(self, root: Path) -> None:
        self.titles = titles(root)
        self.done = published(root)
        self.labels: dict[str, str] = {}
        self.slugs: dict[tuple[str, str], str] = {}
        for page in self.titles:
            text = text_of(root, page)
            for names in LABEL.findall(text):
                self.labels["".join(names)] = page
            prose = re.sub(FENCE, "", with_colons(text), flags=re.MULTILINE | re.DOTALL)
            for heading in HEADING.findall(prose):
                slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
                self.slugs[page, slug] = make_id(heading)

    def address(self, page: str, target: str) -> tuple[str, str] | None:
        """Page and anchor of a link's target on a page; none if it leads out of the book."""
        path, _, anchor = target.partition("#")
        if ":" in path or (path and not re.search(r"\.(md|ipynb)$", path)):
            return None
        other = posixpath.normpath(posixpath.join(posixpath.dirname(page), path.rpartition(".")[0]))
        if not path:
            other = self.labels.get(anchor, page)
        slug = self.slugs.get((other, anchor))
        return other, slug or ("equation-" * anchor.startswith("eq-") + make_id(anchor))

    def rewritten(self, page: str, text: str) -> str:
        """The text of a page, with links that hold wherever their target is."""

        def link(match: re.Match[str]) -> str:
            words, target = match.groups()
            found = self.address(page, target)
            if not found or (found[0] in self.done and (not found[1] or not words)):
                return match[0]  # Sphinx finds it, and its title
            other, anchor = found
            words = words or self.titles.get(other, other)
            return f"[{words}]({BOOK}{other}.html{f'#{anchor}' * bool(anchor)})"

        def card(match: re.Match[str]) -> str:
            other = posixpath.normpath(posixpath.join(posixpath.dirname(page), match[1]))
            known = other in self.done
            return match[0] if known else f":link: {BOOK}{other}.html\n:link-type: url"

        def equation(match: re.Match[str]) -> str:
            other = self.labels.get(match[1], page)
            address = f"{BOOK}{other}.html#equation-{match[1]}"
            return match[0] if other in self.done else f"[{say('formula', LANGUAGE)}]({address})"

        pieces = CODE.split(with_colons(text))
        for i in range(0, len(pieces), 4):  # the pieces between code
            pieces[i] = LINK.sub(link, CARD.sub(card, EQUATION.sub(equation, pieces[i])))
            pieces[i + 2 : i + 4] = [""] * len(pieces[i + 2 : i + 4])
        return "".join(pieces)


def config(root: Path, inventory: Path) -> dict[str, Any]:
    """The settings of the Chinese book: those of the English one, with its words in Chinese."""
    found: dict[str, Any] = yaml.safe_load((root / "_config.yml").read_text("utf8"))
    sphinx = found["sphinx"]["config"]
    name = say(found["title"], LANGUAGE)
    found |= {"title": name, "author": say(found["author"], LANGUAGE)}
    found["html"]["extra_footer"] = say(found["html"].get("extra_footer", ""), LANGUAGE)
    for key in ("html_static_path", "html_search_scorer"):
        paths = sphinx[key]
        many = [str(root / p) for p in ([paths] if isinstance(paths, str) else paths)]
        sphinx[key] = many[0] if isinstance(paths, str) else many
    sphinx["html_static_path"].append("_words")
    sphinx["html_js_files"].insert(0, ["words.js", {"priority": 90}])
    options = sphinx["html_theme_options"]
    options["logo"] = {"text": name}
    options["search_bar_text"] = say(options["search_bar_text"], LANGUAGE)
    sphinx |= {
        "language": "zh_CN",
        "html_title": name,
        "intersphinx_mapping": {"english": [BOOK, str(inventory)]},
        "nb_code_prompt_show": say("Show code cell {type}", LANGUAGE),
        "nb_code_prompt_hide": say("Hide code cell {type}", LANGUAGE),
        "togglebutton_hint": say("Click to show", LANGUAGE),
        "togglebutton_hint_hide": say("Click to hide", LANGUAGE),
    }
    return found


def contents(root: Path, pages: list[str]) -> dict[str, Any]:
    """The table of contents, with the translated pages only."""
    toc: dict[str, Any] = yaml.safe_load((root / "_toc.yml").read_text("utf8"))
    found = []
    for part in toc.get("parts") or [toc]:
        files = [each for each in part.get("chapters", []) if each["file"] in pages]
        if files:
            found.append({"caption": say(part.get("caption", ""), LANGUAGE), "chapters": files})
    return {"format": "jb-book", "root": toc["root"], "parts": found}


def still_english(links: Links) -> str:
    """The end of the home page: which pages are still to be translated."""
    left = [page for page in links.titles if page not in links.done]
    if not left:
        return ""
    head = say("The translation is in progress", LANGUAGE)
    said = say("These pages are still in English; links lead to them:", LANGUAGE)
    lines = [f"- [{links.titles[page]}]({BOOK}{page}.html)" for page in left]
    return "\n".join([f"\n## {head}\n", f"{said}\n", *lines, ""])


def write(root: Path, target: Path, inventory: Path, words: dict[str, str]) -> list[str]:
    """Write the sources below ``target``; ``words`` are for the scripts. Returns the pages."""
    shutil.rmtree(target, ignore_errors=True)
    links = Links(root)
    toc = contents(root, links.done)
    lists = index_pages.made(root, LANGUAGE) if GENERATED.keys() & {*links.done} else {}
    for page in links.done:
        made = lists.get(page) or overlaid(read_page(root, page), entries(root, page))
        path = target / f"{page}.{'md' if isinstance(made, str) else 'ipynb'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(made, str):
            made = links.rewritten(page, made)
            made += still_english(links) if page == toc["root"] else ""
            path.write_text(made, "utf8")
            continue
        for _number, cell in markdown_cells(made):
            cell["source"] = links.rewritten(page, source(cell))
        path.write_text(json.dumps(made, ensure_ascii=False, indent=1), "utf8")
    for folder in ("book/images", "book/_assets"):
        if (root / folder).is_dir():
            shutil.copytree(root / folder, target / folder, dirs_exist_ok=True)
    shutil.copyfile(root / "book" / "references.bib", target / "book" / "references.bib")
    settings = config(root, inventory)
    for name, content in (("_config.yml", settings), ("_toc.yml", toc)):
        (target / name).write_text(yaml.safe_dump(content, allow_unicode=True), "utf8")
    (target / "_words").mkdir()
    script = f"window.aigcWords = {json.dumps(words, ensure_ascii=False)};\n"
    (target / "_words" / "words.js").write_text(script, "utf8")
    return links.done
