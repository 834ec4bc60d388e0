"""``python -m aigc_lib.prepare``: fetch all data, and compute what the chapters share once.

That is: embeddings of the texts of chapters 15 to 17, and the chat model's weights in the form in
which chapters 11 and 15 read them. A chapter that finds them missing computes them itself; this
command is for doing it beforehand, before a class or a test.
"""

import sys
from collections.abc import Callable

from aigc_lib import chat, faq, films, intents, matching, newsroom
from aigc_lib.apps import service
from aigc_lib.data import DataError
from aigc_lib.data.__main__ import main as fetch_all


def _service() -> None:
    """All that chapter 15 embeds."""
    data = faq.load()
    data.points("answer")
    data.points("swedish", "test")
    for part in data.parts:
        data.points("question", part)
    faq.reworded(data)
    for sentences in intents.load().values():
        sentences.points()
    matching.known_replies()
    service.desk("en")


STEPS: dict[str, Callable[[], object]] = {
    "the chat model": chat.load,
    "sentences about building, commands to a house": _service,
    "news reports": lambda: newsroom.load().points(),
    "films": films.load,
}


def main() -> int:
    """Do everything that can be done; 1 if something could not be had."""
    failed = fetch_all([])
    for what, step in STEPS.items():
        try:
            step()
            print(f"{what}: ready", flush=True)
        except DataError as error:
            print(f"error: {what}: {error}", file=sys.stderr, flush=True)
            failed = 1
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
