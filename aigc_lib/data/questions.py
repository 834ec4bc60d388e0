"""The customer service's data as lists of dictionaries; how they are built is in `dialogue.py`."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

from aigc_lib.data.cache import fetch
from aigc_lib.data.dialogue import LANGUAGES


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
        questions in both languages that no entry answers.
    """
    faq: dict[str, Any] = _ours("shop-faq.json")
    return faq


def rewordings() -> dict[str, str]:
    """Every fourth question of the construction FAQ as we would ask it, by the entry's id."""
    ours: dict[str, str] = _ours("construction-rewordings.json")
    return ours


def _ours(name: str) -> Any:
    return json.loads((resources.files("aigc_lib.data") / name).read_text(encoding="utf8"))
