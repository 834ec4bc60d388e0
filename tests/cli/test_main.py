"""The command ``aigc``: a run from training to score, and its errors, each in one line."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from aigc_lib.cli import main, train
from aigc_lib.core import checkpoint as ckpt
from tests.support import small
from tests.support.command import aigc, on_the_cpu  # noqa: F401 - a fixture

TINY = ["--hidden", "16", "24", "--latent-dim", "8", "--batch", "64", "--tick", "640"]

pytestmark = pytest.mark.usefixtures("on_the_cpu")


def fails(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> str:
    """Run a command that must fail; its message, which must be short and alone."""
    with pytest.raises(SystemExit) as caught:
        aigc(monkeypatch, *arguments)
    message = caught.value.code
    assert isinstance(message, str)  # Python prints it to stderr, with exit code 1
    assert message.startswith("aigc: ")
    assert "Traceback" not in message
    assert len(message.splitlines()) == 1
    return message


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 20 steps."""
    small.need("mnist")
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIGC_DEVICE", "cpu")
        aigc(patch, "train", *TINY, "--images", 1280, "--out", folder)
    return folder


# ------------------------------------------------------------------------ from training to score


def test_train_writes_a_run(run: Path) -> None:
    names = ["checkpoint.pt", "log.jsonl", "samples-000000640.png", "samples-000001280.png"]
    assert {*names, "samples.png"} <= {p.name for p in run.iterdir()}
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text("utf8").splitlines()]
    assert [row["images"] for row in rows] == [640, 1280]
    assert ckpt.load(run / "checkpoint.pt")["recipe"]["hidden"] == [16, 24]
    grids = [np.asarray(Image.open(run / name)) for name in names[2:]]
    assert grids[0].shape == grids[1].shape
    assert (grids[0] != grids[1]).any()
    assert (np.asarray(Image.open(run / "samples.png")) == grids[1]).all()


