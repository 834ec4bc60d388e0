"""``make execute`` stores what a chapter shows, the same file each time, and never half a run."""

import base64
import io
import json
import re

import nbformat
import pytest
from nbformat import v4
from PIL import Image

from tools.execute import execute, record, timing_line
from tools.normalize import smaller, to_text
from tools.notebook import TIMING, WIDGET_STATE
from tools.notebook_rules import executed, metadata, paths

CELLS = [
    "print(6 * 7)",
    "block = bytearray(200 * 2**20)\nimport time; time.sleep(0.5); del block",
    "import ipywidgets\nipywidgets.VBox([ipywidgets.IntSlider(), ipywidgets.IntSlider()])",
    "import json; json.loads('{')",
    "import os, pathlib; print(pathlib.Path.cwd().name, os.environ['AIGC_DEVICE'])",
    "for n in 1, 2, 3:\n print(n, end=' ', flush=True)\n print('-')\n n > 1 and display(n)",
]


def write(path, sources, opening="# T\n\n<!-- timing --><!-- /timing -->\n\n## What"):
    cells = [v4.new_markdown_cell(opening), *map(v4.new_code_cell, sources)]
    for cell in cells[1:]:
        cell.metadata.execution = {"iopub.status.busy": "2020-01-01"}
        if "loads" in cell.source:
            cell.metadata.tags = ["raises-exception"]
    nbformat.write(v4.new_notebook(cells=cells), path)


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """A chapter before it ran, and its file after each of two runs with what they cost."""
    path = tmp_path_factory.mktemp("book") / "99-t.ipynb"
    write(path, CELLS)
    before = json.loads(path.read_text(encoding="utf8"))
    costs, texts = [], []
    for _ in range(2):
        costs.append(execute(path))
        texts.append(path.read_text(encoding="utf8"))
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    return before, texts, costs


def test_outputs_are_stored_and_the_file_passes_the_rules_for_them(twice):
    nb = json.loads(twice[1][0])
    assert [*executed(nb), *metadata(nb), *paths(nb)] == []
    assert nb["cells"][1]["outputs"][0]["text"] == ["42\n"]
    assert nb["cells"][5]["outputs"][0]["text"][0].endswith(" cpu\n")
    assert nb["cells"][4]["outputs"][0]["ename"] == "JSONDecodeError"
    assert "python/json" in "".join(nb["cells"][4]["outputs"][0]["traceback"])


def test_what_is_printed_stays_on_its_side_of_what_is_displayed(twice):
    outputs = json.loads(twice[1][0])["cells"][6]["outputs"]
    seen = [o.get("text") or o["data"]["text/plain"] for o in outputs]
    assert seen == [["1 -\n", "2 -\n"], ["2"], ["3 -\n"], ["3"]]


def test_figures_are_stored_in_fewer_bytes_and_the_same_pixels():
    figure = Image.new("RGBA", (300, 200), "white")
    figure.paste((200, 30, 40, 255), (20, 30, 150, 90))
    noise = Image.effect_noise((64, 64), 90).convert("RGBA")
    for picture in (figure, noise, Image.merge("RGB", [Image.effect_noise((64, 64), 90)] * 3)):
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", compress_level=1)
        before = base64.b64encode(buffer.getvalue()).decode()
        after = smaller(before)
        assert len(after) < len(before) or (picture.mode == "RGB" and after == before)
        with Image.open(io.BytesIO(base64.b64decode(after))) as seen:
            assert seen.convert("RGB").tobytes() == picture.convert("RGB").tobytes()


def test_ids_and_sources_are_kept(twice):
    before, texts, _ = twice
    after = json.loads(texts[1])
    assert [c["id"] for c in after["cells"]] == [c["id"] for c in before["cells"]]
    assert [c["source"] for c in after["cells"][1:]] == [c["source"] for c in before["cells"][1:]]


def test_two_runs_differ_in_the_timing_line_alone(twice):
    first, second = (re.sub(r"\*\*Run time:.*", "", text) for text in twice[1])
    assert first == second


def test_the_cost_is_measured_and_written_into_the_opening(twice):
    _, texts, costs = twice
    seconds, mib = costs[1]
    assert 0.5 < seconds < 300
    assert 200 < mib < 2000
    cell = json.loads(texts[1])["cells"][0]
    line = TIMING.search("".join(cell["source"]))
    assert line[0].startswith("<!-- timing -->\n**Run time:** ")
    assert f"** {max(1, round(seconds))} s on " in line[1]
    assert "".join(cell["source"]).count("timing -->") == 2


def test_the_timing_line_rounds():
    line = timing_line(70.6, 900, 2)
    assert "**Run time:** 71 s on 2 CPU cores · **peak memory:** 0.9 GiB (measured; see" in line
    assert "** 1 s on 1 CPU core ·" in timing_line(0.1, 900, 1)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = {}\nx['lost']", r"code cell 2 \(id \w+\) failed: KeyError: 'lost'"),
        ("import os; os._exit(1)", r"code cell 2 \(id \w+\) failed: the kernel died"),
        ("import time; time.sleep(60)", r"code cell 2 \(id \w+\) failed: it ran longer than 3 s"),
    ],
)
def test_a_cell_that_fails_leaves_the_file_as_it_was(tmp_path, source, said):
    path = tmp_path / "99-t.ipynb"
    write(path, ["print(1)", source, "print(2)"])
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match=said):
        execute(path, timeout=3)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_pictures_of_a_slider_take_fewer_bytes_and_keep_their_pixels():
    buffer = io.BytesIO()
    drawn = Image.linear_gradient("L").resize((300, 300)).convert("RGBA")
    drawn.save(buffer, "PNG", compress_level=0)
    stored = base64.b64encode(buffer.getvalue()).decode()
    state = {"1" * 32: {"state": {"value": f'<img src="data:image/png;base64,{stored}"><b>1</b>'}}}
    state["2" * 32] = {"state": {"value": 7}}
    nb = v4.new_notebook(metadata={"widgets": {WIDGET_STATE: {"state": state}}})
    text = to_text(nb, "99-t")
    kept = re.search(r'base64,([^"\\]+)', text)[1]
    assert len(kept) < len(stored) / 10
    assert "<b>1</b>" in text
    with Image.open(io.BytesIO(base64.b64decode(kept))) as image:
        assert image.convert("RGBA").tobytes() == drawn.tobytes()


def test_a_chapter_without_timing_lines_is_not_even_run(tmp_path):
    path = tmp_path / "99-t.ipynb"
    write(path, ["print(1)"], opening="# T")
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="'<!-- timing -->' and '<!-- /timing -->'; 0 do"):
        execute(path)
    assert path.read_bytes() == before


@pytest.mark.slow
def test_timings_are_recorded_for_one_machine(tmp_path, capsys):
    file = tmp_path / "results" / "timings.json"
    record("06-b", 71.3, 900, file)
    record("05-a", 3, 100, file)
    table = json.loads(file.read_text(encoding="utf8"))
    assert set(table["machine"]) == {"cpu", "cores", "python", "torch"}
    assert list(table["chapters"]) == ["05-a", "06-b"]
    assert table["chapters"]["06-b"]["seconds"] == 71.3
    assert table["chapters"]["06-b"]["peak_mib"] == 900
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", table["chapters"]["06-b"]["date"])
    table["machine"]["cpu"] = "another"
    file.write_text(json.dumps(table), encoding="utf8")
    record("07-c", 1, 1, file)
    assert list(json.loads(file.read_text(encoding="utf8"))["chapters"]) == ["07-c"]
    assert "dropped 2 timings of another machine" in capsys.readouterr().err
