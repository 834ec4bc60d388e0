"""The doctor finds what is missing, says what to do, and scales the recorded run times."""

import json
import re
import shutil
import sys
from collections import namedtuple
from importlib import metadata

import psutil
import pytest
import torch

from aigc_lib.cli import EXTRA, doctor
from aigc_lib.cli.doctor import GIB, Finding
from aigc_lib.data.cache import cache_dir
from tests.support import small
from tests.support.command import aigc, on_the_cpu  # noqa: F401 - a fixture

pytestmark = pytest.mark.usefixtures("on_the_cpu")

TIMINGS = {
    "probe_seconds": 0.5,
    "chapters": {
        "06-a": {"seconds": 60.0, "peak_mib": 1024},
        "07-b": {"seconds": 90.0, "peak_mib": 3072},
    },
}


def test_times_are_scaled_by_the_probe_and_memory_is_compared():
    a, b = doctor.chapters(TIMINGS, seconds=1.0, free=2 * GIB, lacks={})
    assert a == Finding("06-a", "about 2 min, 1.0 GiB of memory")
    assert b.found == "about 3 min, 3.0 GiB of memory"
    assert b.advice == "close other programs: 2.0 GiB are free"
    (a, b) = doctor.chapters(TIMINGS, seconds=0.25, free=4 * GIB, lacks={"06": []})
    assert (a.found[:10], b.found[:10]) == ("about 30 s", "about 40 s")  # 45 s, to a step of 10
    assert not b.advice


def test_a_gpus_times_are_told_where_they_were_measured_and_nowhere_else():
    timings = {"chapters": {"06-a": {"seconds": 44, "peak_mib": 2048}}}
    a, b = doctor.on_a_gpu(timings, ["06-a", "07-b"])
    assert a == Finding("06-a", "about 40 s, 2.0 GiB of the GPU's memory")
    assert b == Finding("07-b", "not measured yet")
    real = json.loads(doctor.GPU_TIMINGS.read_text("utf8"))
    assert {"machine", "commit", "date"} <= real.keys()
    assert (
        real["chapters"].keys() <= json.loads(doctor.TIMINGS.read_text("utf8"))["chapters"].keys()
    )


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "10 s"), (44, "40 s"), (94, "90 s"), (96, "2 min"), (620, "10 min")]
)
def test_durations_are_as_rough_as_an_estimate(seconds, words):
    assert doctor.duration(seconds) == words


def test_the_probe_measures_and_leaves_the_random_state():
    torch.manual_seed(3)
    state = torch.get_rng_state()
    short, long = doctor.probe(rounds=3, steps=1), doctor.probe(rounds=3, steps=12)
    assert 0 < short < long  # twelve times the work
    assert torch.equal(torch.get_rng_state(), state)


def test_a_missing_package_is_told_with_the_chapters_that_lack_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)  # as if it were not installed
    monkeypatch.setattr(doctor, "probe", lambda: 1.0)
    monkeypatch.setattr(doctor, "data", lambda: [Finding("data", "ready")])
    found = {finding.what: finding for finding in doctor.software()}
    assert found["gymnasium"] == Finding("gymnasium", "not installed", EXTRA)
    assert found["sklearn"] == Finding("sklearn", metadata.version("scikit-learn"))
    assert found["PyTorch"].found == torch.__version__
    assert {number for number, names in doctor.lacking().items() if names} == {"12"}
    text = doctor.report()
    assert "-> 12-reinforcement-learning       does not run without gymnasium" in text
    assert f"  12-reinforcement-learning: {EXTRA}" in text
    assert "All is ready" not in text


def test_a_missing_kernel_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipykernel", None)
    found = {finding.what: finding for finding in doctor.software()}
    assert found["ipykernel"] == Finding("ipykernel", "not installed", "pip install jupyterlab")


def test_every_chapter_has_a_run_time_and_is_looked_at():
    timed = json.loads(doctor.TIMINGS.read_text("utf8"))["chapters"]
    assert [name[:2] for name in timed] == list(doctor.lacking())


def test_a_full_disk_is_told(monkeypatch):
    usage = namedtuple("usage", "total used free")
    for free, said in ((GIB // 2, "at least 1 GiB"), (2 * GIB, "")):
        answer = usage(9 * GIB, 0, free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _, answer=answer: answer)
        disk = {finding.what: finding for finding in doctor.hardware()}["data folder"]
        assert f"{free / GIB:.1f} GiB free" in disk.found
        assert said in disk.advice
        assert bool(disk.advice) == bool(said)


def test_memory_is_the_machines():
    memory = {finding.what: finding for finding in doctor.hardware()}["memory"]
    total = float(memory.found.split(" GiB")[0])
    assert abs(total - psutil.virtual_memory().total / GIB) < 0.06


def test_data_that_are_not_there_are_told_and_not_fetched(monkeypatch, tmp_path):
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "not" / "yet"))
    found = {finding.what: finding for finding in doctor.data()}
    assert found["data mnist"].advice == "aigc prepare mnist"
    assert not (tmp_path / "not").exists()


def test_data_that_are_ready_are_told(monkeypatch, capsys):
    small.need("mnist")
    aigc(monkeypatch, "doctor")
    out = capsys.readouterr().out
    assert "ok data mnist" in out
    assert str(cache_dir()) in out
    assert "No GPU" in out
    chapters = json.loads(doctor.TIMINGS.read_text("utf8"))["chapters"]
    assert all(out.count(chapter) >= 2 for chapter in chapters)  # on a processor and on a GPU
    assert "on a GPU (" in out


def test_the_report_ends_with_what_to_do(monkeypatch):
    for name in ("software", "hardware"):
        monkeypatch.setattr(doctor, name, lambda: [Finding("a", "b")])
    monkeypatch.setattr(doctor, "chapters", lambda *_: [Finding("06-a", "about 10 s")])
    monkeypatch.setattr(doctor, "probe", lambda: 1.0)
    monkeypatch.setattr(doctor, "data", lambda: [Finding("clothes", "to be fetched", "fetch them")])
    assert doctor.report().endswith("To do:\n  clothes: fetch them")
    monkeypatch.setattr(doctor, "data", lambda: [Finding("clothes", "ready")])
    assert doctor.report().endswith("All is ready.")


def test_the_report_in_chinese_holds_no_english_sentence(monkeypatch):
    monkeypatch.setenv("AIGC_LANGUAGE", "zh")
    monkeypatch.setattr(doctor, "probe", lambda: 1.0)
    said = doctor.report()
    assert not re.search(r"\b[a-z]{2,}(?: [a-z]{2,}){2,}\b", said), said
    assert "软件" in said
