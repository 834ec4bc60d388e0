"""aigc_lib.core.distributed: several real processes make the steps that one would."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from aigc_lib.core import checkpoint as ckpt
from aigc_lib.core import distributed
from tests.support import small

ROOT = Path(__file__).resolve().parents[2]
IMAGES = 480

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="torchrun's gloo needs a POSIX system"),
]


def job(processes: int, path: Path, *more: object) -> subprocess.CompletedProcess[str]:
    """Run tests.support.job on so many processes of this machine."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
    done = [*command, str(processes), "-m", "tests.support.job", str(path), *map(str, more)]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "AIGC_DEVICE": "cpu"}
    return subprocess.run(done, cwd=ROOT, env=env, capture_output=True, text=True, timeout=240)


def trained(path: Path) -> dict[str, torch.Tensor]:
    """The weights of both players and the average in a checkpoint."""
    state = ckpt.load(path)["parts"]["gan"]
    players = {key: state[key] for key in ("generator", "discriminator", "ema")}
    return {k: v for k, v in small.flat(players).items() if isinstance(v, torch.Tensor)}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that one process wrote."""
    path = tmp_path_factory.mktemp("alone") / "checkpoint.pt"
    done = job(1, path, IMAGES)
    assert done.returncode == 0, done.stderr
    return path


def test_two_ranks_make_the_steps_of_one(alone: Path, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    done = job(2, path, IMAGES)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["tick", "160", "tick", "320", "tick", "480"]  # said once
    one, two = trained(alone), trained(path)
    assert one.keys() == two.keys()
    for name in one:
        torch.testing.assert_close(two[name], one[name], rtol=0, atol=1e-6, msg=name)
    rows = [ckpt.load(p)["parts"]["gan"]["history"][-1] for p in (alone, path)]
    for key in ("d_loss", "g_loss", "d_real", "d_fake", "images"):
        assert rows[1][key] == pytest.approx(rows[0][key], abs=1e-6)
    # The comparison can fail: 30 steps moved the weights much further than its tolerance.
    start = small.flat({"generator": small.gan(seed=3, weights=5).generator.state_dict()})
    assert max(float((one[k] - start[k]).abs().max()) for k in start) > 1e-3


def test_a_lost_rank_ends_the_job_and_the_checkpoint_goes_on(alone: Path, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    done = job(2, path, IMAGES, 1)
    assert done.returncode != 0
    # torchrun may end rank 0 before the lost connection does; either way someone says why.
    assert "lost another process" in done.stderr or "exitcode  : 9" in done.stderr
    assert ckpt.load(path)["parts"]["gan"]["images_seen"] == 160
    again = job(2, path, IMAGES)
    assert again.returncode == 0, again.stderr
    one, two = trained(alone), trained(path)
    for name in one:
        torch.testing.assert_close(two[name], one[name], rtol=0, atol=1e-6, msg=name)


def test_without_torchrun_nothing_happens() -> None:
    tensor = torch.arange(4.0)
    distributed.average([tensor])
    assert (distributed.rank(), distributed.world()) == (0, 1)
    assert distributed.share(tensor) is tensor
    assert tensor.tolist() == [0, 1, 2, 3]


def test_shares_are_disjoint_and_even(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "world", lambda: 3)
    seen = []
    for rank in range(3):
        monkeypatch.setattr(distributed, "rank", lambda rank=rank: rank)
        images, labels = distributed.share((torch.arange(6), torch.arange(6) * 10))
        assert torch.equal(images * 10, labels)
        seen += images.tolist()
    assert sorted(seen) == list(range(6))
    with pytest.raises(ValueError, match="cannot be shared evenly by 3"):
        distributed.share(torch.arange(7))
