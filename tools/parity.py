"""What a text and its translation must share, to the letter and as often; and the glossary's words.

Shared are formulas, code, numbers, the targets of links, citations and other roles, labels,
directives with their options, tags of HTML, levels of headings, and the number of items in lists.
A number may be written with the words for ten thousand or a hundred million in Chinese, and with
those for a thousand or a million in English. Numbers in words are not compared.
"""

import re
from calendar import month_name
from collections import Counter
from collections.abc import Callable, Iterator

from tools.translation import TITLED, Entry, Unit

HAN = r"\u3400-\u4dbf\u4e00-\u9fff"
SCALES = {
    "thousand": 1e3, "million": 1e6, "billion": 1e9,
    "万": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8, "十亿": 1e9,
}  # fmt: skip
NUMBER = re.compile(
    rf"(?<![A-Za-z_\d.])(\d+(?:,\d{{3}})*(?:\.\d+)?)(?:\s*({'|'.join(SCALES)})(?![a-z]))?"
)
# Where a term of the glossary is no word of the sentence.
NO_WORDS = re.compile(
    r"`[^`]+`|\]\([^)]*\)|^:(?!alt:)[\w-]+:.*$|<[^<>]*>|\{figure\}.*", re.MULTILINE
)
MONTH = "|".join(month_name[1:])
MONTHS = re.compile(rf"\b({MONTH})(?=\s\d)|(?<=\d\s)({MONTH})\b")
Part = tuple[str, str]
Glossary = dict[str, str]


def with_colons(text: str) -> str:
    """A text whose directives are fenced with colons: backticks are then those of code alone."""
    lines, directives, code = [], [], ""
    for line in text.split("\n"):
        mark = re.match(r"[ \t]*(`{3,})(.*)", line)
        fence, rest = (mark[1], mark[2].strip()) if mark else ("", "")
        if code or not fence:
            code = "" if line.strip() == code else code
        elif directives and not rest and fence == directives[-1]:
            line = line.replace("`", ":")
            directives.pop()
        elif re.match(r"\{(?!code-block|math)", rest):
            line = line.replace(fence, ":" * len(fence), 1)
            directives.append(fence)
        else:
            code = fence
        lines.append(line)
    return "\n".join(lines)


def skeleton(diagram: str) -> str:
    """A Mermaid diagram without what a reader reads in it: names of nodes, arrows, their order."""
    plain = re.sub(r'"[^"]*"|\|[^|\n]*\||(?<=accTitle:).*|(?<=accDescr:).*', "", diagram)
    return re.sub(r"\s+", "", re.sub(r"--[^->\n]+(?=-->)|==[^=>\n]+(?===>)", "", plain))


def glossary(page: str) -> Glossary:
    """The glossary's terms in lower case, each with its Chinese."""
    body = page.partition("{glossary}")[2].partition("\n```")[0]
    entries = [entry.strip().split("\n") for entry in re.split(r"\n\s*\n", body)]
    return {lines[0].lower(): lines[1] for lines in entries if len(lines) > 2}


def same_word(shown: str, chinese: str) -> bool:
    """Whether a word is the glossary's: whole, or without what stands in brackets or Latin."""
    names = [chinese, *re.split(r"[（）]", chinese)]
    short = len(shown) > 1 and shown in chinese
    return short or any(name and name in shown for name in names)


def _role(name: str, content: str, words: Glossary) -> Part:
    target = re.fullmatch(r"(.*?)\s*<(.+)>", content, re.DOTALL)
    value = re.sub(r"\s+", " ", target[2] if target else content)
    if name == "term":
        chinese = {said: english for english, said in words.items()}
        value = chinese.get(value, value.lower())
    return (f"role {name}", value)


