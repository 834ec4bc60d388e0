"""Questions, answers and spoken commands, built from package archives (chapter 15).

Same form as `data/corpora.py`: archives are read as data, the same bytes come out each time.

`construction-faq`: 503 questions about building in Sweden with their answers, in English; the
question in Swedish stands beside them. `home-intents`: commands to a house, each with the intent it
expresses, written out from the templates of Home Assistant in English and simplified Chinese.
"""

import hashlib
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aigc_lib.data.cache import fetch
from aigc_lib.data.packages import pip_download
from aigc_lib.data.sources import File, packaged

DRAWS = 4  # sentences written from one template, at most
LANGUAGES = {"en": "en", "zh": "zh-CN"}
# What the templates leave to the owner of the house: rooms, things and free text.
FILLERS = {
    "en": {
        "area": ("kitchen", "bedroom", "living room", "garage", "bathroom", "office"),
        "name": ("floor lamp", "heater", "front door", "robot", "speaker", "coffee machine"),
        "floor": ("ground", "first", "upper"),
        "": ("milk", "dinner is ready", "the news", "jazz", "call my mother", "bread"),
    },
    "zh": {
        "area": ("厨房", "卧室", "客厅", "车库", "浴室", "书房"),
        "name": ("落地灯", "暖气", "前门", "机器人", "音箱", "咖啡机"),
        "floor": ("一楼", "二楼", "三楼"),
        "": ("牛奶", "开饭了", "新闻", "爵士乐", "打电话给妈妈", "面包"),
    },
}


