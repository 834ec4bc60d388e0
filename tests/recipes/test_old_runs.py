"""Runs that an earlier version of the library wrote: they load, and they go on as they would have.

The files in ``old_runs`` hold 320 images of ``aigc train`` and ``train-dcgan`` at tiny sizes, and
40 steps of a language model; what that version computed for the next 320 images stands here.
"""

import shutil
from pathlib import Path

import pytest
import torch

from aigc_lib.core import checkpoint as ckpt
from aigc_lib.gan.training import fit
from aigc_lib.lm import training as lm
from aigc_lib.lm.batches import TokenBatches
from aigc_lib.nets.gpt import GPT, GPTConfig
from aigc_lib.recipes.gan import DCGANConfig, MLPConfig, build, load_run, plain, stream
from tests.support import small

OLD = Path(__file__).parent / "old_runs"
RUNS = {
    "mlp": (
        MLPConfig(hidden=(4,), latent_dim=4, batch=16),
        [1.021485, 0.578443, 0.38138, 0.269558],
    ),
    "dcgan": (
        DCGANConfig(width=2, latent_dim=4, batch=16),
        [1.345415, 1.068204, 0.964494, 0.973745],
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_an_old_run_is_loaded(name, tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_DEVICE", "cpu")
    shutil.copy(OLD / f"{name}.pt", tmp_path / "checkpoint.pt")
    gan, config = load_run(tmp_path)
    assert config == RUNS[name][0]
    assert gan.images_seen == 320
    trained = ckpt.load(OLD / f"{name}.pt")["parts"]["gan"]["ema"]
    assert not small.differing(gan.average.state_dict(), trained)


@pytest.mark.parametrize("name", RUNS)
def test_an_old_run_goes_on(name, tmp_path):
    small.need("mnist")
    config, losses = RUNS[name]
    path = shutil.copy(OLD / f"{name}.pt", tmp_path / "checkpoint.pt")
    gan, batches = build(config, torch.device("cpu")), stream(config, torch.device("cpu"))
    history = fit(gan, batches, 640, loss=config.game(), tick=160, checkpoint=path,
                  config=plain(config), progress=False)  # fmt: skip
    assert [row["images"] for row in history] == [160, 320, 480, 640]
    assert [row["d_loss"] for row in history] == pytest.approx(losses, abs=1e-3)


def test_an_old_language_model_goes_on(tmp_path):
    path = shutil.copy(OLD / "lm.pt", tmp_path / "lm.pt")
    torch.manual_seed(1)  # other weights than the run's
    run = lm.Run(GPT(GPTConfig(7, 8, 1, 1, 4)), 1e-2)
    batches = TokenBatches(torch.arange(500) % 7, 4, 8)
    lm.fit(run, batches, 40, tick=10, warmup=5, checkpoint=path, progress=False,
           config={"made": "by the first house"})  # fmt: skip
    assert run.steps == 40
    assert len(run.history) == 4
    assert not small.differing(run.state_dict(), ckpt.load(OLD / "lm.pt")["parts"]["run"])
