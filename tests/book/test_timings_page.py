"""The page of run times says what the recorded numbers say."""

import json

import pytest

from tools import timings_page
from tools.timings_page import END, START, duration, render

TIMINGS = {
    "machine": {"cpu": "A processor", "cores": 2},
    "chapters": {
        "07-b": {"seconds": 5.4, "peak_mib": 56.0, "date": "2026-01-02"},
        "06-a": {"seconds": 75.2, "peak_mib": 1234.5, "date": "2026-01-01"},
    },
}


def test_the_committed_page_matches_the_committed_numbers():
    recorded = json.loads(timings_page.NUMBERS.read_text("utf8"))
    page = timings_page.PAGE.read_text("utf8")
    assert render(page, recorded) == page


def test_a_table_has_a_row_for_each_chapter_and_the_machine():
    page = render(f"before\n{START}old\n{END}after\n", TIMINGS)
    assert page.startswith(f"before\n{START}")
    assert page.endswith(f"{END}after\n")
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert rows[2] == "| [](../notebooks/06-a.ipynb) | 1 min 15 s | 1,234 MiB | 2026-01-01 |"
    assert rows[3] == "| [](../notebooks/07-b.ipynb) | 5 s | 56 MiB | 2026-01-02 |"
    assert rows[-2:] == ["| Processor | A processor |", "| Cores | 2 |"]
    assert "old" not in page
    assert render(page, TIMINGS) == page


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (3601, "60 min 01 s")],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize("page", ["none", START, END + START, START + END + START + END])
def test_a_page_without_its_markers_is_an_error(page):
    with pytest.raises(ValueError, match="once each"):
        render(page, TIMINGS)


def test_the_check_fails_on_an_edited_page_and_writing_mends_it(tmp_path, monkeypatch, capsys):
    numbers, page = tmp_path / "timings.json", tmp_path / "timings.md"
    numbers.write_text(json.dumps(TIMINGS), "utf8")
    page.write_text(f"{START}edited by hand\n{END}", "utf8")
    monkeypatch.setattr(timings_page, "ROOT", tmp_path)
    monkeypatch.setattr(timings_page, "NUMBERS", numbers)
    monkeypatch.setattr(timings_page, "PAGE", page)
    monkeypatch.setattr("sys.argv", ["timings_page", "--check"])
    assert timings_page.main() == 1
    assert "is not what" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["timings_page"])
    assert timings_page.main() == 0
    monkeypatch.setattr("sys.argv", ["timings_page", "--check"])
    assert timings_page.main() == 0
