"""Spoken commands written out from the templates of Home Assistant (chapter 15).

In a template `(a|b)` is one of them, `[a]` perhaps, `(a;b)` both in any order, `<rule>` another
template, `{list}` or `{list:slot}` a value.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

DRAWS = 4  # sentences written from one template, at most
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


class TemplateWriter:
    """Writes a sentence from a template by choosing, with a hash in the place of a die.

    Rules and lists are what the names in a template stand for; ``FILLERS`` stand for the rest.
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


def sentences(data: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """Every template's sentences: rows of intent, template (its number) and text, none twice.

    ``data`` is a JSON file of home-assistant-intents; ValueError for brackets that do not match.
    """
    found: dict[str, dict[str, Any]] = {}
    number = 0
    for intent, content in sorted(data["intents"].items()):
        for block in content["data"]:
            rules = {**data["expansion_rules"], **block.get("expansion_rules", {})}
            lists = {**data["lists"], **block.get("lists", {})}
            writer = TemplateWriter(rules, lists, language)
            for template in block["sentences"]:
                for draw in range(DRAWS):
                    text = writer.write(template, draw)
                    row = {"intent": intent.removeprefix("Hass"), "template": number, "text": text}
                    found.setdefault(text.lower(), row)
                number += 1
    return list(found.values())
