"""Chapter 11 where the chat model's weights cannot be had: it says so, and goes on."""

import json
from pathlib import Path

import matplotlib
import pytest

from aigc_lib.data.sources import DataError
from aigc_lib.pretrained import chat_model

NOTEBOOK = Path(__file__).parents[3] / "notebooks" / "11-fine-tuning.ipynb"


def test_the_chapter_goes_on_with_our_own_writer(monkeypatch, capsys):
    def unavailable():
        raise DataError("smollm2: no source gave the file.\nTried in this order: ...")

    monkeypatch.setattr(chat_model, "load", unavailable)
    matplotlib.use("Agg")
    cells = json.loads(NOTEBOOK.read_text(encoding="utf8"))["cells"]
    cells = [cell for cell in cells if cell["cell_type"] == "code"]
    ids = [cell["id"] for cell in cells]
    first, last = ids.index("chat-load"), ids.index("contest-check")
    needed = [
        ids.index("imports"),
        ids.index("library"),
        ids.index("task"),
        *range(first, last + 1),
    ]
    names: dict[str, object] = {}
    for i in needed:
        try:
            exec("".join(cells[i]["source"]), names)
        except Exception as error:
            pytest.fail(f"cell {ids[i]}: {type(error).__name__}: {error}")
    said = capsys.readouterr().out
    assert "our writer answers" in said
    assert "The reason: smollm2: no source gave the file." in said
    assert names["real"] is False