def test_train_goes_on_to_the_same_bits(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "part"
    aigc(monkeypatch, "train", *TINY, "--images", 640, "--out", out)
    aigc(monkeypatch, "train", *TINY, "--images", 1280, "--out", out)
    one, two = (ckpt.load(folder / "checkpoint.pt") for folder in (run, out))
    assert not small.differing(one, two)
    assert f"samples: {out / 'samples.png'}" in capsys.readouterr().out
    (out / "samples.png").unlink()
    aigc(monkeypatch, "train", *TINY, "--images", 1280, "--out", out)  # nothing is left to do
    assert (out / "samples.png").read_bytes() == (run / "samples.png").read_bytes()


def test_sample_follows_from_the_seed(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (run / "checkpoint.pt").read_bytes()
    contents = []
    for seed, name in ((1, "a.png"), (1, "b.png"), (2, "c.png")):
        out = tmp_path / "new" / name
        aigc(monkeypatch, "sample", "--run", run, "--n", 10, "--columns", 5, "--seed", seed,
             "--out", out)  # fmt: skip
        contents.append(out.read_bytes())
    assert contents[0] == contents[1] != contents[2]
    picture = np.asarray(Image.open(tmp_path / "new" / "a.png"))
    assert picture.shape == (2 * (2 * 29 - 1), 2 * (5 * 29 - 1))
    assert picture.std() > 1
    assert f"10 images, {picture.shape[1]}x{picture.shape[0]} pixels" in capsys.readouterr().out
    assert (run / "checkpoint.pt").read_bytes() == before


def test_a_run_from_another_device_can_be_sampled(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = ckpt.load(run / "checkpoint.pt")
    state["parts"]["gan"]["rng"] = torch.zeros(16, dtype=torch.uint8)  # the size of a GPU's
    ckpt.save(tmp_path / "gpu" / "checkpoint.pt", state)
    for folder, name in ((run, "a.png"), (tmp_path / "gpu", "b.png")):
        aigc(monkeypatch, "sample", "--run", folder, "--out", name)
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()


def test_evaluate_scores_a_run(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    aigc(monkeypatch, "evaluate", "--run", run, "--n", 500)
    score = json.loads((run / "score.json").read_text("utf8"))
    real = score["real_test_images"]
    assert 0 < real["frechet_distance"] < score["frechet_distance"] / 10
    assert score["recall"] < 0.1 < 0.7 < real["recall"]
    assert score["frechet_distance"] < 1e5
    assert sum(score["classes"].values()) == score["n"] == 500
    assert list(score["classes"]) == list("0123456789")
    assert 0 <= score["confident_share"] <= 1
    assert score["images_seen"] == 1280
    out = capsys.readouterr().out
    assert "500 generated" in out
    line = next(line for line in out.splitlines() if line.startswith("Fréchet distance"))
    assert line.split()[-2:] == [f"{s['frechet_distance']:.2f}" for s in (score, real)]
    assert "real test images" in out
    assert "mnist classifier" in out
    assert "asked" not in out  # nothing was asked of this one


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "gbk"])
def test_evaluate_prints_to_a_file_of_any_encoding(
    run: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    aigc(monkeypatch, "evaluate", "--run", run, "--n", 100)
    sys.stdout.flush()
    lines = raw.getvalue().decode(encoding).splitlines()
    assert sum("chet distance" in line for line in lines) == 1
    assert any(line.startswith("classes: ") for line in lines)  # the last part


# ------------------------------------------------------------------- the convolutional GAN


@pytest.fixture(scope="module")
def dcgan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A conditional run of 4 steps."""
    small.need("fashion-mnist")
    folder = tmp_path_factory.mktemp("runs") / "dcgan"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIGC_DEVICE", "cpu")
        aigc(patch, "train-dcgan", "--data", "fashion-mnist", "--width", 4, "--latent-dim", 8,
             "--batch", 32, "--lr", 0.05, "--images", 128, "--tick", 64,
             "--out", folder)  # fmt: skip
    return folder


def test_a_class_can_be_asked_for_by_name_and_number(
    dcgan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = []
    for label in (("--label", "bag"), ("--label", "Bag"), ("--label", 8), ("--label", 1), ()):
        out = tmp_path / "x.png"
        aigc(monkeypatch, "sample", "--run", dcgan, "--n", 20, *label, "--out", out)
        contents.append(out.read_bytes())
        assert np.asarray(Image.open(out)).shape == (2 * (2 * 29 - 1), 2 * (10 * 29 - 1))
    assert contents[0] == contents[1] == contents[2]
    assert len({*contents}) == 3
    told = fails(monkeypatch, "sample", "--run", dcgan, "--label", "hat")
    assert "no class 'hat'" in told
    assert "Ankle boot" in told


def test_evaluate_says_whether_it_shows_what_was_asked(
    dcgan: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    aigc(monkeypatch, "evaluate", "--run", dcgan, "--n", 300)
    score = json.loads((dcgan / "score.json").read_text("utf8"))
    assert score["label_agreement"] < 0.5 < 0.85 < score["real_test_images"]["label_agreement"]
    assert f"{score['label_agreement']:.1%}" in capsys.readouterr().out


def test_a_dcgan_goes_on_with_other_switches(dcgan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ckpt.load(dcgan / "checkpoint.pt")["recipe"]["model"] == "dcgan"
    same = ["--data", "fashion-mnist", "--width", 4, "--latent-dim", 8, "--batch", 32, "--lr", 0.05]
    aigc(monkeypatch, "train-dcgan", *same, "--images", 192, "--tick", 64, "--out", dcgan,
         "--speed.no-channels-last")  # fmt: skip
    rows = [json.loads(line) for line in (dcgan / "log.jsonl").read_text("utf8").splitlines()]
    assert [row["images"] for row in rows] == [64, 128, 192]


# ------------------------------------------------------------------------- one-line errors


def test_errors_of_a_run_are_one_line(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = fails(monkeypatch, "sample", "--run", tmp_path / "none")
    assert "there is no checkpoint at" in missing
    assert "there is no checkpoint at" in fails(monkeypatch, "evaluate", "--run", "none")
    other = fails(monkeypatch, "train", *TINY, "--beta1", 0.7, "--images", 1280, "--out", run)
    assert "now 0.7" in other
    assert "beta1 was" in other
    assert "n must be at least 1" in fails(monkeypatch, "sample", "--run", run, "--n", 0)
    content = (run / "checkpoint.pt").read_bytes()
    (tmp_path / "checkpoint.pt").write_bytes(content[:1000])
    assert "is damaged" in fails(monkeypatch, "sample", "--run", tmp_path)
    ckpt.save(tmp_path / "checkpoint.pt", {"parts": {}, "recipe": {}})
    assert "is not from `aigc train`" in fails(monkeypatch, "sample", "--run", tmp_path)
    (tmp_path / "file").write_text("in the way")
    in_the_way = fails(monkeypatch, "sample", "--run", run, "--out", tmp_path / "file" / "x.png")
    assert "file" in in_the_way


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--lr", "-1"], "lr must be positive"),
        (["--hidden", "16", "0"], "hidden must be positive"),
        (["--batch", "0"], "batch is 0"),
        (["--images", "10"], "at least one batch"),
        (["--ema-half-life", "0"], "half_life"),
        (["--latent-dim", "0"], "latent_dim must be positive"),
        (["--seed", "-1"], "seed is -1"),
    ],
)
def test_bad_settings_are_one_line(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str, tmp_path: Path
) -> None:
    small.need("mnist")
    assert told in fails(monkeypatch, "train", *arguments, "--out", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_what_the_recipes_refuse_is_one_line(
    run: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = ["--out", tmp_path / "run"]
    assert "set r1 to 0" in fails(monkeypatch, "train-dcgan", "--loss", "wgan-gp", *out)
    assert "no change called" in fails(monkeypatch, "train-dcgan", "--augment", "spin", *out)
    assert "width must be even" in fails(monkeypatch, "train-dcgan", "--width", 3, *out)
    assert not (tmp_path / "run").exists()
    assert "trained without labels" in fails(monkeypatch, "sample", "--run", run, "--label", 3)


def blocked(tmp_path: Path) -> Path:
    """A folder in which nothing can be written: its parent is a file. Not even root can."""
    (tmp_path / "file").write_text("")
    return tmp_path / "file" / "run"


@pytest.mark.parametrize(
    "command", [["train"], ["train-dcgan"], ["sample"], ["evaluate"], ["bench"]], ids=" ".join
)
def test_a_place_that_cannot_be_written_is_told_before_the_work(
    command: list[str], run: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = blocked(tmp_path)
    for work in ("build", "stream", "load_run"):
        monkeypatch.setattr(train, work, lambda *_: pytest.fail("began its work"))
    monkeypatch.setattr(main.compare, "compare", lambda *_, **__: pytest.fail("began its work"))
    monkeypatch.setattr(main.compare, "__file__", str(out / "compare.py"))
    where = {"sample": ["--out", out / "a.png"], "evaluate": ["--run", out], "bench": ["--record"]}
    told = fails(monkeypatch, *command, *where.get(*command, ["--out", out]))
    assert str(tmp_path / "file") in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--columns", 0], "--columns must be at least 1, not 0"),
        (["--columns", -3], "--columns must be at least 1, not -3"),
        (["--n", 0], "--n must be at least 1, not 0"),
        (["--n", -1], "--n must be at least 1, not -1"),
        (["--out", "x.jpg"], "x.jpg would hold png: give a name that ends in .png"),
        (["--out", "x"], "x would hold png"),
        (["--out", "folder.png"], "folder.png is a folder"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_the_network_is_built(
    arguments: list[object], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("folder.png").mkdir()
    monkeypatch.setattr(train, "load_run", lambda _: pytest.fail("began its work"))
    assert told in fails(monkeypatch, "sample", *arguments)
    assert not Path("x.jpg").exists()


def test_too_few_samples_are_not_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    for few in (-1, 0, 3):
        assert "at least 4 samples" in fails(monkeypatch, "evaluate", "--n", few)


def test_a_picture_may_end_in_capitals(
    run: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    aigc(monkeypatch, "sample", "--run", run, "--n", 1, "--columns", 1, "--out", tmp_path / "A.PNG")
    with Image.open(tmp_path / "A.PNG") as picture:
        assert picture.format == "PNG"


def test_a_bad_device_and_too_few_rounds_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "at least 5 rounds" in fails(monkeypatch, "bench", "--rounds", "2")
    for name in ("tpu", "meta"):
        monkeypatch.setenv("AIGC_DEVICE", name)
        for command in ("train", "sample", "doctor"):
            told = fails(monkeypatch, command)
            assert told.startswith(f"aigc: AIGC_DEVICE={name!r} is not usable here.")
            assert "cpu" in told


def test_an_interrupt_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(main.COMMANDS, "doctor", interrupt)
    assert "run the same command to go on" in fails(monkeypatch, "doctor")
