"""``aigc train-diffusion``, and what ``sample`` and ``evaluate`` make of its run."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aigc_lib.core import checkpoint as ckpt
from aigc_lib.recipes import runs
from tests.support import small
from tests.support.command import aigc, on_the_cpu  # noqa: F401 - a fixture

TINY = ["--widths", "8", "8", "--batch", "32", "--tick", "128", "--images", "256"]

pytestmark = pytest.mark.usefixtures("on_the_cpu")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of eight steps."""
    small.need("mnist")
    folder = tmp_path_factory.mktemp("runs") / "diffusion"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIGC_DEVICE", "cpu")
        aigc(patch, "train-diffusion", *TINY, "--out", folder)
    return folder


def test_it_writes_a_run(run: Path) -> None:
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text("utf8").splitlines()]
    assert [row["images"] for row in rows] == [128, 256]
    assert all(0 < row["loss"] < 10 for row in rows)
    recipe = ckpt.load(run / "checkpoint.pt")["recipe"]
    assert (recipe["model"], recipe["widths"], recipe["images"]) == ("diffusion", [8, 8], 256)
    last = np.asarray(Image.open(run / "samples-000000256.png"))
    assert (np.asarray(Image.open(run / "samples.png")) == last).all()


def test_other_settings_do_not_go_on_with_it(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=r"lr was 0\.014, now 0\.5"):
        aigc(monkeypatch, "train-diffusion", *TINY, "--lr", 0.5, "--out", run)


def test_sample_draws_what_is_asked(
    run: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pictures = []
    for seed, label in ((1, 3), (1, 3), (2, 3), (1, 4)):
        out = tmp_path / f"{len(pictures)}.png"
        options = ["--n", 4, "--columns", 2, "--seed", seed, "--label", label, "--out", out]
        aigc(monkeypatch, "sample", "--run", run, *options)
        pictures.append(np.asarray(Image.open(out)))
    assert (pictures[0] == pictures[1]).all()
    assert (pictures[0] != pictures[2]).any()
    assert (pictures[0] != pictures[3]).any()


def test_evaluate_scores_it(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    aigc(monkeypatch, "evaluate", "--run", run, "--n", 60)
    found = json.loads((run / "score.json").read_text("utf8"))
    assert found["images_seen"] == 256
    assert found["n"] == 60
    assert found["frechet_distance"] > 3 * found["real_test_images"]["frechet_distance"]
    assert "Fréchet distance" in capsys.readouterr().out


def test_a_checkpoint_that_lacks_its_model_is_refused(run: Path, tmp_path: Path) -> None:
    state = ckpt.load(run / "checkpoint.pt")
    del state["parts"]["model"], state["format"]
    ckpt.save(tmp_path / "checkpoint.pt", state)
    with pytest.raises(ckpt.CheckpointError, match="is not from `aigc train-diffusion`"):
        runs.load(tmp_path)
