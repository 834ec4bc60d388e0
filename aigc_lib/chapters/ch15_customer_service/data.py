"""Questions, answers and spoken commands, built from package archives (chapter 15).

Same form as `data/corpora.py`: archives are read as data, the same bytes come out each time.

`construction-faq`: 503 questions about building in Sweden with their answers, in English; the
question in Swedish stands beside them. `home-intents`: commands to a house, each with the intent it
expresses, written out from the templates of Home Assistant in English and simplified Chinese.
"""

import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aigc_lib.chapters.ch15_customer_service.templates import sentences
from aigc_lib.data.cache import fetch
from aigc_lib.data.packages import pip_download
from aigc_lib.data.sources import File, packaged, pins

HERE = Path(__file__).parent
LANGUAGES = {"en": "en", "zh": "zh-CN"}


def _dump(path: Path, content: object) -> None:
    path.write_bytes((json.dumps(content, ensure_ascii=False, indent=0) + "\n").encode())


def from_home_intents(*, wanted: Mapping[str, File], into: Path) -> None:
    """Write the commands from the Python package home-assistant-intents."""
    package = "home_assistant_intents/data"
    with zipfile.ZipFile(pip_download("home-assistant-intents==2026.10.27", into)) as archive:
        for language, code in LANGUAGES.items():
            data = json.loads(archive.read(f"{package}/{code}.json"))
            if f"{language}.json" in wanted:
                _dump(into / f"{language}.json", sentences(data, language))


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

    DataError if it cannot be had.
    """
    entries: list[dict[str, Any]] = _read(fetch("construction-faq") / "faq.json")
    return entries


def home_intents(language: str = "en") -> list[dict[str, Any]]:
    """The commands in "en" or "zh": dictionaries with intent, template (its number) and text.

    ValueError for another language; DataError if they cannot be had.
    """
    if language not in LANGUAGES:
        raise ValueError(f"the commands are there in {', '.join(LANGUAGES)}, not in {language!r}")
    commands: list[dict[str, Any]] = _read(fetch("home-intents") / f"{language}.json")
    return commands


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf8"))


def shop_faq() -> dict[str, Any]:
    """The little shop's FAQ, which we wrote (CC BY 4.0); it comes with the library.

    Returns:
        "entries": id, and for "en" and "zh" an answer and six ways to ask for it; "outside":
        questions in both languages that no entry answers; "traditional": how the characters that
        are "stored" may be "typed".
    """
    faq: dict[str, Any] = _read(HERE / "shop-faq.json")
    return faq


def rewordings() -> dict[str, str]:
    """Every fourth question of the construction FAQ as we would ask it, by the entry's id."""
    ours: dict[str, str] = _read(HERE / "construction-rewordings.json")
    return ours


# CC BY 4.0.
CONSTRUCTION_FAQ = packaged(
    "construction-faq",
    "the Python package zaragoza-construction-faq",
    from_zaragoza,
    pins("""
    08fd75f200f317b633393d92a36e611cf71b974e82c9b6608288eac7d7db4319 235094 faq.json
    """),
)


# Commands and what they want, in English and Chinese.
HOME_INTENTS = packaged(
    "home-intents",
    "the Python package home-assistant-intents",
    from_home_intents,
    pins("""
    61bd7202f0c7f371887ef29eb3d137bb67c953190975cfaed02caf294a25d604 300250 en.json
    3d3d2d164cd57a621bece3d4e6e90cd1848fdf0636171d7690d07bde76633e4d 212243 zh.json
    """),
)


DATASETS = (CONSTRUCTION_FAQ, HOME_INTENTS)