def shared(text: str, words: Glossary) -> Counter[Part]:
    """Everything in a text that its translation must have too: kind and value, with its count."""
    found: list[Part] = []
    text = with_colons(text)

    def take(pattern: str, part: Callable[[re.Match[str]], Part | None], left: str = " ") -> None:
        nonlocal text

        def note(match: re.Match[str]) -> str:
            if each := part(match):
                found.append(each)
            return match.expand(left)

        text = re.sub(pattern, note, text, flags=re.MULTILINE | re.DOTALL)

    def formula(match: re.Match[str]) -> Part:
        tex = re.sub(r"\\(text|mathrm)\{[^{}]*\}", r"\\\1{}", match[1])
        return ("formula", re.sub(r"\s+", "", tex))

    mermaid = r"^[ \t]*```mermaid\n(.*?)^[ \t]*```[ \t]*$"
    take(mermaid, lambda m: ("diagram", skeleton(m[1])))
    fence = r"^[ \t]*(`{3,})(?!\{(?!code-block|math))[^\n]*\n(.*?)^[ \t]*\1[ \t]*$"
    take(fence, lambda m: ("code block", m[2]))
    take(r"\$\$(.+?)\$\$(?:[ \t]*\(([\w:-]+)\))?", lambda m: ("formula", f"{formula(m)[1]}{m[2]}"))
    take(r"(?<![\\$])\$([^$]+?)(?<!\\)\$", formula)
    take(r"\{([\w:-]+)\}`([^`]+)`", lambda m: _role(m[1], m[2], words), "x")
    take(r"(`+)([^`].*?)\1", lambda m: ("code", re.sub(r"\s+", " ", m[2])))
    take(r"^\(([\w:-]+)\)=$", lambda m: ("label", m[1]))
    take(r"^[ \t]*:(?!alt:)([\w-]+):([^\n]*)$", lambda m: ("option", f"{m[1]}:{m[2].strip()}"))
    take(
        rf"^[ \t]*(?::{{3,}}|`{{3,}})\{{({TITLED})\}}([^\n]*)$",
        lambda m: ("directive", m[1]), r" \2",
    )  # fmt: skip
    take(r"^[ \t]*(?::{3,}|`{3,})\{([^\n]+)$", lambda m: ("directive", m[1]))
    take(r"^[ \t]*(:{3,}|`{3,})[ \t]*$", lambda m: ("end", m[1]))
    take(r"\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)[^()]*\)", lambda m: ("link", m[1]), "] ")
    take(r"\b(href|src)=\"([^\"]*)\"", lambda m: ("link", m[2]))
    take(r"<(https?:[^>]+)>", lambda m: ("link", m[1]))
    take(r"<(/?\w+)[^<>]*>", lambda m: ("tag", m[1]))
    take(r"^(#+) ", lambda m: ("heading", m[1]))
    take(r"^[ \t]*([-*]|[1-9]\d*\.)[ \t]", lambda m: ("item", m[1]))
    take(r"\\\d", lambda _: None)
    text = MONTHS.sub(lambda m: str(list(month_name).index(m[1] or m[2])), text)
    for number, scale in NUMBER.findall(text):
        value = float(number.replace(",", "")) * SCALES.get(scale, 1)
        found.append(("number", f"{value:.12g}"))
    return Counter(found)


def differences(english: str, chinese: str, words: Glossary) -> Iterator[str]:
    """What one of the two texts has and the other has not, and terms not said as agreed."""
    here, there = shared(english, words), shared(chinese, words)
    for (kind, value), count in (here - there).items():
        yield f"lacks the {kind} {value!r}{f', {count} times' * (count > 1)}"
    for (kind, value), count in (there - here).items():
        yield f"adds the {kind} {value!r}{f', {count} times' * (count > 1)}"
    if not re.search(f"[{HAN}]", chinese) and len(re.findall(r"[a-z]{2,}", english)) > 2:
        yield "has no Chinese"
    for shown, target in re.findall(r"\{term\}`([^`<]+?)\s*(?:<([^>]+)>)?`", chinese):
        wanted = words.get(target.lower()) or words.get(shown.lower())
        if wanted and not same_word(shown, wanted):
            yield f"calls {target or shown} {shown!r}; the glossary says {wanted!r}"
    plain = NO_WORDS.sub(" ", english).lower()
    for term, wanted in words.items():
        if re.search(r"[ -]", term) and re.search(rf"\b{re.escape(term)}s?\b", plain):
            names = [wanted, *re.split(r"[（）]", wanted)]
            if not any(name and name in chinese for name in names):
                yield f"has no {wanted!r}, which the glossary says for {term!r}"


def faults(wanted: list[Unit], entries: list[Entry], words: Glossary) -> Iterator[str]:
    """What is wrong with the translation of a page: what is new, changed or lost, or differs."""
    had = {(entry.key, entry.sha) for entry in entries}
    known = {entry.key: entry for entry in entries if entry.key}
    need = {(unit.key, unit.sha) for unit in wanted}
    for unit in wanted:
        name = unit.key or repr(unit.text[:50])
        if (unit.key, unit.sha) not in had:
            yield f"{name}: {'changed' if unit.key in known else 'new'} in English"
    for entry in entries:
        name = entry.key or repr(entry.text[:30])
        if (entry.key, entry.sha) not in need and entry.key not in {u.key for u in wanted if u.key}:
            yield f"{name}: no longer in English"
        elif entry.todo:
            yield f"{name}: to be translated"
        elif "<!-- was -->" in entry.text:
            yield f"{name}: still holds the former translation"
    order = [(u.key, u.sha) for u in wanted]
    if order != [(e.key, e.sha) for e in entries] and set(order) == had:
        yield "the order is not that of the English, or something stands there twice"
    done = {(entry.key, entry.sha): entry.text for entry in entries if not entry.todo}
    for unit in wanted:
        if (text := done.get((unit.key, unit.sha))) is not None:
            name = unit.key or repr(text[:30])
            yield from (f"{name}: {each}" for each in differences(unit.text, text, words))
