"""aigc_lib.core.results: records travel with the library, and a damaged one says so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aigc_lib.core import results

TOP = Path(__file__).parents[2]

CHAPTER = """
import sys

def offline(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        raise AssertionError("a chapter asked the network for a record")

sys.addaudithook(offline)
from aigc_lib.core import results
names = [name for name, path in results.paths().items() if "chapters" in path.parts]
print(sum(len(results.load(name)["rows"]) > 0 for name in names), "records")
"""


def test_a_chapter_in_another_folder_reads_records_without_a_network(tmp_path: Path) -> None:
    (tmp_path / "chapter.py").write_text(CHAPTER, "utf8")
    run = subprocess.run(
        [sys.executable, "chapter.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(TOP)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    shipped = list((TOP / "aigc_lib" / "chapters").glob("*/results/*.json"))
    assert run.stdout == f"{len(shipped)} records\n"


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html><html><body>Log in</body></html>",
        b'{"rows": [{"loss": 1',
        b"\xff\xfe",
        b"[]",
        b'{"columns": []}',
        b"",
    ],
)
def test_a_damaged_record_is_told_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "loss.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"loss\.json is damaged .* Get it again") as caught:
        results.read(path)
    assert "\n" not in str(caught.value)


def test_an_unknown_record_lists_the_known() -> None:
    with pytest.raises(FileNotFoundError, match=r"no record 'colapse'; there are: .*collapse"):
        results.load("colapse")