class _Writer:
    """Writes a sentence from a template by choosing, with a hash in the place of a die.

    `(a|b)` one of them, `[a]` perhaps, `(a;b)` both in any order, `<rule>` another template,
    `{list}` or `{list:slot}` a value.
    """

    def __init__(self, rules: Mapping[str, str], lists: Mapping[str, Any], language: str) -> None:
        self.rules, self.lists, self.fillers = rules, lists, FILLERS[language]
        self.seed, self.count = "", 0

    def write(self, template: str, draw: int) -> str:
        """The sentence number `draw` of a template."""
        self.seed, self.count = f"{draw}:{template}", 0
        return " ".join(self._text(template).split())

    def _below(self, n: int) -> int:
        self.count += 1
        digest = hashlib.sha256(f"{self.count}:{self.seed}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % n

    def _text(self, template: str) -> str:
        written, end = self._sequence(template, 0)
        if end != len(template):
            raise ValueError(f"unbalanced template {template!r}")
        return written

    def _sequence(self, text: str, at: int) -> tuple[str, int]:
        """From `at` up to the bracket that closes, or the end: alternatives, one of them chosen."""
        options, joined, orders = [""], [""], False
        while at < len(text) and text[at] not in ")]":
            mark = text[at]
            at += 1
            if mark in "([":
                inner, at = self._sequence(text, at)
                at += 1
                options[-1] += inner if mark == "(" or self._below(2) else ""
            elif mark in "<{":
                end = text.index(">" if mark == "<" else "}", at)
                name, at = text[at:end], end + 1
                options[-1] += self._text(self.rules[name]) if mark == "<" else self._value(name)
            elif mark in "|;":
                orders |= mark == ";"
                options.append("")
            else:
                options[-1] += mark
        if orders:
            joined = [options.pop(self._below(len(options))) for _ in range(len(options))]
            return " ".join(joined), at
        return options[self._below(len(options))], at

    def _value(self, name: str) -> str:
        name = name.partition(":")[0]
        known = self.lists.get(name, {})
        if "values" in known:
            value = known["values"][self._below(len(known["values"]))]
            return self._text(value if isinstance(value, str) else value["in"])
        if "range" in known:
            first, last = known["range"]["from"], known["range"]["to"]
            return str(first + self._below(last - first + 1))
        values = self.fillers.get(name, self.fillers[""])
        return values[self._below(len(values))]


def _sentences(data: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """Every template's sentences: its intent, its number and the text; no text comes twice."""
    found: dict[str, dict[str, Any]] = {}
    number = 0
    for intent, content in sorted(data["intents"].items()):
        for block in content["data"]:
            rules = {**data["expansion_rules"], **block.get("expansion_rules", {})}
            lists = {**data["lists"], **block.get("lists", {})}
            writer = _Writer(rules, lists, language)
            for template in block["sentences"]:
                for draw in range(DRAWS):
                    text = writer.write(template, draw)
                    row = {"intent": intent.removeprefix("Hass"), "template": number, "text": text}
                    found.setdefault(text.lower(), row)
                number += 1
    return list(found.values())


def _dump(path: Path, content: object) -> None:
    path.write_bytes((json.dumps(content, ensure_ascii=False, indent=0) + "\n").encode())


def from_home_intents(*, wanted: Mapping[str, File], into: Path) -> None:
    """Write the commands from the Python package home-assistant-intents."""
    package = "home_assistant_intents/data"
    with zipfile.ZipFile(pip_download("home-assistant-intents==2026.10.27", into)) as archive:
        for language, code in LANGUAGES.items():
            data = json.loads(archive.read(f"{package}/{code}.json"))
            if f"{language}.json" in wanted:
                _dump(into / f"{language}.json", _sentences(data, language))


def from_zaragoza(*, wanted: Mapping[str, File], into: Path) -> None:
    """Cut the questions and answers out of the Python package zaragoza-construction-faq."""
    package = "zaragoza_construction_faq/data"
    with zipfile.ZipFile(pip_download("zaragoza-construction-faq==1.2.1", into)) as archive:
        english = json.loads(archive.read(f"{package}/faq-en.json"))["questions"]
        swedish = json.loads(archive.read(f"{package}/faq.json"))["questions"]
    swedish = {entry["id"]: entry["q"] for entry in swedish}
    entries = [
        {
            "id": entry["id"],
            "topic": entry["category"],
            "question": re.sub(r"\s+", " ", entry["q"]).strip(),
            "answer": re.sub(r"\s+", " ", entry["a"]).strip(),
            "sources": entry["sources"],
            "swedish": swedish[entry["id"]],
        }
        for entry in english
    ]
    for file in wanted:
        _dump(into / file, entries)


def construction_faq() -> list[dict[str, Any]]:
    """The FAQ: dictionaries with id, topic, question, answer, sources and the question in Swedish.

    Raises:
        DataError: it cannot be had.
    """
    return _read(fetch("construction-faq") / "faq.json")


def home_intents(language: str = "en") -> list[dict[str, Any]]:
    """The commands in "en" or "zh": dictionaries with intent, template (its number) and text.

    Raises:
        ValueError: another language.
        DataError: they cannot be had.
    """
    if language not in LANGUAGES:
        raise ValueError(f"the commands are there in {', '.join(LANGUAGES)}, not in {language!r}")
    return _read(fetch("home-intents") / f"{language}.json")


def _read(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf8"))
    return rows


def shop_faq() -> dict[str, Any]:
    """The little shop's FAQ, which we wrote (CC BY 4.0); it comes with the library.

    Returns:
        "entries": id, and for "en" and "zh" an answer and six ways to ask for it; "outside":
        questions in both languages that no entry answers; "traditional": how the characters that
        are "stored" may be "typed".
    """
    faq: dict[str, Any] = _ours("shop-faq.json")
    return faq


def rewordings() -> dict[str, str]:
    """Every fourth question of the construction FAQ as we would ask it, by the entry's id."""
    ours: dict[str, str] = _ours("construction-rewordings.json")
    return ours


def _ours(name: str) -> Any:
    return json.loads(Path(__file__).with_name(name).read_text(encoding="utf8"))


# CC BY 4.0. questions.py reads it.
CONSTRUCTION_FAQ = packaged(
    "construction-faq",
    "the Python package zaragoza-construction-faq",
    from_zaragoza,
    {
        "faq.json": File(
            "08fd75f200f317b633393d92a36e611cf71b974e82c9b6608288eac7d7db4319", 235_094
        ),
    },
)


# Commands and what they want, in English and Chinese; questions.py reads them.
HOME_INTENTS = packaged(
    "home-intents",
    "the Python package home-assistant-intents",
    from_home_intents,
    {
        "en.json": File(
            "61bd7202f0c7f371887ef29eb3d137bb67c953190975cfaed02caf294a25d604", 300_250
        ),
        "zh.json": File(
            "3d3d2d164cd57a621bece3d4e6e90cd1848fdf0636171d7690d07bde76633e4d", 212_243
        ),
    },
)


DATASETS = (CONSTRUCTION_FAQ, HOME_INTENTS)
