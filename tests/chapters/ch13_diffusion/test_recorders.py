"""The recorders of chapter 13, at a tiny size."""

import json
from pathlib import Path

import pytest
import torch

from aigc_lib.chapters.ch13_diffusion import record_large, record_quality, record_students
from aigc_lib.data.images import load
from aigc_lib.recipes.diffusion import LARGE, DiffusionConfig, network_of
from tests.support import small
from tests.support.command import on_the_cpu  # noqa: F401 - a fixture

TINY = DiffusionConfig(widths=(8, 8), batch=32)
pytestmark = pytest.mark.usefixtures("on_the_cpu")


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    small.need("mnist")
    monkeypatch.setattr(record_large, "SCORED", 60)
    monkeypatch.setattr(record_large, "WEIGHTS", (1.0, 3.0))
    for name, value in {"PAIRS": 60, "IMAGES": 128, "FEWER": 60, "TRAINED_ON": 128,
                        "LOOKED_AT": 100}.items():  # fmt: skip
        monkeypatch.setattr(record_students, name, value)


def test_the_large_network_is_trained_for_a_time_and_its_guidance_chosen_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(record_large, "__file__", str(tmp_path / "record_large.py"))
    # The strength that is worst on the scored pictures must win where one chooses.
    monkeypatch.setattr(
        record_quality, "from_held_out", lambda pictures, data: -float(pictures.double().std())
    )
    record_large.main(seeds=2, seconds=0.3, trial=320, config=TINY)
    told = json.loads((tmp_path / "results" / "diffusion-large.json").read_text("utf8"))
    choices, runs = told["rows"][:2], told["rows"][2:]
    assert [(row["maker"], row["seed"], row["guidance"]) for row in choices] == [
        ("choice", 100, 1.0), ("choice", 100, 3.0)]  # fmt: skip
    chosen = min(choices, key=lambda row: row["held_out"])["guidance"]
    assert [(row["seed"], row["guidance"]) for row in runs] == [(0, chosen), (1, chosen)]
    assert all("held_out" not in row and row["n"] == 60 for row in runs)
    assert {row["images_seen"] for row in told["rows"]} == {runs[0]["images_seen"]}
    assert told["why_none"]


def test_the_time_is_what_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    speed = 1000  # pictures a second, after a start of 7 seconds
    monkeypatch.setattr(record_large, "trained", lambda config, n: (None, 7 + n / speed))
    assert record_large.pictures_in(300, TINY, 2_000) == pytest.approx(300 * speed)


def test_the_large_network_is_larger() -> None:
    sizes = [sum(p.numel() for p in network_of(c).parameters()) for c in (DiffusionConfig(), LARGE)]
    assert 7 < sizes[1] / sizes[0] < 10


def test_students_of_both_kinds_are_scored() -> None:
    rows = [row for seed in range(2) for row in record_students.students("mnist", seed)]
    assert [(row["steps"], row["seed"]) for row in rows] == [(1, 0), (2, 0), (1, 1), (2, 1)]
    assert all(row["ms"] > 0 and row["n"] == 60 for row in rows)
    assert len({row["frechet_distance"] for row in rows}) == 4


def test_copies_are_measured_against_what_was_trained_on() -> None:
    row = record_students.copies("mnist", 70, 0)
    known, new = (load("mnist", part).images.flatten(1) / 127.5 for part in ("train", "test"))
    apart = torch.cdist(new[:100].double(), known[:70].double()).amin(dim=1).quantile(0.5)
    assert row["real"][20] == pytest.approx(float(apart), abs=0.01)
    assert row["drawn"] == sorted(row["drawn"])
    assert record_students.pictures_of(row["shown"]).shape == (10, 1, 28, 28)
    assert record_students.copies("mnist", 70, 0) == row


def test_pictures_come_back_from_the_record() -> None:
    pictures = torch.randint(0, 256, (10, 1, 28, 28), dtype=torch.uint8)
    assert torch.equal(record_students.pictures_of(record_students.text_of(pictures)), pictures)


def test_the_shipped_network_stands_for_all_pictures() -> None:
    network = record_students.trained_on("mnist", record_students.ALL, 0)
    known = record_students.load_diffusion("mnist").state_dict()
    assert all(torch.equal(known[key], value) for key, value in network.state_dict().items())
