"""``make gpu``: its whole script in a dry run, killed in the middle and started again."""

import inspect
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aigc_lib.cli import doctor
from tools import gpu, gpu_records, plain_run
from tools.gpu import Part

COMMAND = [sys.executable, "-m", "tools.gpu"]


def wait_for(what, process: "subprocess.Popen[str]") -> None:
    until = time.monotonic() + 600
    while not what():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)


def found(path: Path) -> dict:
    return json.loads(path.read_text("utf8"))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX's")
def test_a_dry_run_killed_in_the_middle_goes_on_to_the_end(tmp_path: Path) -> None:
    out = tmp_path / "out"
    names = [part.name for part in gpu.parts(out, tiny=True)]
    words = [*COMMAND, str(out), "--tiny", "--minutes", "30"]
    first = subprocess.Popen(words, cwd=gpu.ROOT, stdout=subprocess.PIPE, text=True)
    # The second record is at work: two kinds of parts and one record are done.
    wait_for((out / f"{names[3]}.log").exists, first)
    first.send_signal(signal.SIGTERM)
    assert first.wait(30) != 0
    done = {name: (out / f"{name}.json").read_bytes() for name in names[:3]}
    assert not (out / f"{names[3]}.json").exists()
    assert "no time left" in (out / "summary.md").read_text("utf8")

    again = subprocess.run(words, cwd=gpu.ROOT, capture_output=True, text=True, timeout=1500)
    assert again.returncode == 0, again.stdout + (out / f"{names[3]}.log").read_text("utf8")
    assert {name: (out / f"{name}.json").read_bytes() for name in done} == done
    for name in names:
        part = found(out / f"{name}.json")
        assert part["status"] == "passed", (name, (out / f"{name}.log").read_text("utf8"))
        assert {"commit", "date", "machine", "command"} <= part.keys()
    records = {path.stem: found(path) for path in (out / "records").glob("*.json")}
    assert len(records) == len(gpu.DRY)
    for name, record in records.items():
        assert record["rows"], name
        assert {"commit", "date", "machine", "command"} <= record.keys()
    summary = (out / "summary.md").read_text("utf8")
    assert all(f"| {name} | passed |" in summary for name in names)
    timed = found(out / "timings-gpu.json")
    assert list(timed["chapters"]) == ["00-are-you-ready"]
    assert found(doctor.GPU_TIMINGS).keys() == timed.keys()
    # A third call has nothing to do.
    third = subprocess.run(words, cwd=gpu.ROOT, capture_output=True, text=True, timeout=60)
    assert third.stdout.count("passed") == len(names)


def test_the_recorders_take_what_they_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that a dry run leaves out, for they take minutes, at both sizes."""
    called = []

    def noted(module, name) -> None:
        shape = inspect.signature(getattr(module, name))

        def instead(*words, **more):
            shape.bind(*words, **more)
            called.append(module)
            return {}

        monkeypatch.setattr(module, name, instead)

    noted(gpu_records.record_ladder, "main")
    noted(gpu_records.diffusion_large, "main")
    noted(gpu_records.compare, "compare")
    noted(gpu_records.results, "write")
    for constant, value in (("SCORED", 1), ("WEIGHTS", (1.0,))):
        monkeypatch.setattr(gpu_records.diffusion_large, constant, value)
    left = [name for name in gpu.RECORDS if name not in gpu.DRY]
    assert left == ["bench-dcgan", "ladder", "diffusion-large", "ladder-compiled"]
    for name in left:
        for tiny in (True, False):
            called.clear()
            gpu_records.RECORDS[name](tiny)
            assert called, name


def test_a_part_that_takes_too_long_is_ended_with_all_it_started(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)"
    )
    result = gpu.run(Part("slow", ("-c", code), 1), tmp_path, 1)
    assert result["status"] == "out of time"
    assert 1 <= result["seconds"] < 10
    child = int((tmp_path / "slow.log").read_text())
    state, until = Path(f"/proc/{child}/stat"), time.monotonic() + 10
    while state.exists() and state.read_text().split()[2] != "Z":  # not yet dead
        assert time.monotonic() < until
        time.sleep(0.05)


def test_what_a_part_needs_and_what_it_says(tmp_path: Path) -> None:
    missing = gpu.run(Part("odd", ("-c", "1"), 1, ("no_such_package",)), tmp_path, 9)
    assert (missing["status"], missing["why"]) == ("not run", "needs no_such_package")
    assert gpu.run(Part("bad", ("-c", "1 / 0"), 9), tmp_path, 9)["status"] == "failed"
    assert gpu.run(Part("good", ("-c", "print('fine')"), 9), tmp_path, 9)["status"] == "passed"
    assert (tmp_path / "good.log").read_text() == "fine\n"


def test_the_order_of_value_and_that_nothing_is_left_out(tmp_path: Path) -> None:
    plan = [part.name for part in gpu.parts(tmp_path, tiny=False)]
    assert plan[:2] == ["tests", "chapter-06"]
    assert plan.index("chapter-09") < plan.index("record-bench-mlp") < plan.index("chapter-17")
    numbers = {path.name[:2] for path in gpu.ROOT.glob("notebooks/[0-9][0-9]-*.ipynb")}
    assert {name[-2:] for name in plan if name.startswith("chapter")} <= numbers
    assert {f"{n:02d}" for n in range(19)} == {n[-2:] for n in plan if n.startswith("chapter")}
    files = gpu.gpu_tests()
    for package in ("gan", "lm", "diffusion"):
        assert any(f"/{package}/" in file for file in files)


def notebook(tmp_path: Path, *sources: str) -> Path:
    cells = [
        {"cell_type": "code", "id": f"cell-{i}", "metadata": {}, "source": text, "outputs": []}
        for i, text in enumerate(sources)
    ]
    path = tmp_path / "00-page.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf8")
    return path


def test_plain_cells_run_and_all_failures_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = notebook(tmp_path, "%pip install x\na = 1", "1 / 0", "display(a)", "a += b")
    result = plain_run.run(path)
    assert result["cells"] == 4
    assert list(result["failed"]) == ["cell-1", "cell-3"]
    assert result["failed"]["cell-1"].startswith("ZeroDivisionError")


def test_stand_ins_serve_a_page_without_jupyter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("ipywidgets", "IPython", "IPython.display"):
        monkeypatch.setitem(sys.modules, name, None)  # importing it says: no such module
    page = notebook(
        tmp_path,
        "import ipywidgets as widgets\nfrom IPython.display import display\n"
        "field = widgets.Text(value='cat')\nseen = []\n"
        "field.observe(lambda change: seen.append(field.value), 'value')",
        "field.value = 'dog'\nassert seen == ['dog']\ndisplay(widgets.VBox([field]))",
        "from aigc_lib.core import show\nimport torch\n"
        "pictures = [torch.zeros(1, 1, 4, 4)] * 2\nshow.slider(pictures, ['a', 'b'], 'n', 'alt')\n"
        "show.source(show.took)\nshow.report('x', 1.0, 0.0, 2.0)",
    )
    assert plain_run.run(page)["failed"] == {}
